"""Verdicts and funnel limits of published figures: every rule at its edges, with numbers worked out by hand."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import pytest

from quality.release import published_table
from quality.release.comparison import comparison_sql
from quality.release.enforcement import row_problems, shape_problems
from quality.release.funnel import funnel_sql
from quality.release.limits import Z, effective_number_sql, exact_limit, wilson_sql
from tests.oracle import intervals

SEEDS = Path(__file__).resolve().parents[2] / "dbt_project" / "seeds"
OUTSIDE = {"95": 0.05, "998": 0.002}
SHARE = {"unit": "share", "interval_method": "wilson", "polarity": "higher", "cell_class": "C1", "duty": None}
RATE = SHARE | {"unit": "per_1000_days", "interval_method": "byar"}
NOTICE = "'made up' as data_notice"

# Area 01 with municipalities 001 to 003 and area 02 with 004 and 005; 001, 002, 003 and 005 are of one group.
AREAS = [
    ("country", "FI", None, None),
    ("wellbeing_area", "01", "FI", None),
    ("wellbeing_area", "02", "FI", None),
    ("municipality_group", "KR-01", "FI", None),
    ("municipality", "001", "01", "KR-01"),
    ("municipality", "002", "01", "KR-01"),
    ("municipality", "003", "01", "KR-01"),
    ("municipality", "004", "02", None),
    ("municipality", "005", "02", "KR-01"),
    ("municipality", "unknown", "FI", None),
]
LEVELS = {code: level for level, code, *_ in AREAS}


def figure(area: str, x: float, n: float, method: dict[str, Any] = SHARE, *, effect: float = 1, **more: Any) -> dict:
    """A shown figure x/n with the limits that its method gives, ``effect`` times the variance."""
    scale = 1 if method["unit"] == "share" else 1000
    limits: dict[str, float] = {}
    for name, z in Z.items():
        if method["unit"] == "share":
            lower, upper = intervals.wilson(x / effect, n / effect, z)
        else:
            lower, upper = (
                max(0, x + effect**0.5 * (limit - x)) * scale / n
                for limit in intervals.poisson(int(x), OUTSIDE[name], z)
            )
        limits |= {f"lower_{name}": lower, f"upper_{name}": upper}
    return {
        "area_level": LEVELS.get(area, "municipality"), "area_code": area, "numerator": x, "denominator": n,
        "value": x * scale / n, **limits, "status": "shown", "is_complete": True, "is_series_break": False, **more,
    }  # fmt: skip


def hidden(area: str, status: str = "hidden") -> dict:
    return {
        "area_level": LEVELS[area],
        "area_code": area,
        "status": status,
        "is_complete": True,
        "is_series_break": False,
    }


@pytest.fixture
def schema():
    """An empty schema of the published tables that comparisons are made from."""
    with duckdb.connect() as connection:
        connection.execute("create schema published")
        for name in ("indicator", "area", "indicator_value", "breakdown_category"):
            columns = ", ".join(f"{column.name} {column.type}" for column in published_table(name).columns)
            connection.execute(f"create table published.{name} ({columns})")
        for level, code, parent, group in AREAS:
            insert(connection, "area", area_level=level, area_code=code, parent_code=parent, group_code=group)
        insert(connection, "breakdown_category", breakdown="total", category="total")
        yield connection


def insert(connection: duckdb.DuckDBPyConnection, table: str, **row: Any) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"insert into published.{table} ({', '.join(row)}) values ({marks})", list(row.values()))


def fill(connection: duckdb.DuckDBPyConnection, figures: list[dict], method: dict[str, Any], variant: str) -> None:
    for table in ("indicator", "indicator_value"):
        connection.execute(f"delete from published.{table}")
    insert(connection, "indicator", indicator_id="TST-01", variant=variant, **method)
    for row in figures:
        key = {"indicator_id": "TST-01", "variant": variant, "period_type": "year", "period": "2025"}
        insert(connection, "indicator_value", **(key | {"breakdown": "total", "category": "total"} | row))


def written(connection: duckdb.DuckDBPyConnection, table: str, query: str) -> list[dict[str, Any]]:
    """Rows of the query, which must keep the contract."""
    contract = published_table(table)
    assert shape_problems(connection, contract, query) == []
    connection.execute(f"create or replace table published.{table} as {query}")
    assert row_problems(connection, contract, "published") == []
    found = connection.execute(f"from published.{table}")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def compare(
    connection: duckdb.DuckDBPyConnection, figures: list[dict], method: dict[str, Any] = SHARE, variant: str = "main"
) -> dict[tuple[str, str], tuple[str, float | None]]:
    """Result and value by area and benchmark."""
    fill(connection, figures, method, variant)
    rows = written(connection, "indicator_comparison", comparison_sql("published", NOTICE))
    return {(row["area_code"], row["benchmark"]): (row["result"], row["benchmark_value"]) for row in rows}


def compare_each(
    connection: duckdb.DuckDBPyConnection, cases: list[list[dict]], method: dict[str, Any], key: tuple[str, str]
) -> list[tuple[str, float | None]]:
    """Result and value of ``key`` in every case; each has a period of its own, so that one query tells them all."""
    figures = [row | {"period": f"{1000 + number}"} for number, case in enumerate(cases) for row in case]
    fill(connection, figures, method, "main")
    rows = written(connection, "indicator_comparison", comparison_sql("published", NOTICE))
    found = {row["period"]: (row["result"], row["benchmark_value"]) for row in rows if
             (row["area_code"], row["benchmark"]) == key}  # fmt: skip
    assert len(found) == len(cases)
    return [found[period] for period in sorted(found)]


def against_country(connection, counts, n: float, rest: tuple[float, float], method=SHARE):
    """The verdicts on area 01 with each of ``counts`` of n, where the rest of the country has ``rest``."""
    cases = [[figure("01", x, n, method), figure("FI", x + rest[0], n + rest[1], method)] for x in counts]
    return compare_each(connection, cases, method, ("01", "country"))


# ---- against the country ----------------------------------------------------------------------


def test_share_against_the_rest_of_the_country(schema):
    """The Wilson interval of x of 100 misses 0.5 when |x - 50| / 5 is over z: 1.96 from 60, 3.09 from 66."""
    expected = {
        59: "no_real_difference", 60: "possibly_better", 65: "possibly_better", 66: "better",
        41: "no_real_difference", 40: "possibly_worse", 35: "possibly_worse", 34: "worse",
    }  # fmt: skip
    assert against_country(schema, expected, 100, (450, 900)) == [(result, 0.5) for result in expected.values()]


def test_rate_against_the_rest_of_the_country(schema):
    """Ten expected. Byar's lower limit of 17 is 9.90, of 18 is 10.66; at 99.8 % 9.58 of 21 and 10.25 of 22.
    The exact upper limit of 4 is 10.24, of 3 is 8.77; at 99.8 % 11.23 of 2 and 9.23 of 1."""
    expected = {
        17: "no_real_difference", 18: "possibly_worse", 21: "possibly_worse", 22: "worse",
        4: "no_real_difference", 3: "possibly_better", 2: "possibly_better", 1: "better",
    }  # fmt: skip
    found = against_country(schema, expected, 1000, (400, 40_000), RATE | {"polarity": "lower"})
    assert [result for result, _ in found] == list(expected.values())
    assert {value for _, value in found} == {10}


@pytest.mark.parametrize(
    ("polarity", "words"),
    [
        ("higher", ["better", "possibly_better", "no_real_difference", "possibly_worse", "worse"]),
        ("lower", ["worse", "possibly_worse", "no_real_difference", "possibly_better", "better"]),
        ("none", ["higher", "possibly_higher", "no_real_difference", "possibly_lower", "lower"]),
    ],
)
def test_words_follow_the_polarity(schema, polarity, words):
    found = against_country(schema, (70, 62, 50, 38, 30), 100, (450, 900), SHARE | {"polarity": polarity})
    assert [result for result, _ in found] == words


def test_more_events_never_make_the_verdict_less(schema):
    order = ["lower", "possibly_lower", "no_real_difference", "possibly_higher", "higher"]
    for method, n, rest in ((SHARE, 60, (300, 1000)), (RATE, 2000, (90, 10_000))):
        found = against_country(schema, range(5, 56), n, rest, method | {"polarity": "none"})
        ranks = [order.index(result) for result, _ in found]
        assert ranks == sorted(ranks)
        assert set(ranks) == {0, 1, 2, 3, 4}


# ---- against the own area and the municipality group --------------------------------------------


def of_a_group(connection, counts, n: float, rest: tuple[float, float], method=SHARE, effect: float = 1):
    """The verdicts on municipality 001 with each of ``counts``, where the rest of its group has ``rest``."""
    cases = [
        [
            figure("001", x, n, method, effect=effect),
            figure("KR-01", x + rest[0], n + rest[1], method, effect=effect),
        ]
        for x in counts
    ]
    return compare_each(connection, cases, method, ("001", "municipality_group"))


def test_interval_of_the_difference_is_newcombes(schema):
    """His example: 56 of 70 and 48 of 80, 0.2 with 0.0524 to 0.3339; at 99.8 % -0.0335 to 0.4018."""
    assert of_a_group(schema, [56], 70, (48, 80)) == [("possibly_better", 0.6)]


def test_difference_of_shares_needs_more_than_a_known_benchmark(schema):
    """Beside 50 of 100: the lower limit of the difference is over 0 from 64, at 99.8 % from 72."""
    expected = {63: "no_real_difference", 64: "possibly_better", 71: "possibly_better", 72: "better"}
    assert of_a_group(schema, expected, 100, (50, 100)) == [(result, 0.5) for result in expected.values()]


def test_difference_of_rates(schema):
    """Beside 20 events in as many days, limits by Byar or exact of both (SciPy's chi-square)."""
    expected = {
        35: "no_real_difference", 36: "possibly_better", 45: "possibly_better", 46: "better",
        9: "no_real_difference", 8: "possibly_worse", 5: "possibly_worse", 4: "worse",
    }  # fmt: skip
    assert of_a_group(schema, expected, 1000, (20, 1000), RATE) == [(result, 20) for result in expected.values()]


def test_days_that_come_in_clients_count_as_often_as_they_are_independent(schema):
    """Effect 100: the days of the shares above; effect 4: half as far from the events."""
    expected = {6300: "no_real_difference", 6400: "possibly_better", 7100: "possibly_better", 7200: "better"}
    clustered = SHARE | {"interval_method": "wilson_clustered"}
    found = of_a_group(schema, expected, 10_000, (5000, 10_000), clustered, effect=100)
    assert found == [(result, 0.5) for result in expected.values()]
    dispersed = RATE | {"interval_method": "byar_dispersed"}
    assert of_a_group(schema, [46], 1000, (20, 1000), dispersed, effect=1) == [("better", 20)]
    assert of_a_group(schema, [46], 1000, (20, 1000), dispersed, effect=4) == [("no_real_difference", 20)]


def test_own_area_is_the_other_municipalities_of_it(schema):
    figures = [figure("001", 72, 100), figure("01", 122, 200), figure("FI", 500, 1000), figure("004", 72, 100)]
    found = compare(schema, [*figures, figure("02", 122, 200)])
    assert found["001", "own_area"] == ("better", 0.5)
    # The area of 004 has one other municipality: what is left of it would be that one's figure.
    assert found["004", "own_area"] == ("cannot_be_said", None)
    # 004 is in no group, and the catalogue has no figure of the group here.
    assert set(found) == {
        ("001", "own_area"), ("001", "country"), ("004", "own_area"), ("004", "country"), ("01", "country"),
        ("02", "country"),
    }  # fmt: skip


# ---- against the duty -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("polarity", "cases"),
    [
        (
            "higher",
            [
                (100, {}, ("met", 1.0)),
                (99, {}, ("not_met", 1.0)),
                (95, {"unknown_share": 0.05}, ("cannot_be_said", None)),
                (94, {"unknown_share": 0.05}, ("not_met", 1.0)),
                (100, {"doubtful_share": 0.1}, ("met", 1.0)),
                (100, {"doubtful_share": 0.11}, ("cannot_be_said", None)),
                (50, {"doubtful_share": 0.11}, ("cannot_be_said", None)),
                (100, {"is_complete": False}, ("cannot_be_said", None)),
            ],
        ),
        (
            "lower",
            [
                (0, {}, ("met", 0.0)),
                (1, {}, ("not_met", 0.0)),
                (5, {"unknown_share": 0.05}, ("cannot_be_said", None)),
            ],
        ),
        ("none", [(100, {}, ("cannot_be_said", None))]),
    ],
)
def test_duty(schema, polarity, cases):
    method = SHARE | {"polarity": polarity, "duty": "LsL 30 §"}
    found = compare_each(schema, [[figure("01", x, 100, **more)] for x, more, _ in cases], method, ("01", "duty"))
    assert found == [result for *_, result in cases]


