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
                1.0 as record_share, cast(null as double) as minimum_record_share, 0.5 as value
        )"""
        found = connection.execute(f"select status from ({primary_protection_sql(candidate)})").fetchall()
    assert found == [(status,)]
