"""A later version of the contracts is a small difference on the one before it."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
import yaml

from ingest.contracts import (
    ContractError,
    accepted_versions,
    code_lists,
    contracts,
    header_names,
    upgrade,
    upgrade_rows,
    upgrade_sql,
    versions,
)
from ingest.contracts.reading import CONTRACT_FOLDER
from ingest.lake import table_schema

NOTE = {"fi": "Muutettu.", "sv": "Ändrat.", "en": "Changed."}
WORDS = dict.fromkeys(("fi", "sv", "en"), "pets")
# What made-up versions change: a column added, one removed and one renamed; a code added, one
# renamed and one given up in favour of another; a bound made wider.
FIRST: dict[str, Any] = {
    "housing_spell": {
        "note": NOTE,
        "table": {"retention_years": 8},
        "columns": {
            "add": [
                {"name": "pets_allowed", "type": "bool", "required": False, "label": WORDS}
                | {"description": WORDS, "serves": ["ASU-03"]}
            ],
            "remove": ["confirmed_on"],
            "rename": {"move_reason": "reason_of_move", "end_date": "last_day"},
        },
    },
    "client": {"columns": {"change": {"birth_year": {"maximum": 2025}, "home_municipality": {"required": False}}}}
    | {"note": NOTE},
    "code_lists": {
        "note": NOTE,
        "move_reason": {
            "add": {"LEMMIKKI": {"fi": "Lemmikki", "sv": "Sällskapsdjur", "en": "Pet"}},
            "rename": {"PAREMPI": "PAREMPI_ASUNTO"},
            "remove": {"HAIRIO": "MUU"},
            "change": {"ERO": {"en": "Break-up"}},
        },
    },
}
SECOND: dict[str, Any] = {
    "housing_spell": {"note": NOTE, "columns": {"rename": {"reason_of_move": "why_moved"}}},
    "code_lists": {
        "note": NOTE,
        "move_reason": {"rename": {"PAREMPI_ASUNTO": "VAIHTO", "MUU": "MUU_SYY"}},
    },
}
KEY = "a" * 64


def contract_folder(into: Path, **steps: dict[str, Any]) -> Path:
    """The contracts as they are, with made-up later versions (``v1_1={file: content}``)."""
    folder = into / "contracts"
    shutil.copytree(CONTRACT_FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py", "changes"))
    for version, files in steps.items():
        target = folder / "changes" / version.removeprefix("v").replace("_", ".")
        target.mkdir(parents=True)
        for name, content in files.items():
            (target / f"{name}.yml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions 1.0 (as it is), 1.1 and 1.2 (made up)."""
    return contract_folder(tmp_path_factory.mktemp("versions"), v1_1=FIRST, v1_2=SECOND)


def old_rows(folder: Path, reasons: list[str | None]) -> pa.Table:
    """Housing spells as the lake holds them in version 1.0, with the row number beside."""
    schema = table_schema(contracts("1.0", folder)["housing_spell"])
    row = {"client_key": KEY, "municipality": "091", "housing_type": "TUETTU", "start_date": date(2025, 1, 1)}
    row |= {"end_date_exclusive": date(2025, 2, 1), "confirmed_on": date(2025, 1, 15), "planned": True}
    rows = [row | {"move_reason": reason, "source_row": place + 2} for place, reason in enumerate(reasons)]
    return pa.Table.from_pylist(rows, schema=schema)


# ---- reading ---------------------------------------------------------------------------------------


def test_there_is_one_version_and_it_is_the_one_of_every_contract():
    assert versions()[-1] == "1.0"
    assert {table.version for table in contracts().values()} == {versions()[-1]}


def test_the_newest_version_is_read_unless_another_is_asked_for(folder: Path) -> None:
    assert versions(folder) == ("1.0", "1.1", "1.2")
    assert accepted_versions(folder) == ("1.1", "1.2")
    assert contracts(folder=folder) is contracts("1.2", folder)
    assert {table.version for table in contracts("1.1", folder).values()} == {"1.1"}


def test_versions_are_ordered_by_number_not_by_letter(tmp_path: Path) -> None:
    assert versions(contract_folder(tmp_path, v1_10={}, v1_9={}, v2_0={})) == ("1.0", "1.9", "1.10", "2.0")


def test_a_folder_that_is_no_version_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="no version"):
        versions(contract_folder(tmp_path, draft={}))


def test_an_unknown_version_names_those_there_are(folder: Path) -> None:
    with pytest.raises(ContractError, match=r"known: 1\.0, 1\.1, 1\.2"):
        contracts("1.3", folder)


