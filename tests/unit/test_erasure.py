"""A person is erased everywhere by key, also when the erasure dies on the way."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import zipfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ingest.contracts import code_lists
from ingest.door import take_in
from ingest.erasure import ErasureError, erase, read_keys, records, unfinished
from ingest.erasure.searching import Held, Keys, held
from ingest.lake import attach_lake, counting
from ingest.ledger import read_ledger
from ingest.rekeying import client_forms, keys_in_use, warehouse_key
from ingest.state import Home
from orchestration import cli, versions
from tests.unit.deliveries import SPELL_HEADER, client_csv, client_rows, csv_bytes, delivery_id, drop, key
from tests.unit.faults import KILLED, STRIDES, kill_at

GONE, STAYS = key(1), key(0)
ASKED = {"asked_by": "controller's data protection officer"}
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def workbook(csv: bytes) -> bytes:
    book, stream = openpyxl.Workbook(), io.BytesIO()
    for line in csv.decode().splitlines():
        book.active.append(line.split(","))
    book.save(stream)
    return stream.getvalue()


def parquet(csv: bytes) -> bytes:
    stream = io.BytesIO()
    texts = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(csv.decode().splitlines()[0].split(","), pa.string()))
    pq.write_table(pyarrow.csv.read_csv(io.BytesIO(csv), convert_options=texts), stream)
    return stream.getvalue()


def zipped(csv: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("client.csv", csv)
    return stream.getvalue()


def upper(csv: bytes) -> bytes:
    return csv.replace(GONE.encode(), GONE.upper().encode())


FORMATS = {
    "client.csv": bytes,
    "client.xlsx": workbook,
    "client.parquet": parquet,
    "client.csv.gz": gzip.compress,
    "client.zip": zipped,
}


def fill(home: Home) -> None:
    """One person in every place that a delivery leaves something."""
    for number, name in enumerate(("client.csv", "client.xlsx", "client.parquet"), start=1):
        content = FORMATS[name](client_csv())
        drop(home.inbox, {name: ("client", content, 3)}, number=number)
        take_in(home)
    bad = client_rows(3)
    bad[1] = bad[1].replace("2005", "2oo5")
    spells = [f"{key(n)},853,2020-01-01,2019-01-01" if n == 1 else f"{key(n)},853,2020-01-01," for n in range(3)]
    files = {
        "client.csv": ("client", upper(client_csv(bad)), 3),
        "spells.csv": ("residence_spell", csv_bytes(SPELL_HEADER, spells), 3),
    }
    drop(home.inbox, files, number=4)
    drop(home.inbox, number=5, change=lambda manifest: manifest["files"][0].update(rows=9))
    take_in(home)
    home.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(home.warehouse)) as connection:
        attach_lake(connection, home)
        connection.execute("create table client_period as select * from lake.client")
    (home.root / "log").mkdir()
    (home.root / "log" / "error.txt").write_text(f"could not read {GONE}")
    (home.published / "releases").mkdir(parents=True)
    (home.published / "releases" / "figures.csv").write_text("area,value\n05,12\n")
    drop(home.inbox, number=6)
    drop(home.inbox, {"c.csv": ("client", client_csv(client_rows(1)), 1)}, number=7)


def forms(home: Home, delivered: str) -> set[str]:
    """A client key as it was delivered, and as the lake and what is made from it hold it."""
    keys = keys_in_use(home)
    return {delivered} | (client_forms(keys, home, {delivered}) if keys else set())


def where(home: Home, wanted: str) -> list[str]:
    """Every file in which the key stands in any form, whatever its format; a DuckDB file is asked by SQL."""
    found, every = [], forms(home, wanted)
    for path in sorted(path for path in home.root.rglob("*") if path.is_file()):
        if path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                rows = connection.execute("select count(*) from client_period where client_key in ?", [list(every)])
                stands = rows.fetchone()[0] > 0
        else:
            stands = held(path, Keys(every)) is not Held.NO
        if stands:
            found.append(path.relative_to(home.root).as_posix())
    return found


def everything(home: Home) -> dict[str, bytes]:
    return {path.relative_to(home.root).as_posix(): path.read_bytes()
            for path in home.root.rglob("*") if path.is_file()}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("change", [bytes, upper], ids=["small", "capital"])
def test_a_key_is_found_in_every_format_and_not_where_it_is_not(tmp_path, name, change):
    path = tmp_path / name
    path.write_bytes(FORMATS[name](change(client_csv())))
    assert held(path, Keys({GONE})) is Held.YES
    assert held(path, Keys({key(7)})) is Held.NO


@pytest.mark.parametrize(
    "content",
    [b"PK\x03\x04 cut off", b"\x1f\x8b cut off", b"PAR1 cut off", b"7z\xbc\xaf", gzip.compress(zipped(client_csv()))],
    ids=["zip", "gzip", "parquet", "7z", "packed-twice"],
)
def test_what_cannot_be_searched_is_not_ruled_out(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    assert held(tmp_path / "file", Keys({GONE})) is Held.UNKNOWN


def test_a_key_across_two_chunks_is_found(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * ((1 << 20) - 30) + GONE.encode() + b"y" * 100)
    assert held(tmp_path / "file", Keys({GONE})) is Held.YES


def test_an_erased_person_is_nowhere_and_the_others_are_where_they_were(home):
    fill(home)
    before = where(home, STAYS)
    assert len(where(home, GONE)) >= 12
    assert {path.split("/")[0] for path in where(home, GONE)} >= {"archive", "inbox", "lake", "quarantine"}
    done = erase(home, {GONE}, **ASKED, clock=lambda: NOW)
    assert where(home, GONE) == []
    gone_whole = {f"inbox/hva-05/2025Q3/{delivery_id(6)}/client.csv",
                  f"quarantine/hva-05/2025Q3/{delivery_id(5)}/client.csv",
                  "warehouse/warehouse.duckdb"}  # fmt: skip
    assert set(before) - set(where(home, STAYS)) == gone_whole
    assert (done.rows, done.rows_in_quarantine) == ({"client": 3}, {"client": 1, "residence_spell": 1})
    assert [place[2] for place in done.to_send_again] == [delivery_id(6), delivery_id(5)]
    assert take_in(home).accepted == 1


def test_the_record_says_when_who_and_how_many_and_nothing_else(home):
    fill(home)
    erase(home, {GONE}, **ASKED, clock=lambda: NOW)
    assert [asdict(record) for record in records(home)] == [
        {
            "erased_at": "2026-03-01T00:00:00+00:00",
            "asked_by": ASKED["asked_by"],
            "rows": {"client": 3},
            "rows_in_quarantine": {"client": 1, "residence_spell": 1},
            "originals_rewritten": 5,
            "originals_removed": 2,
        }
    ]
    assert unfinished(home) == []
    texts = " ".join(path.read_text() for path in home.erasures.rglob("*.json"))
    assert not any(len(word) >= 32 for word in texts.replace('"', " ").split())


def test_the_ledger_counts_what_the_lake_holds(home):
    fill(home)
    before = versions.input_hash(home)
    erase(home, {GONE}, **ASKED)
    ledger = read_ledger(home).select(["path", "rows", "rows_quarantined", "acceptance_no"]).to_pylist()
    assert {row["path"]: row["rows"] for row in ledger} == {
        row["path"]: pq.ParquetFile(home.lake / row["path"]).metadata.num_rows for row in ledger
    }
    assert [row["rows_quarantined"] for row in ledger] == [0] * 5
    assert counting(home).num_rows == 2
    assert versions.input_hash(home) != before


def test_archived_originals_keep_their_form_and_the_other_rows(home):
    fill(home)
    erase(home, {GONE}, **ASKED)
    archive = home.archive / "hva-05" / "2025Q3"
    assert (archive / delivery_id(1) / "client.csv").read_bytes() == client_csv(
        [row for row in client_rows(3) if GONE not in row]
    )
    sheet = openpyxl.load_workbook(archive / delivery_id(2) / "client.xlsx").active
    assert [row[0] for row in sheet.iter_rows(values_only=True)] == ["client_key", key(0), key(2)]
    keys = pq.ParquetFile(archive / delivery_id(3) / "client.parquet").read().column("client_key").to_pylist()
    assert keys == [key(0), key(2)]
    manifests = [json.loads(path.read_text()) for path in archive.rglob("manifest.json")]
    assert [manifest.get("rewritten") for manifest in manifests] == [True] * 4


def test_receipts_name_no_record_of_the_person(home):
    fill(home)
    place = home.outbox / "hva-05" / "2025Q3" / delivery_id(4)
    erase(home, {GONE}, **ASKED)
    texts = [path.read_text("utf-8") for path in place.iterdir()]
    assert texts and not any(GONE[:8] in text for text in texts)
    codes = [found["rule"] for found in json.loads((place / "receipt.json").read_text("utf-8"))["findings"]]
    assert "ROW_NUMBER" in codes and "ROW_END_BEFORE_START" in codes


def test_releases_stand(home):
    fill(home)
    release = home.published / "releases" / "figures.csv"
    before = release.read_bytes()
    erase(home, {GONE}, **ASKED)
    assert release.read_bytes() == before


def test_a_dry_run_counts_and_changes_nothing(home):
    fill(home)
    before = everything(home)
    done = erase(home, {GONE}, **ASKED, dry_run=True)
    assert (done.rows, done.record) == ({"client": 3}, None)
    assert everything(home) == before


def test_somebody_who_is_not_here_leaves_everything_and_no_record(home):
    fill(home)
    before = everything(home)
    assert not erase(home, {key(99)}, **ASKED).found
    assert everything(home) == before


def test_what_a_later_delivery_brings_back_goes_when_it_is_run_again(home):
    fill(home)
    erase(home, {GONE}, **ASKED)
    drop(home.inbox, number=9)
    take_in(home)
    assert where(home, GONE) != []
    done = erase(home, {GONE}, **ASKED)
    assert (done.rows, where(home, GONE)) == ({"client": 1}, [])
    assert len(records(home)) == 2


def test_the_delivery_that_was_erased_from_is_still_known(home):
    fill(home)
    erase(home, {GONE}, **ASKED)
    drop(home.inbox, number=1)
    assert "duplicate" in [result.outcome for result in take_in(home).deliveries]
    assert where(home, GONE) == []


def _erase(root: Path) -> None:
    erase(Home(root), {GONE}, **ASKED)


@STRIDES
@pytest.mark.slow
def test_an_erasure_killed_at_any_step_is_finished_by_the_next(home, tmp_path, stride):
    fill(home)
    start = tmp_path / "start"
    shutil.copytree(home.root, start)
    erase(home, {GONE}, **ASKED, clock=lambda: NOW)
    wanted = records(home)[0]
    others = where(home, STAYS)
    step = 1 - stride
    while True:
        step += stride
        shutil.rmtree(home.root)
        shutil.copytree(start, home.root)
        ended = kill_at(step, home.root, _erase, home.root)
        if ended == 0:
            break
        assert ended == KILLED
        began = unfinished(home)
        done = erase(home, {GONE}, **ASKED, clock=lambda: NOW)
        assert where(home, GONE) == [], step
        assert where(home, STAYS) == others, step
        assert unfinished(home) == [], step
        assert records(home) == [wanted], (step, began, done)
        take_in(home)
        assert counting(home)["rows"].to_pylist() == [1, 2], step
    assert step > 30


def test_the_unfinished_journal_is_not_taken_over_by_another_person(home):
    fill(home)
    assert kill_at(12, home.root, _erase, home.root) == KILLED
    assert len(unfinished(home)) == 1
    erase(home, {key(2)}, **ASKED)
    assert len(unfinished(home)) == 1
    erase(home, {GONE}, **ASKED)
    assert unfinished(home) == []
    assert where(home, GONE) == [] and where(home, key(2)) == []


@pytest.mark.parametrize("text", ["", "\n\n", "abc", f"{GONE}\n010190-999K", GONE[:-1]])
def test_what_is_no_key_is_refused_and_not_repeated(text):
    with pytest.raises(ErasureError) as error:
        read_keys(text)
    assert "010190" not in str(error.value) and GONE[:8] not in str(error.value)


def test_the_command_takes_keys_from_a_file_or_stdin_and_never_shows_them(home, tmp_path, capsys, monkeypatch):
    fill(home)
    file = tmp_path / "keys.txt"
    file.write_text(f"{GONE.upper()}\n")
    options = ["--home", str(home.root), "--asked-by", "controller", "--json", "--no-build"]
    assert cli.run(["erase", "--key-file", str(file), "--dry-run", *options]) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{GONE}\n"))
    assert cli.run(["erase", *options]) == 0
    said = capsys.readouterr()
    assert "3 rows of client went" in said.err
    assert GONE not in said.out + said.err and GONE.upper() not in said.out + said.err
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["erase", GONE])


# ---- both forms of a key -------------------------------------------------------------------------


def in_lake(home: Home, values: set[str]) -> set[str]:
    """Tables of the lake in which one of the values stands."""
    files = [path for path in home.lake.rglob("*.parquet") if not path.is_relative_to(home.ledger)]
    return {path.relative_to(home.lake).parts[0] for path in files if held(path, Keys(values)) is not Held.NO}


def drop_plans(home: Home, number: int, period: str, extracted: str) -> None:
    """Two persons with a plan each; one more party of each plan is refused, and its file tells the plan only."""
    plans = [f"{key(n)},{key(40 + n)},JALKIHUOLTO,2025-05-01,true" for n in range(2)]
    parties = [f"{key(40 + n)},{sector}" for n in range(2) for sector in ("SOSIAALI", "NONE_SUCH")]
    files = {
        "a_parties.csv": ("plan_party", csv_bytes("plan_key,sector", parties), 4),
        "client.csv": ("client", client_csv(client_rows(2)), 2),
        "plan.csv": ("plan", csv_bytes("client_key,plan_key,plan_type,valid_from,client_present", plans), 2),
        "z_parties.csv.gz": ("plan_action", gzip.compress(actions()), 2),
    }
    drop(home.inbox, files, number=number, period=period, extracted_at=f"{extracted}T06:12:00+03:00")


def actions() -> bytes:
    action, status = (next(iter(code_lists()[name].codes)) for name in ("plan_action", "plan_action_status"))
    rows = [f"{key(n)},{key(40 + n)},{action},{status},2025-05-02" for n in range(2)]
    return csv_bytes("client_key,plan_key,action_code,status,date", rows)


def fill_with_plans(home: Home) -> None:
    drop_plans(home, 1, "2025Q2", "2025-07-20")
    drop_plans(home, 2, "2025Q3", "2025-10-20")
    report = take_in(home)
    assert (report.accepted, report.rows_quarantined) == (2, 4)


def plan_forms(home: Home, number: int) -> set[str]:
    return {key(40 + number), warehouse_key(home, "plan", "common", "hva-05", key(40 + number))}


def test_the_plans_of_an_erased_person_go_in_both_forms_of_their_keys(home):
    fill_with_plans(home)
    gone, stays = plan_forms(home, 1), plan_forms(home, 0)
    assert in_lake(home, gone) == in_lake(home, stays) == {"plan", "plan_party", "plan_action"}
    done = erase(home, {GONE}, **ASKED)
    assert done.rows == {"client": 2, "plan": 2, "plan_party": 2, "plan_action": 2}
    assert done.rows_in_quarantine == {"plan_party": 2}
    assert where(home, GONE) == []
    files = [path for path in home.root.rglob("*") if path.is_file()]
    assert not [path for path in files if held(path, Keys(gone)) is not Held.NO]
    assert in_lake(home, stays) == {"plan", "plan_party", "plan_action"}
    parties = (home.archive / "hva-05" / "2025Q2" / delivery_id(1) / "a_parties.csv").read_text()
    assert parties.count(key(40)) == 2


@STRIDES
@pytest.mark.slow
def test_an_erasure_of_plans_killed_at_any_step_leaves_neither_form(home, tmp_path, stride):
    fill_with_plans(home)
    start = tmp_path / "start"
    shutil.copytree(home.root, start)
    gone = plan_forms(home, 1) | forms(home, GONE)
    step = 1 - stride
    while True:
        step += stride
        shutil.rmtree(home.root)
        shutil.copytree(start, home.root)
        ended = kill_at(step, home.root, _erase, home.root)
        if ended == 0:
            break
        assert ended == KILLED
        erase(home, {GONE}, **ASKED, clock=lambda: NOW)
        files = [path for path in home.root.rglob("*") if path.is_file()]
        assert not [path for path in files if held(path, Keys(gone)) is not Held.NO], step
        assert records(home)[-1].rows == {"client": 2, "plan": 2, "plan_action": 2, "plan_party": 2}, step
        assert records(home)[-1].rows_in_quarantine == {"plan_party": 2}, step
    assert step > 30


def test_parties_go_with_their_file_when_the_plans_of_the_original_cannot_be_read(home):
    fill_with_plans(home)
    folder = home.archive / "hva-05" / "2025Q3" / delivery_id(2)
    (folder / "plan.csv").unlink()
    (folder / "plan.csv").mkdir()
    gone = plan_forms(home, 1)
    erase(home, {GONE}, **ASKED)
    assert not (folder / "a_parties.csv").exists()
    assert (home.archive / "hva-05" / "2025Q2" / delivery_id(1) / "a_parties.csv").exists()
    files = [path for path in home.root.rglob("*") if path.is_file()]
    assert not [path for path in files if held(path, Keys(gone)) is not Held.NO]


@pytest.mark.parametrize("domain", ["common", "a domain of its own"])
def test_a_person_is_found_in_whatever_key_domain(home, domain):
    drop(home.inbox, key_domain=domain)
    drop(home.inbox, number=2, organisation="hva-06",
         files={"c.csv": ("client", client_csv(client_rows(3, "06")), 3)})  # fmt: skip
    take_in(home)
    assert erase(home, {GONE}, **ASKED).rows == {"client": 2}
    assert where(home, GONE) == []


def test_what_an_intake_that_died_left_in_the_lake_goes_too(home):
    folder = drop(home.inbox, key_domain="a domain of its own")
    take_in(home)
    (home.archive / "hva-05").rename(home.inbox / "hva-05.back")
    shutil.rmtree(home.inbox / "hva-05")
    (home.inbox / "hva-05.back").rename(home.inbox / "hva-05")
    shutil.rmtree(home.ledger)  # as before the moment of acceptance: the rows are there, the ledger is not
    every = forms(home, GONE)
    assert folder.is_dir() and in_lake(home, every) == {"client"}
    erase(home, {GONE}, **ASKED)
    assert in_lake(home, every) == set() and not folder.exists()


@pytest.mark.parametrize("dry_run", [True, False])
def test_without_the_secret_nothing_is_erased(home, dry_run):
    fill(home)
    secret = home.warehouse_secret.read_text()
    home.warehouse_secret.unlink()
    before = everything(home)
    with pytest.raises(ErasureError, match="secret"):
        erase(home, {GONE}, **ASKED, dry_run=dry_run)
    assert everything(home) == before
    home.warehouse_secret.write_text(secret)
    home.warehouse_secret.chmod(0o600)
    erase(home, {GONE}, **ASKED)
    assert where(home, GONE) == []


def test_a_key_of_the_warehouse_is_refused_since_it_would_leave_the_originals(home):
    fill(home)
    before = everything(home)
    with pytest.raises(ErasureError, match="as its supplier delivered it"):
        erase(home, {warehouse_key(home, "client", "common", "hva-05", GONE)}, **ASKED)
    assert everything(home) == before
