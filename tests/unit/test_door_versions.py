"""Deliveries in an older contract version: read by it, checked by it, kept in the newest columns."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from ingest.contracts import contracts, reading
from ingest.door import check_delivery, take_in
from ingest.door.across import columns_as_delivered, names_as_delivered
from ingest.lake import attach_lake, lake_schema
from ingest.ledger import read_ledger
from ingest.state import Home
from tests.unit.deliveries import client_csv, client_rows, csv_bytes, drop, key
from tests.unit.test_contracts_versions import FIRST, contract_folder

OLD = "client_key,dwelling_key,municipality,housing_type,start_date,end_date,move_reason,confirmed_on"
NEW = "client_key,dwelling_key,municipality,housing_type,first_day,last_day,reason_of_move,pets_allowed"
# The made-up version 1.1, in which the first day of a spell has another name as well.
CHANGES: dict[str, Any] = copy.deepcopy(FIRST)
CHANGES["housing_spell"]["columns"]["rename"]["start_date"] = "first_day"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return contract_folder(tmp_path_factory.mktemp("contracts"), v1_1=CHANGES)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def two_versions(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on 1.1 is the newest version, and 1.0 the one before."""
    monkeypatch.setattr(reading, "CONTRACT_FOLDER", folder)


def spell(number: int, *rest: str) -> str:
    return ",".join([key(number), key(number + 100), "853", "TUETTU", "2024-01-01", *rest])


def deliver(root: Path, number: int, version: str, header: str, *rows: str, period: str = "2025Q3") -> Path:
    """A delivery of housing spells."""
    extracted = {"2025Q2": "2025-07-20", "2025Q3": "2025-10-20"}[period]
    return drop(
        root,
        {"housing.csv": ("housing_spell", csv_bytes(header, list(rows)), len(rows))},
        number=number if period == "2025Q3" else number + 3,
        period=period,
        contract_version=version,
        extracted_at=f"{extracted}T06:12:00+03:00",
        organisation={1: "hva-05", 2: "hva-06", 3: "hva-07"}[number],
    )


def found(home: Home) -> dict[str, set[tuple[str, str | None]]]:
    """Delivery number -> (rule, column) of the findings in its receipt."""
    receipts = [json.loads(path.read_text("utf-8")) for path in home.outbox.rglob("receipt.json")]
    return {
        receipt["delivery_id"][-1]: {(entry["rule"], entry["column"]) for entry in receipt["findings"]}
        for receipt in receipts
    }