def test_a_version_leaves_the_ones_before_it_as_they_were(folder: Path) -> None:
    assert contracts("1.0", folder)["housing_spell"].column_names == contracts()["housing_spell"].column_names
    assert code_lists("1.0", folder)["move_reason"].labels == code_lists()["move_reason"].labels


def test_a_difference_file_adds_removes_and_renames_columns(folder: Path) -> None:
    old, new = (contracts(version, folder)["housing_spell"] for version in ("1.0", "1.1"))
    assert set(old.column_names) - set(new.column_names) == {"confirmed_on", "move_reason", "end_date"}
    assert set(new.column_names) - set(old.column_names) == {"pets_allowed", "reason_of_move", "last_day"}
    assert new.column("last_day").spell_end_of == "start_date"
    assert header_names(new)["end_date"] == "last_day"
    assert (old.retention_years, new.retention_years) == (10, 8)
    assert contracts("1.1", folder)["client"].column("birth_year").maximum == 2025
    assert not contracts("1.1", folder)["client"].column("home_municipality").required


def test_a_difference_file_adds_renames_and_removes_codes(folder: Path) -> None:
    old, new = (set(code_lists(version, folder)["move_reason"].codes) for version in ("1.0", "1.1"))
    assert old - new == {"PAREMPI", "HAIRIO"}
    assert new - old == {"PAREMPI_ASUNTO", "LEMMIKKI"}
    labels = code_lists("1.1", folder)["move_reason"].labels
    assert labels["PAREMPI_ASUNTO"] == code_lists("1.0", folder)["move_reason"].labels["PAREMPI"]
    assert labels["ERO"] == {"fi": "Ero", "sv": "Separation", "en": "Break-up"}


