"""The ledger: which deliveries were accepted, and what became of them since.

Acceptances and later events (a withdrawal, its undoing, the end of retention) share one sequence of
numbers, so the state after any number can be told. Nothing is overwritten: a withdrawn delivery is
one with an event. Time is for reading only; the order is the number, whatever the clock said.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.periods import Period
from ingest.state import Home

# Grain: one row per delivery x table (``nothing_to_report`` included, with rows = 0 and no path).
LEDGER_SCHEMA = pa.schema(
    [
        ("acceptance_no", pa.int64()),  # 1, 2, … in order of acceptance over all deliveries
        ("accepted_at", pa.timestamp("us", tz="UTC")),
        ("delivery_id", pa.string()),
        ("organisation", pa.string()),
        ("period", pa.string()),
        ("period_start", pa.date32()),
        ("period_end_exclusive", pa.date32()),
        ("table_name", pa.string()),
        ("mode", pa.string()),
        ("rows", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("path", pa.string()),  # relative to the lake; null when there was nothing to report
        ("sha256", pa.string()),  # of the file as delivered
        ("manifest_sha256", pa.string()),
        ("contract_version", pa.string()),  # in which it was delivered
        ("stored_version", pa.string()),  # whose columns and codes the file in the lake has
        ("key_domain", pa.string()),
        ("extracted_at", pa.timestamp("us", tz="UTC")),
        ("data_from", pa.date32()),  # first day a history covers; null: all there ever was
        ("correction_of", pa.string()),
        ("is_late", pa.bool_()),
    ]
)

WITHDRAWN = "withdrawn"
REINSTATED = "reinstated"
EXPIRED = "expired"
# Grain: one row per event. Its number is of the same sequence as acceptance_no.
EVENT_SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("at", pa.timestamp("us", tz="UTC")),
        ("event", pa.string()),  # withdrawn, reinstated, expired
        ("delivery_id", pa.string()),
        ("table_name", pa.string()),  # null: every table of the delivery
        ("asked_by", pa.string()),  # a role, never a name
        ("reason", pa.string()),
    ]
)

# A moment of the ledger: the number of its last entry, or a time with its zone.
AsOf = int | datetime | None


def read_ledger(home: Home, as_of: AsOf = None) -> pa.Table:
    """Rows of the ledger up to ``as_of``, ordered by acceptance; empty before the first intake."""
    found = _read(home.ledger, LEDGER_SCHEMA, "acceptance_no")
    return _until(found, "acceptance_no", number_at(home, as_of))


def read_events(home: Home, as_of: AsOf = None) -> pa.Table:
    """What became of accepted deliveries up to ``as_of``, ordered by number."""
    return _until(_read(home.events, EVENT_SCHEMA, "number"), "number", number_at(home, as_of))


def append_to_ledger(home: Home, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows in one atomic step (written beside, then renamed). The caller numbers them."""
    if rows:
        _append(home.ledger, LEDGER_SCHEMA, rows, min(row["acceptance_no"] for row in rows))


def append_events(home: Home, rows: Sequence[dict[str, Any]]) -> None:
    """Add events in one atomic step. The caller numbers them and holds the intake's lock."""
    if rows:
        _append(home.events, EVENT_SCHEMA, rows, min(row["number"] for row in rows))


def last_number(home: Home) -> int:
    """The highest number given so far; 0 before the first."""
    numbers = [
        pc.max(_read(folder, schema, name).column(name)).as_py() or 0
        for folder, schema, name in (
            (home.ledger, LEDGER_SCHEMA, "acceptance_no"),
            (home.events, EVENT_SCHEMA, "number"),
        )
    ]
    return max(numbers)


