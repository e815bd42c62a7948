"""Periods are half-open and written as the definitions write them."""

from datetime import date

import pytest

from ingest.periods import Period, PeriodError, quarters


@pytest.mark.parametrize(
    ("code", "first_day", "last_day", "period_type"),
    [
        ("2024Q1", date(2024, 1, 1), date(2024, 3, 31), "quarter"),
        ("2025Q4", date(2025, 10, 1), date(2025, 12, 31), "quarter"),
        ("2025H2", date(2025, 7, 1), date(2025, 12, 31), "half_year"),
        ("2024", date(2024, 1, 1), date(2024, 12, 31), "year"),
        ("2023-2025", date(2023, 1, 1), date(2025, 12, 31), "pooled_3_years"),
    ],
)
def test_a_period_knows_its_days(code, first_day, last_day, period_type):
    period = Period.parse(code)
    assert (period.start, period.last_day, period.type) == (first_day, last_day, period_type)


@pytest.mark.parametrize("code", ["2025Q5", "2025q1", "25Q1", "2023-2024", "", "2025-01"])
def test_what_is_no_period_is_refused(code):
    with pytest.raises(PeriodError):
        Period.parse(code)


def test_five_years_have_twenty_quarters():
    found = quarters("2021Q4", "2026Q3")
    assert len(found) == 20
    assert (found[0].code, found[-1].code) == ("2021Q4", "2026Q3")


def test_nothing_from_before_the_areas_existed_is_late_before_march_2023():
    assert Period.parse("2021Q4").due_date == date(2023, 3, 31)
    assert Period.parse("2025Q3").due_date == date(2025, 11, 14)
