"""Deliveries at the door: accepted, rejected, left waiting; order, crashes and receipts."""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ingest.contracts import contract, contracts
from ingest.door import IntakeBusyError, check_delivery, files, intake, take_in
from ingest.door.rules import LANGUAGES, RULES
from ingest.lake import counting, read_ledger, table_schema
from ingest.reference import municipalities, organisations, wellbeing_areas
from ingest.rekeying import warehouse_key
from ingest.state import Home
from tests.unit.deliveries import (
    CLIENT_HEADER,
    SPELL_HEADER,
    client_csv,
    client_rows,
    csv_bytes,
    delivery_id,
    drop,
    key,
)

CODE = "010190-999K"  # artificial
NOW = datetime(2025, 11, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def outcomes(report):
    return {result.delivery_id[-2:].lstrip("0"): result.outcome for result in report.deliveries}


def receipt_of(home, folder):
    place = folder.relative_to(home.inbox)
    return json.loads((home.outbox / place / "receipt.json").read_text(encoding="utf-8"))


def all_text(folder: Path) -> str:
    return "\n".join(
        f"{path}\n{path.read_text(encoding='utf-8')}" for path in sorted(folder.rglob("*")) if path.is_file()
    )


# ---- accepted --------------------------------------------------------------------------------


def test_a_good_delivery_is_in_the_lake_the_ledger_the_archive_and_has_a_receipt(home):
    folder = drop(home.inbox, nothing_to_report=["handover"], data_from="2021-10-01")
    report = take_in(home, clock=lambda: NOW)
    assert (report.accepted, report.rejected, report.rows) == (1, 0, 3)
    ledger = {row["table_name"]: row for row in read_ledger(home).to_pylist()}
    assert set(ledger) == {"client", "handover"}
    client = ledger["client"]
    assert (client["acceptance_no"], client["rows"], client["accepted_at"]) == (1, 3, NOW)
    assert client["manifest_sha256"] != client["sha256"]
    assert (ledger["handover"]["rows"], ledger["handover"]["path"]) == (0, None)
    table = pq.ParquetFile(home.lake / client["path"]).read()
    assert table.schema.equals(table_schema(contract("client")))
    made = [warehouse_key(home, "client", "common", "hva-05", key(number)) for number in range(3)]
    assert table.column("client_key").to_pylist() == made
    assert not folder.exists()
    assert (home.archive / folder.relative_to(home.inbox) / "client.csv").exists()
    receipt = receipt_of(home, folder)
    assert (receipt["outcome"], receipt["acceptance_no"]) == ("accepted", 1)
    assert [table["table"] for table in receipt["tables"]] == ["client", "handover"]


def test_acceptance_numbers_go_on_over_intakes(home):
    drop(home.inbox, number=1)
    take_in(home)
    drop(home.inbox, number=2)
    take_in(home)
    assert set(read_ledger(home)["acceptance_no"].to_pylist()) == {1, 2}
    assert counting(home)["delivery_id"].to_pylist() == [delivery_id(2)]


def test_bad_rows_are_quarantined_as_delivered_with_their_reasons(home):
    rows = client_rows(3)
    rows[1] = rows[1].replace("2005", "2oo5").replace("KYLLA", "EHKA")
    folder = drop(home.inbox, {"client.csv": ("client", client_csv(rows), 3)})
    report = take_in(home)
    assert outcomes(report) == {"1": "accepted_with_findings"}
    kept = home.quarantine / folder.relative_to(home.inbox) / "rows" / "client.parquet"
    refused = pq.ParquetFile(kept).read().to_pylist()
    assert [(row["source_row"], row["birth_year"]) for row in refused] == [(3, "2oo5")]
    assert refused[0]["reasons"] == "birth_year: ROW_NUMBER; in_touch_status: ROW_CODE"
    ledger = read_ledger(home).to_pylist()[0]
    assert (ledger["rows"], ledger["rows_quarantined"]) == (2, 1)


def test_late_is_said_and_accepted(home):
    drop(home.inbox, extracted_at="2025-11-15T06:00:00+02:00")
    report = take_in(home)
    assert report.findings_by_rule() == {"DELIVERY_LATE": 1}
    assert read_ledger(home)["is_late"].to_pylist() == [True]


def test_the_last_day_of_the_term_is_not_late(home):
    drop(home.inbox, extracted_at="2025-11-14T23:59:00+02:00")
    take_in(home)
    assert read_ledger(home)["is_late"].to_pylist() == [False]


# ---- rejected --------------------------------------------------------------------------------


def set_file(**fields):
    return lambda manifest: manifest["files"][0].update(fields)


def set_field(**fields):
    return lambda manifest: manifest.update(fields)


def remove(field):
    return lambda manifest: manifest.pop(field)


REJECTED_MANIFESTS = {
    "FILE_HASH": set_file(sha256="0" * 64),
    "FILE_ROWS": set_file(rows=4),
    "FILE_TABLE-unknown": set_file(table="clients"),
    "FILE_TABLE-of-another-supplier": set_file(table="rental_housing"),
    "FILE_TABLE-nothing-to-report": set_field(nothing_to_report=["clients"]),
    "FILE_TABLE_TWICE-file-and-nothing": set_field(nothing_to_report=["client"]),
    "FILE_PATH-parent": set_file(path="../client.csv"),
    "FILE_PATH-absolute": set_file(path="/etc/passwd"),
    "FILE_PATH-folder": set_file(path="sub/client.csv"),
    "FILE_PATH-windows": set_file(path="C:\\client.csv"),
    "FILE_PATH-manifest": set_file(path="manifest.json"),
    "MANIFEST_FIELD-sha256": set_file(sha256="abc"),
    "MANIFEST_FIELD-rows": set_file(rows="3"),
    "MANIFEST_FIELD-rows-negative": set_file(rows=-1),
    "MANIFEST_FIELD-no-files": remove("files"),
    "MANIFEST_FIELD-says-nothing": set_field(files=[]),
    "MANIFEST_FIELD-no-key-domain": remove("key_domain"),
    "MANIFEST_FIELD-naive-time": set_field(extracted_at="2025-10-20T06:12:00"),
    "MANIFEST_FIELD-data-from": set_field(data_from="1.10.2021"),
    "MANIFEST_FIELD-correction": set_field(correction_of="the first"),
    "MANIFEST_VERSION-major": set_field(contract_version="2.0"),
    "MANIFEST_PERIOD-year": set_field(period="2025"),
    "MANIFEST_PERIOD-none": set_field(period="Q3/2025"),
    "MANIFEST_PERIOD-ahead": set_field(extracted_at="2025-06-30T00:00:00+03:00"),
    "MANIFEST_ORGANISATION-aland": set_field(organisation="hva-91"),
    "MANIFEST_ORGANISATION-none": set_field(organisation="hva-22"),
    "MANIFEST_PLACE-organisation": set_field(organisation="hva-06"),
    "MANIFEST_PLACE-period": set_field(period="2025Q2"),
    "MANIFEST_PLACE-id": set_field(delivery_id=delivery_id(9)),
    "FILE_IDENTIFIER-value": set_field(key_domain=CODE),
    "FILE_IDENTIFIER-field": set_field(**{CODE: 1}),
}


@pytest.mark.parametrize("change", REJECTED_MANIFESTS.values(), ids=REJECTED_MANIFESTS.keys())
def test_a_wrong_manifest_rejects_the_delivery(request, home, change):
    folder = drop(home.inbox, change=change)
    good = drop(home.inbox, number=2)
    report = take_in(home)
    assert outcomes(report) == {"1": "rejected", "2": "accepted"}
    codes = [found["rule"] for found in receipt_of(home, folder)["findings"]]
    assert request.node.callspec.id.partition("-")[0] in codes
    assert receipt_of(home, good)["outcome"] == "accepted"
    assert read_ledger(home)["delivery_id"].to_pylist() == [delivery_id(2)]
    assert not folder.exists()
    kept = [path.name for path in (home.quarantine / "hva-05").rglob("*") if path.is_file()]
    assert sorted(kept) == ["client.csv", "manifest.json"]


def client(*rows, header=CLIENT_HEADER, count=None, name="client.csv"):
    return {name: ("client", csv_bytes(header, list(rows)), len(rows) if count is None else count)}


ROW = client_rows(1)[0]
REJECTED_FILES = {
    "FILE_COLUMN_MISSING": client(ROW.replace(",2005", ""), header=CLIENT_HEADER.replace(",birth_year", "")),
    "FILE_COLUMN_UNKNOWN": client(ROW + ",x", header=CLIENT_HEADER + ",phone"),
    "FILE_COLUMN_TWICE": client(ROW + ",x", header=CLIENT_HEADER + ",gender"),
    "FILE_KEY_TWICE": client(ROW, ROW),
    "FILE_ENCODING": {"client.csv": ("client", client_csv().decode().encode("utf-16-le"), 3)},
    "FILE_FORMAT": client(ROW, name="client.doc"),
    "FILE_UNREADABLE-workbook": {"client.xlsx": ("client", b"PK nothing", 0)},
    "FILE_UNREADABLE-parquet": {"client.parquet": ("client", b"PAR1 nothing", 0)},
    "FILE_EMPTY": {"client.csv": ("client", b"", 0)},
    "FILE_IDENTIFIER-cell": client(ROW.replace("KYLLA", CODE)),
    "FILE_IDENTIFIER-header": client(ROW + ",x", header=f"{CLIENT_HEADER},{CODE}"),
    "FILE_IDENTIFIER-file-name": client(ROW, name=f"client_{CODE}.csv"),
    "FILE_IDENTIFIER-ragged": client(ROW, f"{CODE},1"),
}


@pytest.mark.parametrize("files", REJECTED_FILES.values(), ids=REJECTED_FILES.keys())
def test_a_bad_file_rejects_the_delivery_and_nothing_else(request, home, files):
    folder = drop(home.inbox, files)
    drop(home.inbox, number=2)
    report = take_in(home)
    assert outcomes(report) == {"1": "rejected", "2": "accepted"}
    codes = [found["rule"] for found in receipt_of(home, folder)["findings"]]
    assert request.node.callspec.id.partition("-")[0] in codes
    assert read_ledger(home)["delivery_id"].to_pylist() == [delivery_id(2)]
    assert list((home.lake / "client").rglob(f"*{delivery_id(1)}*")) == []


def test_all_errors_of_a_delivery_are_reported_at_once(home):
    rows = client_rows(2)
    rows[0] = rows[0].replace("2005", "x")
    files = {
        "client.csv": ("client", client_csv(rows), 5),
        "r.csv": ("residence_spell", csv_bytes(SPELL_HEADER + ",x", []), 0),
        "h.xlsx": ("handover", b"nothing", 0),
    }
    folder = drop(home.inbox, files, change=set_file(sha256="0" * 64))
    take_in(home)
    found = {(item["rule"], item["file"]) for item in receipt_of(home, folder)["findings"]}
    assert found == {
        ("FILE_HASH", "client.csv"),
        ("FILE_ROWS", "client.csv"),
        ("ROW_NUMBER", "client.csv"),
        ("FILE_COLUMN_UNKNOWN", "r.csv"),
        ("FILE_UNREADABLE", "h.xlsx"),
    }


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe{}", b"[" * 100_000, b'"x"'])
def test_a_broken_manifest_is_rejected(home, content):
    folder = drop(home.inbox)
    (folder / "manifest.json").write_bytes(content)
    assert outcomes(take_in(home)) == {"1": "rejected"}
    assert receipt_of(home, folder)["findings"][0]["rule"] == "MANIFEST_JSON"


def test_a_link_instead_of_a_file_is_not_followed(home, tmp_path):
    folder = drop(home.inbox)
    secret = tmp_path / "elsewhere.csv"
    (folder / "client.csv").rename(secret)
    (folder / "client.csv").symlink_to(secret)
    assert outcomes(take_in(home)) == {"1": "rejected"}
    assert receipt_of(home, folder)["findings"][0]["rule"] == "FILE_PATH"
    assert secret.exists()


@pytest.mark.parametrize("name", [name for name in REJECTED_FILES if name.startswith("FILE_IDENTIFIER")])
def test_an_identifier_is_never_repeated(home, name, caplog, capsys):
    lines: list[str] = []
    drop(home.inbox, REJECTED_FILES[name], data_kind="real")
    report = take_in(home, lines.append)
    said = [all_text(home.outbox), repr(report), json.dumps(report.as_dict()), *lines]
    said += [caplog.text, *capsys.readouterr()]
    assert CODE not in "\n".join(said)
    assert [path.name for path in home.quarantine.rglob("contains_identifier")] != []


def test_an_identifier_in_the_name_of_a_folder_goes_no_further(home):
    folder = drop(home.inbox)
    folder.rename(folder.with_name(CODE))
    report = take_in(home)
    assert [result.outcome for result in report.deliveries] == ["rejected"]
    assert CODE not in all_text(home.outbox) and CODE not in repr(report)
    assert not any(CODE in str(path) for path in home.quarantine.rglob("*"))


def test_a_rejected_delivery_may_come_again_under_the_same_id(home):
    drop(home.inbox, change=set_file(rows=9))
    drop_again = lambda: drop(home.inbox, change=set_file(rows=8))  # noqa: E731
    take_in(home)
    drop_again()
    take_in(home)
    folder = drop(home.inbox)
    assert outcomes(take_in(home)) == {"1": "accepted"}
    assert receipt_of(home, folder)["outcome"] == "accepted"
    kept = sorted(path.name for path in (home.quarantine / "hva-05/2025Q3").iterdir())
    assert kept == [delivery_id(1), f"{delivery_id(1)}~2"]


# ---- waiting ---------------------------------------------------------------------------------


def test_what_is_not_complete_is_left_alone(home):
    no_manifest = drop(home.inbox, number=1)
    (no_manifest / "manifest.json").unlink()
    file_missing = drop(home.inbox, number=2)
    (file_missing / "client.csv").unlink()
    on_its_way = drop(home.inbox, number=3)
    (on_its_way / "client.csv.part").touch()
    empty_manifest = drop(home.inbox, number=4)
    (empty_manifest / "manifest.json").write_bytes(b"")
    report = take_in(home)
    assert outcomes(report) == dict.fromkeys("1234", "waiting")
    assert {result.delivery_id[-1]: result.waiting_for for result in report.deliveries} == {
        "1": ("manifest.json",),
        "2": ("client.csv",),
        "3": ("client.csv.part",),
        "4": ("manifest.json",),
    }
    assert no_manifest.exists() and file_missing.exists() and on_its_way.exists()
    assert not home.outbox.exists()


def test_a_file_that_grows_while_it_is_read_is_left_alone(home, monkeypatch):
    folder = drop(home.inbox)
    real = files.os.fstat
    calls = []

    def growing(descriptor):
        calls.append(descriptor)
        if len(calls) == 4:  # before and after the manifest, before the file, after the file
            with (folder / "client.csv").open("a") as stream:
                stream.write("more")
        return real(descriptor)

    monkeypatch.setattr(files.os, "fstat", growing)
    assert outcomes(take_in(home)) == {"1": "waiting"}
    assert folder.exists() and read_ledger(home).num_rows == 0


def test_a_file_that_nobody_announced_is_said(home):
    folder = drop(home.inbox)
    (folder / "notes.txt").write_text("hello")
    (folder / ".DS_Store").touch()
    report = take_in(home)
    assert report.findings_by_rule() == {"FILE_UNLISTED": 1}
    assert report.accepted == 1


# ---- order, repetition, crashes --------------------------------------------------------------


def test_a_correction_is_accepted_after_what_it_corrects_whatever_the_ids_say(home):
    drop(home.inbox, number=5)
    drop(home.inbox, number=1, correction_of=delivery_id(5))
    drop(home.inbox, number=3)
    report = take_in(home)
    assert report.findings_by_rule() == {}
    ledger = read_ledger(home)
    assert ledger["delivery_id"].to_pylist() == [delivery_id(n) for n in (5, 1, 3)]


def test_corrections_in_a_circle_end(home):
    drop(home.inbox, number=1, correction_of=delivery_id(2))
    drop(home.inbox, number=2, correction_of=delivery_id(1))
    assert take_in(home).accepted == 2


def test_a_correction_of_nothing_known_is_accepted_and_said(home):
    drop(home.inbox, number=1, correction_of=delivery_id(7))
    report = take_in(home)
    assert report.findings_by_rule() == {"CORRECTION_UNKNOWN": 1}


def test_the_same_delivery_twice_is_a_duplicate(home):
    drop(home.inbox)
    take_in(home)
    folder = drop(home.inbox)
    report = take_in(home)
    assert outcomes(report) == {"1": "duplicate"}
    assert read_ledger(home).num_rows == 1
    assert not folder.exists()
    assert receipt_of(home, folder)["outcome"] == "accepted"


def test_the_same_id_with_other_content_is_rejected(home):
    drop(home.inbox)
    take_in(home)
    lake_before = {path: path.read_bytes() for path in home.lake.rglob("*.parquet")}
    folder = drop(home.inbox, client(ROW))
    report = take_in(home)
    assert outcomes(report) == {"1": "rejected"}
    assert receipt_of(home, folder)["findings"][0]["rule"] == "DELIVERY_ID_TAKEN"
    assert {path: path.read_bytes() for path in home.lake.rglob("*.parquet")} == lake_before


def test_the_same_id_from_two_suppliers_is_accepted_once(home):
    drop(home.inbox)
    drop(home.inbox, {"c.csv": ("client", client_csv(client_rows(1, "06")), 1)}, organisation="hva-06")
    report = take_in(home)
    assert [result.outcome for result in report.deliveries] == ["accepted", "rejected"]
    assert read_ledger(home).num_rows == 1


class CrashError(Exception):
    pass


def crash(*_args, **_kwargs):
    raise CrashError


# Where an intake may die: while it writes rows, before the ledger, after it, before the move.
CRASHES = {
    "rows": "ingest.door.storing.pq.write_table",
    "sync": "ingest.door.intake.os.sync",
    "ledger": "ingest.door.intake.append_to_ledger",
    "receipt": "ingest.door.intake.finish",
    "move": "ingest.door.storing.move",
}


@pytest.mark.parametrize("step", CRASHES)
def test_an_intake_that_dies_is_finished_by_the_next(home, monkeypatch, step):
    rows = client_rows(2)
    rows[0] = rows[0].replace("2005", "x")
    folders = [
        drop(home.inbox, {"client.csv": ("client", client_csv(rows), 2)}, number=1),
        drop(home.inbox, number=2, organisation="hva-06"),
        drop(home.inbox, number=3, change=set_file(rows=9)),
    ]
    with monkeypatch.context() as patch:
        patch.setattr(CRASHES[step], crash)
        with pytest.raises(CrashError):
            take_in(home)
        before = counting(home).num_rows
    assert before == (2 if step in ("receipt", "move") else 0)
    take_in(home)
    ledger = read_ledger(home).to_pylist()
    assert [(row["acceptance_no"], row["delivery_id"][-1]) for row in ledger] == [(1, "1"), (2, "2")]
    assert all((home.lake / row["path"]).is_file() for row in ledger)
    assert [receipt_of(home, folder)["outcome"] for folder in folders] == [
        "accepted_with_findings",
        "accepted_with_findings",
        "rejected",
    ]
    assert not any(path.is_file() for path in home.inbox.rglob("*"))
    archived = [path.parent.name for path in home.archive.rglob("manifest.json")]
    assert sorted(archived) == [delivery_id(1), delivery_id(2)]
    assert (home.quarantine / folders[0].relative_to(home.inbox) / "rows/client.parquet").is_file()


def test_a_stale_receipt_of_a_rejected_attempt_is_replaced(home, monkeypatch):
    folder = drop(home.inbox, change=set_file(rows=9))
    take_in(home)
    drop(home.inbox)
    with monkeypatch.context() as patch:
        patch.setattr(CRASHES["receipt"], crash)
        with pytest.raises(CrashError):
            take_in(home)
    take_in(home)
    assert receipt_of(home, folder)["outcome"] == "accepted"
    assert read_ledger(home).num_rows == 1


def test_a_second_intake_at_the_same_time_says_so(home):
    home.root.mkdir()
    with (home.root / "intake.lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(IntakeBusyError, match="another intake is running"):
            take_in(home)


def test_batches_do_not_change_the_result(home, monkeypatch):
    for number in range(1, 8):
        drop(home.inbox, client(*client_rows(number)), number=number, correction_of=None)
    monkeypatch.setattr(intake, "BATCH_DELIVERIES", 2)
    lines: list[str] = []
    report = take_in(home, lines.append)
    assert [result.rows for result in report.deliveries] == list(range(1, 8))
    assert read_ledger(home)["acceptance_no"].to_pylist() == list(range(1, 8))
    assert lines[-1] == "7 of 7 deliveries taken in"


def test_nothing_in_the_inbox_is_no_error(home):
    report = take_in(home)
    assert (report.deliveries, report.rows) == ((), 0)


# ---- check and receipts ----------------------------------------------------------------------


def test_check_finds_what_the_intake_finds_and_writes_nothing(home, tmp_path):
    rows = client_rows(2)
    rows[0] = rows[0].replace("2005", "x")
    folder = drop(home.inbox, {"client.csv": ("client", client_csv(rows), 2)})
    own_name = tmp_path / "my delivery"
    folder.rename(own_name)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    checked = json.loads(check_delivery(own_name).to_json())
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    own_name.rename(folder)
    take_in(home)
    taken = receipt_of(home, folder)
    differing = {name for name in taken if taken[name] != checked[name]}
    assert differing == {"acceptance_no", "checked_at"}


def test_check_of_no_folder_says_what_was_expected(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"manifest\.json"):
        check_delivery(tmp_path / "nowhere")


def bad_receipt():
    rows = [ROW.replace("KYLLA", "=cmd|'/c calc'!A0"), *client_rows(3)[1:]]
    return client(*rows, header=CLIENT_HEADER + ",=1+1", count=3)


def test_errors_csv_is_safe_in_a_spreadsheet(home):
    folder = drop(home.inbox, bad_receipt())
    take_in(home)
    text = (home.outbox / folder.relative_to(home.inbox) / "errors.csv").read_text("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(text), delimiter=";") for cell in line]
    # The name that was not agreed begins as a formula does; it is shown masked, and as text.
    assert "'=… (4)" in cells
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells)


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.links, self.languages = [], []

    def handle_starttag(self, tag, attrs):
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self.languages += [value for name, value in attrs if name == "lang" and tag == "section"]
        assert tag != "script"


def test_the_page_stands_alone_and_escapes_what_was_delivered(home):
    folder = drop(home.inbox, client(ROW + ",x", header=CLIENT_HEADER + ",<script>alert(1)"))
    take_in(home)
    page = (home.outbox / folder.relative_to(home.inbox) / "receipt.html").read_text("utf-8")
    links = _Links()
    links.feed(page)
    assert links.links == [f"#{language}-FILE_COLUMN_UNKNOWN" for language in LANGUAGES]
    assert all(f'id="{link[1:]}"' in page for link in links.links)
    assert links.languages == list(LANGUAGES)
    assert "url(" not in page and "@import" not in page
    assert "SYNTEETTINEN" in page and "SYNTETISK" in page and "SYNTHETIC" in page


@pytest.mark.parametrize("code", RULES)
def test_every_rule_speaks_three_languages_and_shows_the_same_things(code):
    rule = RULES[code]
    texts = [rule.text(language, "SEEN", "EXPECTED") for language in LANGUAGES]
    assert len(set(texts)) == 3 and all(texts)
    for word in ("SEEN", "EXPECTED"):
        assert len({word in text for text in texts}) == 1


def test_seen_shows_first_character_and_length_only(home):
    folder = drop(home.inbox, client(ROW.replace("KYLLA", "EHKA_JOSKUS")))
    take_in(home)
    found = receipt_of(home, folder)["findings"][0]
    assert (found["column"], found["places"]) == (
        "in_touch_status",
        [{"row": 2, "seen": "E… (11)", "record": f"{ROW[:8]}…"}],
    )
    assert "JOSKUS" not in all_text(home.outbox)


# ---- reference -------------------------------------------------------------------------------


def test_the_register_of_places_is_complete():
    assert len(municipalities()) == 309
    assert len(wellbeing_areas()) == 23
    kinds = list(organisations().values())
    # 309 less 16 in Åland: 292 today and Pertunmaa, which merged into Mäntyharju.
    assert (kinds.count("hva"), kinds.count("kunta")) == (22, 293)
    assert municipalities()["588"].merged_into == "507"
    assert {entry.wellbeing_area_code for entry in municipalities().values()} == set(wellbeing_areas())


def test_every_contract_has_a_supplier_that_may_deliver():
    suppliers = set(organisations().values())
    assert {supplier for entry in contracts().values() for supplier in entry.suppliers} <= suppliers


def test_hash_of_the_manifest_is_of_the_bytes_as_delivered(home):
    folder = drop(home.inbox)
    expected = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    take_in(home)
    assert read_ledger(home)["manifest_sha256"].to_pylist() == [expected]
