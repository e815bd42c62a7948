"""Rows at the door: which values are read, repaired, warned about and refused."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from ingest.contracts import contracts
from ingest.door.checks import CheckInput, check_tables, connect, plan_for
from ingest.door.reading import RawTable
from ingest.door.rules.examples import GOOD_ROWS, key
from ingest.lake import table_schema
from ingest.periods import Period

# The rows that the examples of the rules begin with, of tables with every kind of column between them.
GOOD = {table: GOOD_ROWS[table] for table in ("client", "residence_spell", "contact", "rental_housing")}
GOOD["contact"] = {**GOOD["contact"], "worker_key": None}  # nobody need know the worker


@pytest.fixture(scope="module")
def connection():
    with connect() as opened:
        yield opened


def checked(connection, table, *changes, supplier="05", period="2025Q3", absent=frozenset()):
    """The outcome of rows that differ from the good one by ``changes``."""
    rows = [GOOD[table] | change for change in changes]
    columns = {
        name: pa.chunked_array([pa.array([row[name] for row in rows], pa.string())])
        for name in GOOD[table]
        if name not in absent
    }
    raw = RawTable(list(columns), columns, np.arange(len(rows), dtype=np.int32) + 2)
    item = CheckInput(raw, f"{table}.csv", supplier, Period.parse(period), date(2025, 10, 20), absent)
    return check_tables(connection, contracts()[table], [item])[0]


def broken(outcome):
    return sorted((found.rule.code, found.column) for found in outcome.findings)


@pytest.mark.parametrize("table", GOOD)
def test_a_good_row_has_no_finding_and_the_schema_of_the_lake(connection, table):
    outcome = checked(connection, table, {}, supplier="853" if table == "rental_housing" else "05")
    assert broken(outcome) == []
    assert outcome.accepted.schema == table_schema(contracts()[table])
    assert outcome.accepted.num_rows == 1
    assert outcome.refused is None


READ = {
    "iso-date": ("residence_spell", "start_date", "2024-02-29", date(2024, 2, 29)),
    "finnish-date": ("residence_spell", "start_date", "29.02.2024", date(2024, 2, 29)),
    "finnish-date-short": ("residence_spell", "start_date", "1.2.2024", date(2024, 2, 1)),
    "date-with-midnight": ("residence_spell", "start_date", "2024-02-29 00:00:00", date(2024, 2, 29)),
    "upper-case-key": ("client", "client_key", key(1).upper(), key(1)),
    "whole-number-with-decimals": ("client", "birth_year", "2005,0", 2005),
    "gone-municipality": ("residence_spell", "municipality", "588", "588"),
    "unknown-municipality": ("client", "home_municipality", "199", "199"),
    "aland-municipality": ("residence_spell", "municipality", "478", "478"),
    "empty-optional": ("client", "gender", None, None),
    **{
        f"yes-{word}": ("client", "has_children", word, True)
        for word in ("true", "1", "kyllä", "Kyllä", "k", "K", "ja", "yes", "TRUE")
    },
    **{
        f"no-{word}": ("client", "has_children", word, False)
        for word in ("false", "0", "ei", "EI", "e", "nej", "no", "False")
    },
}


@pytest.mark.parametrize(("table", "column", "text", "value"), READ.values(), ids=READ.keys())
def test_reads_what_old_systems_write(connection, table, column, text, value):
    outcome = checked(connection, table, {column: text})
    assert broken(outcome) == []
    lake_name = contracts()[table].column(column).lake_name
    assert outcome.accepted.column(lake_name).to_pylist() == [value]


def test_the_end_of_a_spell_becomes_the_day_after(connection):
    outcome = checked(
        connection,
        "residence_spell",
        {"end_date": "31.12.2024"},
        {"start_date": "2025-01-01", "end_date": None},
    )
    ends = outcome.accepted.column("end_date_exclusive").to_pylist()
    assert ends == [date(2025, 1, 1), None]


@pytest.mark.parametrize(
    ("table", "column", "text", "code"),
    [
        ("residence_spell", "municipality", "5", "005"),
        ("residence_spell", "municipality", "49", "049"),
        ("client", "responsible_area", "5", "05"),
    ],
)
def test_lost_zeros_are_put_back_and_said(connection, table, column, text, code):
    outcome = checked(connection, table, {column: text})
    assert broken(outcome) == [("REPAIR_ZEROS", column)]
    assert outcome.accepted.column(column).to_pylist() == [code]
    assert (outcome.rows_repaired, outcome.rows_warned) == (1, 0)


@pytest.mark.parametrize("text", ["45292", "45292,0", "45292.00"])
def test_a_spreadsheet_day_is_read_and_said(connection, text):
    outcome = checked(connection, "residence_spell", {"start_date": text})
    assert broken(outcome) == [("REPAIR_DATE", "start_date")]
    assert outcome.accepted.column("start_date").to_pylist() == [date(2024, 1, 1)]
    assert outcome.rows_repaired == 1


def test_a_finding_names_the_record_by_the_beginning_of_its_key(connection):
    outcome = checked(connection, "client", {"birth_year": "x"}, {"client_key": "7", "birth_year": "y"})
    found = next(found for found in outcome.findings if found.rule.code == "ROW_NUMBER")
    assert [place.record for place in found.places] == [f"{key(1)[:8]}…", None]


REFUSED = {
    "ROW_REQUIRED-key": ("client", {"client_key": None}),
    "ROW_REQUIRED-date": ("residence_spell", {"start_date": None}),
    "ROW_KEY-short": ("client", {"client_key": key(1)[:-1]}),
    "ROW_KEY-not-hex": ("client", {"client_key": "g" * 64}),
    "ROW_KEY-optional": ("contact", {"worker_key": "virtanen"}),
    "ROW_DATE-no-such-day": ("residence_spell", {"start_date": "2024-02-30"}),
    "ROW_DATE-no-such-day-finnish": ("residence_spell", {"start_date": "31.4.2024"}),
    "ROW_DATE-two-digit-year": ("residence_spell", {"start_date": "1.2.24"}),
    "ROW_DATE-american": ("residence_spell", {"start_date": "02/29/2024"}),
    "ROW_DATE-number": ("residence_spell", {"start_date": "19999"}),
    "ROW_DATE-word": ("residence_spell", {"start_date": "infinity"}),
    "ROW_DATE-year-0202": ("residence_spell", {"start_date": "0202-01-01"}),
    "ROW_DATE-time": ("residence_spell", {"start_date": "2024-02-28 13:30:00"}),
    "ROW_NUMBER-fraction": ("client", {"birth_year": "2005,5"}),
    "ROW_NUMBER-word": ("client", {"birth_year": "noin 2005"}),
    "ROW_BOOLEAN": ("client", {"has_children": "ehkä"}),
    "ROW_CODE": ("client", {"in_touch_status": "kylla"}),
    "ROW_MUNICIPALITY": ("client", {"home_municipality": "999"}),
    "ROW_MUNICIPALITY-name": ("client", {"home_municipality": "Turku"}),
    "ROW_AREA": ("client", {"responsible_area": "22"}),
    "ROW_RANGE-below": ("client", {"birth_year": "1984"}),
    "ROW_RANGE-above": ("client", {"birth_year": "2021"}),
    "ROW_RANGE-negative": ("rental_housing", {"offers": "-1"}),
    "ROW_END_BEFORE_START": ("residence_spell", {"end_date": "2023-12-31"}),
    "ROW_OUTSIDE_PERIOD-before": ("contact", {"date": "2025-06-30"}),
    "ROW_OUTSIDE_PERIOD-after": ("contact", {"date": "2025-10-01"}),
    "ROW_OTHER_MUNICIPALITY": ("rental_housing", {"municipality_code": "091"}),
}


@pytest.mark.parametrize(("table", "change"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_value_keeps_the_row_out(request, connection, table, change):
    rule = request.node.callspec.id.partition("-")[0]
    supplier = "853" if table == "rental_housing" else "05"
    outcome = checked(connection, table, change, supplier=supplier)
    refusals = [found for found in outcome.findings if found.rule.severity == "quarantine_row"]
    assert [(found.rule.code, found.column) for found in refusals] == [(rule, next(iter(change)))]
    assert refusals[0].places[0][0] == 2
    assert outcome.accepted.num_rows == 0
    assert outcome.refused.column("reasons").to_pylist() == [f"{next(iter(change))}: {rule}"]
    assert outcome.refused.column("source_row").to_pylist() == [2]


def test_all_errors_of_a_row_are_reported(connection):
    outcome = checked(
        connection,
        "client",
        {},
        {"client_key": key(9), "birth_year": "x", "gender": "7", "home_municipality": None},
    )
    assert broken(outcome) == [
        ("ROW_CODE", "gender"),
        ("ROW_NUMBER", "birth_year"),
        ("ROW_REQUIRED", "home_municipality"),
    ]
    assert outcome.accepted.column("source_row").to_pylist() == [2]
    assert outcome.refused.column("reasons").to_pylist() == [
        "birth_year: ROW_NUMBER; gender: ROW_CODE; home_municipality: ROW_REQUIRED"
    ]


WARNED = {
    "WARN_AREA": ("client", {"responsible_area": "06"}),
    "WARN_HOME_AREA": ("client", {"home_municipality": "091"}),
    "WARN_AGE-young": ("client", {"birth_year": "2010"}),
    "WARN_AGE-old": ("client", {"birth_year": "1998"}),
    "WARN_FUTURE": ("residence_spell", {"start_date": "2025-10-21", "end_date": None}),
}


@pytest.mark.parametrize(("table", "change"), WARNED.values(), ids=WARNED.keys())
def test_a_doubtful_value_is_accepted_and_said(request, connection, table, change):
    outcome = checked(connection, table, change)
    expected = request.node.callspec.id.partition("-")[0]
    assert [found.rule.code for found in outcome.findings] == [expected]
    assert (outcome.accepted.num_rows, outcome.rows_warned) == (1, 1)


@pytest.mark.parametrize("birth_year", ["2009", "1999"])
def test_an_age_that_may_be_in_range_is_not_warned_about(connection, birth_year):
    assert broken(checked(connection, "client", {"birth_year": birth_year})) == []


def test_a_municipality_may_deliver_for_one_that_merged_into_it(connection):
    outcome = checked(connection, "rental_housing", {"municipality_code": "588"}, supplier="507")
    assert broken(outcome) == []


DOUBLED = {
    "same": ("contact", [{}, {}], [2, 3]),
    "same-date-written-twice": (
        "residence_spell",
        [{"start_date": "2024-01-01"}, {"start_date": "1.1.2024"}],
        [2, 3],
    ),
    "key-in-upper-case": ("client", [{}, {"client_key": key(1).upper()}], [2, 3]),
}


@pytest.mark.parametrize(("table", "rows", "places"), DOUBLED.values(), ids=DOUBLED.keys())
def test_a_doubled_key_is_found(connection, table, rows, places):
    outcome = checked(connection, table, *rows)
    found = [item for item in outcome.findings if item.rule.code == "FILE_KEY_TWICE"]
    assert [row for row, *_ in found[0].places] == places


def test_two_unreadable_keys_are_not_taken_for_the_same(connection):
    outcome = checked(connection, "residence_spell", {"start_date": "31.2.2024"}, {"start_date": "30.2.2024"})
    assert broken(outcome) == [("ROW_DATE", "start_date")]


def test_an_empty_part_of_a_key_is_a_value_of_its_own(connection):
    """Two clients without a dwelling key, and one twice."""
    rows = [
        {"client_key": key(1), "dwelling_key": None, "start_date": "2024-01-01"},
        {"client_key": key(2), "dwelling_key": None, "start_date": "2024-01-01"},
        {"client_key": key(1), "dwelling_key": None, "start_date": "2024-01-01"},
    ]
    contract = contracts()["housing_spell"]
    columns = {
        name: pa.chunked_array([pa.array([row.get(name) for row in rows], pa.string())])
        for name in contract.column_names
    }
    raw = RawTable(list(columns), columns, np.arange(3, dtype=np.int32) + 2)
    item = CheckInput(raw, "h.csv", "05", Period.parse("2025Q3"), date(2025, 10, 20))
    outcome = check_tables(connection, contract, [item])[0]
    found = next(item for item in outcome.findings if item.rule.code == "FILE_KEY_TWICE")
    assert [row for row, *_ in found.places] == [2, 4]


def test_a_missing_column_is_not_reported_again_in_every_row(connection):
    outcome = checked(connection, "client", {}, absent=frozenset({"birth_year"}))
    assert broken(outcome) == []


def test_masked_values_and_keys_never_show_what_was_delivered(connection):
    outcome = checked(connection, "client", {"client_key": "matti.virtanen", "birth_year": "noin 2005"})
    seen = {found.column: found.places[0][1] for found in outcome.findings}
    assert seen == {"client_key": None, "birth_year": "n… (9)"}


def test_files_of_one_batch_keep_their_own_rows(connection):
    """Many files in one query: each gets back its rows, in their order, and its own findings."""
    contract = contracts()["contact"]
    items = []
    for file in range(40):
        rows = 1 + file % 7
        columns = {
            "contact_key": [key(1000 * file + row) for row in range(rows)],
            "client_key": [key(file)] * rows,
            "worker_key": [None] * rows,
            "date": ["2025-08-01" if row or file % 2 else "x" for row in range(rows)],
            "channel": ["PUHELIN"] * rows,
            "two_way": ["k"] * rows,
        }
        arrays = {n: pa.chunked_array([pa.array(v, pa.string())]) for n, v in columns.items()}
        raw = RawTable(list(arrays), arrays, np.arange(rows, dtype=np.int32) + 2)
        items.append(CheckInput(raw, f"{file}.csv", "05", Period.parse("2025Q3"), date(2025, 10, 1)))
    for file, outcome in enumerate(check_tables(connection, contract, items)):
        rows = 1 + file % 7
        first = 0 if file % 2 else 1
        assert outcome.accepted.column("contact_key").to_pylist() == [
            key(1000 * file + row) for row in range(first, rows)
        ]
        assert [found.file for found in outcome.findings] == ([] if file % 2 else [f"{file}.csv"])


@pytest.mark.parametrize("table", contracts())
def test_every_contract_has_a_query_that_cannot_change_the_order(table):
    """A join or a sort may; neither stands in the plan."""
    contract = contracts()[table]
    columns = ", ".join(f"cast(null as varchar) as {name}" for name in contract.column_names)
    with connect() as connection:
        connection.execute(
            f"create view raw as select {columns}, 1 as _row, date '2025-07-01' as _period_start, "
            "date '2025-10-01' as _period_end, date '2025-10-20' as _extracted_on, '05' as _supplier"
        )
        plan = connection.execute("explain " + plan_for(table).sql).fetchall()[0][1].lower()
    assert "join" not in plan and "order" not in plan


def test_the_check_of_the_order_is_not_empty():
    """The plan of a query with a long list does hold a join (so the test above can fail)."""
    with duckdb.connect() as connection:
        connection.execute("create table t as select 'a' as x from range(5)")
        words = ", ".join(f"'{n}'" for n in range(12))
        plan = connection.execute(f"explain select x in ({words}) from t").fetchall()[0][1]
    assert "join" in plan.lower()
