"""What the whole chain costs, beside a hand-written script for the nine first indicators.

    make bench            (python tests/benchmarks/bench_chain.py FOLDER [--scale national|small] [--tables ten|all])

FOLDER (outside the repository) gets synthetic deliveries, homes and files; deliveries that are
there are used again. `--tables ten` (the default) delivers the ten tables that the nine first
indicators rest on, which the goals were set for; `all` every table of the contracts. Every stage is
a process of its own; printed are its CPU seconds with all its children (the measure of the goals),
wall seconds and the peak memory of the process tree.

- `aftercare run` from scratch: all deliveries to a release.
- The next quarter: a home that holds everything before it gets that quarter's deliveries.
- The SQL of the build (every compiled model, in order, without dbt round it) beside
  nine_indicators.sql, from the same rows of the lake, by the same engine, in turns; and whether the
  two agree on every numerator, denominator and limit.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from ingest.reference import municipalities
from ingest.state import Home

HERE = Path(__file__).parent
SEEDS = HERE.parents[1] / "dbt_project" / "seeds"
GOALS = {"run": 180.0, "next quarter": 60.0, "memory": 3_000.0, "ratio": 2.0}
NINE_INDICATORS = frozenset({"PER-01", "JAT-01", "JAT-02", "JAT-04", "SAA-01", "ASU-01", "ASU-03", "ASU-06", "ASU-08"})
LAST_QUARTER = "2026Q3"
# The tables of the first chain.
TEN_TABLES = frozenset({
    "client", "residence_spell", "aftercare_period", "worker_assignment", "handover", "housing_spell", "contact",
    "supported_housing_capacity", "supported_housing_queue", "rental_housing",
})  # fmt: skip
SETTINGS = {"threads": 2, "memory_limit": "1GB", "preserve_insertion_order": False}
# The script sums everything at once and does not get through with less.
SCRIPT_SETTINGS = SETTINGS | {"memory_limit": "2GB"}
# Limits of shares and rates agree to this (the order of additions differs).
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Cost:
    """One process tree: CPU and wall seconds, peak of its summed resident memory in MB."""

    cpu: float
    wall: float
    peak: float

    def __str__(self) -> str:
        return f"{self.cpu:7.1f} CPU s {self.wall:7.1f} s wall {self.peak:7.0f} MB peak"


def spend(arguments: list[str], home: Path | None = None) -> tuple[Cost, str]:
    """Run a process to its end and say what it cost. Raises when it fails."""
    environment = os.environ | ({"AFTERCARE_HOME": str(home)} if home else {})
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = [0]
    watch = threading.Thread(target=_watch, args=(process.pid, peak), daemon=True)
    watch.start()
    output, errors = process.communicate()
    watch.join()
    after = os.times()
    # 3: done, and a planted bad delivery was rejected.
    if process.returncode not in (0, 3):
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}:\n{errors[-3000:]}")
    cpu = after.children_user - before.children_user + after.children_system - before.children_system
    return Cost(cpu, time.perf_counter() - started, peak[0] / 1e6), output


def _watch(pid: int, peak: list[int]) -> None:
    try:
        root = psutil.Process(pid)
        while root.is_running() and root.status() != psutil.STATUS_ZOMBIE:
            total = 0
            for process in [root, *root.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            peak[0] = max(peak[0], total)
            time.sleep(0.05)
    except psutil.NoSuchProcess:
        return


def deliver(source: Path, home: Path, *, only: str | None = None, without: str | None = None) -> None:
    """Put deliveries into the inbox of ``home``: of one period only, or of all without one."""
    for period in sorted(source.glob("*/*/")):
        if (only and period.name != only) or (without and period.name == without):
            continue
        target = home / "inbox" / period.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Hard links: the door moves folders and never writes into a delivered file.
        subprocess.run(["cp", "-rl", str(period), str(target)], check=True)


def leave_only(source: Path, tables: frozenset[str]) -> None:
    """Take the other tables out of deliveries; one that has nothing left goes."""
    for path in sorted(source.rglob("manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        for file in manifest["files"]:
            if file["table"] not in tables:
                (path.parent / file["path"]).unlink(missing_ok=True)
        manifest["files"] = [file for file in manifest["files"] if file["table"] in tables]
        nothing = [name for name in manifest.pop("nothing_to_report", []) if name in tables]
        if nothing:
            manifest["nothing_to_report"] = nothing
        if manifest["files"] or nothing:
            path.write_text(json.dumps(manifest), encoding="utf-8")
        else:
            shutil.rmtree(path.parent)


# ---- the two pieces of SQL, each in a process of its own -------------------------------------------


def metas() -> list[dict[str, Any]]:
    """The `meta` of every indicator."""
    found = sorted((HERE.parents[1] / "dbt_project" / "models" / "indicators").rglob("ind_*.yml"))
    return [yaml.safe_load(path.read_text(encoding="utf-8"))["models"][0]["config"]["meta"] for path in found]


def catalogue() -> list[tuple[str, str, str, bool, bool | None]]:
    """Per indicator of the script: id, source tables, period types, whether it sums a flow, whether it is a rate."""
    found = []
    for meta in metas():
        if meta["indicator_id"] not in NINE_INDICATORS:
            continue
        method = meta["interval_method"]
        found.append(
            (
                meta["indicator_id"],
                ",".join(meta["source_tables"]),
                ",".join(meta["period_types"]),
                meta["time_basis"] == "flow",
                None if method == "none" else method == "byar",
            )
        )
    return found


def run_models(home: Path, into: Path) -> None:
    """Every model of the last build as one SQL statement after another, in dbt's order."""
    import duckdb

    from ingest.lake import attach_lake
    from orchestration.warehouse import target_folder

    target = target_folder(Home(home))
    nodes = json.loads((target / "manifest.json").read_text(encoding="utf-8"))["nodes"]
    order = [entry["unique_id"] for entry in json.loads((target / "run_results.json").read_text("utf-8"))["results"]]
    path = into / Home(home).warehouse.name
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path), config=SETTINGS) as connection:
        attach_lake(connection, Home(home))
        connection.execute(f"attach '{Home(home).warehouse}' as built (read_only)")
        started = time.process_time()
        for name in order:
            if name not in nodes:  # an exposure: nothing to execute
                continue
            node = nodes[name]
            relation = f'"{node["schema"]}"."{node["alias"]}"'
            if node["resource_type"] == "seed":
                connection.execute(f'create schema if not exists "{node["schema"]}"')
                connection.execute(f"create table {relation} as select * from built.{relation}")
            elif node["resource_type"] == "model":
                sql = (target / "compiled" / "aftercare" / node["original_file_path"]).read_text(encoding="utf-8")
                connection.execute(f'create schema if not exists "{node["schema"]}"')
                kind = "view" if node["config"]["materialized"] == "view" else "table"
                if node["config"]["materialized"] == "by_indicator":
                    first, *others = list(_parts(sql, node["config"].get("aggregations")))
                    connection.execute(f"create table {relation} as ({first}\n)")
                    for part in others:
                        connection.execute(f"insert into {relation} by name ({part}\n)")
                else:
                    connection.execute(f"create {kind} {relation} as ({sql}\n)")
        sys.stdout.write(f"{time.process_time() - started}")


