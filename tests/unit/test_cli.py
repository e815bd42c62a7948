"""The `aftercare` command: exit codes, where output goes, and what it says when it cannot go on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ingest import door
from ingest.door import DeliveryResult, IntakeReport
from ingest.state import Home
from orchestration import cli, steps
from orchestration.errors import BUSY, FAILED, OK, SOME_REJECTED, USAGE, OperationError
from orchestration.locks import writing

ROOT = Path(__file__).parents[2]


def delivery(outcome: str, **facts: Any) -> DeliveryResult:
    """One line of an intake report."""
    return DeliveryResult("01JAAAAAAAAAAAAAAAAAAAAAAA", "hva-05", "2025Q3", outcome, **facts)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    return Home(tmp_path)


@pytest.fixture
def intake(monkeypatch):
    """Let the door answer with the given deliveries."""

    def answer(*deliveries: DeliveryResult) -> None:
        monkeypatch.setattr(door, "take_in", lambda home, progress=None: IntakeReport(deliveries, 0.1))

    return answer


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], OK),
        (["accepted"], OK),
        (["accepted_with_findings", "waiting", "duplicate"], OK),
        (["accepted", "rejected"], SOME_REJECTED),
    ],
)
def test_ingest_exit_code_says_whether_a_delivery_was_rejected(home, intake, outcomes, code):
    intake(*(delivery(outcome) for outcome in outcomes))
    assert cli.run(["ingest"]) == code


def test_quarantined_rows_alone_are_no_rejection(home, intake):
    intake(delivery("accepted_with_findings", rows_quarantined=3))
    assert cli.run(["ingest"]) == OK


def test_json_is_alone_on_stdout_and_progress_on_stderr(home, intake, capsys):
    intake(delivery("rejected", findings={"FILE_HASH": 1}))
    cli.run(["ingest", "--json"])
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["outcomes"] == {"rejected": 1}
    assert found["rejected"][0]["rules"] == {"FILE_HASH": 1}
    assert "FILE_HASH" in err


def test_quiet_leaves_stderr_empty(home, intake, capsys):
    intake(delivery("accepted"))
    cli.run(["ingest", "--quiet"])
    assert capsys.readouterr().err == ""


def test_known_failure_is_a_sentence_and_what_to_do(home, intake, monkeypatch, capsys):
    def fail(*_):
        raise OperationError("The disk is full.", "Make room.")

    monkeypatch.setattr(steps, "take_in", fail)
    assert cli.run(["ingest", "--json"]) == FAILED
    out, err = capsys.readouterr()
    assert "The disk is full." in err
    assert "Make room." in err
    assert json.loads(out) == {"error": "The disk is full.", "what_to_do": "Make room."}


def test_unknown_failure_shows_no_traceback_but_keeps_it_for_the_operator(home, monkeypatch, capsys):
    def fail(*_):
        raise ZeroDivisionError("a value of the data")

    monkeypatch.setattr(steps, "take_in", fail)
    assert cli.run(["ingest"]) == FAILED
    err = capsys.readouterr().err
    assert "Traceback" not in err
    assert "a value of the data" not in err
    (log,) = (home.root / "log").glob("error-*.txt")
    assert str(log) in err
    assert "ZeroDivisionError" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o077 == 0


def test_build_without_deliveries_says_how_to_get_some(home, capsys):
    assert cli.run(["build"]) == FAILED
    assert "aftercare ingest" in capsys.readouterr().err


def test_publish_without_warehouse_says_to_build(home, capsys):
    assert cli.run(["publish"]) == FAILED
    assert "aftercare build" in capsys.readouterr().err


def test_serve_without_superset_says_how_to_set_it_up(home, capsys):
    assert cli.run(["serve"]) == FAILED
    assert "make demo" in capsys.readouterr().err


def test_check_of_no_folder_is_a_sentence(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(door, "check_delivery", None)
    assert cli.run(["check", str(tmp_path / "nowhere")]) == FAILED
    assert "nowhere is no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["unknown"],
        ["check"],
        ["synthesize", "--scale", "huge"],
        ["synthesize", "--years", "0"],
        ["serve", "--dagster-port", "70000"],
    ],
)
def test_wrong_use_exits_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        cli.run(arguments)
    assert stopped.value.code == USAGE


def test_help_documents_every_exit_code():
    text = cli.parser().format_help()
    for code in (OK, FAILED, USAGE, SOME_REJECTED, BUSY):
        assert f"\n  {code}  " in text


@pytest.mark.parametrize("command", ["ingest", "build", "publish", "run"])
def test_second_run_in_the_same_home_exits_4(command, home, tmp_path):
    """The lock is held here; another process meets it."""
    with writing(home, "test"):
        done = subprocess.run(
            [sys.executable, "-m", "orchestration.cli", command],
            cwd=ROOT,
            env=os.environ | {"AFTERCARE_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == BUSY, done.stderr
    assert "Another run is going on" in done.stderr
    assert f"process {os.getpid()}" in done.stderr


def test_lock_is_free_again_after_use_and_nests(home):
    with writing(home, "outer"), writing(home, "inner"):
        pass
    with writing(home, "again"):
        pass


def test_home_option_wins_over_the_environment(tmp_path, intake, monkeypatch):
    seen = []
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path / "other"))
    monkeypatch.setattr(door, "take_in", lambda home, progress=None: seen.append(home.root) or IntakeReport((), 0.1))
    cli.run(["ingest", "--home", str(tmp_path / "this")])
    assert seen == [tmp_path / "this"]