def test_duty_is_that_of_the_main_variant_and_of_a_share(schema):
    duty = {"duty": "SHL 42 §"}
    assert compare(schema, [figure("01", 100, 100)], SHARE | duty, "counsellor") == {}
    assert compare(schema, [figure("01", 20, 100, RATE)], RATE | duty) == {("01", "duty"): ("cannot_be_said", None)}


# ---- where nothing can be said ----------------------------------------------------------------

NOTHING = ("cannot_be_said", None)


def test_what_forbids_a_verdict(schema):
    cases: list[tuple[dict, dict, str]] = [
        ({}, {}, "better"),
        ({"doubtful_share": 0.1}, {}, "better"),
        ({"doubtful_share": 0.11}, {}, "cannot_be_said"),
        ({}, {"doubtful_share": 0.11}, "cannot_be_said"),
        ({"is_complete": False}, {}, "cannot_be_said"),
        ({}, {"is_complete": False}, "better"),
        ({"is_series_break": True}, {}, "cannot_be_said"),
        ({"is_series_break": True}, {"is_series_break": True}, "better"),
        ({}, {"is_series_break": True}, "better"),
        ({"lower_95": None}, {}, "cannot_be_said"),
        # No ratio of sums: a curve's or a median's.
        ({"value": 0.71}, {}, "cannot_be_said"),
    ]
    figures = [[figure("01", 70, 100, **unit), figure("FI", 500, 1000, **country)] for unit, country, _ in cases]
    found = compare_each(schema, figures, SHARE, ("01", "country"))
    assert [result for result, _ in found] == [result for *_, result in cases]
    assert [value is None for _, value in found] == [result == "cannot_be_said" for *_, result in cases]