def _parts(sql: str, aggregations: list[str] | None) -> Iterator[str]:
    """What the materialization `by_indicator` executes, one part after another."""
    parts = [
        (meta["indicator_id"], breakdown)
        for meta in metas()
        if not aggregations or meta["aggregation"] in aggregations
        for breakdown in ["total", *meta.get("breakdowns", [])]
    ]
    for indicator_id, breakdown in parts or [("", "total")]:
        category = "'total'" if breakdown == "total" else f"contribution.{breakdown}"
        part = sql.replace("__indicator_id__", indicator_id).replace("__breakdown__", breakdown)
        yield part.replace("__category__", category)


def run_script(home: Path, into: Path) -> None:
    """The hand-written script; leaves its figures in a Parquet file."""
    import duckdb

    from ingest.lake import attach_lake

    with duckdb.connect(str(into / "script.duckdb"), config=SCRIPT_SETTINGS) as connection:
        attach_lake(connection, Home(home))
        connection.execute(
            "create temp table catalogue "
            "(indicator varchar, tables varchar, periods varchar, is_flow boolean, is_rate boolean)"
        )
        connection.executemany("insert into catalogue values (?, ?, ?, ?, ?)", catalogue())
        connection.execute("create temp table municipality (code varchar, area varchar, merged_into varchar)")
        connection.executemany(
            "insert into municipality values (?, ?, ?)",
            [(code, found.wellbeing_area_code, found.merged_into) for code, found in municipalities().items()],
        )
        connection.execute(
            "create temp table municipality_group as select municipality_code as municipality, group_code "
            f"from read_csv('{SEEDS / 'seed_municipality_group.csv'}', all_varchar = true)"
        )
        connection.execute(
            f"create temp table poisson_limit as select * from read_csv('{SEEDS / 'seed_poisson_limit.csv'}')"
        )
        started = time.process_time()
        connection.execute((HERE / "nine_indicators.sql").read_text(encoding="utf-8"))
        sys.stdout.write(f"{time.process_time() - started}")
        connection.execute(f"copy figure to '{into / 'figure.parquet'}'")


