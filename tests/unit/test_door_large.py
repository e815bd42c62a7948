"""Tables too large for memory go through the door piece by piece: the same findings, the same rows."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.contracts import contracts, reading
from ingest.door import check_delivery, history, inspection, intake, take_in
from ingest.door.rules.examples import GOOD_ROWS
from ingest.ledger import read_ledger
from ingest.rekeying import keys_for_intake
from ingest.state import Home
from tests.unit.deliveries import drop, key
from tests.unit.faults import KILLED, STRIDES, kill_at
from tests.unit.test_contracts_versions import NOTE, contract_folder

CODE = "010190-999K"  # artificial
# So small that every table of more than a few rows goes through in pieces of a few rows.
SMALL = 4_000
Row = dict[str, str | None]


def cut_small(patch: pytest.MonkeyPatch) -> None:
    for module, name in ((inspection, "LARGEST_HELD"), (history, "LARGEST_HELD"), (intake, "BATCH_BYTES")):
        patch.setattr(module, name, SMALL)


def good(table: str, number: int, **change: str | None) -> Row:
    """Row ``number`` of a table, without a finding where the rows of the other tables fit."""
    keys: Row = {name: key(number) for name in GOOD_ROWS[table] if name in ("client_key", "plan_key", "period_key")}
    if "contact_key" in GOOD_ROWS[table]:
        keys["contact_key"] = key(number)
    return GOOD_ROWS[table] | keys | change


def tables(period: str, *, doubled: bool = False) -> dict[str, list[Row]]:
    """Some hundred rows a table, with what can be wrong in them spread over all of the file."""
    chance = random.Random(period)
    early = {"start_date": "2024-01-01"} if period == "2025Q2" else {}
    found = {
        "client": [good("client", n) for n in range(60)],
        "aftercare_period": [good("aftercare_period", n, **early) for n in range(60)],
        "worker_assignment": [good("worker_assignment", n, **early) for n in range(66)],
        "plan": [good("plan", n, valid_from="2025-05-01") for n in range(54)],
        "plan_party": [good("plan_party", n) for n in range(66)],
        "residence_spell": [good("residence_spell", n) for n in range(60)],
    }
    if period == "2025Q3":  # clients who are gone, spells that begin another day
        found["client"] = found["client"][:-6]
        found["aftercare_period"] = found["aftercare_period"][:-6]
        for row in chance.sample(found["worker_assignment"], 9):
            row["start_date"] = "2024-02-01"
    for rows in found.values():
        for row in chance.sample(rows, 9):
            name = chance.choice([column for column in row if column != "client_key"])
            bad = "2024-02-31" if name.endswith(("date", "from")) else f"x{chance.random()}"
            row[name] = bad if name.endswith("_key") else chance.choice(["", "?", bad])
        if doubled:
            rows += [dict(row) for row in chance.sample(rows, 7)]  # bad rows among them
    for row in chance.sample(found["client"], 5):
        row["client_key"] = (row["client_key"] or "").upper()
    for row in chance.sample(found["client"], 20):
        row["gender"] = None
    for row in chance.sample(found["residence_spell"], 9):
        row["municipality"], row["start_date"] = "5", "45292"
    found["worker_assignment"] += [
        good("worker_assignment", 3, worker_key=key(900 + day), start_date=f"2025-0{4 if early else 7}-{day + 10}")
        for day in range(8)
    ]
    for rows in found.values():
        chance.shuffle(rows)
    return found


def encoded(rows: list[Row], kind: str, extra: str = "") -> bytes:
    names = list(rows[0])
    if kind == "parquet":
        stream = io.BytesIO()
        pq.write_table(pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names}), stream)
        return stream.getvalue()
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([row[name] for name in names])
    content = (text.getvalue() + extra).encode()
    if kind == "csv.gz":
        return gzip.compress(content, mtime=0)
    if kind == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.csv", content)
        return packed.getvalue()
    return content


def deliver(
    root: Path, number: int, period: str, kind: str, found: dict[str, list[Row]], extra: dict[str, str] | None = None
) -> Path:
    extra = extra or {}
    files = {
        f"{table}.{kind}": (
            table,
            encoded(rows, kind, extra.get(table, "")),
            len(rows) + extra.get(table, "").count("\n"),
        )
        for table, rows in found.items()
    }
    extracted = {"2025Q2": "2025-07-20", "2025Q3": "2025-10-20"}[period]
    return drop(root, files, number=number, period=period, extracted_at=f"{extracted}T06:12:00+03:00")


def everything(home: Home) -> dict[str, Any]:
    """What an intake leaves behind, without times."""
    receipts = {}
    for path in sorted(home.outbox.rglob("receipt.json")):
        receipt = json.loads(path.read_text("utf-8"))
        receipt.pop("checked_at")
        receipts[path.parent.name] = receipt | {"csv": (path.parent / "errors.csv").read_text("utf-8")}
    ledger = read_ledger(home).drop_columns(["accepted_at", "extracted_at"])
    files = {
        path.relative_to(home.root).as_posix(): pq.ParquetFile(path).read()
        for root in (home.lake, home.quarantine)
        for path in root.rglob("*.parquet")
        if "_ledger" not in path.parts
    }
    rows = {name: (table.schema.names, table.to_pylist()) for name, table in sorted(files.items())}
    others = sorted(p.relative_to(home.root).as_posix() for p in home.root.rglob("*") if p.is_file())
    others = [name for name in others if "_ledger" not in name]
    return {"receipts": receipts, "ledger": ledger.to_pylist(), "rows": rows, "files": others}


def both_ways(home: Home, patch: pytest.MonkeyPatch, *, is_parquet: bool = False) -> dict[str, Any]:
    """What the same inbox leaves when it is read whole, after seeing that pieces leave the same."""
    keys_for_intake(home)  # both with one secret, or the keys of the lake would differ
    begin = home.root.with_name("begin")
    shutil.copytree(home.root, begin)
    take_in(home)
    whole = everything(home)
    shutil.rmtree(home.root)
    begin.rename(home.root)
    used = []
    add = inspection.LargeTable.add
    patch.setattr(inspection.LargeTable, "add", lambda self, item: (used.append(id(self)), add(self, item))[1])
    cut_small(patch)
    take_in(home)
    pieces = everything(home)
    # Parquet comes in pieces of a thousand rows at least, so a small file of it in one.
    assert len(used) > (0 if is_parquet else 2 * len(set(used))), "nothing went through in pieces"
    for part in whole:
        assert pieces[part] == whole[part], part
    return whole


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def codes(outcome: dict[str, Any], number: int) -> set[str]:
    return {
        entry["rule"]
        for name, receipt in outcome["receipts"].items()
        if name.endswith(str(number))
        for entry in receipt["findings"]
    }


@pytest.mark.parametrize(
    "kind", ["csv", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("csv.gz", "zip", "parquet"))]
)
def test_findings_and_rows_are_those_of_the_table_read_whole(
    home: Home, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, period in ((1, "2025Q2"), (2, "2025Q3")):
        ragged = {} if kind == "parquet" else {"client": "a;b\r\n" * 3, "plan_party": "x\r\n"}
        deliver(home.inbox, number, period, kind, tables(period), ragged)
    outcome = both_ways(home, monkeypatch, is_parquet=kind == "parquet")
    assert [receipt["outcome"] for receipt in outcome["receipts"].values()] == ["accepted_with_findings"] * 2
    always = {"ROW_REQUIRED", "ROW_DATE", "ROW_CODE", "ROW_REFERENCE", "REPAIR_ZEROS", "REPAIR_DATE"}
    always |= {"WARN_REFERENCE", "WARN_OVERLAP", "WARN_CHANGES", "WARN_UNKNOWN_SHARE"}
    assert always - codes(outcome, 1) == set()
    assert {*always, "WARN_CLIENT_VANISHED", "WARN_START_MOVED"} - codes(outcome, 2) == set()
    refused = [table for name, (_, table) in outcome["rows"].items() if name.endswith("rows/plan_party.parquet")]
    assert all("plan_key: ROW_REFERENCE" in {row["reasons"] for row in table} for table in refused)
    assert kind == "parquet" or "ROW_COLUMNS" in codes(outcome, 1)


def test_doubled_keys_are_found_over_all_pieces(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tables("2025Q3", doubled=True)
    found["client"].append(good("client", 1, client_key=key(1).upper()))  # as stored, the same
    for table in ("residence_spell", "plan_party"):  # the second of the two is refused, or cannot be read
        found[table].append(dict(found[table][0]) | ({"end_date": "?"} if "end_date" in found[table][0] else {}))
    found["worker_assignment"] += [good("worker_assignment", 1, worker_key=None, start_date=day) for day in
                                   ("2023-01-01", "1.1.2023")]  # fmt: skip
    deliver(home.inbox, 1, "2025Q3", "csv", found)
    outcome = both_ways(home, monkeypatch)
    twice = [entry for entry in outcome["receipts"].popitem()[1]["findings"] if entry["rule"] == "FILE_KEY_TWICE"]
    assert len(twice) == len(found)
    assert all(entry["count"] == len(entry["places"]) >= 12 for entry in twice)
    assert all(place["record"] for entry in twice if entry["table"] == "client" for place in entry["places"])


def test_an_identifier_in_a_late_piece_refuses_the_whole_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tables("2025Q3")
    found["client"][-1]["gender"] = CODE
    deliver(home.inbox, 1, "2025Q3", "csv", found, {"plan": f"{CODE}\r\n"})
    outcome = both_ways(home, monkeypatch)
    receipt = outcome["receipts"].popitem()[1]
    assert receipt["outcome"] == "rejected"
    places = {
        entry["table"]: [place["row"] for place in entry["places"]]
        for entry in receipt["findings"]
        if entry["rule"] == "FILE_IDENTIFIER"
    }
    assert places == {"client": [len(found["client"]) + 1], "plan": [len(found["plan"]) + 2]}
    assert outcome["ledger"] == []
    assert CODE not in json.dumps(receipt)


def test_a_large_table_of_an_older_contract_version_is_brought_to_the_newest(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a code in the primary key and a column that is refused for have other names now."""
    change: dict[str, Any] = {
        "plan_party": {"note": NOTE, "columns": {"rename": {"sector": "field"}}},
        "plan": {"note": NOTE, "columns": {"rename": {"valid_from": "begins"}, "remove": ["review_date"]}},
        "code_lists": {"note": NOTE, "plan_sector": {"rename": {"SOSIAALI": "SOSIAALIHUOLTO"}}},
    }
    sector = contracts()["plan_party"].column("sector").code_list
    change["code_lists"][sector] = change["code_lists"].pop("plan_sector")
    monkeypatch.setattr(reading, "CONTRACT_FOLDER", contract_folder(tmp_path, v1_1=change))
    found = {table: rows for table, rows in tables("2025Q3").items() if table in ("plan", "plan_party")}
    deliver(home.inbox, 1, "2025Q3", "csv", found)
    outcome = both_ways(home, monkeypatch)
    rows = next(table for name, (_, table) in outcome["rows"].items() if name.startswith("lake/plan_party"))
    assert {row["field"] for row in rows} == {"SOSIAALIHUOLTO"}
    assert "ROW_REFERENCE" in codes(outcome, 1)


