"""`aftercare run`: the chain through Dagster, in this process."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.state import Home
from orchestration import instance as dagster_instance
from orchestration import publishing, steps, versions
from orchestration.errors import OperationError
from orchestration.locks import writing
from orchestration.reporting import Progress, listening
from orchestration.warehouse import BuildError, ensure_manifest

if TYPE_CHECKING:
    from ingest.door import IntakeReport

LOCATION = "orchestration.definitions"


@dataclass(frozen=True)
class ChainOutcome:
    """What a run of the chain came to. Without ``run_id`` there was nothing to do.

    ``is_prepared``: the release waits to be published, as the settings ask.
    """

    run_id: str | None
    release_id: str | None
    intake: IntakeReport | None
    seconds: float
    is_prepared: bool = False


def run_chain(home: Home, progress: Progress, *, force: bool = False) -> ChainOutcome:
    """Take in, check, build and publish, unless the release is up to date (or ``force``).

    Raises ``OperationError`` with the step's own words when a step failed; what was accepted
    before stays accepted, and the release of before stays the current one.
    """
    started = time.monotonic()
    with writing(home, "run"):
        if not force and steps.is_up_to_date(home):
            mark = versions.read_mark(publishing.release_mark(home)) or {}
            progress("nothing new in the inbox, same code: the release is up to date")
            return ChainOutcome(None, mark.get("release_id"), None, _since(started))
        dagster_instance.prepare(home)
        ensure_manifest(home, progress)
        progress("starting Dagster")
        with listening(progress) as listener:
            run_id = _execute(home)
        _raise_failure(home, listener.results, run_id)
        release = listener.results["release"]
        return ChainOutcome(
            run_id, release.release_id, listener.results["intake"], _since(started), release.is_prepared
        )


def _execute(home: Home) -> str:
    import dagster as dg

    from orchestration.definitions import defs

    with dg.DagsterInstance.get() as instance:
        dagster_instance.end_dead_runs(instance)
        result = (
            defs()
            .resolve_job_def("chain")
            .execute_in_process(
                instance=instance,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                tags={
                    dagster_instance.PROCESS_TAG: str(os.getpid()),
                    # Shows the run on the job's page of the UI.
                    ".dagster/repository": f"__repository__@{LOCATION}",
                },
            )
        )
        if not result.success:
            _log_failures(home, result)
            if _was_interrupted(result):
                raise OperationError(
                    "The run was stopped by a signal.",
                    "Run it again: what was accepted stays accepted; the release of before is unchanged.",
                )
        return result.run_id


def _raise_failure(home: Home, results: dict[str, Any], run_id: str) -> None:
    """Say which step stopped the chain, in that step's own words."""
    error = results.get("failure")
    if isinstance(error, OperationError):
        raise error
    if "gate" in results:
        steps.require_passed(home, results["gate"])
    if "release" not in results:
        raise BuildError(
            f"The run {run_id} failed.",
            f"See {home.root / 'log' / 'run-failures.log'} or Dagster's page of the run; "
            "the release of before is unchanged.",
        )


def _was_interrupted(result: Any) -> bool:
    errors = (getattr(event.event_specific_data, "error", None) for event in result.all_events if event.is_failure)
    return any(error is not None and error.cls_name == "DagsterExecutionInterruptedError" for error in errors)


def _log_failures(home: Home, result: Any) -> None:
    folder = home.root / "log"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "run-failures.log").open("a", encoding="utf-8") as log:
        for event in result.all_events:
            if event.is_failure:
                error = getattr(event.event_specific_data, "error", None)
                log.write(f"{result.run_id} {event.step_key or 'run'}: {event.message}\n")
                log.write(f"{error.to_string() if error else ''}\n")


def _since(started: float) -> float:
    return round(time.monotonic() - started, 1)
