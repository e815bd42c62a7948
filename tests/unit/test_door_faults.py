"""What goes wrong around the door: processes killed, disks full, clocks wrong, files that are none.

Whatever happens: nothing is lost, nothing is half taken, nothing counts twice, no path outside the
inbox is touched, and the next run heals.
"""

from __future__ import annotations

import errno
import gzip
import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from ingest.door import IntakeBusyError, checks, history, inspection, intake, take_in
from ingest.door.files import read_once
from ingest.lake import counting, read_ledger
from ingest.state import Home
from orchestration import cli
from orchestration.errors import FAILED
from orchestration.inbox import waiting
from tests.unit.deliveries import client_csv, client_rows, delivery_id, drop
from tests.unit.faults import (
    KILLED,
    OS_ERROR,
    STRIDES,
    as_nobody,
    kill_at,
    run_in_child,
    start,
    with_file_size_limit,
)

BUSY = 4


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "home")


def fill(home: Home) -> None:
    """A good delivery, one with bad rows, one of another area, one that is rejected."""
    rows = client_rows(3)
    rows[0] = rows[0].replace("2005", "2oo5")
    drop(home.inbox, number=1)
    drop(home.inbox, {"client.csv": ("client", client_csv(rows), 3)}, number=2)
    drop(home.inbox, {"c.csv": ("client", client_csv(client_rows(1, "06")), 1)}, number=3, organisation="hva-06")
    drop(home.inbox, number=4, change=lambda manifest: manifest["files"][0].update(rows=9))


def state(home: Home) -> dict[str, object]:
    """Everything that an intake leaves, without times: what must be the same however it got there."""
    ledger = read_ledger(home).select(["acceptance_no", "delivery_id", "path", "rows", "rows_quarantined"])
    outcomes = {
        path.parent.name: json.loads(path.read_text("utf-8"))["outcome"] for path in home.outbox.rglob("receipt.json")
    }
    files = {
        root.name: sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
        for root in (home.archive, home.quarantine, home.outbox, home.inbox)
    }
    lake = {
        path.relative_to(home.lake).as_posix(): pq.ParquetFile(path).metadata.num_rows
        for path in home.lake.rglob("*.parquet")
        if "_ledger" not in path.parts
    }
    return {"ledger": ledger.to_pylist(), "outcomes": outcomes, "files": files, "lake": lake}


def _take_in(root: Path) -> None:
    try:
        take_in(Home(root))
    except IntakeBusyError:
        os._exit(BUSY)


def taken(home: Home) -> dict[str, str]:
    return {result.delivery_id[-2:].lstrip("0"): result.outcome for result in take_in(home).deliveries}


# ---- killed ----------------------------------------------------------------------------------


def kill_at_steps(home: Home, stride: int, other: Path | None = None) -> int:
    """Kill an intake before its changes (a stride of 1: each of them), run it again, compare with one left in peace."""
    fill(home)
    begin = home.root.with_name("begin")
    shutil.copytree(home.root, begin, symlinks=True)
    take_in(home)
    wanted = state(home)
    for step in range(1, 1000, stride):
        shutil.rmtree(home.root)
        for left in other.iterdir() if other else ():
            shutil.rmtree(left)
        shutil.copytree(begin, home.root, symlinks=True)
        ended = kill_at(step, home.root, _take_in, home.root)
        take_in(home)
        assert state(home) == wanted, step
        if ended != KILLED:
            return step
    raise AssertionError("the intake never ended")


@STRIDES
@pytest.mark.slow
def test_an_intake_killed_at_any_step_is_as_if_it_had_not_been(home, stride):
    assert kill_at_steps(home, stride) > 30


@STRIDES
@pytest.mark.slow
def test_so_it_is_when_the_archive_lies_on_another_disk(home, stride):
    other = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        home.root.mkdir()
        if other.stat().st_dev == home.root.stat().st_dev:
            pytest.skip("NOT TESTED: /dev/shm is on the same file system as the temporary folder")
        home.archive.symlink_to(other)
        assert kill_at_steps(home, stride, other) > 30
        assert len(list(other.rglob("manifest.json"))) == 3
    finally:
        shutil.rmtree(other)