def lake(home: Home, table: str, columns: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        attach_lake(connection, home)
        return connection.execute(f"select {columns} from lake.{table} order by all").fetchall()


@pytest.mark.usefixtures("two_versions")
def test_a_delivery_of_the_version_before_is_taken_and_kept_in_the_newest_columns(home: Home) -> None:
    deliver(home.inbox, 1, "1.0", OLD, spell(1, "2024-05-31", "PAREMPI", "2024-05-01"), spell(2, "", "HAIRIO", ""))
    assert take_in(home).accepted == 1
    row = read_ledger(home).to_pylist()[0]
    assert (row["contract_version"], row["stored_version"], row["rows"]) == ("1.0", "1.1", 2)
    stored = pq.ParquetFile(home.lake / row["path"]).read()
    assert stored.schema == lake_schema(contracts("1.1")["housing_spell"])
    assert stored["reason_of_move"].to_pylist() == ["PAREMPI_ASUNTO", "MUU"]
    assert [str(day) for day in stored["last_day_exclusive"].to_pylist()] == ["2024-06-01", "None"]
    assert stored["pets_allowed"].to_pylist() == [None, None]
    assert not any(rule.startswith("FILE") for rule, _ in found(home)["1"])


@pytest.mark.usefixtures("two_versions")
def test_each_version_is_checked_by_its_own_codes_and_columns(home: Home) -> None:
    deliver(home.inbox, 1, "1.0", OLD, spell(1, "", "PAREMPI", ""), spell(2, "", "LEMMIKKI", ""))
    deliver(home.inbox, 2, "1.1", NEW, spell(1, "", "PAREMPI", "1"), spell(2, "", "LEMMIKKI", "1"))
    report = take_in(home)
    assert (report.accepted, report.rows_quarantined) == (2, 2)
    assert ("ROW_CODE", "move_reason") in found(home)["1"]
    assert ("ROW_CODE", "reason_of_move") in found(home)["2"]
    refused = {path.parts[-5]: pq.ParquetFile(path).read() for path in home.quarantine.rglob("housing_spell.parquet")}
    assert {area: rows["source_row"].to_pylist() for area, rows in refused.items()} == {"hva-05": [3], "hva-06": [2]}
    assert "move_reason" in refused["hva-05"].column_names and "reason_of_move" in refused["hva-06"].column_names
    assert lake(home, "housing_spell", "organisation, reason_of_move, pets_allowed") == [
        ("hva-05", "PAREMPI_ASUNTO", None),
        ("hva-06", "LEMMIKKI", True),
    ]


@pytest.mark.usefixtures("two_versions")
def test_a_column_of_the_newest_version_is_unknown_in_the_one_before(home: Home) -> None:
    deliver(home.inbox, 1, "1.0", NEW, spell(1, "", "ERO", "1"))
    assert take_in(home).rejected == 1
    unknown = {column for rule, column in found(home)["1"] if rule == "FILE_COLUMN_UNKNOWN"}
    assert unknown == {"first_day", "last_day", "reason_of_move", "pets_allowed"}


@pytest.mark.usefixtures("two_versions")
def test_an_unknown_version_is_refused_and_told_which_are_taken(home: Home) -> None:
    deliver(home.inbox, 1, "1.2", NEW, spell(1, "", "ERO", "1"))
    assert take_in(home).rejected == 1
    receipt = json.loads(next(home.outbox.rglob("receipt.json")).read_text("utf-8"))
    assert [(entry["rule"], entry["expected"]) for entry in receipt["findings"]] == [("MANIFEST_VERSION", "1.0, 1.1")]


@pytest.mark.usefixtures("two_versions")
def test_a_check_before_sending_says_the_same(tmp_path: Path) -> None:
    old = deliver(tmp_path, 1, "1.0", OLD, spell(1, "", "LEMMIKKI", ""), spell(2, "", "ERO", ""))
    new = deliver(tmp_path, 2, "1.1", NEW, spell(1, "", "LEMMIKKI", "1"))
    unknown = deliver(tmp_path, 3, "0.9", NEW, spell(1, "", "ERO", "1"))
    assert check_delivery(old).outcome == "accepted_with_findings"
    assert ("ROW_CODE", "move_reason") in {(entry.rule.code, entry.column) for entry in check_delivery(old).findings}
    assert check_delivery(new).rows_quarantined == 0
    assert check_delivery(unknown).outcome == "rejected"


@pytest.mark.usefixtures("two_versions")
def test_rules_beside_the_delivery_before_reach_over_versions_and_name_columns_as_delivered(home: Home) -> None:
    """A spell that was open before begins a month later: told by the name that the version has for the day."""
    for number, version, header, rest, column in (
        (1, "1.0", OLD, "", "start_date"),
        (2, "1.1", NEW, "1", "first_day"),
    ):
        deliver(home.inbox, number, "1.0", OLD, spell(1, "", "ERO", ""), period="2025Q2")
        assert take_in(home).accepted == 1
        moved = spell(1, "", "ERO", rest).replace("2024-01-01", "2024-02-01")
        deliver(home.inbox, number, version, header, moved)
        assert take_in(home).accepted == 1
        assert ("WARN_START_MOVED", column) in found(home)[str(number)]


@pytest.mark.usefixtures("two_versions")
def test_what_a_rule_expects_is_named_as_delivered() -> None:
    assert columns_as_delivered("housing_spell", "client_key, first_day", "1.0") == "client_key, start_date"
    assert columns_as_delivered("housing_spell", "last_day", "1.1") == "last_day"
    assert names_as_delivered("housing_spell.reason_of_move", "1.0") == "housing_spell.move_reason"
    assert names_as_delivered("≤ 20 %", "1.0") == "≤ 20 %"


def test_files_stored_before_a_new_version_came_are_read_with_those_after_it(
    home: Home, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(home.inbox, 1, "1.0", OLD, spell(1, "2024-05-31", "PAREMPI", ""))
    drop(home.inbox, {"c.csv": ("client", client_csv(client_rows(2)), 2)}, number=5)
    assert take_in(home).accepted == 2
    assert read_ledger(home)["stored_version"].to_pylist() == ["1.0", "1.0"]
    monkeypatch.setattr(reading, "CONTRACT_FOLDER", folder)
    deliver(home.inbox, 2, "1.0", OLD, spell(2, "", "HAIRIO", ""))
    deliver(home.inbox, 3, "1.1", NEW, spell(3, "", "LEMMIKKI", "0"))
    assert take_in(home).accepted == 2
    columns = "organisation, reason_of_move, last_day_exclusive::varchar, pets_allowed, source_row"
    assert lake(home, "housing_spell", columns) == [
        ("hva-05", "PAREMPI_ASUNTO", "2024-06-01", None, 2),
        ("hva-06", "MUU", None, None, 2),
        ("hva-07", "LEMMIKKI", None, False, 2),
    ]
    assert len(lake(home, "client", "client_key")) == 2
