"""The end of retention: what is kept of a delivery goes when its table's time is over.

Retention counts from the end of the delivered period (``ingest.due.past_from``). Versions that a newer
one has superseded, those of a history too, are kept as long: they are what an earlier state is
computed from again. The spells inside a history are the supplier's to keep or leave out; they go with
the last delivery that carries them.

The order makes every step repeatable. First the ledger says that tables of deliveries have expired, in
one atomic step: from then on they count at no moment, and whatever of them still lies on the disk is
found again by that. Files of the lake go last, so that as long as one is there the rest is looked
through once more. Ledger rows are never deleted.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ingest.due import is_past
from ingest.ledger import EXPIRED, append_events, last_number, ledger_with_state
from ingest.locking import sole_writer
from ingest.outdated import Gone, Kind, Known, gone
from ingest.outdated_receipts import without_tables
from ingest.state import Home

REASON = "end of retention"
ASKED_BY = "retention"
# In this order; see above.
_ORDER = (Kind.RECEIPT, Kind.QUARANTINED_ROWS, Kind.REJECTED, Kind.ORIGINAL, Kind.LAKE)


class RetentionError(ValueError):
    """Retention cannot be applied as asked; the text says why."""


@dataclass(frozen=True)
class Line:
    """What went (or would go) of one table of one supplier.

    ``table`` is empty for what is of a delivery as a whole: receipts, refused deliveries. ``deliveries``: tables of
    deliveries that expired now; ``files`` of the lake with ``rows``; ``quarantined_rows`` of accepted
    deliveries; ``rejected`` deliveries; ``originals``: archived files; ``receipts``.
    """

    table: str
    organisation: str
    deliveries: int = 0
    files: int = 0
    rows: int = 0
    quarantined_rows: int = 0
    rejected: int = 0
    originals: int = 0
    receipts: int = 0


@dataclass
class Retention:
    """What the end of retention removed: counts only, by table and supplier.

    ``number`` is the ledger's number of the first expiry written, ``None`` when there was none.
    ``warehouse_removed``: what was built from the lake held rows that are gone, so it went too.
    """

    today: date
    lines: list[Line] = field(default_factory=list)
    number: int | None = None
    warehouse_removed: bool = False

    @property
    def found(self) -> bool:
        """Whether anything was past its retention, or corrected."""
        return bool(self.lines)


def retain(
    home: Home,
    today: date | None = None,
    *,
    dry_run: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Retention:
    """Remove what has gone past its table's retention, and refused rows that have been corrected.

    ``today`` is the day that decides, by default the clock's. Interrupted, it is finished by calling
    it again. Raises ``RetentionError`` for a day that lies ahead (what is gone is gone; a dry run may
    look ahead) and ``IntakeBusyError`` while an intake is running.
    """
    now = clock()
    today = today or now.astimezone().date()
    if not dry_run and today > (now + timedelta(days=1)).date():
        raise RetentionError(f"{today.isoformat()} lies ahead; only a dry run may look ahead")
    with sole_writer(home):
        known, expiring = _known(home, today)
        found = sorted(gone(home, known, today), key=lambda entry: (_ORDER.index(entry.kind), entry.path))
        result = Retention(today, _lines(expiring, found))
        lake_goes = any(entry.kind is Kind.LAKE for entry in found)
        if dry_run:
            result.warehouse_removed = lake_goes and bool(_derived(home))
            return result
        if expiring:
            result.number = _write_events(home, expiring, now)
        if lake_goes:
            result.warehouse_removed = _remove_derived(home)
        for entry in found:
            _remove(home, entry)
    return result


def _known(home: Home, today: date) -> tuple[Known, list[tuple[str, str, str]]]:
    """The ledger as ``gone`` needs it, and (organisation, table, delivery) that expire now."""
    columns = ["organisation", "period", "delivery_id", "table_name", "acceptance_no", "mode", "is_withdrawn"]
    ledger = ledger_with_state(home)
    known = Known.of(ledger)
    expiring = []
    for row in ledger.select([*columns, "is_expired"]).to_pylist():
        pair = (row["delivery_id"], row["table_name"])
        if not row["is_expired"] and is_past(row["table_name"], known.period(row["period"]), today):
            expiring.append((row["organisation"], row["table_name"], row["delivery_id"]))
            known.expired.add(pair)
    return known, expiring


def _write_events(home: Home, expiring: list[tuple[str, str, str]], now: datetime) -> int:
    first = last_number(home) + 1
    append_events(
        home,
        [
            {
                "number": first + place,
                "at": now,
                "event": EXPIRED,
                "delivery_id": delivery_id,
                "table_name": table,
                "asked_by": ASKED_BY,
                "reason": REASON,
            }
            for place, (_, table, delivery_id) in enumerate(expiring)
        ],
    )
    return first


def _lines(expiring: list[tuple[str, str, str]], found: list[Gone]) -> list[Line]:
    counts: dict[tuple[str, str], dict[str, int]] = {}

    def add(table: str, organisation: str, name: str, number: int) -> None:
        line = counts.setdefault((table, organisation), {})
        line[name] = line.get(name, 0) + number

    for organisation, table, _ in expiring:
        add(table, organisation, "deliveries", 1)
    for entry in found:
        match entry.kind:
            case Kind.LAKE:
                add(entry.table, entry.organisation, "files", 1)
                add(entry.table, entry.organisation, "rows", entry.rows)
            case Kind.QUARANTINED_ROWS:
                add(entry.table, entry.organisation, "quarantined_rows", entry.rows)
            case Kind.ORIGINAL:
                add(entry.table, entry.organisation, "originals", entry.files)
            case Kind.REJECTED:
                add(entry.table, entry.organisation, "rejected", 1)
            case Kind.RECEIPT:
                add(entry.table, entry.organisation, "receipts", 1)
    return [Line(table, organisation, **line) for (table, organisation), line in sorted(counts.items())]


def _remove(home: Home, entry: Gone) -> None:
    """Remove one thing, then the folders that it leaves empty."""
    if entry.without:
        without_tables(entry.path, entry.without)
        return
    if entry.kind is Kind.REJECTED:
        # Refused rows of an accepted delivery of the same name lie beside it, and stay.
        for path in sorted(entry.path.iterdir()):
            if path.name != "rows":
                _delete(path)
    else:
        _delete(entry.path)
    folder = entry.path if entry.kind is Kind.REJECTED else entry.path.parent
    roots = {home.lake, home.archive, home.outbox, home.quarantine}
    while folder not in roots and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _derived(home: Home) -> list[Path]:
    """What was built from the lake, rows included: the warehouse, and those of earlier states."""
    folder = home.warehouse.parent
    places = (home.warehouse, folder / f"{home.warehouse.name}.wal", folder / "as_of", folder / "building")
    return [path for path in (*places, home.root / "audiences") if path.exists()]


def _remove_derived(home: Home) -> bool:
    found = _derived(home)
    for path in found:
        _delete(path)
    return bool(found)
