"""Which cells may not be shown by their own size: sensitive shares, and groups of persons who are not clients."""

from __future__ import annotations

import duckdb
import pytest

from quality.disclosure.primary import primary_protection_sql


@pytest.mark.parametrize(
    ("cell_class", "counts_persons", "persons", "numerator", "denominator", "status"),
    [
        pytest.param("C3", True, 9, 4, 9, "hidden", id="fewer than ten respondents"),
        pytest.param("C3", True, 10, 0, 10, "shown", id="ten respondents of one mind"),
        pytest.param("C3", True, 9, 9, 200, "hidden", id="few of many who were asked answered"),
        pytest.param("C4", False, 4, 100, 3.5, "hidden", id="fewer than five workers"),
        pytest.param("C4", False, 5, 100, 4.5, "shown", id="five workers"),
        pytest.param("C4", False, 0, 0, 0, "hidden", id="nobody"),
        pytest.param("C4", True, 9, 2, 9, "hidden", id="what workers are known by: fewer than ten"),
        pytest.param("C4", True, 10, 2, 10, "shown", id="what workers are known by: ten"),
        pytest.param("C4", True, 40, 0, 40, "hidden", id="none of forty"),
        pytest.param("C4", True, 40, 40, 40, "hidden", id="all of forty"),
        pytest.param("C9", False, 400, 40, 400, "hidden", id="a class that nobody has thought about"),
    ],
)
def test_figures_about_groups_need_enough_persons_behind_them(
    cell_class, counts_persons, persons, numerator, denominator, status
):
    with duckdb.connect() as connection:
        candidate = f"""(
            select
                false as is_outside, true as is_delivered, '{cell_class}' as cell_class, 'ratio' as aggregation,
                {counts_persons} as counts_persons, 'none' as interval_method, false as is_worker_action,
                'country' as area_level, 1 as workers, 1.0 as largest_worker_share, {persons} as numerator_clients,
                {persons} as denominator_clients, {numerator} as numerator, {denominator} as denominator,
                cast(null as double) as largest_amount, cast(null as double) as second_amount,
                1.0 as record_share, cast(null as double) as minimum_record_share, 0.5 as value
        )"""
        found = connection.execute(f"select status from ({primary_protection_sql(candidate)})").fetchall()
    assert found == [(status,)]


@pytest.mark.parametrize(
    ("cell_class", "numerator", "denominator", "status"),
    [
        pytest.param("C1", 5, 40, "shown", id="five of forty"),
        pytest.param("C2", 9, 100, "hidden", id="nine, where it is sensitive"),
        pytest.param("C2", 10, 100, "shown", id="ten"),
        pytest.param("C2", 91, 100, "hidden", id="all but nine"),
        pytest.param("C2", 90, 100, "shown", id="all but ten"),
        pytest.param("C2", 0, 9, "hidden", id="none of nine"),
        pytest.param("C2", 0, 10, "too_few", id="none of ten"),
        pytest.param("C2", 20, 49, "too_few", id="of forty-nine"),
        pytest.param("C2", 20, 50, "shown", id="of fifty"),
        pytest.param("C2", 0, 50, "shown", id="none of fifty"),
    ],
)
def test_a_sensitive_share_needs_ten_on_either_side(cell_class, numerator, denominator, status):
    with duckdb.connect() as connection:
        candidate = f"""(
            select
                false as is_outside, true as is_delivered, '{cell_class}' as cell_class, 'ratio' as aggregation,
                true as counts_persons, 'wilson' as interval_method, false as is_worker_action,
                'country' as area_level, 100 as workers, 0.1 as largest_worker_share, {numerator} as numerator_clients,
                {denominator} as denominator_clients, {numerator} as numerator, {denominator} as denominator,
                cast(null as double) as largest_amount, cast(null as double) as second_amount,
                1.0 as record_share, cast(null as double) as minimum_record_share, 0.5 as value
        )"""
        found = connection.execute(f"select status from ({primary_protection_sql(candidate)})").fetchall()
    assert found == [(status,)]


@pytest.mark.parametrize(
    ("clients", "euros", "largest", "second", "status"),
    [
        pytest.param(20, 1000, 500, 300, "shown", id="largest line is half, the rest 200 of 500"),
        pytest.param(19, 1000, 300, 300, "hidden", id="so few clients that one may be most of the cost"),
        pytest.param(20, 1000, 501, 200, "hidden", id="largest line is over half"),
        pytest.param(400, 1000, 500, 450, "shown", id="the others are 50, one tenth of the largest"),
        pytest.param(400, 1000, 500, 451, "hidden", id="whoever has 451 can tell the 500 to within one tenth"),
        pytest.param(400, 1000, 1000, 0, "hidden", id="one line alone"),
        pytest.param(400, 200, 600, 400, "hidden", id="income takes most of it off"),
        pytest.param(400, -50, 100, 50, "hidden", id="more income than cost"),
        pytest.param(400, 0, "null", "null", "hidden", id="costs of nothing"),
        pytest.param(400, 1000, "null", "null", "hidden", id="lines that nobody has ranked"),
    ],
)
def test_a_cost_is_nobodys_own(clients, euros, largest, second, status):
    with duckdb.connect() as connection:
        candidate = f"""(
            select
                false as is_outside, true as is_delivered, 'cost' as cell_class, 'ratio' as aggregation,
                false as counts_persons, 'none' as interval_method, false as is_worker_action,
                'municipality' as area_level, cast(null as bigint) as workers,
                cast(null as double) as largest_worker_share, 0 as numerator_clients, {clients} as denominator_clients,
                cast({euros} as double) as numerator, cast({clients} as double) as denominator,
                cast({largest} as double) as largest_amount, cast({second} as double) as second_amount,
                cast(null as double) as record_share, cast(null as double) as minimum_record_share, 12.5 as value
        )"""
        found = connection.execute(f"select status from ({primary_protection_sql(candidate)})").fetchall()
    assert found == [(status,)]
