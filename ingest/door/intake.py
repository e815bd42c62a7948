"""The intake: everything complete in the inbox goes through the checks and into the lake.

Order of writing, so that a crash at any point is harmless: files of the lake, then the ledger (the
moment of acceptance), then receipts, then the move out of the inbox. What an interrupted intake
left in the inbox is either not in the ledger (taken in again) or in it (only finished).
"""

from __future__ import annotations

import errno
import os
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from ingest.door.checks import connect
from ingest.door.delivery import Delivery
from ingest.door.files import move
from ingest.door.findings import finding
from ingest.door.history import GivenHistory, LakeHistory, check_against_history
from ingest.door.inspection import check_rows, read_files
from ingest.door.large import LARGEST_HELD, Spool
from ingest.door.manifest import MANIFEST_NAME
from ingest.door.receipt import DUPLICATE, WAITING, Receipt, outcome_of
from ingest.door.reports import DeliveryResult, IntakeReport, receipt_for, result_of
from ingest.door.storing import finish, ledger_rows, write_lake_file
from ingest.door.waiting import Acceptances, in_order, is_finished, open_delivery, waiting_deliveries
from ingest.ledger import append_to_ledger
from ingest.locking import sole_writer
from ingest.rekeying import WarehouseKeys, keys_for_intake
from ingest.state import Home

# A batch shares its queries: large enough to spread their cost, small enough for memory.
BATCH_BYTES = LARGEST_HELD
BATCH_DELIVERIES = 1_000