def test_a_check_before_sending_says_the_same_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, now = (
        deliver(
            tmp_path / f"{number}",
            number,
            period,
            "csv",
            {name: found[name] for name in ("client", "plan", "plan_party")},
        )
        for number, period, found in ((1, "2025Q2", tables("2025Q2")), (2, "2025Q3", tables("2025Q3", doubled=True)))
    )
    whole = check_delivery(now, before)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    cut_small(monkeypatch)
    assert check_delivery(now, before).as_dict() == whole.as_dict()
    assert list(temporary.iterdir()) == []


def test_small_deliveries_before_and_after_a_large_one_keep_their_order(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3, 4):
        found = {"client": [good("client", n) for n in range(2 if number % 2 else 150)]}
        deliver(home.inbox, number, "2025Q3", "csv.gz", found)
    outcome = both_ways(home, monkeypatch)
    assert [row["rows"] for row in outcome["ledger"]] == [2, 150, 2, 150]


def _take_in_small(root: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        cut_small(patch)
        take_in(Home(root))


@STRIDES
@pytest.mark.slow
def test_an_intake_killed_in_the_middle_of_a_large_table_leaves_nothing_half_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch, stride: int
) -> None:
    # A few pieces each: every step of the intake is one more intake.
    found = {table: rows[:30] for table, rows in tables("2025Q3").items() if table in ("plan", "plan_party")}
    deliver(home.inbox, 1, "2025Q3", "csv", found)
    keys_for_intake(home)  # each run with one secret, or the keys of the lake would differ
    begin = home.root.with_name("begin")
    shutil.copytree(home.root, begin)
    cut_small(monkeypatch)
    take_in(home)
    wanted = everything(home)
    for step in range(1, 500, stride):
        shutil.rmtree(home.root)
        shutil.copytree(begin, home.root)
        ended = kill_at(step, home.root, _take_in_small, home.root)
        ledger = read_ledger(home)
        assert ledger.num_rows in (0, 2), step
        for path in ledger["path"].to_pylist():
            assert pq.ParquetFile(home.lake / path).metadata.num_rows > 0
        take_in(home)
        assert everything(home) == wanted, step
        if ended != KILLED:
            assert step > 10
            return
    raise AssertionError("the intake never ended")