def test_a_table_that_came_later_is_no_table_of_the_versions_before(tmp_path: Path) -> None:
    folder = contract_folder(tmp_path, v1_1={})
    path = folder / "network_meeting.yml"
    path.write_text(path.read_text(encoding="utf-8").replace('version: "1.0"', 'version: "1.1"'), encoding="utf-8")
    assert "network_meeting" not in contracts("1.0", folder)
    assert "network_meeting" in contracts("1.1", folder)
    with pytest.raises(ContractError, match="has no table"):
        upgrade("network_meeting", "1.0", folder)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no note of what it is about": ({"client": {"columns": {"remove": ["has_children"]}}}, "note"),
    "unknown field": ({"client": {"note": NOTE, "delete": []}}, "unknown field delete"),
    "column that must be filled at once": (
        {"client": {"note": NOTE, "columns": {"add": [{"name": "shoe_size", "required": True}]}}},
        "must be optional",
    ),
    "column that is there already": (
        {"client": {"note": NOTE, "columns": {"add": [{"name": "gender"}]}}},
        "is there already",
    ),
    "removed column that is not there": (
        {"client": {"note": NOTE, "columns": {"remove": ["shoe_size"]}}},
        "there is no 'shoe_size'",
    ),
    "removed part of the key": ({"client": {"note": NOTE, "columns": {"remove": ["client_key"]}}}, "part of the key"),
    "removed start of a spell": (
        {"aftercare_period": {"note": NOTE, "columns": {"remove": ["start_date"]}}},
        "starts a spell",
    ),
    "optional column made required": (
        {"client": {"note": NOTE, "columns": {"change": {"gender": {"required": True}}}}},
        "cannot become required",
    ),
    "bound made narrower": (
        {"client": {"note": NOTE, "columns": {"change": {"birth_year": {"minimum": 2000}}}}},
        "wider",
    ),
    "bound where there was none": (
        {"contact": {"note": NOTE, "columns": {"change": {"date": {"minimum": 2000}}}}},
        "wider",
    ),
    "another type": (
        {"client": {"note": NOTE, "columns": {"change": {"birth_year": {"type": "date"}}}}},
        "unknown field type",
    ),
    "another mode": ({"client": {"note": NOTE, "table": {"mode": "increment"}}}, "unknown field mode"),
    "code given up for none": (
        {"code_lists": {"note": NOTE, "gender": {"remove": {"9": "0"}}}},
        "which is no code",
    ),
    "renamed code that is taken": (
        {"code_lists": {"note": NOTE, "gender": {"rename": {"1": "2"}}}},
        "is there already",
    ),
    "added code that is there": (
        {"code_lists": {"note": NOTE, "gender": {"add": {"1": WORDS}}}},
        "is there already",
    ),
    "changed code that is not there": (
        {"code_lists": {"note": NOTE, "gender": {"change": {"7": WORDS}}}},
        "there is no '7'",
    ),
    "whole list anew": ({"code_lists": {"note": NOTE, "gender": {"codes": {"1": WORDS}}}}, "is there already"),
    "label missing": (
        {"code_lists": {"note": NOTE, "gender": {"add": {"3": {"fi": "Muu"}}}}},
        "no text in sv, en",
    ),
    "table that is not there": ({"clients": {"note": NOTE}}, "no table 'clients'"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_change_that_would_break_the_version_before_is_refused(what: str, tmp_path: Path) -> None:
    said, message = REFUSED[what]
    with pytest.raises(ContractError, match=re.escape(message)):
        contracts(folder=contract_folder(tmp_path, v1_1=said))


# ---- rows of an older version ------------------------------------------------------------------------


def test_the_way_to_the_newest_version_is_data(folder: Path) -> None:
    way = upgrade("housing_spell", "1.0", folder)
    assert (way.from_version, way.to_version) == ("1.0", "1.2")
    assert way.added == ("pets_allowed",)
    assert way.removed == ("confirmed_on",)
    assert way.renamed == {"move_reason": "why_moved", "end_date_exclusive": "last_day_exclusive"}
    assert way.codes == {
        "why_moved": {"PAREMPI": "VAIHTO", "HAIRIO": "MUU_SYY", "MUU": "MUU_SYY", "PAREMPI_ASUNTO": "VAIHTO"}
    }


def test_rows_of_the_newest_version_are_left_alone(folder: Path) -> None:
    for table in contracts(folder=folder):
        assert upgrade(table, "1.2", folder).changes_nothing
    rows = pa.table({name: pa.nulls(1, pa.string()) for name in contracts()["contact"].lake_names})
    assert upgrade_rows(rows, "contact", "1.0") is rows


def test_rows_of_an_older_version_get_the_newest_schema(folder: Path) -> None:
    rows = old_rows(folder, ["PAREMPI", "HAIRIO", "MUU", "ERO", None])
    found = upgrade_rows(rows, "housing_spell", "1.0", folder)
    assert found.schema == table_schema(contracts("1.2", folder)["housing_spell"])
    assert found.column("why_moved").to_pylist() == ["VAIHTO", "MUU_SYY", "MUU_SYY", "ERO", None]
    assert found.column("pets_allowed").to_pylist() == [None] * 5
    assert found.column("last_day_exclusive").to_pylist() == [date(2025, 2, 1)] * 5
    assert found.column("source_row").to_pylist() == [2, 3, 4, 5, 6]
    codes = set(code_lists("1.2", folder)["move_reason"].codes)
    assert set(found.column("why_moved").to_pylist()) - {None} <= codes


def test_the_version_in_between_has_its_own_way(folder: Path) -> None:
    assert upgrade("housing_spell", "1.1", folder).codes == {
        "why_moved": {"PAREMPI_ASUNTO": "VAIHTO", "MUU": "MUU_SYY"}
    }
    assert upgrade("housing_spell", "1.1", folder).removed == ()


def test_rows_without_a_column_of_their_version_are_refused(folder: Path) -> None:
    rows = old_rows(folder, ["ERO"]).drop_columns(["planned"])
    with pytest.raises(ContractError, match="lack planned"):
        upgrade_rows(rows, "housing_spell", "1.0", folder)


def test_the_query_and_the_table_function_give_the_same_rows(folder: Path) -> None:
    rows = old_rows(folder, ["PAREMPI", "HAIRIO", None, "ERO"])
    listed = ", ".join(f'{sql} as "{name}"' for name, sql in upgrade_sql("housing_spell", "1.0", folder).items())
    with duckdb.connect() as connection:
        connection.register("rows", rows)
        queried = connection.sql(f"select {listed}, source_row from rows").to_arrow_table()
    assert queried.to_pylist() == upgrade_rows(rows, "housing_spell", "1.0", folder).to_pylist()
    assert queried.column_names == upgrade_rows(rows, "housing_spell", "1.0", folder).column_names


def test_every_older_version_that_is_there_has_a_way_to_the_newest():
    for version in versions():
        for table, agreed in contracts(version).items():
            way = upgrade(table, version)
            assert set(way.source_of) == set(contracts()[table].lake_names)
            for column, codes in way.codes.items():
                now = next(entry for entry in contracts()[table].columns if entry.lake_name == column)
                assert set(codes.values()) <= set(code_lists()[now.code_list or ""].codes), agreed.table
