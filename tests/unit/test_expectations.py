"""The gate's suites follow the contracts, and each kind of expectation finds its fault."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from ingest.contracts import contract, contracts
from quality.expectations import (
    ExpectationResult,
    TableResult,
    check_table,
    read_results,
    suite,
    write_results,
    write_site,
)

KEYS = ["a" * 64, "b" * 64, "c" * 64]
PLACES = {"municipality": {"091", "049"}, "wellbeing_area": {"90"}}


@pytest.mark.parametrize("table", sorted(contracts()))
def test_suite_covers_every_column_of_the_contract(table):
    found = suite(contract(table), rows=1, places=PLACES)
    codes = [expectation.code for expectation in found]
    assert len(codes) == len(set(codes))
    for column in contract(table).columns:
        name = column.lake_name
        assert (f"REQUIRED:{name}" in codes) == column.required
        assert (f"KEY:{name}" in codes) == (column.type == "key")
        assert (f"CODE:{name}" in codes) == (column.code_list is not None)
        assert (f"PLACE:{name}" in codes) == (column.type in PLACES)
        assert (f"SPELL:{name}" in codes) == (column.spell_end_of is not None)
        assert (f"PATTERN:{name}" in codes) == (column.type == "text")
        assert (f"TYPE:{name}" in codes) == (column.type in ("date", "int", "decimal", "bool"))


def test_every_expectation_says_itself_in_three_languages():
    for table in contracts().values():
        for expectation in suite(table, rows=3):
            assert set(expectation.words) == {"fi", "sv", "en"}
            assert all(expectation.words.values())


def test_primary_key_of_a_snapshot_holds_within_the_period():
    keys = {
        table: next(
            expectation.arguments["column_list"]
            for expectation in suite(contract(table))
            if expectation.code == "PRIMARY_KEY"
        )
        for table in ("client", "housing_spell")
    }
    assert keys["client"] == ["organisation", "period", "client_key"]
    assert keys["housing_spell"] == ["organisation", "client_key", "dwelling_key", "start_date"]


def test_every_day_of_a_spell_end_is_compared_with_its_start():
    found = [e for e in suite(contract("housing_spell")) if e.kind == "SPELL"]
    assert [e.arguments["column_A"] for e in found] == ["end_date_exclusive"]
    assert found[0].arguments["column_B"] == "start_date"
    assert found[0].arguments["or_equal"] is False


def housing(**changes: list[Any]) -> pa.Table:
    """Three good housing spells; ``changes`` replaces whole columns."""
    columns: dict[str, tuple[list[Any], pa.DataType]] = {
        "client_key": (KEYS, pa.string()),
        "dwelling_key": ([KEYS[0], None, KEYS[2]], pa.string()),
        "municipality": (["091", "049", "091"], pa.string()),
        "housing_type": (["TUETTU_ASUMINEN"] * 3, pa.string()),
        "suitability": ([None] * 3, pa.string()),
        "start_date": ([date(2025, 1, 1)] * 3, pa.date32()),
        "end_date_exclusive": ([None, date(2025, 1, 2), None], pa.date32()),
        "move_reason": ([None] * 3, pa.string()),
        "planned": ([True, None, False], pa.bool_()),
        "confirmed_on": ([None] * 3, pa.date32()),
        "dwelling_key_order": ([1, None, 2], pa.int32()),
        "organisation": (["hva-90"] * 3, pa.string()),
        "period": (["2025Q1"] * 3, pa.string()),
    }
    found = contract("housing_spell").column("housing_type").code_list
    assert found is not None
    from ingest.contracts import code_lists

    columns["housing_type"] = ([code_lists()[found].codes[0]] * 3, pa.string())
    for name, values in changes.items():
        columns[name] = (values, columns[name][1])
    return pa.table({name: pa.array(values, kind) for name, (values, kind) in columns.items()})


def checked(rows: pa.Table, expected_rows: int | None = None) -> TableResult:
    return check_table(contract("housing_spell"), rows, expected_rows=expected_rows, places=PLACES)


@pytest.mark.slow
def test_good_rows_pass():
    result = checked(housing(), expected_rows=3)
    assert result.failed_codes == ()
    assert result.passed


@pytest.mark.slow
def test_empty_table_passes_and_is_not_called_tested(tmp_path):
    result = checked(housing().slice(0, 0), expected_rows=0)
    assert result.passed
    assert result.outcome == "no_rows"
    assert {entry.code for entry in result.expectations if entry.has_checked} == {"COLUMNS", "ROWS"}
    index = write_site([result], tmp_path).read_text(encoding="utf-8")
    assert '<span lang="en">no rows</span>' in index
    assert 'class="pass"' not in index
    page = (tmp_path / "housing_spell.html").read_text(encoding="utf-8")
    assert page.count('class="pass"') == 2
    assert page.count('<span lang="en">nothing to check</span>') == len(result.expectations) - 2


@pytest.mark.slow
def test_empty_table_of_which_rows_count_fails():
    result = checked(housing().slice(0, 0), expected_rows=3)
    assert result.failed_codes == ("ROWS",)
    assert result.outcome == "failed"


@pytest.mark.slow
def test_empty_column_holds_of_nothing_and_says_so():
    result = checked(housing())
    seen = {entry.code: entry.has_checked for entry in result.expectations}
    assert not seen["CODE:suitability"]
    assert seen["CODE:housing_type"]


@pytest.mark.slow
def test_text_that_does_not_match_its_pattern_is_found():
    wave = contract("survey_wave")
    columns = {"wave": ["2025H1", "kevät 2025"], "area": ["90", "90"], "organisation": ["hva-90"] * 2}
    numbers = {name: pa.array([1, 1], pa.int32()) for name in ("invited", "responded")}
    rows = pa.table({**columns, **numbers, "period": ["2025H1"] * 2})
    result = check_table(wave, rows, places=PLACES)
    assert result.failed_codes == ("PATTERN:wave",)


def test_rows_of_a_table_may_come_from_each_of_its_kinds_of_supplier():
    patterns = {
        table: next(e.arguments["regex"] for e in suite(contract(table)) if e.kind == "ORGANISATION")
        for table in ("client", "cost_row", "benefit_month")
    }
    assert patterns["client"] == "^(hva-[0-9]{2})$"
    assert patterns["cost_row"] == "^(hva-[0-9]{2}|kunta-[0-9]{3})$"
    assert patterns["benefit_month"] == "^(kela)$"


BAD = {
    "REQUIRED:client_key": {"client_key": [*KEYS[:2], None]},
    "KEY:client_key": {"client_key": [*KEYS[:2], "C" * 64]},
    "KEY:dwelling_key": {"dwelling_key": ["short", None, None]},
    "PLACE:municipality": {"municipality": ["091", "049", "999"]},
    "CODE:suitability": {"suitability": [None, None, "PERHAPS"]},
    "SPELL:end_date_exclusive": {"end_date_exclusive": [None, date(2025, 1, 1), None]},
    "ORDER:dwelling_key_order": {"dwelling_key_order": [1, None, None]},
    "RANGE:dwelling_key_order": {"dwelling_key_order": [1, None, 0]},
    "ORGANISATION:organisation": {"organisation": ["hva-90", "hva-90", "kunta-091"]},
    "PERIOD:period": {"period": ["2025Q1", "2025Q1", "2025Q5"]},
}


@pytest.mark.slow
@pytest.mark.parametrize("code", sorted(BAD))
def test_one_bad_row_is_found_and_counted(code):
    result = checked(housing(**BAD[code]))
    assert result.failed_codes == (code,)
    (failed,) = (entry for entry in result.expectations if entry.code == code)
    assert failed.unexpected == 1


@pytest.mark.slow
def test_two_rows_with_the_same_key_are_found_with_an_empty_cell_in_it():
    twice = housing(client_key=[KEYS[0]] * 3, dwelling_key=[None, None, KEYS[2]])
    result = checked(twice)
    assert result.failed_codes == ("PRIMARY_KEY",)


@pytest.mark.slow
def test_date_that_came_as_text_is_found():
    rows = housing()
    place = rows.schema.get_field_index("start_date")
    rows = rows.set_column(place, "start_date", pa.array(["2025-01-01"] * 3))
    assert "TYPE:start_date" in checked(rows).failed_codes


@pytest.mark.slow
def test_rows_that_the_ledger_does_not_know_are_found():
    assert checked(housing(), expected_rows=2).failed_codes == ("ROWS",)


@pytest.mark.slow
def test_missing_column_is_a_result_and_no_exception():
    result = checked(housing().drop_columns(["planned"]))
    assert "COLUMNS" in result.failed_codes


@pytest.mark.slow
def test_no_value_of_the_data_reaches_a_result(tmp_path):
    result = checked(housing(client_key=[*KEYS[:2], "SECRET-VALUE"]))
    write_results([result], tmp_path / "run")
    write_site([result], tmp_path / "site")
    for path in tmp_path.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert "SECRET-VALUE" not in text
            assert KEYS[0] not in text


def a_result(passed: bool) -> TableResult:
    return TableResult(
        table="contact",
        label={"fi": "Yhteydenotto", "sv": "Kontakt", "en": "Contact"},
        contract_version="1.0",
        rows=12345,
        checked_at="2026-01-01T00:00:00+00:00",
        expectations=(
            ExpectationResult(
                code="REQUIRED:date",
                type="expect_column_values_to_not_be_null",
                words={"fi": "fi & sana", "sv": "sv <ord>", "en": "en word"},
                checked=12345,
                unexpected=0 if passed else 3,
                passed=passed,
            ),
        ),
    )


def test_results_are_read_as_they_were_written(tmp_path):
    written = [a_result(passed=False)]
    write_results(written, tmp_path)
    assert read_results(tmp_path) == written


def test_site_stands_alone_and_says_each_thing_in_three_languages(tmp_path):
    index = write_site([a_result(passed=False)], tmp_path)
    page = (tmp_path / "contact.html").read_text(encoding="utf-8")
    for text in (index.read_text(encoding="utf-8"), page):
        assert "http" not in text
        assert "<script" not in text
        assert "src=" not in text
    assert 'href="contact.html"' in index.read_text(encoding="utf-8")
    assert "fi &amp; sana" in page
    assert "sv &lt;ord&gt;" in page
    assert "en word" in page
    assert "12\u00a0345" in page


def test_site_drops_pages_of_tables_that_are_gone(tmp_path):
    (tmp_path / "old_table.html").write_text("old", encoding="utf-8")
    write_site([a_result(passed=True)], tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["contact.html", "index.html"]
