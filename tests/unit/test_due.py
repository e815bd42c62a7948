"""Which deliveries are expected of whom: cadence, due date, who delivers what, from when."""

from __future__ import annotations

from datetime import UTC, date, datetime

import duckdb
import pytest

from ingest.contracts import contracts
from ingest.due import Delivered, Due, expected, is_past, next_due, past_from
from ingest.lake import append_to_ledger, attach_lake, period_columns
from ingest.ledger import EXPIRED, WITHDRAWN, append_events
from ingest.periods import Period
from ingest.state import Home


def came(*entries: str) -> set[Delivered]:
    """Deliveries written as ``hva-05 client 2025Q3``."""
    return {
        Delivered(organisation, table, Period.parse(period))
        for organisation, table, period in (entry.split() for entry in entries)
    }


def periods(found: list[Due], organisation: str, table: str) -> list[str]:
    return [due.period.code for due in found if (due.organisation, due.table) == (organisation, table)]


@pytest.mark.parametrize(
    ("table", "period", "today", "wanted"),
    [
        # quarterly, 45 days: 2026Q3 is due by 14 November
        ("client", "2026Q2", date(2026, 11, 14), ["2026Q2"]),
        ("client", "2026Q2", date(2026, 11, 15), ["2026Q2", "2026Q3"]),
        # half-yearly: 2026H1 by 14 August, 2026H2 not before 14 February 2027
        ("survey_wave", "2025H2", date(2026, 11, 24), ["2025H2", "2026H1"]),
        # yearly, 45 days: 2025 by 14 February 2026
        ("health_check", "2024", date(2026, 2, 14), ["2024"]),
        ("health_check", "2024", date(2026, 2, 15), ["2024", "2025"]),
    ],
)
def test_periods_follow_the_cadence_and_what_is_not_due_is_not_expected(table, period, today, wanted):
    assert periods(expected(came(f"hva-05 {table} {period}"), today), "hva-05", table) == wanted


def test_twice_a_year_is_a_half_year_with_ninety_days():
    found = expected(came("kunta-091 education_enrolment 2025H2"), date(2026, 9, 29))
    assert [(due.period.code, due.due_date) for due in found if due.table == "education_enrolment"] == [
        ("2025H2", date(2026, 3, 31)),
        ("2026H1", date(2026, 9, 28)),
    ]


def test_what_one_area_has_delivered_is_expected_of_all_since_then():
    found = expected(came("hva-05 handover 2026Q1"), date(2026, 11, 24))
    assert periods(found, "hva-21", "handover") == ["2026Q1", "2026Q2", "2026Q3"]
    asked = {due.organisation for due in found if due.table == "handover"}
    assert len(asked) == 22 and "hva-90" in asked and "hva-91" not in asked


def test_table_that_none_has_delivered_is_due_for_the_newest_period_only():
    found = expected(came("hva-05 client 2020Q1"), date(2026, 11, 24))
    assert periods(found, "hva-05", "plan") == ["2026Q3"]
    assert periods(found, "hva-05", "cost_row") == ["2025"]
    assert periods(found, "kunta-091", "rental_housing") == ["2026Q3"]


def test_municipal_persons_are_expected_only_of_who_has_delivered_them_and_counts_of_all():
    found = expected(came("kunta-091 employment_service_spell 2026Q2"), date(2026, 11, 24))
    persons = {due.organisation for due in found if due.table == "employment_service_spell"}
    counts = {due.organisation for due in found if due.table == "employment_service_spell_count"}
    assert persons == {"kunta-091"}
    assert len(counts) == 292
    assert not any(due.table == "leisure_support" for due in found)


def test_kela_owes_nothing_until_it_has_delivered_once():
    assert not any(due.organisation == "kela" for due in expected((), date(2026, 11, 24)))
    found = expected(came("kela benefit_month 2024"), date(2026, 12, 31))
    assert periods(found, "kela", "benefit_month") == ["2024"]
    # Due a year after the year's end: 31 December 2026.
    assert periods(expected(came("kela benefit_month 2024"), date(2027, 1, 1)), "kela", "benefit_month") == [
        "2024",
        "2025",
    ]


def test_no_kind_of_supplier_owes_the_tables_of_another():
    found = expected((), date(2026, 11, 24))
    assert {due.table for due in found if due.organisation == "hva-05"} == {
        name for name, contract in contracts().items() if "hva" in contract.suppliers
    }
    assert {due.table for due in found if due.organisation == "kunta-091"} == {
        "cost_row", "education_enrolment_count", "employment_service_spell_count", "leisure_support_count",
        "rental_housing",
    }  # fmt: skip


