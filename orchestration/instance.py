"""Dagster's own state in ``$AFTERCARE_HOME/dagster``: written settings, and clearing up."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.state import ENVIRONMENT_VARIABLE, Home
from orchestration.errors import OperationError

if TYPE_CHECKING:
    import dagster as dg

DATABASE_VARIABLE = "AFTERCARE_DAGSTER_DB_URL"
# Tag of runs that the command line executes itself: its process id, to tell dead from living.
PROCESS_TAG = "aftercare/process"

_SETTINGS = """\
# Written by `aftercare`; a changed setting is written again at the next start.
telemetry:
  enabled: false
# No pop-up that asks for an address for a newsletter.
nux:
  enabled: false
# DuckDB lets in one writing process: one step of pool `duckdb_writer` at a time, one run at a time.
concurrency:
  pools:
    default_limit: 1
  runs:
    max_concurrent_runs: 1
run_monitoring:
  enabled: true
  free_slots_after_run_end_seconds: 30
"""
_POSTGRES = f"""\
storage:
  postgres:
    postgres_url:
      env: {DATABASE_VARIABLE}
"""


def settings_text(has_database: bool) -> str:
    """Content of ``dagster.yaml``; the database's address stays in the environment."""
    return _SETTINGS + (_POSTGRES if has_database else "")


def prepare(home: Home) -> Path:
    """Write ``dagster.yaml`` and point this process (and its children) at it.

    Raises ``OperationError`` when a Postgres is named but its driver is not installed.
    """
    has_database = bool(os.environ.get(DATABASE_VARIABLE))
    if has_database and importlib.util.find_spec("dagster_postgres") is None:
        raise OperationError(
            f"{DATABASE_VARIABLE} is set, but dagster-postgres is not installed.",
            "Install it in the pipeline environment, or unset the variable to use SQLite.",
        )
    home.dagster.mkdir(parents=True, exist_ok=True)
    path = home.dagster / "dagster.yaml"
    text = settings_text(has_database)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
    os.environ.update(
        {
            ENVIRONMENT_VARIABLE: str(home.root),
            "DAGSTER_HOME": str(home.dagster),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "GX_ANALYTICS_ENABLED": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "DO_NOT_TRACK": "1",
        }
    )
    return path


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Mark runs of the command line whose process is gone as failed, and free their pool slots.

    A killed run would otherwise look as if it went on, and keep the writer's pool for ever.
    """
    import dagster as dg

    ended = 0
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        process = run.tags.get(PROCESS_TAG)
        if process is None or _is_alive(int(process)):
            continue
        instance.report_run_failed(run, "The process that executed this run has ended.")
        instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)
        ended += 1
    return ended


def _is_alive(process: int) -> bool:
    if process == os.getpid():
        return False  # an earlier run under a number that this process got now
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