def number_at(home: Home, as_of: AsOf) -> int | None:
    """The number of the last entry at or before a moment; ``None`` means all there is.

    Where the clock once ran backwards, times and numbers disagree: then the last entry whose time is
    not after the moment decides, and everything before it is in. Raises ``ValueError`` for a time
    without a zone.
    """
    if as_of is None or isinstance(as_of, int):
        return as_of
    if as_of.tzinfo is None:
        raise ValueError(f"the time {as_of.isoformat()} has no zone; expected 2025-11-01T12:00:00+02:00")
    moment = pa.scalar(as_of.astimezone(UTC), pa.timestamp("us", tz="UTC"))
    numbers = []
    for folder, schema, number, at in (
        (home.ledger, LEDGER_SCHEMA, "acceptance_no", "accepted_at"),
        (home.events, EVENT_SCHEMA, "number", "at"),
    ):
        entries = _read(folder, schema, number)
        before = entries.filter(pc.less_equal(entries.column(at), moment))
        numbers.append(pc.max(before.column(number)).as_py() or 0)
    return max(numbers)


def ledger_with_state(home: Home, as_of: AsOf = None) -> pa.Table:
    """The ledger with ``is_withdrawn`` as it was at ``as_of``, and ``is_expired`` as it is.

    What has gone past its retention is gone, so it counts at no moment any more.
    """
    ledger = read_ledger(home, as_of)
    withdrawn = withdrawn_deliveries(home, as_of)
    _, expired = _states(read_events(home))
    pairs = zip(ledger.column("delivery_id").to_pylist(), ledger.column("table_name").to_pylist(), strict=True)
    flags = [(delivery in withdrawn, (delivery, table) in expired) for delivery, table in pairs]
    return ledger.append_column("is_withdrawn", pa.array([flag[0] for flag in flags], pa.bool_())).append_column(
        "is_expired", pa.array([flag[1] for flag in flags], pa.bool_())
    )


def withdrawn_deliveries(home: Home, as_of: AsOf = None) -> dict[str, dict[str, Any]]:
    """Withdrawn deliveries by id, each with the event that withdrew it."""
    return _states(read_events(home, as_of))[0]


def period_columns(period: Period) -> dict[str, Any]:
    """The ledger's three period columns."""
    return {
        "period": period.code,
        "period_start": period.start,
        "period_end_exclusive": period.end_exclusive,
    }


def write_durably(table: pa.Table, path: Path) -> None:
    """Write a Parquet file so that it is whole or not there, also after a power cut."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        pq.write_table(table, partial, compression="zstd")
        sync_file(partial)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_file(path.parent)


def sync_file(path: Path) -> None:
    """Force one file or folder to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _append(folder: Path, schema: pa.Schema, rows: Sequence[dict[str, Any]], first: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{first:010d}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.parquet"
    write_durably(pa.Table.from_pylist(list(rows), schema=schema), folder / name)


def _read(folder: Path, schema: pa.Schema, number: str) -> pa.Table:
    files = sorted(folder.glob("[!.]*.parquet")) if folder.exists() else []
    if not files:
        return schema.empty_table()
    return pa.concat_tables([_in_schema(file, schema) for file in files]).sort_by(number)


def _in_schema(file: Path, schema: pa.Schema) -> pa.Table:
    """The entries of a file; one from before ``stored_version`` has the rows as they were delivered."""
    # ParquetFile, since a path with `=` in it would add partition columns.
    found = pq.ParquetFile(file).read()
    if "stored_version" in schema.names and "stored_version" not in found.column_names:
        found = found.append_column("stored_version", found.column("contract_version"))
    return found.select(schema.names).cast(schema)


def _until(entries: pa.Table, number: str, last: int | None) -> pa.Table:
    return entries if last is None else entries.filter(pc.less_equal(entries.column(number), last))


def _states(events: pa.Table) -> tuple[dict[str, dict[str, Any]], set[tuple[str, str]]]:
    """Deliveries that are withdrawn, and (delivery, table) pairs past their retention."""
    withdrawn: dict[str, dict[str, Any]] = {}
    expired: set[tuple[str, str]] = set()
    # Times are left out: turning them into Python objects imports pandas.
    for row in events.drop_columns(["at"]).to_pylist():
        match row["event"]:
            case "withdrawn":
                withdrawn[row["delivery_id"]] = row
            case "reinstated":
                withdrawn.pop(row["delivery_id"], None)
            case "expired":
                expired.add((row["delivery_id"], row["table_name"]))
    return withdrawn, expired
