"""What starts the chain by itself: the inbox sensor and the nightly schedule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

dg = pytest.importorskip("dagster")


@pytest.fixture
def inbox(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    return tmp_path / "inbox"


def drop(inbox: Path, name: str, size: int = 1) -> Path:
    """A complete delivery."""
    folder = inbox / "hva-05" / "2025Q3" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "client.csv").write_bytes(b"x" * size)
    manifest = {"files": [{"table": "client", "path": "client.csv"}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def look(instance, cursor: str | None):
    """One look of the sensor."""
    from orchestration.defs.inbox_sensor import inbox_sensor

    return inbox_sensor(dg.build_sensor_context(instance=instance, cursor=cursor))


def test_everything_that_waits_becomes_one_run_once_nothing_more_arrives(inbox):
    with dg.DagsterInstance.ephemeral() as instance:
        drop(inbox, "D1")
        first = look(instance, None)
        assert not first.run_requests
        drop(inbox, "D2")
        second = look(instance, first.cursor)
        assert not second.run_requests  # the set has grown since
        third = look(instance, second.cursor)
        assert len(third.run_requests) == 1


def test_same_set_has_the_same_run_key_and_a_grown_file_another(inbox):
    with dg.DagsterInstance.ephemeral() as instance:
        drop(inbox, "D1")
        cursor = look(instance, None).cursor
        (request,) = look(instance, cursor).run_requests
        (again,) = look(instance, cursor).run_requests
        assert request.run_key == again.run_key
        drop(inbox, "D1", size=2)
        cursor = look(instance, cursor).cursor
        (grown,) = look(instance, cursor).run_requests
        assert grown.run_key != request.run_key


def test_incomplete_delivery_starts_nothing(inbox):
    folder = drop(inbox, "D1")
    (folder / "client.csv").unlink()
    with dg.DagsterInstance.ephemeral() as instance:
        for cursor in (None, look(instance, None).cursor):
            assert not look(instance, cursor).run_requests


def test_sensor_waits_for_a_run_that_goes_on(inbox):
    drop(inbox, "D1")
    with dg.DagsterInstance.ephemeral() as instance:
        cursor = look(instance, None).cursor
        instance.add_run(dg.DagsterRun(job_name="chain", run_id="r1", status=dg.DagsterRunStatus.STARTED))
        assert isinstance(look(instance, cursor), dg.SkipReason)


@pytest.mark.parametrize(("up_to_date", "kind"), [(True, dg.SkipReason), (False, dg.RunRequest)])
def test_night_builds_only_when_there_is_something_new(inbox, monkeypatch, up_to_date, kind):
    from orchestration import steps
    from orchestration.defs.nightly_schedule import nightly_schedule

    monkeypatch.setattr(steps, "is_up_to_date", lambda home: up_to_date)
    assert isinstance(nightly_schedule(dg.build_schedule_context()), kind)


def test_settings_name_no_password(monkeypatch):
    """The database's address is read from the environment when Dagster starts."""
    from orchestration.instance import settings_text

    assert "postgres_url" not in settings_text(has_database=False)
    assert "env: AFTERCARE_DAGSTER_DB_URL" in settings_text(has_database=True)


def scheduled() -> dict[str, tuple[str, str]]:
    from orchestration.definitions import defs

    schedules = defs().schedules or ()
    return {schedule.name: (schedule.job_name, schedule.cron_schedule) for schedule in schedules}


def test_every_night_retention_comes_before_the_chain_and_the_look_after_it(inbox):
    assert scheduled() == {
        "nightly_retention": ("retention", "0 2 * * *"),
        "nightly_schedule": ("chain", "30 2 * * *"),
        "nightly_deliveries_in_time": ("deliveries_in_time", "30 5 * * *"),
    }


def test_the_look_at_deliveries_says_counts_and_codes(inbox):
    """Of an empty home: every area owes its first deliveries, and no series is broken by that."""
    from orchestration.definitions import defs

    with dg.DagsterInstance.ephemeral() as instance:
        result = defs().resolve_job_def("deliveries_in_time").execute_in_process(instance=instance)
    (event,) = result.get_asset_materialization_events()
    found = event.materialization.metadata
    assert event.asset_key == dg.AssetKey(["status", "deliveries"])
    assert (found["tables_late"].value, found["release_is_up_to_date"].value) == (0, False)
    assert "| hva-05 | Varsinais-Suomi | 0 |" in found["areas"].value
    assert found["areas"].value.count("\n") == 1 + 22 + 1


def test_the_nightly_removal_says_how_much(inbox):
    from orchestration.definitions import defs

    with dg.DagsterInstance.ephemeral() as instance:
        result = defs().resolve_job_def("retention").execute_in_process(instance=instance)
    assert result.success
    (output,) = [event for event in result.all_events if event.is_successful_output]
    assert output.step_output_data.metadata["rows"].value == 0


def test_the_look_comes_last_and_a_closed_gate_does_not_keep_it_away(inbox, monkeypatch):
    from orchestration import steps
    from orchestration.definitions import defs
    from orchestration.errors import GateError

    def closed(home, progress):
        raise GateError("The lake does not meet its contracts.", "See the pages.")

    monkeypatch.setattr(steps, "check_lake", closed)
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs().resolve_job_def("chain").execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    begun = [event.step_key for event in result.all_events if event.event_type_value == "STEP_START"]
    assert begun == ["take_in", "check_lake", "status__deliveries"]
