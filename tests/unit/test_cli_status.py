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
from ingest.withdrawal import withdraw
from orchestration import cli, steps, versions
from orchestration.inbox import fingerprint, waiting
from orchestration.status import due_period, status
from orchestration.status_words import lines

TODAY = date(2026, 11, 24)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def accept(
    home: Home,
    organisation: str,
    *periods: str,
    late: bool = False,
    start: int = 1,
    table: str = "client",
    mode: str = "snapshot",
) -> None:
    """Put one delivery a period into the ledger."""
    rows: list[dict[str, Any]] = [
        {
            "acceptance_no": start + number,
            "accepted_at": datetime(2026, 1, 1, tzinfo=UTC),
            "delivery_id": f"{organisation}-{period}-{start}",
            "organisation": organisation,
            **period_columns(Period.parse(period)),
            "table_name": table,
            "mode": mode,
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


def owed(home: Home, organisation: str, today: date = TODAY) -> list[tuple[str, str, str, int]]:
    found = {entry.organisation: entry for entry in status(home, today).suppliers}[organisation]
    return [
        (item.table, item.period, item.due_date.isoformat(), item.days_late) for item in found.owed if not item.is_new
    ]


def test_what_is_late_is_told_by_table_with_its_due_date(home):
    accept(home, "hva-05", "2026Q1", "2026Q2", start=1)
    accept(home, "hva-05", "2025", table="cost_row", start=10)
    accept(home, "hva-05", "2025H1", table="survey_wave", start=20)
    assert owed(home, "hva-05") == [
        ("survey_wave", "2025H2", "2026-02-14", 283),
        ("survey_wave", "2026H1", "2026-08-14", 102),
        ("client", "2026Q3", "2026-11-14", 10),
    ]
    # A day earlier than the day after its due date nothing of 2026Q3 is late.
    assert ("client", "2026Q3", "2026-11-14", 0) not in owed(home, "hva-05", date(2026, 11, 14))
    assert any("late now: survey_wave 2025H2 (283 days)" in line for line in lines(status(home, TODAY)))


def test_a_later_history_fills_the_periods_before_it_and_a_snapshot_does_not(home):
    accept(home, "hva-05", "2025Q4", "2026Q3", start=1)
    accept(home, "hva-05", "2025Q4", "2026Q3", table="residence_spell", mode="history", start=10)
    assert [(table, period) for table, period, *_ in owed(home, "hva-05")] == [
        ("client", "2026Q1"),
        ("client", "2026Q2"),
    ]


def test_nothing_is_owed_from_before_a_supplier_began(home):
    accept(home, "hva-05", "2025Q1", "2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3")
    accept(home, "hva-06", "2026Q2", start=20)
    assert [(table, period) for table, period, *_ in owed(home, "hva-06")] == [("client", "2026Q3")]
    found = {entry.organisation: entry for entry in status(home, TODAY).suppliers}["hva-07"]
    assert {item.period for item in found.owed} == {"2026Q3", "2025", "2026H1"}
    assert all(item.is_new for item in found.owed)


def test_a_table_says_who_has_delivered_it_and_what_is_due_next(home):
    accept(home, "hva-05", "2026Q3")
    accept(home, "hva-06", "2026Q2", start=5)
    found = {entry.table: entry for entry in status(home, TODAY).tables}
    client = found["client"]
    assert (client.period, client.delivered, client.asked, client.owed) == ("2026Q3", 1, 22, 1)
    assert (client.next_period, client.next_due_date) == ("2026Q4", date(2027, 2, 14))
    assert (found["cost_row"].period, found["cost_row"].asked) == ("2025", 22 + 292)
    assert "education_enrolment" not in found  # persons: of nobody, until somebody delivers them
    assert found["education_enrolment_count"].asked == 292


def test_a_withdrawn_delivery_is_told_and_counts_as_never_come(home):
    accept(home, "hva-05", "2026Q2", "2026Q3")
    done = {"reason": "sent by mistake", "asked_by": "supplier"}
    withdraw(home, "hva-05-2026Q3-1", **done)
    found = status(home, TODAY)
    (entry,) = (entry for entry in found.suppliers if entry.organisation == "hva-05")
    assert (entry.deliveries, entry.newest_period, entry.newest) == (1, "2026Q2", {"client": "2026Q2"})
    assert [(item.delivery_id, item.reason) for item in found.withdrawn] == [("hva-05-2026Q3-1", "sent by mistake")]
    assert owed(home, "hva-05") == [("client", "2026Q3", "2026-11-14", 10)]


def test_what_is_past_its_retention_is_counted(home):
    accept(home, "hva-05", "2016Q2", "2016Q3", "2016Q4")
    found = status(home, TODAY).past_retention
    assert [(entry.organisation, entry.table, entry.deliveries) for entry in found] == [("hva-05", "client", 2)]
    assert any("`aftercare retain` removes them" in line for line in lines(status(home, TODAY)))


def test_one_supplier_is_told_table_by_table_and_nothing_of_others(home):
    accept(home, "hva-05", "2026Q2")
    accept(home, "hva-06", "2026Q2", start=5)
    for organisation in ("hva-05", "hva-06"):
        (home.quarantine / organisation / "2026Q3" / "REFUSED").mkdir(parents=True)
    found = status(home, TODAY, "hva-05")
    assert [entry.organisation for entry in found.suppliers] == ["hva-05"]
    assert [entry.organisation for entry in found.rejected] == ["hva-05"]
    told = list(lines(found))
    (line,) = (line for line in told if line.startswith("client "))
    assert line.split() == ["client", "quarterly", "2026Q2", "2026Q4", "2027-02-14", "late:", "2026Q3", "(due",
                            "2026-11-14)"]  # fmt: skip
    assert any("never delivered; 2025 was due on 2026-02-14" in line for line in told if line.startswith("cost_row"))
    assert not any("hva-06" in line for line in told)


def test_an_organisation_that_there_is_not_is_refused(home, capsys):
    assert cli.run(["status", "--home", str(home.root), "--organisation", "hva-91"]) == 1
    assert "hva-91" in capsys.readouterr().err


def test_strict_ends_with_its_own_code_when_something_needs_attention(home, capsys):
    options = ["--home", str(home.root), "--json"]
    assert cli.run(["status", *options]) == 0
    assert cli.run(["status", "--strict", *options]) == 5  # no release yet
    accept(home, "hva-05", "2026Q3")
    released(home)
    assert status(home, TODAY).needs_attention is False
    assert status(home, date(2027, 2, 15)).needs_attention is True  # 2026Q4 is late


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