STATUSES = [code for code in published_table("indicator_value").column("status").allowed if code != "shown"]


def test_what_is_not_shown_has_no_comparison(schema):
    others = [figure("FI", 500, 1000), figure("KR-01", 122, 200), figure("01", 122, 200)]
    rows = [row | {"period": status} for status in STATUSES for row in [*others, hidden("001", status)]]
    found = compare(schema, rows, SHARE | {"duty": "LsL 30 §"})
    assert set(found) == {("01", "country"), ("01", "duty")}


def test_what_is_not_shown_is_no_benchmark(schema):
    statuses = [status for status in STATUSES if status != "not_applicable"]
    cases = [[hidden("FI", status), hidden("KR-01", status), figure("001", 72, 100)] for status in statuses]
    for benchmark in ("country", "municipality_group"):
        assert compare_each(schema, cases, SHARE, ("001", benchmark)) == [NOTHING] * len(statuses)


@pytest.mark.parametrize(
    ("method", "enough", "too_little"),
    [
        (SHARE, [(10, 20), (5, 40), (35, 40), (0, 40)], [(10, 19), (4, 40), (36, 40), (41, 40), (-1, 40)]),
        (SHARE | {"cell_class": "C2"}, [(10, 50), (40, 50)], [(9, 50), (41, 50), (10, 49)]),
        (SHARE | {"cell_class": "C3"}, [(1, 10)], [(1, 9)]),
        (SHARE | {"cell_class": "C4"}, [(1, 10)], [(0, 40), (40, 40), (1, 9)]),
        (SHARE | {"cell_class": "nobody thought of it"}, [], [(10, 40)]),
        (SHARE | {"interval_method": "none"}, [], [(10, 40)]),
        (SHARE | {"interval_method": "aj_log_log"}, [], [(10, 40)]),
        (SHARE | {"unit": "index"}, [], [(10, 40)]),
        (RATE, [(5, 1000), (0, 1000)], [(4, 1000), (1, 1000), (5, 0)]),
    ],
)
def test_what_is_left_of_a_benchmark_must_be_enough(schema, method, enough, too_little):
    base = RATE if method["unit"] == "per_1000_days" else SHARE
    cases = [
        [figure("001", 50, 100, base), figure("KR-01", 50 + rest[0], 100 + rest[1], base)]
        for rest in [*enough, *too_little]
    ]
    found = compare_each(schema, cases, method, ("001", "municipality_group"))
    said = [True] * len(enough) + [False] * len(too_little)
    assert [result != "cannot_be_said" for result, _ in found] == said
    assert [value is not None for _, value in found] == said