def differences(home: Path, figures: Path) -> tuple[int, int]:
    """Cells that both know, and in how many a number differs.

    The chain also knows which sources are missing: what it calls not delivered is left out.
    """
    import duckdb

    limits = [f"{side}_{level}" for level in ("95", "998") for side in ("lower", "upper")]
    with duckdb.connect(str(Home(home).warehouse), read_only=True) as connection:
        row = connection.execute(
            f"""
            with script as (
                select
                    level, code, indicator, variant, kind, period,
                    any_value(numerator) as x, any_value(denominator) as n,
                    max(case when z < 2 then lower_limit end) as lower_95,
                    max(case when z < 2 then upper_limit end) as upper_95,
                    max(case when z > 2 then lower_limit end) as lower_998,
                    max(case when z > 2 then upper_limit end) as upper_998
                from '{figures}' where numerator > 0 or denominator > 0
                group by all
            )
            select
                count(script.x),
                count(*) filter (
                    script.x is distinct from chain.numerator
                    or script.n is distinct from coalesce(chain.denominator, 0)
                    {
                "".join(
                    f" or abs(coalesce(chain.{name}, 0) - coalesce(script.{name}, 0)) > {TOLERANCE} * scale"
                    for name in limits
                )
            }
                )
            from (
                select * from release_candidate.indicator_value
                where
                    (indicator_id, variant) in (select (indicator, variant) from script)
                    and area_level in (select level from script)
                    and breakdown = 'total'
            ) as chain
            full join script
                on script.level = chain.area_level and script.code = chain.area_code
                and script.indicator = chain.indicator_id and script.variant = chain.variant
                and script.kind = chain.period_type and script.period = chain.period
            where
                script.x is not null and (chain.is_delivered is null or chain.is_delivered)
                or chain.is_delivered and (chain.numerator > 0 or chain.denominator > 0)
            """
        ).fetchone()
    assert row is not None
    return row


# ---- the whole -------------------------------------------------------------------------------------


