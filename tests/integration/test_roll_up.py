"""The generic part on made-up indicators of every kind: against single contributions, and without them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from ingest.state import Home
from orchestration import warehouse
from tests.roll_up import project, reference

pytestmark = pytest.mark.slow

CELL = ["indicator_id", "variant", "area_level", "area_code", "period_type", "period", "breakdown", "category"]
LIMITS = ["lower_95", "upper_95", "lower_998", "upper_998"]
PERSONS = ["numerator_clients", "denominator_clients"]
# Squares and rates of days are rounded to nine decimals when they are summed.
OF_ROUNDED_SUMS = ("dispersion", "effective_total")
YTA = {"07": "YTA-03", "08": "YTA-03", "15": "YTA-02"}
FIGURES = "from roll_up.int_figure"


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return project.contributions()


@pytest.fixture(scope="module")
def built(rows: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, pd.DataFrame]]:
    """Figures by way of the contributions, and by way of what each area sums of its own."""
    home = Home(tmp_path_factory.mktemp("roll_up"))
    copy = home.root / "project"
    models = project.write(copy, rows)
    file = home.root / "warehouse.duckdb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warehouse, "DBT_PROJECT", copy)
        patch.setenv("AFTERCARE_WAREHOUSE", str(file))
        patch.setenv("AFTERCARE_INDICATORS", ",".join(models))
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        _dbt(home, ["seed"])
        wanted = [
            *models, "int_period", "int_period_part", "int_client_attribute", "indicator_meta", "indicator_horizon",
            "int_indicator_coverage", "contribution", "contribution_sum", "contribution_histogram", "int_cell",
            "int_curve", "int_curve_figure", "int_figure",
        ]  # fmt: skip
        _dbt(home, ["run", "--select", *wanted])
        with duckdb.connect(str(file)) as connection:
            from_units = connection.execute(FIGURES).df()
            sums = connection.execute("from roll_up.contribution_sum").df()
            # What a national deployment gets: every area's own rows, and no client row anywhere.
            connection.execute("create schema received")
            for table in ("contribution_sum", "contribution_histogram"):
                connection.execute(
                    f"create table received.{table} as from roll_up.{table} where wellbeing_area_code <> 'several'"
                )
                connection.execute(f"drop table roll_up.{table}")
            connection.execute("drop view marts.contribution cascade")
            connection.execute("drop table reference.seed_made_up cascade")
        patch.setenv("AFTERCARE_CONTRIBUTIONS", "received")
        after = [name for name in wanted if name.startswith(("contribution_", "int_cell", "int_curve", "int_figure"))]
        _dbt(home, ["run", "--select", *after])
        with duckdb.connect(str(file), read_only=True) as connection:
            from_sums = connection.execute(FIGURES).df()
    yield {"units": from_units, "sums": from_sums, "contribution_sum": sums}


def _dbt(home: Home, command: list[str]) -> None:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        done = dbtRunner().invoke(warehouse.dbt_arguments(home, command))
    finally:
        DuckDBConnectionManager.close_all_connections()
    results: Any = getattr(done.result, "results", [])
    assert done.success, done.exception or [(r.node.name, r.message) for r in results if r.status == "error"]


def _cells(rows: pd.DataFrame, indicator: str) -> Iterator[tuple[tuple[str, ...], pd.DataFrame]]:
    """Contributions of every cell that there may be, found by filtering; the cell's key without the variant."""
    mine = rows[rows["indicator_id"] == indicator].assign(
        year=rows["period"].str[:4],
        country="FI",
        collaborative_area=rows["wellbeing_area_code"].map(YTA),
        total="total",
    )
    places = {"country": "country", "collaborative_area": "collaborative_area", "wellbeing_area": "wellbeing_area_code",
              "municipality": "municipality_code"}  # fmt: skip
    stock = project.INDICATORS[indicator][2] == "stock"
    for level, place in places.items():
        for kind, period in (("quarter", "period"), ("year", "year")):
            if level == "municipality" and kind == "quarter":
                continue
            used = mine[mine["period"].str.endswith("Q4")] if stock and kind == "year" else mine
            for breakdown in ("total", "sex"):
                for key, part in used.groupby([place, period, breakdown]):
                    yield (indicator, level, str(key[0]), kind, str(key[1]), breakdown, str(key[2])), part


def _figure(figures: pd.DataFrame, variant: str, key: tuple[str, ...]) -> pd.Series:
    indicator, level, area, kind, period, breakdown, category = key
    found = figures.loc[(indicator, variant, level, area, kind, period, breakdown, category)]
    return found


def _same(found: pd.Series, expected: dict[str, float], key: tuple[str, ...]) -> None:
    for column, value in expected.items():
        seen = found[column]
        if math.isnan(value):
            assert pd.isna(seen), (key, column, seen)
        else:
            tolerance = 1e-7 if column in OF_ROUNDED_SUMS else 1e-9
            assert seen == pytest.approx(value, rel=tolerance, abs=1e-12), (key, column, seen, value)