def take_in(
    home: Home,
    progress: Callable[[str], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> IntakeReport:
    """Take in every complete delivery that waits in the inbox of ``home``.

    ``progress`` gets a line now and then; ``clock`` (aware) gives the time of acceptance. Raises
    ``IntakeBusyError`` when another intake is running and ``SecretError`` when new keys would not
    match those in the lake, ``OSError`` when there is no room left on the disk (or it cannot be written):
    what has not been taken in then still waits. A bad delivery never raises: it is reported.
    """
    started = time.monotonic()
    tell = progress or (lambda _line: None)
    with sole_writer(home), _desk(home.arriving, [home.lake]) as spool:
        keys = keys_for_intake(home)
        accepted = Acceptances.read(home)
        history = LakeHistory(home, keys)
        results: list[DeliveryResult] = []
        ready: list[Delivery] = []
        for delivery in waiting_deliveries(home):
            if delivery.waiting_for:
                results.append(result_of(receipt_for(delivery, WAITING), delivery.not_readable))
            elif is_finished(home, delivery, accepted):
                move(delivery.folder, home.archive.joinpath(*delivery.place), keep_both=False)
                results.append(result_of(receipt_for(delivery, DUPLICATE)))
            else:
                ready.append(delivery)
        ready = in_order(ready)
        tell(f"{len(ready)} deliveries to take in, {len(results)} others")
        done = 0
        for batch in _batches(ready, spool):
            results += _take_batch(home, spool.connection, batch, accepted, history, keys, clock())
            if any(delivery.is_large for delivery in batch):
                spool.clear()  # not before: the one after may be in it already
            done += len(batch)
            tell(f"{done} of {len(ready)} deliveries taken in")
    results.sort(key=lambda result: (result.delivery_id, result.organisation))
    return IntakeReport(tuple(results), time.monotonic() - started)


def check_delivery(folder: Path, previous: Path | None = None) -> Receipt:
    """Check the delivery in ``folder`` as the intake would, and write nothing.

    The folder may have any name and lie anywhere. ``previous`` is the delivery of the period before,
    for the checks that need one. Raises ``FileNotFoundError`` when there is no such folder.
    """
    with _desk(Path(tempfile.gettempdir()) / f"aftercare-{uuid.uuid4().hex}") as spool:
        connection = spool.connection
        delivery = _read_folder(folder, spool)
        if delivery.waiting_for:
            return receipt_for(delivery, WAITING)
        history = GivenHistory()
        if previous is not None:
            before = _read_folder(previous, spool)
            check_rows([before], connection)
            history.add(before)
        check_rows([delivery], connection)
        _check_time(delivery, datetime.now(UTC))
        check_against_history(connection, [delivery], history)
        return receipt_for(delivery, outcome_of(delivery.findings))


@contextmanager
def _desk(folder: Path, readable: Sequence[Path] = ()) -> Iterator[Spool]:
    """A connection, and a folder of its own for what does not fit in memory; it is gone afterwards."""
    with connect([folder, *readable], spill=folder / "spill") as connection:
        spool = Spool(folder, connection)
        spool.clear()  # what an interrupted intake left
        folder.mkdir(parents=True, mode=0o700)  # or the engine could not make its own folder in it
        try:
            yield spool
        except duckdb.Error as error:
            if (full := _as_os_error(error)) is None:
                raise
            raise full from error
        finally:
            connection.close()
            spool.clear()


def _as_os_error(error: duckdb.Error) -> OSError | None:
    """What the query engine says of a disk, as whoever writes to one says it; ``None`` of anything else."""
    text = str(error)
    # It counts the room for what it spills when it begins to, and calls it memory once that is used up.
    is_spill = isinstance(error, duckdb.OutOfMemoryException) and "max_temp_directory_size" in text
    if is_spill or (isinstance(error, duckdb.IOException) and os.strerror(errno.ENOSPC) in text):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return OSError(errno.EIO, os.strerror(errno.EIO)) if isinstance(error, duckdb.IOException) else None


def _read_folder(folder: Path, spool: Spool) -> Delivery:
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}; expected one that holds {MANIFEST_NAME}")
    delivery = open_delivery(folder, None)
    if not delivery.waiting_for:
        read_files(delivery, spool)
    return delivery


def _batches(deliveries: Sequence[Delivery], spool: Spool) -> Iterator[list[Delivery]]:
    """Read the deliveries, and give as many at once as may be held. One with a large table goes alone."""
    batch: list[Delivery] = []
    held = 0
    for delivery in deliveries:
        if batch and held + delivery.size > BATCH_BYTES:
            yield batch
            batch, held = [], 0
        read_files(delivery, spool, may_be_growing=True)
        if batch and (delivery.is_large or held + delivery.held > BATCH_BYTES):
            yield batch
            batch, held = [], 0
        batch.append(delivery)
        held += delivery.held
        if delivery.is_large or len(batch) >= BATCH_DELIVERIES:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def _take_batch(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    batch: list[Delivery],
    accepted: Acceptances,
    history: LakeHistory,
    keys: WarehouseKeys,
    now: datetime,
) -> list[DeliveryResult]:
    results = []
    taken = []
    for delivery in batch:
        if delivery.waiting_for:
            results.append(result_of(receipt_for(delivery, WAITING), delivery.not_readable))
        else:
            taken.append(delivery)
    check_rows(taken, connection)
    entries: list[dict[str, Any]] = []
    made: set[Path] = set()
    for delivery in taken:
        # Our clock can have been set back: it is at least as late as the latest acceptance.
        _check_history(delivery, accepted, max(now, accepted.latest or now))
        if delivery.rejected or delivery.manifest is None:
            continue
        manifest = delivery.manifest
        if delivery.accepted_before is not None:
            delivery.acceptance_no = delivery.accepted_before
            continue
        delivery.acceptance_no = accepted.next_no
        accepted.next_no += 1
        accepted.by_id[manifest.delivery_id] = (
            delivery.acceptance_no,
            manifest.sha256,
            manifest.organisation,
            manifest.period.code,
        )
        for table in delivery.tables:
            write_lake_file(home, manifest, table, made, keys)
        entries += ledger_rows(home, delivery, manifest, now)
    check_against_history(connection, taken, history)
    if entries:
        # The rows must be on disk before the ledger says that they count. One call for the batch:
        # a call per file would cost more than everything else.
        os.sync()
        append_to_ledger(home, entries)
    for delivery in taken:
        receipt = receipt_for(delivery, outcome_of(delivery.findings), now)
        finish(home, delivery, receipt, made)
        results.append(result_of(receipt))
        delivery.tables = []  # frees the rows
    history.batch_written()
    return results


def _check_history(delivery: Delivery, accepted: Acceptances, now: datetime) -> None:
    """What depends on the deliveries before this one."""
    manifest = delivery.manifest
    if manifest is None:
        return
    known = accepted.by_id.get(manifest.delivery_id)
    codes = [found.rule.code for found in delivery.findings]
    if known and delivery.accepted_before is None and "DELIVERY_ID_TAKEN" not in codes:
        delivery.findings.append(finding("DELIVERY_ID_TAKEN", file=MANIFEST_NAME))
    if manifest.correction_of:
        corrected = accepted.by_id.get(manifest.correction_of)
        if corrected is None or corrected[2:] != (manifest.organisation, manifest.period.code):
            delivery.findings.append(finding("CORRECTION_UNKNOWN", file=MANIFEST_NAME, column="correction_of"))
    _check_time(delivery, now)


def _check_time(delivery: Delivery, now: datetime) -> None:
    """Is it late? And can its times be, by our clock (a day off is a matter of zones)?"""
    manifest = delivery.manifest
    if manifest is None:
        return

    def add(code: str, column: str, expected: date) -> None:
        found = finding(code, file=MANIFEST_NAME, column=column, expected=expected.isoformat())
        delivery.findings.append(found)

    tomorrow = (now + timedelta(days=1)).date()
    late = [manifest.due_date(table) for table in manifest.tables if manifest.is_late(table)]
    if manifest.period.start > tomorrow:
        # The latest period of a history counts, so one that lies ahead would hide all that come.
        add("MANIFEST_PERIOD", "period", now.date())
    elif manifest.extracted_at.date() > tomorrow:
        add("EXTRACTED_AHEAD", "extracted_at", now.date())
    elif late:
        add("DELIVERY_LATE", "extracted_at", min(late))
