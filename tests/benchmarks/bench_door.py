"""What the door costs: the national history, then the next quarter of all suppliers.

    python tests/benchmarks/bench_door.py FOLDER [--scale national|small]

FOLDER (outside the repository) gets synthetic deliveries and two homes; an existing set is used
again. Prints CPU seconds (the measure of the goals), wall seconds, rows and peak memory; beside the
door, of the same rows, a bare copy (every file to Parquet and nothing else: the engine reads CSV and
Parquet, the workbooks come through calamine) and the gate (Great Expectations on the lake).
Goals on two cores: history ≤ 300 CPU s, one quarter ≤ 40 CPU s, peak < 2 GB, the door at most ten
times the bare copy, the gate no more than the door.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from ingest.contracts import contracts
from ingest.door import take_in
from ingest.lake import attach_lake
from ingest.state import Home
from ingest.synthetic import synthesize

GOALS = {"history": 300.0, "quarter": 40.0}
MOST_TIMES_A_COPY = 10.0
LAST_QUARTER = "2026Q3"


def measure(name: str, home: Home) -> float:
    """Take in what waits in ``home``, print what it cost, and give the CPU seconds."""
    before, started = time.process_time(), time.perf_counter()
    report = take_in(home)
    cpu, wall = time.process_time() - before, time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"{name:8} {len(report.deliveries):6,} deliveries {report.rows:10,} rows  "
        f"{cpu:6.1f} CPU s (goal {GOALS[name]:.0f})  {wall:6.1f} s wall  {peak:6.0f} MB peak  "
        f"{report.rows / cpu:9,.0f} rows a CPU s  "
        f"rejected {report.rejected}, quarantined rows {report.rows_quarantined}\n"
    )
    return cpu


def bare_copy(files: Sequence[Path], into: Path) -> float:
    """Copy every delivered file to Parquet, each by itself as the door stores them; CPU seconds."""
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    before = time.process_time()
    with duckdb.connect(config={"threads": 1}) as connection:
        for number, path in enumerate(files):
            target = into / f"{number}.parquet"
            if path.suffix == ".xlsx":
                header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
                columns = zip(*rows, strict=True) if rows else [()] * len(header)
                texts = [pa.array([str(cell) or None for cell in column], pa.string()) for column in columns]
                pq.write_table(pa.table(texts, names=[str(cell) for cell in header]), target, compression="zstd")
                continue
            if path.suffix == ".parquet":
                source = f"read_parquet('{path}', hive_partitioning = false)"
            else:
                encoding = "utf-8" if _is_utf_8(path) else "latin-1"
                source = f"read_csv('{path}', all_varchar = true, hive_partitioning = false, encoding = '{encoding}')"
            connection.execute(f"copy (from {source}) to '{target}' (format parquet, compression zstd)")
    return time.process_time() - before


def _is_utf_8(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def gate(home: Home) -> tuple[float, int]:
    """CPU seconds and rows of the gate on everything in the lake that counts."""
    from quality.expectations.gate import check_table

    before, rows = time.process_time(), 0
    with duckdb.connect() as connection:
        attach_lake(connection, home)
        for table, contract in contracts().items():
            found = connection.sql(f"from lake.{table}").to_arrow_table()
            check_table(contract, found)
            rows += found.num_rows
    return time.process_time() - before, rows


def files_of(home: Home) -> list[Path]:
    """The data files that wait in the inbox or were accepted."""
    suffixes = {".csv", ".xlsx", ".parquet"}
    return sorted(path for root in (home.inbox, home.archive) for path in root.rglob("*") if path.suffix in suffixes)


def copy(source: Path, home: Home, history: bool) -> None:
    """Put the history (all quarters but the last), or the last quarter, into an empty home."""
    shutil.rmtree(home.root, ignore_errors=True)
    for period in sorted(source.glob("*/*/")):
        if (period.name != LAST_QUARTER) == history:
            target = home.inbox / period.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Hard links: the door moves folders and never writes into a delivered file.
            subprocess.run(["cp", "-rl", str(period), str(target)], check=True)


def main() -> None:
    """Run both measurements, each in a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", choices=["national", "small"], default="national")
    options = parser.parse_args()
    source = options.folder.absolute() / f"deliveries-{options.scale}"
    synthesize(source, scale=options.scale)
    for name in ("history", "quarter"):
        home = Home(options.folder.absolute() / f"home-{name}")
        copy(source, home, history=name == "history")
        door = measure(name, home)
        bare = bare_copy(files_of(home), options.folder.absolute() / "copied")
        checked, checked_rows = gate(home)
        sys.stdout.write(
            f"{'':8} bare copy {bare:6.1f} CPU s  door : copy {door / bare:5.1f} (goal {MOST_TIMES_A_COPY:.0f})  "
            f"gate {checked:6.1f} CPU s, {checked_rows / checked:9,.0f} rows a CPU s of {checked_rows:,} that count  "
            f"gate : door {checked / door:5.2f} (goal 1)\n"
        )


if __name__ == "__main__":
    main()