@pytest.fixture(scope="module")
def by_cell(built: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return built["units"].set_index(CELL).sort_index()


@pytest.mark.parametrize("indicator", ["TST-01", "TST-02", "TST-03"])
def test_sums_are_those_of_the_single_contributions(rows, by_cell, indicator):
    seen = 0
    for key, part in _cells(rows, indicator):
        units = part.groupby("unit_key")[["numerator", "denominator"]].sum()
        events, total = float(units["numerator"].sum()), float(units["denominator"].sum())
        expected = {"denominator_clients": int((units["denominator"] > 0).sum()),
                    "numerator_clients": int((units["numerator"] > 0).sum())}  # fmt: skip
        if indicator == "TST-03":
            expected["value"] = expected["numerator_clients"]
        else:
            scale = project.INDICATORS[indicator][3].get("scale", 1)
            expected["value"] = events / total * scale
        if indicator == "TST-01" and events and len(units) > 1:
            rate = events / total
            own = units["denominator"] * rate
            expected["dispersion"] = max(1, ((units["numerator"] - own) ** 2 / own).sum() / (len(units) - 1))
        if indicator == "TST-02" and 0 < events < total and len(units) > 1:
            share = events / total
            residual = ((units["numerator"] - share * units["denominator"]) ** 2).sum()
            variance = len(units) / (len(units) - 1) * residual / total**2
            expected["effective_total"] = share * (1 - share) / variance
        _same(_figure(by_cell, "main", key), expected, key)
        seen += 1
    assert seen > 100


def test_medians_and_their_limits_are_those_of_the_single_values(rows, by_cell):
    for key, part in _cells(rows, "TST-04"):
        _same(_figure(by_cell, "main", key), reference.median(part["duration_days"].tolist()), key)


def test_median_waits_are_kaplan_and_meiers(rows, by_cell):
    found = []
    for key, part in _cells(rows, "TST-05"):
        expected = reference.kaplan_meier_median(
            part["duration_days"].tolist(), (part["event_code"] == "PLACE").tolist()
        )
        _same(_figure(by_cell, "main", key), expected, key)
        found.append(expected["value"])
    assert np.isnan(found).any() and not np.isnan(found).all()


@pytest.mark.parametrize(("variant", "days"), [("main", 14), ("within_14_days", 14), ("within_30_days", 30)])
def test_incidences_are_aalen_and_johansens(rows, by_cell, variant, days):
    values = []
    for key, part in _cells(rows, "TST-06"):
        ends = [None if pd.isna(end) else end for end in part["event_code"]]
        expected = reference.incidence(part["duration_days"].tolist(), ends, "NAMED", days)
        _same(_figure(by_cell, variant, key), expected, key)
        values.append(expected["value"])
    assert np.nanmin(values) < 0.3 < 0.7 < np.nanmax(values)


def test_sums_of_the_areas_give_the_same_figures_without_any_client(built):
    """All figures of every indicator, area and category; persons alone know nothing of movers."""
    units, sums = (built[way].set_index(CELL).sort_index() for way in ("units", "sums"))
    assert units.index.equals(sums.index) and len(units) > 2000
    counts = units.index.get_level_values("indicator_id") == "TST-03"
    columns = ["numerator", "denominator", "value", "unknown_share"]
    pd.testing.assert_frame_equal(units.loc[~counts, columns], sums.loc[~counts, columns])
    times = units.index.get_level_values("indicator_id").isin(project.TIMES)
    pd.testing.assert_frame_equal(units.loc[times, LIMITS], sums.loc[times, LIMITS])
    own = units.index.get_level_values("area_level").isin(["wellbeing_area", "municipality"])
    pd.testing.assert_frame_equal(units.loc[own, LIMITS + PERSONS], sums.loc[own, LIMITS + PERSONS])


def test_sums_of_the_areas_count_movers_twice_and_nobody_else(rows, built):
    """Every tenth client moves on 1 July 2025: a person more in the country's year, in no quarter and in no area."""
    units, sums = (built[way].set_index(CELL).sort_index() for way in ("units", "sums"))
    more = sums["denominator_clients"] - units["denominator_clients"]
    year = ("TST-01", "main", "country", "FI", "year", "2025", "total", "total")
    assert more[year] == 12
    assert more["TST-01", "main", "country", "FI", "year", "2024", "total", "total"] == 0
    assert (more[more.index.get_level_values("period_type") == "quarter"] == 0).all()
    # What the rows `several` hold is just that (variants of a horizon are read off the cell of `main`).
    several = built["contribution_sum"].query("wellbeing_area_code == 'several'").set_index(CELL)
    assert several.loc[year, "denominator_clients"] == -12
    by_hand = more[(more != 0) & (more.index.get_level_values("variant") == "main")]
    assert len(by_hand) > 20
    assert (several.loc[by_hand.index, "denominator_clients"] == -by_hand).all()