def main() -> None:
    """Run everything and print it as it comes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", choices=["national", "small"], default="national")
    parser.add_argument("--turns", type=int, default=3, help="how often the two pieces of SQL take turns")
    parser.add_argument("--only", choices=["run", "sql", "quarter"], help="one part of it")
    parser.add_argument("--inner", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--tables", choices=["ten", "all"], default="ten", help="which tables are delivered")
    options = parser.parse_args()
    if options.inner:
        work, home, into = options.inner
        {"models": run_models, "script": run_script}[work](Path(home), Path(into))
        return
    folder = options.folder.absolute()
    name = options.scale + ("" if options.tables == "ten" else "-all")
    source = folder / f"deliveries-{name}"
    aftercare = str(Path(sys.executable).with_name("aftercare"))
    if not source.exists():
        cost, _ = spend([aftercare, "synthesize", "--quiet", "--scale", options.scale, "--into", str(source)])
        say(f"synthesize            {cost}")
        if options.tables == "ten":
            leave_only(source, TEN_TABLES)
    home = folder / f"home-{name}"
    if options.only in (None, "run") or not Home(home).warehouse.exists():
        _from_scratch(aftercare, source, home)
    if options.only in (None, "sql"):
        _beside(home, folder, options.turns)
    if options.only in (None, "quarter"):
        _next_quarter(aftercare, source, folder / f"home-{name}-quarter")


def _from_scratch(aftercare: str, source: Path, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    deliver(source, home)
    whole, _ = spend([aftercare, "run", "--quiet"], home)
    verdict = f"goals {GOALS['run']:.0f} CPU s, {GOALS['memory']:.0f} MB"
    say(f"run, from scratch     {whole}   ({verdict})")
    stages = home.with_name(home.name + "-stages")
    shutil.rmtree(stages, ignore_errors=True)
    deliver(source, stages)
    for name, command in [
        ("  door", [aftercare, "ingest", "--quiet"]),
        ("  expectations", [sys.executable, "-c", _CHECK_LAKE]),
        ("  warehouse (dbt)", [sys.executable, "-c", _BUILD]),
        ("  release", [aftercare, "publish", "--quiet"]),
    ]:
        cost, _ = spend(command, stages)
        say(f"{name:21} {cost}")
    shutil.rmtree(stages)


_CHECK_LAKE = """
from ingest.state import Home
from orchestration import steps
home = Home.from_environment()
steps.require_passed(home, steps.check_lake(home, lambda line: None))
"""
_BUILD = """
from ingest.state import Home
from orchestration import steps
steps.build(Home.from_environment(), lambda line: None)
"""


def _beside(home: Path, folder: Path, turns: int) -> None:
    into = folder / "sql"
    into.mkdir(parents=True, exist_ok=True)
    spent: dict[str, list[float]] = {"models": [], "script": []}
    peaks: dict[str, float] = {}
    for turn in range(turns):
        for work in ("models", "script") if turn % 2 == 0 else ("script", "models"):
            cost, output = spend([sys.executable, __file__, str(folder), "--inner", work, str(home), str(into)])
            spent[work].append(float(output))
            peaks[work] = max(peaks.get(work, 0), cost.peak)
    models, script = (statistics.median(spent[work]) for work in ("models", "script"))
    say(f"SQL of the build      {models:7.1f} CPU s (median of {turns}) {peaks['models']:.0f} MB peak")
    say(f"hand-written script   {script:7.1f} CPU s (median of {turns}) {peaks['script']:.0f} MB peak")
    say(f"ratio                 {models / script:7.2f}   (goal {GOALS['ratio']:.0f})")
    both, differ = differences(home, into / "figure.parquet")
    say(f"                      {both:,} cells that both have, {differ:,} differ")


def _next_quarter(aftercare: str, source: Path, home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    deliver(source, home, without=LAST_QUARTER)
    spend([aftercare, "run", "--quiet"], home)
    deliver(source, home, only=LAST_QUARTER)
    cost, _ = spend([aftercare, "run", "--quiet"], home)
    say(f"next quarter          {cost}   (goal {GOALS['next quarter']:.0f} CPU s)")
    shutil.rmtree(home)


def say(line: str) -> None:
    """A line at once, also when the output is a file."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