def test_municipality_that_has_merged_owes_nothing_afterwards():
    found = expected(came("kunta-588 rental_housing 2024Q3"), date(2025, 11, 24))
    assert periods(found, "kunta-588", "rental_housing") == ["2024Q3", "2024Q4"]


def test_quarter_that_ends_the_year_stands_for_the_yearly_delivery():
    found = expected(
        came("hva-05 placement 2024Q4", "hva-05 placement 2025Q2", "hva-06 placement 2024"), date(2026, 3, 1)
    )
    assert periods(found, "hva-05", "placement") == ["2025"]
    assert periods(found, "hva-06", "placement") == ["2024", "2025"]


def test_what_is_past_its_retention_is_expected_no_more():
    # Ten years from the end of 2015Q2 (client); five from the end of 2020 (health_check).
    found = expected(came("hva-05 client 2015Q2", "hva-05 health_check 2019"), date(2025, 7, 1))
    assert periods(found, "hva-05", "client")[0] == "2015Q3"
    assert periods(found, "hva-05", "health_check") == ["2020", "2021", "2022", "2023", "2024"]


def test_retention_counts_from_the_end_of_the_period():
    quarter = Period.parse("2015Q3")
    assert past_from("client", quarter) == date(2025, 10, 1)
    assert not is_past("client", quarter, date(2025, 9, 30))
    assert is_past("client", quarter, date(2025, 10, 1))


def test_next_due_is_the_one_whose_last_day_has_not_passed():
    assert next_due("client", date(2026, 11, 14)) == (Period.parse("2026Q3"), date(2026, 11, 14))
    assert next_due("client", date(2026, 11, 15)) == (Period.parse("2026Q4"), date(2027, 2, 14))
    assert next_due("cost_row", date(2026, 11, 24)) == (Period.parse("2026"), date(2027, 2, 14))


def entry(number: int, period: str, table: str = "client", at: date = date(2026, 3, 1)) -> dict:
    return {
        "acceptance_no": number,
        "accepted_at": datetime(at.year, at.month, at.day, 23, 30, tzinfo=UTC),
        "delivery_id": f"D{number}",
        "organisation": "hva-05",
        **period_columns(Period.parse(period)),
        "table_name": table,
        "mode": contracts()[table].mode,
        "rows": 1,
        "rows_quarantined": 0,
        "is_late": False,
    }


def event(number: int, kind: str, delivery: str, table: str | None) -> dict:
    return {"number": number, "at": datetime(2026, 3, 2, tzinfo=UTC), "event": kind, "delivery_id": delivery,
            "table_name": table, "asked_by": "operator", "reason": "test"}  # fmt: skip


def due_in_lake(home: Home, as_of: int | None = None) -> list[str]:
    with duckdb.connect() as connection:
        attach_lake(connection, home, as_of)
        return [
            period
            for (period,) in connection.execute(
                "select period from lake.delivery_due where organisation = 'hva-05' and table_name = 'client' "
                "order by period"
            ).fetchall()
        ]


def test_the_lake_tells_what_was_due_on_the_day_of_its_newest_acceptance(tmp_path):
    home = Home(tmp_path)
    append_to_ledger(home, [entry(1, "2025Q2")])
    # On 1 March 2026 the quarters to 2025Q4 are due; 2026Q1 came before its time and is listed all the same.
    append_to_ledger(home, [entry(2, "2026Q1")])
    assert due_in_lake(home) == ["2025Q2", "2025Q3", "2025Q4", "2026Q1"]
    assert due_in_lake(home, 1) == ["2025Q2", "2025Q3", "2025Q4"]


def test_withdrawn_and_expired_deliveries_are_as_if_they_had_never_come(tmp_path):
    home = Home(tmp_path)
    append_to_ledger(home, [entry(1, "2025Q1"), entry(2, "2025Q2"), entry(3, "2025Q4")])
    append_events(home, [event(4, WITHDRAWN, "D1", None)])
    assert due_in_lake(home) == ["2025Q2", "2025Q3", "2025Q4"]
    append_events(home, [event(5, EXPIRED, "D2", "client")])
    assert due_in_lake(home) == ["2025Q4"]
    # Before the withdrawal the first counted; what is past its retention counts at no moment any more.
    assert due_in_lake(home, 3) == ["2025Q1", "2025Q2", "2025Q3", "2025Q4"]


def test_a_lake_without_deliveries_expects_nothing(tmp_path):
    assert due_in_lake(Home(tmp_path)) == []