@pytest.mark.slow
def test_an_intake_killed_again_and_again_at_any_moment_gets_there(home):
    for number in range(1, 41):
        drop(home.inbox, {"c.csv": ("client", client_csv(client_rows(number)), number)}, number=number)
    chance = random.Random(5)
    kills = 0
    for _ in range(12):
        child = start(_take_in, home.root)
        child.join(chance.uniform(0.05, 0.9))
        if child.exitcode is None:
            kills += 1
            child.kill()
        child.join()
    take_in(home)
    assert kills > 0
    ledger = read_ledger(home).to_pylist()
    assert [row["acceptance_no"] for row in ledger] == list(range(1, 41))
    assert sorted(row["rows"] for row in ledger) == list(range(1, 41))
    assert len(list(home.archive.rglob("manifest.json"))) == 40
    assert not [path for path in home.inbox.rglob("*") if path.is_file()]


# ---- no room ---------------------------------------------------------------------------------


def test_a_file_that_cannot_be_written_loses_nothing(home):
    rows = client_rows(400)
    drop(home.inbox, {"client.csv": ("client", client_csv(rows), 400)}, number=1)
    drop(home.inbox, number=2)
    assert with_file_size_limit(4_000, _take_in, home.root) == OS_ERROR
    assert counting(home).num_rows == 0
    assert not list(home.lake.rglob(".*.partial"))
    assert taken(home) == {"1": "accepted", "2": "accepted"} or counting(home)["rows"].to_pylist() == [3]
    assert len(list(home.archive.rglob("manifest.json"))) == 2


@pytest.mark.slow
def test_a_full_disk_at_any_fill_loses_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("NOT TESTED: a small disk can be mounted by the superuser only")
    try:
        home = Home(disk / "home")
        full = 0
        for left in (0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128):
            shutil.rmtree(home.root, ignore_errors=True)
            fill(home)
            free = shutil.disk_usage(disk).free
            (disk / "ballast").write_bytes(b"x" * max(0, free - left * 1024))
            full += run_in_child(_take_in, home.root) == OS_ERROR
            (disk / "ballast").unlink()
            take_in(home)
            found = state(home)
            assert [row["delivery_id"] for row in found["ledger"]] == [delivery_id(n) for n in (1, 2, 3)], left
            assert found["outcomes"] == {
                delivery_id(1): found["outcomes"][delivery_id(1)],
                delivery_id(2): "accepted_with_findings",
                delivery_id(3): found["outcomes"][delivery_id(3)],
                delivery_id(4): "rejected",
            }
            assert sorted(path.parent.name for path in home.archive.rglob("manifest.json")) == [
                delivery_id(n) for n in (1, 2, 3)
            ]
            assert found["files"]["inbox"] == []
        assert full >= 3
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_an_engine_that_has_no_room_to_spill_says_so_as_any_full_disk_does(tmp_path):
    arriving = tmp_path / "arriving"
    with pytest.raises(OSError) as caught, intake._desk(arriving) as spool:
        spool.connection.execute("set memory_limit = '10MB'")
        spool.connection.execute("set max_temp_directory_size = '100KB'")
        spool.connection.execute("create temp table many as select range as number from range(3000000)")
    assert caught.value.errno == errno.ENOSPC
    assert not arriving.exists()
    with pytest.raises(duckdb.OutOfMemoryException), intake._desk(arriving) as spool:
        spool.connection.execute("set memory_limit = '10MB'")
        spool.connection.execute("select list(range) from range(30000000)")  # that is no question of the disk


