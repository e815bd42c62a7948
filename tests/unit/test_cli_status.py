"""`aftercare status`, and how the inbox is looked at."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest.lake import append_to_ledger, period_columns
from ingest.periods import Period
from ingest.state import Home
from orchestration import steps, versions
from orchestration.inbox import fingerprint, waiting
from orchestration.status import due_period, lines, status

TODAY = date(2026, 11, 24)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def accept(home: Home, organisation: str, *periods: str, late: bool = False, start: int = 1) -> None:
    """Put one delivery a period into the ledger."""
    rows: list[dict[str, Any]] = [
        {
            "acceptance_no": start + number,
            "accepted_at": datetime(2026, 1, 1, tzinfo=UTC),
            "delivery_id": f"{organisation}-{period}-{start}",
            "organisation": organisation,
            **period_columns(Period.parse(period)),
            "table_name": "client",
            "mode": "snapshot",
            "rows": 100,
            "rows_quarantined": 2,
            "path": None,
            "sha256": "0" * 64,
            "manifest_sha256": "0" * 64,
            "contract_version": "1.0",
            "key_domain": "common",
            "extracted_at": datetime(2026, 1, 1, tzinfo=UTC),
            "data_from": None,
            "correction_of": None,
            "is_late": late,
        }
        for number, period in enumerate(periods)
    ]
    append_to_ledger(home, rows)


def drop(home: Home, name: str, files: dict[str, str], manifest: str | None) -> Path:
    """Put a delivery folder into the inbox."""
    folder = home.inbox / "hva-05" / "2025Q3" / name
    folder.mkdir(parents=True)
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    if manifest is not None:
        (folder / "manifest.json").write_text(manifest, encoding="utf-8")
    return folder


def manifest(*paths: str) -> str:
    return json.dumps({"files": [{"table": "client", "path": path} for path in paths]})


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 11, 14), "2026Q2"),  # the last day on which 2026Q3 is not late
        (date(2026, 11, 15), "2026Q3"),
        (date(2026, 1, 1), "2025Q3"),
    ],
)
def test_period_is_due_from_the_day_after_its_due_date(today, due):
    assert due_period(today).code == due


def test_supplier_with_a_gap_and_a_late_quarter_is_shown_with_both(home):
    accept(home, "hva-05", "2025Q4", "2026Q2")
    accept(home, "hva-05", "2026Q3", late=True, start=10)
    found = {entry.organisation: entry for entry in status(home, TODAY).suppliers}["hva-05"]
    assert found.deliveries == 3
    assert found.newest_period == "2026Q3"
    assert found.missing == ("2026Q1",)
    assert found.late == ("2026Q3",)
    assert (found.rows, found.quarantined) == (300, 6)


def test_every_supplier_that_is_expected_is_listed_and_aland_is_not(home):
    found = status(home, TODAY).suppliers
    names = [entry.organisation for entry in found]
    assert sum(name.startswith("hva-") for name in names) == 22
    assert sum(name.startswith("kunta-") for name in names) == 292
    assert "hva-91" not in names
    assert "kunta-588" not in names  # Pertunmaa went on in Mäntyharju in 2025


def test_supplier_that_never_delivered_owes_the_due_quarter(home):
    found = {entry.organisation: entry for entry in status(home, TODAY).suppliers}
    assert found["hva-21"].missing == ("2026Q3",)


def test_rejected_and_partly_accepted_deliveries_are_told_apart(home):
    accept(home, "hva-05", "2025Q3")
    for delivery, severity in (("hva-05-2025Q3-1", "quarantine_row"), ("REFUSED", "reject_file")):
        place = Path("hva-05") / "2025Q3" / delivery
        (home.quarantine / place).mkdir(parents=True)
        (home.outbox / place).mkdir(parents=True)
        findings = [
            {"rule": "SOME_RULE", "severity": severity, "count": 4},
            {"rule": "ONLY_A_WARNING", "severity": "warn", "count": 9},
        ]
        receipt = json.dumps({"findings": findings})
        (home.outbox / place / "receipt.json").write_text(receipt, encoding="utf-8")
    found = status(home, TODAY)
    assert [entry.delivery_id for entry in found.rejected] == ["REFUSED"]
    assert [entry.delivery_id for entry in found.with_quarantined_rows] == ["hva-05-2025Q3-1"]
    assert found.rejected[0].rules == {"SOME_RULE": 4}
    assert any("SOME_RULE × 4" in line for line in lines(found))


def test_status_is_json(home):
    accept(home, "hva-05", "2025Q3")
    assert json.loads(json.dumps(status(home, TODAY).as_dict()))["due_period"] == "2026Q3"


def test_municipalities_are_summed_up_unless_all_are_asked(home):
    accept(home, "kunta-091", "2026Q3")
    short = list(lines(status(home, TODAY)))
    assert any(line.startswith("1 of 292 municipalities have delivered") for line in short)
    assert not any(line.startswith("kunta-091") for line in short)
    every = list(lines(status(home, TODAY), every_municipality=True))
    assert any(line.startswith("kunta-091") for line in every)


@pytest.mark.parametrize(
    ("files", "text", "complete"),
    [
        ({"client.csv": "x"}, manifest("client.csv"), True),
        ({}, manifest("client.csv"), False),
        ({"client.csv": "x"}, None, False),
        ({"client.csv": "x"}, "{broken", True),
        ({"client.csv": "x"}, "[]", True),
    ],
    ids=["whole", "file-missing", "no-manifest", "broken-manifest", "manifest-is-a-list"],
)
def test_delivery_is_complete_when_the_door_can_say_something_about_it(home, files, text, complete):
    drop(home, "D1", files, text)
    assert [delivery.is_complete for delivery in waiting(home)] == [complete]


def test_fingerprint_changes_with_every_arrival_and_with_a_growing_file(home):
    folder = drop(home, "D1", {"client.csv": "x"}, manifest("client.csv"))
    first = fingerprint(waiting(home))
    assert fingerprint(waiting(home)) == first
    (folder / "client.csv").write_text("xy", encoding="utf-8")
    second = fingerprint(waiting(home))
    drop(home, "D2", {"client.csv": "x"}, manifest("client.csv"))
    assert len({first, second, fingerprint(waiting(home))}) == 3


def released(home: Home) -> None:
    """Pretend that a release was made from what there is."""
    release = home.published / "releases" / "R1"
    release.mkdir(parents=True)
    (release / "aftercare.duckdb").write_bytes(b"")
    home.current_release.symlink_to(Path("releases") / "R1")
    versions.write_mark(steps.release_mark(home), versions.current(home), release_id="R1")


def test_release_is_up_to_date_until_something_changes(home):
    accept(home, "hva-05", "2025Q3")
    assert not steps.is_up_to_date(home)
    released(home)
    assert steps.is_up_to_date(home)
    accept(home, "hva-05", "2025Q4", start=50)
    assert not steps.is_up_to_date(home)


def test_complete_delivery_in_the_inbox_makes_the_release_old_and_an_incomplete_does_not(home):
    accept(home, "hva-05", "2025Q3")
    released(home)
    drop(home, "D1", {}, manifest("client.csv"))
    assert steps.is_up_to_date(home)
    drop(home, "D2", {"client.csv": "x"}, manifest("client.csv"))
    assert not steps.is_up_to_date(home)


def test_other_code_makes_the_release_old(home, monkeypatch):
    accept(home, "hva-05", "2025Q3")
    released(home)
    monkeypatch.setattr(versions, "code_version", lambda: "0+other")
    assert not steps.is_up_to_date(home)


def test_code_version_covers_models_contracts_and_protection():
    covered = {path.relative_to(versions.PROJECT_ROOT).parts[0] for path in versions.deciding_files()}
    assert covered == {"dbt_project", "ingest", "quality"}
