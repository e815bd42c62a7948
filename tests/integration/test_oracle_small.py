"""The recomputation on the small synthetic deliveries: its parts add up, what was planted shows."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from ingest.synthetic import peculiarities

pytestmark = pytest.mark.slow

KEY = ["indicator_id", "variant", "period"]
SUMS_OF_DAYS = ["JAT-01", "JAT-04", "SAA-01", "ASU-01", "ASU-08"]


@pytest.fixture(scope="module")
def planted() -> dict[str, dict[str, object]]:
    return peculiarities("small")


@pytest.fixture
def result(small_recomputation: pd.DataFrame) -> pd.DataFrame:
    return small_recomputation


def _sums(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(KEY)[["numerator", "denominator"]].sum(min_count=1).sort_index()


@pytest.mark.parametrize("level", ["wellbeing_area", "municipality", "municipality_group"])
def test_places_add_up_to_the_country(result: pd.DataFrame, level: str) -> None:
    """Days and events have one place; persons during a period (PER-01) may have several."""
    rows = result[result["indicator_id"] != "PER-01"]
    parts = rows[rows["area_level"] == level]
    country = rows[rows["area_level"] == "country"]
    if level != "wellbeing_area":
        # Clients of these suppliers who live elsewhere are in no delivered municipality.
        parts = parts[parts["status_candidate"] != "not_delivered"]
    summed, whole = _sums(parts), _sums(country)
    whole = whole.loc[whole.index.intersection(summed.index)]
    assert len(whole) > 20
    if level == "wellbeing_area":
        pd.testing.assert_frame_equal(summed.loc[whole.index], whole)
    else:
        assert (summed.loc[whole.index, "denominator"] <= whole["denominator"]).all()
        assert (summed["denominator"] > 0).any()


def test_quarters_add_up_to_the_year(result: pd.DataFrame) -> None:
    rows = result[(result["area_level"] == "wellbeing_area") & result["denominator"].notna()]
    rows = rows[rows["indicator_id"].isin(SUMS_OF_DAYS)]
    key = ["indicator_id", "variant", "area_code", "year"]
    rows = rows.assign(year=rows["period"].str[:4])
    quarters = rows[rows["period_type"] == "quarter"].groupby(key)["numerator"].agg(["sum", "count"])
    years = rows[rows["period_type"] == "year"].set_index(key)["numerator"]
    both = quarters.join(years, how="inner")
    assert len(both) > 20
    assert (both["count"] == 4).all()
    assert (both["sum"] == both["numerator"]).all()


def test_every_value_lies_within_its_limits(result: pd.DataFrame) -> None:
    rows = result.dropna(subset=["value", "lower_95"])
    assert len(rows) > 1000
    # Shares of 0 and 1 touch their limits; few values leave a median without one on a side.
    slack = 1e-9
    order = ["lower_998", "lower_95", "value", "upper_95", "upper_998"]
    for below, above in pairwise(order):
        both = rows.dropna(subset=[below, above])
        assert len(both) > 1000
        wrong = both[both[below] > both[above] + slack]
        assert wrong.empty, wrong.head(10).to_string()


def test_missing_quarter_shows_as_not_delivered(result: pd.DataFrame, planted: dict) -> None:
    missing = planted["missing_quarter"]
    rows = result[
        (result["area_code"] == missing["organisation"][4:])
        & (result["area_level"] == "wellbeing_area")
        & (result["period"] == missing["period"])
    ].set_index(["indicator_id", "variant"])["status_candidate"]
    # Increments and snapshots are gone; the next history fills the rest.
    assert rows["SAA-01", "main"] == "not_delivered"
    assert rows["ASU-06", "main"] == "not_delivered"
    assert rows["JAT-01", "main"] == "shown"


def test_supplier_without_handovers_is_not_recorded(result: pd.DataFrame, planted: dict) -> None:
    area = planted["no_handovers"]["organisation"][4:]
    rows = result[
        (result["indicator_id"] == "SAA-01")
        & (result["area_level"] == "wellbeing_area")
        & (result["area_code"] == area)
        & (result["period_type"] == "year")
        & (result["denominator"] > 0)
    ]
    assert len(rows) >= 3
    assert (rows["status_candidate"] == "not_recorded").all()


def test_change_of_client_system_is_a_break_not_a_wave(result: pd.DataFrame, planted: dict) -> None:
    change = planted["client_system_change"]
    quarter = str(pd.Timestamp(change["first_day"]).to_period("Q"))
    rows = result[
        (result["indicator_id"] == "JAT-01")
        & (result["variant"] == "main")
        & (result["area_level"] == "wellbeing_area")
        & (result["area_code"] == change["organisation"][4:])
        & (result["period_type"] == "quarter")
    ].set_index("period")
    assert rows["is_series_break"].sum() == 1
    assert rows.loc[quarter, "is_series_break"]
    others = rows.drop(index=quarter)["value"]
    assert rows.loc[quarter, "value"] < 3 * others.median()
