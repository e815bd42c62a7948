"""What is past its table's retention goes, everywhere and wholly, also when the removal dies on the way."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime

import pytest

from ingest.door import take_in
from ingest.erasure.searching import Held, Keys, held
from ingest.lake import counting
from ingest.ledger import last_number, read_events, read_ledger
from ingest.locking import IntakeBusyError, sole_writer
from ingest.retention import Line, RetentionError, retain
from ingest.state import Home
from ingest.withdrawal import withdraw
from orchestration import cli, versions
from tests.unit.deliveries import SPELL_HEADER, client_csv, csv_bytes, delivery_id, drop, key
from tests.unit.faults import KILLED, STRIDES, kill_at

# Ten years (client, residence_spell, survey_wave) after 2015Q3 ended, five (survey_response) after 2020H1.
TODAY = date(2025, 11, 24)
NOW = datetime(2026, 3, 1, tzinfo=UTC)
OLD, ANSWERED, STAYS = 100, 200, 0
RESPONSE_HEADER = "respondent_key,wave,area,item_code,instrument,value"
WAVE_HEADER = "wave,area,invited,responded"


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


def clients(first: int, count: int, bad: int = 0) -> bytes:
    """Good rows, then rows whose year of birth cannot be read."""
    rows = [f"{key(first + n)},{'2oo5' if n >= count else '2005'},2,853,05,fi,KYLLA,false" for n in range(count + bad)]
    return client_csv(rows)


def deliver(home: Home, number: int, period: str, files: dict[str, tuple[str, bytes, int]], **manifest) -> None:
    drop(home.inbox, files, number=number, period=period, extracted_at="2020-10-20T06:00:00+03:00", **manifest)


def fill(home: Home) -> None:
    """Two old quarters, a half-year of which half is past, and a newer quarter; refused ones beside them."""
    spells = csv_bytes(SPELL_HEADER, [f"{key(OLD)},853,2010-01-01,"])
    deliver(home, 1, "2015Q2", {"client.csv": ("client", clients(OLD, 1), 1), "s.csv": ("residence_spell", spells, 1)})
    take_in(home)
    deliver(home, 2, "2015Q2", {"client.csv": ("client", clients(OLD, 2, bad=1), 3)}, correction_of=delivery_id(1))
    deliver(home, 3, "2015Q3", {"client.csv": ("client", clients(OLD, 3), 3), "s.csv": ("residence_spell", spells, 1)})
    answers = csv_bytes(RESPONSE_HEADER, [f"{key(ANSWERED)},2020H1,05,KUULTU,3X10D-LASU-1.0,4",
                                          f"{key(ANSWERED + 1)},2020H1,05,KUULTU,3X10D-LASU-1.0,9"])  # fmt: skip
    waves = csv_bytes(WAVE_HEADER, ["2020H1,05,40,20", "2020H1,06,4O,20"])
    deliver(home, 4, "2020H1", {"a.csv": ("survey_response", answers, 2), "w.csv": ("survey_wave", waves, 2)})
    spells = csv_bytes(SPELL_HEADER, [f"{key(STAYS)},853,2010-01-01,"])
    newer = {"client.csv": ("client", clients(STAYS, 2, bad=1), 3), "s.csv": ("residence_spell", spells, 1)}
    deliver(home, 5, "2020Q2", newer)
    # Refused whole: the rows announced are not those that came.
    deliver(home, 6, "2015Q2", {"client.csv": ("client", clients(OLD, 1), 7)})
    deliver(home, 7, "2020Q2", {"client.csv": ("client", clients(STAYS, 1), 7)})
    report = take_in(home)
    assert (report.accepted, report.rejected) == (4, 2)
    (home.warehouse.parent / "as_of" / "3").mkdir(parents=True)
    for path in (home.warehouse, home.warehouse.parent / "as_of" / "3" / "warehouse.duckdb"):
        path.write_text(f"built from {key(OLD)}")
    (home.warehouse.parent / "released_from.json").write_text("{}")


def where(home: Home, number: int) -> list[str]:
    """Every file in which a key stands, or its beginning as receipts write it, whatever the format."""
    found = []
    for path in sorted(path for path in home.root.rglob("*") if path.is_file()):
        begins = path.suffix in (".json", ".csv", ".html") and key(number)[:8] in path.read_text("utf-8")
        if begins or held(path, Keys({key(number)})) is not Held.NO:
            found.append(path.relative_to(home.root).as_posix())
    return found


def files(home: Home) -> dict[str, bytes]:
    return {
        path.relative_to(home.root).as_posix(): path.read_bytes()
        for path in sorted(home.root.rglob("*"))
        if path.is_file() and path.name != "intake.lock"
    }


def counted(home: Home) -> dict[tuple[str, str], int]:
    rows = counting(home).select(["table_name", "period", "delivery_id"]).to_pylist()
    return {(row["table_name"], row["period"]): int(row["delivery_id"][-2:]) for row in rows}


def test_what_is_past_is_nowhere_any_more_and_what_is_not_stays_as_it_was(home):
    fill(home)
    before = files(home)
    assert len(where(home, OLD)) > 10
    done = retain(home, TODAY, clock=lambda: NOW)
    assert [where(home, OLD + n) for n in range(3)] == [[], [], []]
    assert [where(home, ANSWERED + n) for n in range(2)] == [[], []]
    after = files(home)
    new = {name for name in after if after[name] != before.get(name)}
    # The receipt of the half-year lost the places of what is past; the ledger has an event file.
    assert {name.split("/")[0] for name in new} == {"outbox", "lake"}
    assert {name for name in new if name.startswith("lake")} == {n for n in after if n.startswith("lake/_events")}
    stays = {name for name in before if "2020Q2" in name or "survey_wave" in name or "_ledger" in name}
    assert len(stays) > 12
    assert {name: after[name] for name in stays} == {name: before[name] for name in stays}
    assert done.number == 8 - 2  # five were accepted, so the first expiry is number 6


def test_counts_are_told_by_table_and_supplier(home):
    fill(home)
    done = retain(home, TODAY, clock=lambda: NOW)
    assert done.lines == [
        Line("", "hva-05", rejected=1, receipts=5),
        Line("client", "hva-05", deliveries=3, files=3, rows=6, quarantined_rows=1, originals=3),
        Line("residence_spell", "hva-05", deliveries=2, files=2, rows=2, originals=2),
        Line("survey_response", "hva-05", deliveries=1, files=1, rows=1, quarantined_rows=1, originals=1),
    ]
    assert done.warehouse_removed


def test_a_dry_run_tells_the_same_and_changes_nothing(home):
    fill(home)
    before = files(home)
    told = retain(home, TODAY, dry_run=True, clock=lambda: NOW)
    assert files(home) == before
    done = retain(home, TODAY, clock=lambda: NOW)
    assert (told.lines, told.warehouse_removed) == (done.lines, done.warehouse_removed)
    again = retain(home, TODAY, clock=lambda: NOW)
    assert (again.lines, again.number, again.warehouse_removed) == ([], None, False)


def test_nothing_older_counts_again_when_the_newest_has_expired(home):
    fill(home)
    # Without the newer quarter the old ones count: the second version of 2015Q2, the history of 2015Q3.
    withdraw(home, delivery_id(5), reason="sent by mistake", asked_by="supplier")
    assert counted(home) == {
        ("client", "2015Q2"): 2, ("client", "2015Q3"): 3, ("residence_spell", "2015Q3"): 3,
        ("survey_response", "2020H1"): 4, ("survey_wave", "2020H1"): 4,
    }  # fmt: skip
    # On the day on which 2015Q2 is past and 2015Q3 is not, the newer one goes on counting.
    retain(home, date(2025, 9, 30), clock=lambda: NOW)
    assert counted(home) == {
        ("client", "2015Q3"): 3, ("residence_spell", "2015Q3"): 3, ("survey_wave", "2020H1"): 4,
    }  # fmt: skip
    retain(home, date(2025, 10, 1), clock=lambda: NOW)
    assert counted(home) == {("survey_wave", "2020H1"): 4}


def test_superseded_versions_of_a_history_are_kept_as_long_as_their_own_period(home):
    fill(home)
    assert counted(home)["residence_spell", "2020Q2"] == 5
    retain(home, date(2025, 6, 30), clock=lambda: NOW)
    lake = [path.name for path in (home.lake / "residence_spell").rglob("*.parquet")]
    assert sorted(lake) == [f"{delivery_id(number)}.parquet" for number in (1, 3, 5)]
    assert counting(home, 3)["delivery_id"].to_pylist().count(delivery_id(3)) == 2


def test_the_ledger_keeps_every_row_and_gets_an_event_a_table(home):
    fill(home)
    rows = read_ledger(home).num_rows
    retain(home, TODAY, clock=lambda: NOW)
    events = read_events(home).drop_columns(["at"]).to_pylist()
    assert read_ledger(home).num_rows == rows
    assert sorted((int(row["delivery_id"][-2:]), row["table_name"]) for row in events) == [
        (1, "client"), (1, "residence_spell"), (2, "client"), (3, "client"), (3, "residence_spell"),
        (4, "survey_response"),
    ]  # fmt: skip
    assert {(row["event"], row["asked_by"]) for row in events} == {("expired", "retention")}
    assert [row["number"] for row in events] == list(range(6, 12)) and last_number(home) == 11


@STRIDES
@pytest.mark.slow
def test_a_removal_killed_at_any_step_is_finished_by_the_next(home, tmp_path, stride):
    fill(home)
    start = tmp_path / "start"
    shutil.copytree(home.root, start)
    retain(home, TODAY, clock=lambda: NOW)

    def stands(found: Home) -> set[str]:
        return {name.partition("/_events/")[0] for name in files(found)}

    wanted, counts = stands(home), counted(home)
    events = [row["delivery_id"] for row in read_events(home).drop_columns(["at"]).to_pylist()]
    step = 1 - stride
    while True:
        step += stride
        shutil.rmtree(home.root)
        shutil.copytree(start, home.root)
        # The function itself: one of this module would make every child import the tests.
        ended = kill_at(step, home.root, retain, home, TODAY)
        if ended == 0:
            break
        assert ended == KILLED
        # Between the two runs nothing that is past counts unless everything of it still stands.
        between = counted(home)
        assert between == counts or len(where(home, OLD)) > 10, step
        retain(home, TODAY, clock=lambda: NOW)
        assert stands(home) == wanted, step
        assert counted(home) == counts, step
        assert [row["delivery_id"] for row in read_events(home).drop_columns(["at"]).to_pylist()] == events, step
        assert where(home, OLD) == where(home, ANSWERED) == [], step
    assert step > 25


def test_a_delivery_that_is_sent_again_after_its_end_goes_again(home):
    fill(home)
    retain(home, TODAY, clock=lambda: NOW)
    deliver(home, 3, "2015Q3", {"client.csv": ("client", clients(OLD, 3), 3), "s.csv": (
        "residence_spell", csv_bytes(SPELL_HEADER, [f"{key(OLD)},853,2010-01-01,"]), 1)})  # fmt: skip
    deliver(home, 9, "2015Q3", {"client.csv": ("client", clients(OLD, 1), 1)})
    take_in(home)
    assert where(home, OLD) != []
    retain(home, TODAY, clock=lambda: NOW)
    assert where(home, OLD) == []
    assert not any(period == "2015Q3" for _, period in counted(home))


def test_a_file_that_no_ledger_row_names_goes_too(home):
    fill(home)
    source = next((home.lake / "client").rglob(f"{delivery_id(3)}.parquet"))
    shutil.copy(source, source.with_name(f"{delivery_id(33)}.parquet"))
    shutil.copy(source, source.with_name(f".{delivery_id(34)}.parquet.partial"))
    retain(home, TODAY, clock=lambda: NOW)
    assert where(home, OLD) == []


def test_refused_rows_and_deliveries_stay_until_they_are_corrected(home):
    fill(home)
    quarantine = home.quarantine / "hva-05" / "2020Q2"
    retain(home, TODAY, clock=lambda: NOW)
    assert (quarantine / delivery_id(5) / "rows" / "client.parquet").exists()
    assert (quarantine / delivery_id(7) / "client.csv").exists()
    # A correction a second later: then both have been corrected.
    deliver(home, 8, "2020Q2", {"client.csv": ("client", clients(STAYS, 3), 3)}, correction_of=delivery_id(5))
    take_in(home, clock=lambda: datetime.now(UTC).replace(year=2099))
    done = retain(home, TODAY, clock=lambda: NOW)
    assert done.lines == [Line("", "hva-05", rejected=1), Line("client", "hva-05", quarantined_rows=1)]
    assert not quarantine.exists()
    assert (home.archive / "hva-05" / "2020Q2" / delivery_id(5) / "client.csv").exists()
    assert (home.outbox / "hva-05" / "2020Q2" / delivery_id(7) / "receipt.json").exists()
    assert not done.warehouse_removed


def test_a_refused_delivery_that_was_sent_again_under_its_id_has_been_corrected(home):
    sent = {"client.csv": ("client", clients(STAYS, 1), 1)}
    deliver(home, 1, "2020Q2", {"client.csv": ("client", clients(STAYS, 1), 7)})
    take_in(home)
    deliver(home, 1, "2020Q2", sent)
    assert take_in(home).accepted == 1
    retain(home, TODAY, clock=lambda: NOW)
    assert not (home.quarantine / "hva-05").exists()
    # Another one under the id of an accepted delivery is refused, and nothing has corrected it.
    deliver(home, 1, "2020Q2", {"client.csv": ("client", clients(STAYS, 2), 2)})
    assert take_in(home).rejected == 1
    retain(home, TODAY, clock=lambda: NOW)
    assert (home.quarantine / "hva-05" / "2020Q2" / delivery_id(1) / "client.csv").exists()


def test_what_was_accepted_in_the_same_batch_corrects_nothing(home):
    fill(home)
    receipt = json.loads((home.outbox / "hva-05" / "2020Q2" / delivery_id(7) / "receipt.json").read_text())
    assert receipt["outcome"] == "rejected"
    done = retain(home, date(2025, 1, 1), clock=lambda: NOW)
    assert not any(line.rejected for line in done.lines)


def test_one_with_an_identifier_stays_corrected_or_not_until_its_retention_ends(home):
    row = "010190-999K,2005,2,853,05,fi,KYLLA,false"
    deliver(home, 1, "2020Q2", {"client.csv": ("client", client_csv([row]), 1)})
    assert take_in(home).rejected == 1
    deliver(home, 2, "2020Q2", {"client.csv": ("client", clients(STAYS, 1), 1)})
    take_in(home, clock=lambda: datetime.now(UTC).replace(year=2099))
    retain(home, TODAY, clock=lambda: NOW)
    folder = home.quarantine / "hva-05" / "2020Q2" / delivery_id(1) / "contains_identifier"
    assert (folder / "client.csv").exists()
    retain(home, date(2030, 7, 1), clock=lambda: datetime(2031, 1, 1, tzinfo=UTC))
    assert not home.quarantine.exists() or not any(home.quarantine.rglob("client.csv"))


def test_a_refused_delivery_of_a_period_that_is_none_counts_from_the_day_it_was_refused(home):
    drop(home.inbox, number=1, period="kesä", extracted_at="2020-10-20T06:00:00+03:00")
    assert take_in(home).rejected == 1
    refused = home.quarantine / "hva-05" / "kesä" / delivery_id(1)
    today = datetime.now(UTC).date()
    retain(home, today)
    assert refused.exists()
    # No table of its manifest is known for sure here: client, ten years.
    later = datetime(today.year + 10, today.month, min(today.day, 28), tzinfo=UTC)
    retain(home, later.date(), clock=lambda: later)
    assert not refused.exists() and not (home.outbox / "hva-05").exists()


def test_a_workbook_of_two_tables_stays_until_the_last_has_expired(home):
    fill(home)
    folder = home.archive / "hva-05" / "2020H1" / delivery_id(4)
    manifest = json.loads((folder / "manifest.json").read_text())
    for file in manifest["files"]:
        file["path"] = "both.xlsx"
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "both.xlsx").write_bytes(b"PK")
    retain(home, TODAY, clock=lambda: NOW)
    assert (folder / "both.xlsx").exists()
    retain(home, date(2030, 7, 1), clock=lambda: datetime(2031, 1, 1, tzinfo=UTC))
    assert not folder.exists()


def test_a_receipt_of_which_half_is_past_keeps_its_counts_and_the_other_half(home):
    fill(home)
    folder = home.outbox / "hva-05" / "2020H1" / delivery_id(4)

    def told() -> dict[str, tuple[int, int]]:
        found = json.loads((folder / "receipt.json").read_text("utf-8"))["findings"]
        return {entry["table"]: (entry["count"], len(entry["places"])) for entry in found if entry["column"]}

    assert {table: places for table, (_, places) in told().items()} == {"survey_response": 1, "survey_wave": 1}
    retain(home, TODAY, clock=lambda: NOW)
    assert told() == {"survey_response": (1, 0), "survey_wave": (1, 1)}
    lines = (folder / "errors.csv").read_text("utf-8-sig").splitlines()
    assert {line.split(";")[2] for line in lines if "survey" in line} == {"survey_wave"}
    assert not (folder / "receipt.html").exists()


def test_a_day_that_lies_ahead_is_for_dry_runs_only(home):
    fill(home)
    before = files(home)
    with pytest.raises(RetentionError, match="lies ahead"):
        retain(home, date(2036, 1, 1), clock=lambda: NOW)
    assert retain(home, date(2036, 1, 1), dry_run=True, clock=lambda: NOW).found
    assert files(home) == before


def test_no_removal_while_an_intake_runs(home):
    fill(home)
    with sole_writer(home), pytest.raises(IntakeBusyError):
        retain(home, TODAY, clock=lambda: NOW)


def test_an_empty_home_has_nothing_to_remove(home):
    assert not retain(home, TODAY, clock=lambda: NOW).found


def test_the_command_tells_what_went_and_refuses_a_day_ahead(home, capsys):
    fill(home)
    options = ["--home", str(home.root), "--today", TODAY.isoformat()]
    assert cli.run(["retain", "--dry-run", *options]) == 0
    assert "hva-05 client: 3 deliveries, 3 files of the lake, 6 rows" in capsys.readouterr().err
    assert cli.run(["retain", "--json", "--no-build", *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lines"][1]["rows"] == 6 and told["warehouse_removed"] is True
    assert cli.run(["retain", *options]) == 0
    assert "nothing is past its retention on 2025-11-24" in capsys.readouterr().err
    assert cli.run(["retain", "--home", str(home.root), "--today", "2999-01-01"]) == 1
    assert "lies ahead" in capsys.readouterr().err


def test_the_release_is_old_once_something_has_expired(home):
    fill(home)
    before = versions.input_hash(home)
    retain(home, TODAY, clock=lambda: NOW)
    assert versions.input_hash(home) != before