def _take_in_large_with_little_memory(root: Path, told: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for module, name in ((inspection, "LARGEST_HELD"), (history, "LARGEST_HELD"), (intake, "BATCH_BYTES")):
            patch.setattr(module, name, 2_000_000)
        patch.setattr(checks, "MEMORY_LIMIT", SPILLING)
        try:
            take_in(Home(root))
        except OSError as error:
            told.write_text(type(error.__cause__).__name__)
            raise


def test_the_command_says_that_the_disk_is_full_and_what_stays(home, monkeypatch, capsys):
    monkeypatch.setenv("AFTERCARE_HOME", str(home.root))
    folder = drop(home.inbox)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("ingest.door.take_in", full)
    assert cli.run(["ingest"]) == FAILED
    said = capsys.readouterr().err
    assert "no room left on the disk" in said and "still waits in the inbox" in said
    assert (folder / "manifest.json").exists()


# So little that 300 000 hashes are grouped on disk.
SPILLING = "5MB"


@pytest.mark.slow
def test_a_disk_that_fills_while_a_large_table_is_looked_at_loses_nothing(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("NOT TESTED: a small disk can be mounted by the superuser only")
    try:
        home = Home(disk / "home")
        lines = [f"{number:064x};091;2024-01-01;" for number in range(300_000)]
        content = gzip.compress("\n".join(["client_key;municipality;start_date;end_date", *lines]).encode(), 1)
        seen = set()
        for left in (1_000, 4_000, 8_000, 12_000, 13_000, 14_000, 15_000, 16_000, 17_000, 18_000, 20_000, 24_000):
            shutil.rmtree(home.root, ignore_errors=True)
            folder = drop(home.inbox, {"r.csv.gz": ("residence_spell", content, len(lines))}, number=1)
            before = {path.name: path.read_bytes() for path in folder.iterdir()}
            free = shutil.disk_usage(disk).free
            (disk / "ballast").write_bytes(b"x" * max(0, free - left * 1000))
            told = tmp_path / "told"
            told.unlink(missing_ok=True)
            if run_in_child(_take_in_large_with_little_memory, home.root, told) == OS_ERROR:
                seen.add(told.read_text())
                assert {path.name: path.read_bytes() for path in folder.iterdir()} == before, left
                assert counting(home).num_rows == 0
                assert not home.arriving.exists()
            (disk / "ballast").unlink()
            take_in(home)
            assert counting(home)["rows"].to_pylist() == [len(lines)], left
            assert [path.parent.name for path in home.archive.rglob("manifest.json")] == [delivery_id(1)]
        assert {"NoneType"} < seen, "not both the writing of rows and the engine met the full disk"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# ---- at the same time ------------------------------------------------------------------------


def test_two_intakes_at_once_take_each_delivery_once(home):
    for number in range(1, 31):
        drop(home.inbox, number=number)
    children = [start(_take_in, home.root) for _ in range(3)]
    for child in children:
        child.join(60)
    assert {child.exitcode for child in children} <= {0, BUSY}
    take_in(home)
    ledger = read_ledger(home)
    assert ledger["acceptance_no"].to_pylist() == list(range(1, 31))
    assert len(set(ledger["delivery_id"].to_pylist())) == 30
    assert len(list(home.archive.rglob("manifest.json"))) == 30


def test_a_manifest_that_comes_before_its_files_waits_for_them(home):
    folder = drop(home.inbox)
    content = (folder / "client.csv").read_bytes()
    (folder / "client.csv").unlink()
    assert taken(home) == {"1": "waiting"}
    (folder / "client.csv").write_bytes(content)
    assert taken(home) == {"1": "accepted"}


def test_an_upload_that_still_grows_is_waited_for_and_one_that_stopped_is_refused(home):
    folder = drop(home.inbox)
    whole = (folder / "client.csv").read_bytes()
    (folder / "client.csv").write_bytes(whole[:200])
    assert taken(home) == {"1": "waiting"}
    assert folder.exists() and not home.quarantine.exists()
    before = time.time() - 3600
    os.utime(folder / "client.csv", (before, before))
    assert taken(home) == {"1": "rejected"}


def test_a_growing_upload_that_gets_whole_is_accepted(home):
    folder = drop(home.inbox)
    whole = (folder / "client.csv").read_bytes()
    (folder / "client.csv").write_bytes(whole[:200])
    assert taken(home) == {"1": "waiting"}
    (folder / "client.csv").write_bytes(whole)
    assert taken(home) == {"1": "accepted"}


def test_a_time_of_writing_far_ahead_does_not_keep_a_delivery_waiting_for_ever(home):
    folder = drop(home.inbox, change=lambda manifest: manifest["files"][0].update(sha256="0" * 64))
    ahead = time.time() + 10**7
    os.utime(folder / "client.csv", (ahead, ahead))
    assert taken(home) == {"1": "rejected"}


# ---- clocks ----------------------------------------------------------------------------------


def test_an_extract_of_tomorrow_is_accepted_and_said_and_not_called_late(home):
    drop(home.inbox, extracted_at=(datetime.now(UTC) + timedelta(days=400)).isoformat())
    report = take_in(home)
    assert (report.accepted, report.findings_by_rule()) == (1, {"EXTRACTED_AHEAD": 1})


def test_a_period_that_has_not_begun_is_refused_since_it_would_hide_those_before_it(home):
    drop(home.inbox, number=1)
    drop(home.inbox, number=2, period="2999Q1", extracted_at="2999-04-01T00:00:00+02:00")
    assert taken(home) == {"1": "accepted", "2": "rejected"}


def test_the_last_hour_of_the_last_year_stops_nobody_else(home):
    drop(home.inbox, number=1, extracted_at="9999-12-31T23:59:59-14:00")
    drop(home.inbox, number=2)
    assert taken(home) == {"1": "rejected", "2": "accepted"}


# ---- what is no file -------------------------------------------------------------------------


def test_no_path_outside_the_inbox_is_touched(home, tmp_path):
    outside = tmp_path / "outside"
    drop(outside, number=9)
    before = {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in outside.rglob("*")}
    climbing = drop(home.inbox, number=1, change=lambda manifest: manifest["files"][0].update(
        path="../../../../outside/hva-05/2025Q3/x"))  # fmt: skip
    link = drop(home.inbox, number=2)
    (link / "client.csv").unlink()
    (link / "client.csv").symlink_to(outside / "hva-05" / "2025Q3" / delivery_id(9) / "client.csv")
    manifest = drop(home.inbox, number=3)
    (manifest / "manifest.json").unlink()
    (manifest / "manifest.json").symlink_to(outside / "hva-05" / "2025Q3" / delivery_id(9) / "manifest.json")
    (home.inbox / "hva-05" / "2025Q3" / delivery_id(4)).symlink_to(outside / "hva-05" / "2025Q3" / delivery_id(9))
    (home.inbox / "hva-06").symlink_to(outside / "hva-05")
    extra = drop(home.inbox, number=5)
    (extra / "folder").symlink_to(outside)
    assert taken(home) == {"1": "rejected", "2": "rejected", "3": "rejected", "5": "accepted_with_findings"}
    assert {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in outside.rglob("*")} == (
        before
    )
    assert not climbing.exists()


def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(home):
    folder = drop(home.inbox, number=1)
    (folder / "client.csv").unlink()
    os.mkfifo(folder / "client.csv")
    drop(home.inbox, number=2)
    assert read_once(folder / "client.csv") is None
    assert taken(home) == {"1": "rejected", "2": "accepted"}


def test_a_manifest_of_three_gigabytes_is_refused_without_being_read(home):
    folder = drop(home.inbox, number=1)
    os.truncate(folder / "manifest.json", 3 * 10**9)  # a hole: takes no room
    drop(home.inbox, number=2)
    assert [delivery.is_complete for delivery in waiting(home)] == [True, True]
    assert taken(home) == {"1": "rejected", "2": "accepted"}


def test_a_manifest_nested_too_deep_is_refused(home):
    folder = drop(home.inbox, number=1)
    (folder / "manifest.json").write_bytes(b'{"a":' * 100_000)
    assert [delivery.is_complete for delivery in waiting(home)] == [True]
    assert taken(home) == {"1": "rejected"}


def test_a_name_that_is_no_text_is_said_and_harms_nobody(home):
    folder = drop(home.inbox, number=1)
    (folder / os.fsdecode(b"\xff\xfe.csv")).write_bytes(b"x")
    drop(home.inbox, number=2)
    assert taken(home) == {"1": "accepted_with_findings", "2": "accepted"}


def _take_in_and_tell(root: Path) -> None:
    report = take_in(Home(root))
    found = {result.delivery_id[-1]: [result.outcome, *result.not_readable] for result in report.deliveries}
    (root / "told.json").write_text(json.dumps(found))


def test_what_we_may_not_read_waits_and_is_said_and_stops_nobody_else():
    root = Path(tempfile.mkdtemp())
    try:
        home = Home(root / "home")
        file, folder = drop(home.inbox, number=1), drop(home.inbox, number=2)
        drop(home.inbox, number=3)
        root.chmod(0o777)
        for path in (home.root, *home.root.rglob("*")):
            path.chmod(0o777)
        (file / "client.csv").chmod(0)
        folder.chmod(0)
        if os.getuid() == 0:
            for path in (file / "client.csv", folder):
                os.chown(path, 0, 0)
        assert as_nobody(_take_in_and_tell, home.root) == 0
        told = json.loads((home.root / "told.json").read_text())
        assert told == {"1": ["waiting", "client.csv"], "2": ["waiting", "manifest.json"], "3": ["accepted"]}
        assert file.exists() and folder.exists()
    finally:
        shutil.rmtree(root)
