"""How long the dashboard's queries take: ``python tests/benchmarks/bench_dashboard.py RELEASE_FOLDER``.

Every chart's query, as Superset writes it around the dataset's, for a walk of random choices of
indicator, period, area and municipality. Once with a kept connection (the query alone) and once with
a new connection a query, which is what Superset's NullPool does. Ratios: beside a query that only
counts the rows of the largest published table.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import duckdb

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from dashboards.superset import assets

# The columns of a dataset that the reader's filters bind.
FILTERS = ("indicator_label", "period_label", "area_choice", "municipality_choice")
CONFIG = {"enable_external_access": "false", "lock_configuration": "true", "threads": "2"}
FLOOR = "select count(*) from published.indicator_value"


def chart_sql(chart: dict[str, Any], columns: dict[str, Any], chosen: dict[str, str]) -> list[str]:
    """The queries of one chart for the chosen filter values."""
    params = chart["params"]
    inner = assets.dataset_sql(chart["dataset"])
    bound = [f"{name} in ('{chosen[name].replace(chr(39), chr(39) * 2)}')" for name in FILTERS if name in columns]
    if "all_columns" in params:
        return [_select(params["all_columns"], inner, bound, chart.get("filters", []))]
    queries = []
    for suffix in ("", "_b"):
        if f"metrics{suffix}" in params:
            keys = [params["x_axis"], *params.get(f"groupby{suffix}", [])]
            measured = [f'{metric["sql"]} as "{metric["label"]}"' for metric in params[f"metrics{suffix}"]]
            query = _select([*keys, *measured], inner, bound, chart.get(f"filters{suffix}", []))
            queries.append(f"{query} group by {', '.join(keys)}")
    return queries


def _select(columns: list[str], inner: str, bound: list[str], conditions: list[dict[str, Any]]) -> str:
    others = [
        f"({condition['sql']})" if "sql" in condition else f"{condition['column']} = {repr(condition['value']).lower()}"
        for condition in conditions
    ]
    where = " and ".join([*bound, *others]) or "true"
    return f"select {', '.join(columns)} from ({inner}) as virtual_table where {where}"


def milliseconds(run: Any) -> float:
    """Wall time of one call."""
    started = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - started)


def spread(times: list[float]) -> str:
    """Median and 95th percentile, in milliseconds."""
    return f"p50 {statistics.median(times):6.1f}  p95 {statistics.quantiles(times, n=20)[-1]:6.1f}"


def main() -> None:
    """Print one line a chart and filter."""
    parser = argparse.ArgumentParser()
    parser.add_argument("release", type=Path)
    parser.add_argument("--choices", type=int, default=30)
    options = parser.parse_args()
    file = str(options.release / "aftercare.duckdb")

    def connect() -> duckdb.DuckDBPyConnection:
        return duckdb.connect(file, read_only=True, config=CONFIG)

    rng = random.Random(1)
    datasets, charts = assets.read("datasets"), assets.read("charts")
    (board,) = assets.read("dashboards").values()
    with connect() as connection:
        offered = {}
        for item in board["filters"]:
            sql = f"select distinct {item['column']} from ({assets.dataset_sql(item['dataset'])})"
            offered[item["column"]] = [row[0] for row in connection.execute(sql).fetchall()]
            sys.stdout.write(
                f"filter {item['slug']:26} {milliseconds(lambda sql=sql: connection.execute(sql).fetchall()):6.1f}\n"
            )
        pairs = connection.execute(
            f"select area_choice, municipality_choice from ({assets.dataset_sql('choices')})"
        ).fetchall()
        floor = [milliseconds(lambda: connection.execute(FLOOR).fetchall()) for _ in range(options.choices)]
        sys.stdout.write(f"floor (count of the rows)         {spread(floor)}\n")
    everything = []
    for slug, chart in charts.items():
        columns = datasets[chart["dataset"]]["columns"]
        kept, opened = [], []
        for _ in range(options.choices):
            chosen = {name: rng.choice(values) for name, values in offered.items() if name in FILTERS}
            chosen["area_choice"], chosen["municipality_choice"] = rng.choice(pairs)
            for query in chart_sql(chart, columns, chosen):
                with connect() as connection:
                    connection.execute("select 1").fetchall()
                    kept.append(milliseconds(lambda q=query, c=connection: c.execute(q).fetchall()))

                def anew(query: str = query) -> None:
                    with connect() as own:
                        own.execute(query).fetchall()

                opened.append(milliseconds(anew))
        everything += kept
        ratio = statistics.median(kept) / statistics.median(floor)
        sys.stdout.write(f"{slug:33} {spread(kept)}   with a new connection {spread(opened)}   {ratio:5.0f} x floor\n")
    sys.stdout.write(f"all charts                        {spread(everything)}\n")


if __name__ == "__main__":
    main()
