"""The steps of the chain, as plain functions that the command line and Dagster share.

take in → check the lake → build the warehouse → publish. Each says what it does through
``progress``, records its result for listeners, and leaves what was there before when it fails.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ingest.ledger import AsOf
from ingest.state import Home
from orchestration import publishing, versions, warehouse
from orchestration.errors import BusyError, GateError, OperationError
from orchestration.inbox import waiting
from orchestration.locks import writing
from orchestration.publishing import release_mark
from orchestration.reporting import Progress, record
from orchestration.warehouse import BuildOutcome

if TYPE_CHECKING:
    from ingest.door import IntakeReport
    from ingest.retention import Retention
    from quality.expectations import TableResult
    from quality.release import ReleaseSummary

# Results of this many runs of the gate are kept.
KEPT_GATE_RUNS = 30

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def _telling_failure(step: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Record what stopped a step: Dagster keeps only its text, the command line shows the rest."""

    @wraps(step)
    def run(*arguments: _Given.args, **options: _Given.kwargs) -> _Result:
        try:
            return step(*arguments, **options)
        except OperationError as error:
            record("failure", error)
            raise

    return run


@_telling_failure
def take_in(home: Home, progress: Progress) -> IntakeReport:
    """Take in everything complete that waits in the inbox."""
    from ingest import door
    from ingest.rekeying import SecretError

    with writing(home, "ingest"):
        try:
            report = door.take_in(home, progress)
        except door.IntakeBusyError as error:
            raise BusyError(str(error), "Wait until it has ended, then try again.") from error
        except SecretError as error:
            raise OperationError(f"Nothing was taken in: {error}.", "What waits in the inbox stays there.") from error
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise OperationError(
                "The intake stopped: no room left on the disk.",
                "Make room and run it again: what was not taken in still waits in the inbox.",
            ) from error
    record("intake", report)
    return report


@_telling_failure
def retain(home: Home, progress: Progress, today: date | None = None, *, dry_run: bool = False) -> Retention:
    """Remove what is past its retention; see ``ingest.retention``. Does not build anew."""
    from ingest.locking import IntakeBusyError
    from ingest.retention import RetentionError
    from ingest.retention import retain as remove

    progress("looking for what is past its retention")
    with writing(home, "retain"):
        try:
            return remove(home, today, dry_run=dry_run)
        except RetentionError as error:
            raise OperationError(f"Nothing was removed: {error}.", "Give today or a day before it.") from error
        except IntakeBusyError as error:
            raise BusyError(str(error), "Wait until it has ended, then try again.") from error


@_telling_failure
def check_lake(home: Home, progress: Progress) -> list[TableResult]:
    """Check every lake table against its contract, write the results and their pages.

    Returns the results whether they are good or bad; ``require_passed`` says stop.
    """
    import duckdb

    from ingest.contracts import contracts
    from ingest.lake import attach_lake
    from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas
    from quality.expectations import gate, write_results, write_site

    places = {
        "municipality": {*municipalities(), *UNKNOWN_MUNICIPALITIES},
        "wellbeing_area": set(wellbeing_areas()),
    }
    results = []
    with duckdb.connect() as connection, gate() as opened:
        attach_lake(connection, home)
        counted = dict(
            connection.execute(
                "select table_name, cast(sum(rows) as bigint) from lake.delivery where is_counting group by table_name"
            ).fetchall()
        )
        for table, contract in contracts().items():
            rows = connection.sql(f"select * exclude (source_row) from lake.{table}").to_arrow_table()
            progress(f"checking {table}: {rows.num_rows:,} rows")
            results.append(opened.check_table(contract, rows, expected_rows=counted.get(table, 0), places=places))
    folder = home.quality / "expectations"
    run = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    write_results(results, folder / "runs" / run)
    write_site(results, folder / "site")
    for old in sorted((folder / "runs").iterdir())[:-KEPT_GATE_RUNS]:
        shutil.rmtree(old)
    record("gate", results)
    return results


def require_passed(home: Home, results: list[TableResult]) -> None:
    """Raise ``GateError`` when an expectation did not hold."""
    bad = [result for result in results if not result.passed]
    if bad:
        listed = "; ".join(f"{result.table} ({', '.join(result.failed_codes)})" for result in bad)
        raise GateError(
            f"The lake does not meet its contracts: {listed}.",
            f"See {home.quality / 'expectations' / 'site' / 'index.html'}; the release of before is unchanged.",
        )


@_telling_failure
def build(home: Home, progress: Progress, as_of: AsOf = None) -> BuildOutcome:
    """Build the warehouse with dbt; see ``warehouse.build``."""
    outcome = warehouse.build(home, progress, as_of)
    record("build", outcome)
    return outcome


@_telling_failure
def publish(home: Home, progress: Progress, *, prepare_only: bool = False) -> ReleaseSummary:
    """Write a release from the warehouse and make it the current one.

    With ``prepare_only``, and where the settings ask for an embargo or approvals, it is prepared only.
    """
    from quality.release import ReleaseError
    from quality.release import publish as write_release

    with writing(home, "publish"):
        made_from = versions.read_mark(warehouse.mark_file(home))
        if not home.warehouse.exists() or made_from is None:
            raise OperationError("There is no warehouse to publish from.", "Run `aftercare build` first.")
        version = versions.Version(made_from["input_hash"], made_from["code_version"])
        settings = publishing.read_settings(home)
        prepares = prepare_only or settings.prepares(datetime.now(UTC))
        try:
            summary = write_release(
                home.warehouse,
                home.published,
                code_version=version.code_version,
                input_hash=version.input_hash,
                progress=progress,
                prepared=home.prepared if prepares else None,
                protection=settings.protection,
            )
        except ReleaseError as error:
            raise OperationError(str(error), "The release of before is unchanged.") from error
        if prepares:
            publishing.note_terms(home, summary.release_id, settings)
        mark = publishing.prepared_mark(home) if prepares else release_mark(home)
        versions.write_mark(mark, version, release_id=summary.release_id)
    record("release", summary)
    return summary


def is_up_to_date(home: Home) -> bool:
    """Nothing complete waits in the inbox, and the release was made from what there is now.

    Where the settings say that releases are prepared only, a prepared one will do.
    """
    if any(delivery.is_complete for delivery in waiting(home)):
        return False
    now = versions.current(home)
    if (home.current_release / "aftercare.duckdb").exists() and versions.is_made_from(
        versions.read_mark(release_mark(home)), now
    ):
        return True
    prepared = versions.read_mark(publishing.prepared_mark(home))
    return (
        prepared is not None
        and (home.prepared / prepared["release_id"]).is_dir()
        and versions.is_made_from(prepared, now)
        and publishing.read_settings(home).prepares(datetime.now(UTC))
    )