# ---- formulas ---------------------------------------------------------------------------------


def test_exact_limits_are_those_of_the_reference_table():
    with (SEEDS / "seed_poisson_limit.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 20
    for row in rows:
        level = {"0.95": "95", "0.998": "998"}[row["confidence"]]
        for side in ("lower", "upper"):
            assert exact_limit(int(row["events"]), level, side) == pytest.approx(float(row[f"{side}_limit"]), abs=1e-9)


def test_number_of_units_is_read_back_from_wilsons_interval():
    read = effective_number_sql("p", f"({wilson_sql('p', 'n', Z['95'], 'lower')})",
                                f"({wilson_sql('p', 'n', Z['95'], 'upper')})", Z["95"])  # fmt: skip
    rows = duckdb.execute(
        f"select n::double, {read} from (select unnest([0, 0.001, 0.2, 0.5, 0.77, 1]) as p), "
        "(select unnest([1, 2.5, 20, 1234.5]) as n)"
    ).fetchall()
    assert len(rows) == 24
    for number, found in rows:
        assert found == pytest.approx(number, rel=1e-6)


# ---- funnel -----------------------------------------------------------------------------------


def funnel(connection, figures: list[dict], method: dict[str, Any] = SHARE) -> list[dict[str, Any]]:
    fill(connection, figures, method, "main")
    return written(connection, "indicator_funnel", funnel_sql("published", NOTICE))


def municipalities(values: Sequence[float], n: float, method: dict[str, Any] = SHARE) -> list[dict]:
    return [figure(f"{number:03}", x, n, method) for number, x in enumerate(values, 1)]


LIMITS = ("lower_998", "lower_95", "upper_95", "upper_998")


def limits_of(row: dict[str, Any]) -> list[float]:
    return [row[name] for name in LIMITS]


def test_limits_of_a_share(schema):
    """p0 = 0.2 and n = 100: s = 0.04; cut at 0 where n = 10 and s = 0.1265."""
    (row,) = funnel(schema, [figure("FI", 200, 1000), figure("01", 30, 100)])
    assert (row["denominator"], row["benchmark_value"], row["overdispersed"]) == (100, 0.2, False)
    assert limits_of(row) == pytest.approx([0.0763907, 0.1216014, 0.2783986, 0.3236093], abs=1e-6)
    (row,) = funnel(schema, [figure("FI", 200, 1000), figure("01", 3, 10)])
    assert limits_of(row) == pytest.approx([0, 0, 0.4479180, 0.5908869], abs=1e-6)


def test_limits_of_a_rate_are_the_extreme_counts_whose_interval_holds_what_is_expected(schema):
    """Ten expected: 4 to 17 events and, at 99.8 %, 2 to 21 (see the verdicts on rates above)."""
    (row,) = funnel(schema, [figure("FI", 400, 40_000, RATE), figure("01", 12, 1000, RATE)], RATE)
    assert limits_of(row) == pytest.approx([2, 4, 17, 21])


@pytest.mark.parametrize("days", [1, 20, 100, 700, 3000, 90_000])
def test_a_rate_is_outside_exactly_when_its_interval_misses_the_country(schema, days):
    (row,) = funnel(schema, [figure("FI", 400, 40_000, RATE), figure("01", 1, days, RATE)], RATE)
    expected = days / 100
    for level, z in Z.items():
        for events in range(int(expected + 6 * expected**0.5 + 20)):
            lower, upper = intervals.poisson(events, OUTSIDE[level], z)
            value = events * 1000 / days
            outside = value < row[f"lower_{level}"] - 1e-9 or value > row[f"upper_{level}"] + 1e-9
            assert outside == (not lower <= expected <= upper), (level, events)


def test_overdispersion_is_spiegelhalters(schema):
    """Five places at 0.4 and five at 0.6 of 100 each, p0 = 0.5, s2 = 0.0025: z = -2 and 2, so I phi = 40 and
    tau2 = (40 - 9) / (4000 - 1600000 / 4000) = 31 / 3600; limits with root(0.0025 + 0.0086111) = 0.1054093."""
    rows = funnel(schema, [figure("FI", 500, 1000), *municipalities([40] * 5 + [60] * 5, 100)])
    plain, wide = sorted(rows, key=lambda row: row["overdispersed"])
    assert limits_of(plain) == pytest.approx([0.3454884, 0.4020018, 0.5979982, 0.6545116], abs=1e-6)
    assert (wide["overdispersed"], wide["units"]) == (True, 10)
    assert wide["between_variance"] == pytest.approx(31 / 3600)
    assert limits_of(wide) == pytest.approx([0.1742607, 0.2934015, 0.7065985, 0.8257393], abs=1e-6)


def test_overdispersion_of_rates_moves_the_exact_limits_out(schema):
    """Ten expected, five places with 4 and five with 16: z = -/+ 6 / root 10, I phi = 36, w = 1/10 each:
    tau2 = 27 / (1 - 0.1) = 30, so sqrt((10 + 30) / 10) = 2 times as far from 10 as 4 and 17, 2 and 21."""
    rows = funnel(schema, [figure("FI", 400, 40_000, RATE), *municipalities([4] * 5 + [16] * 5, 1000, RATE)], RATE)
    wide = next(row for row in rows if row["overdispersed"])
    assert wide["between_variance"] == pytest.approx(30)
    assert limits_of(wide) == pytest.approx([0, 0, 24, 32])


def test_one_place_far_out_is_winsorised(schema):
    """Nine at 0.5, one at 0.9 (z = 8): the 90th percentile of ten is 0.8, I phi = 0.64, and tau2 = 0."""
    rows = funnel(schema, [figure("FI", 500, 1000), *municipalities([50] * 9 + [90], 100)])
    assert [(row["overdispersed"], row["between_variance"]) for row in rows] == [(False, 0), (True, 0)]
    assert limits_of(rows[0]) == limits_of(rows[1])


def test_overdispersion_needs_ten_places(schema):
    rows = funnel(schema, [figure("FI", 500, 1000), *municipalities([30] * 5 + [70] * 4, 100)])
    assert [row["overdispersed"] for row in rows] == [False]


def test_limits_narrow_towards_the_largest_place_and_stand_at_no_places_own(schema):
    rows = funnel(schema, [figure("FI", 500, 1000), figure("001", 18, 37), figure("002", 300, 612)])
    rows.sort(key=lambda row: row["denominator"])
    assert (rows[0]["denominator"], rows[-1]["denominator"], len(rows)) == (30, 700, 21)
    for first, second in pairwise(rows):
        assert [first[name] <= second[name] for name in LIMITS] == [True, True, False, False]


def test_limits_of_days_have_the_countrys_design_effect(schema):
    """Effect 25: at 2,000 days as 80 independent units, s = 0.04472; the axis ends at one leading digit, 3,000."""
    clustered = SHARE | {"interval_method": "wilson_clustered"}
    rows = funnel(schema, [figure("FI", 20_000, 100_000, effect=25), figure("01", 600, 2500, effect=9)], clustered)
    rows.sort(key=lambda row: row["denominator"])
    assert (rows[0]["denominator"], rows[-1]["denominator"]) == (2000, 3000)
    assert limits_of(rows[0]) == pytest.approx([0.0618008, 0.1123477, 0.2876523, 0.3381992], abs=1e-6)


def test_no_funnel_without_a_country_that_is_shown_and_neither_none_nor_all(schema):
    place = figure("01", 30, 100)
    for country in (hidden("FI"), figure("FI", 0, 1000), figure("FI", 1000, 1000)):
        assert funnel(schema, [country, place]) == []
    assert funnel(schema, [figure("FI", 200, 1000), figure("unknown", 30, 100), hidden("01")]) == []
    assert funnel(schema, [figure("FI", 200, 1000), figure("01", 30, 100, is_complete=False)]) == []
