"""Reading the files of deliveries and checking them: against the manifest, the contracts, each other."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from ingest.contracts import Contract, upgrade_rows
from ingest.door.across import check_across
from ingest.door.checks import CheckInput, check_tables
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.files import hash_of, is_same, is_settled, may_be_read, opened_once
from ingest.door.findings import Finding, finding, shown
from ingest.door.large import LARGEST_HELD, LargeTable, Spool
from ingest.door.reading import (
    EXPECTED_FORMATS,
    PIECE_BYTES,
    RawTable,
    ReadError,
    joined,
    read_pieces,
    without_rows,
)


def read_files(delivery: Delivery, spool: Spool, *, may_be_growing: bool = False) -> None:
    """Read, hash and parse the files of a delivery; findings and tables are left in it.

    What is too large to be held goes through the checks of its rows at once, into ``spool``. With
    ``may_be_growing`` a file that was written a moment ago and is not what the manifest says is one
    on its way: the delivery waits for it.
    """
    changing = []
    for table in delivery.tables:
        path = delivery.folder / table.file.path
        found = _read_file(delivery, table, path, spool, may_be_growing)
        if found is None:
            changing.append(table.file.path)
            table.raw = table.large = None
            if not may_be_read(path):
                delivery.not_readable = (*delivery.not_readable, shown(table.file.path))
        else:
            delivery.findings += found
    if changing:
        delivery.waiting_for = tuple(shown(path) for path in changing)


def _read_file(
    delivery: Delivery, table: DeliveryTable, path: Path, spool: Spool, may_be_growing: bool
) -> list[Finding] | None:
    """What is wrong with a file; ``None`` when it changes while it is read, or cannot be read."""
    findings: list[Finding] = []

    def add(code: str, **fields: Any) -> None:
        findings.append(finding(code, table=table.file.table, file=table.file.path, **fields))

    with opened_once(path) as stream:
        if stream is None:
            return None
        before = os.fstat(stream.fileno())
        # A large file is gone through twice, once for its hash: one that is not what was announced,
        # or still on its way, is found out in a tenth of the time that its rows would take.
        source: bytes | BinaryIO = stream.read() if before.st_size <= LARGEST_HELD else stream
        if isinstance(source, bytes) and len(source) != before.st_size:
            return None
        digest = hashlib.sha256(source).hexdigest() if isinstance(source, bytes) else hash_of(source)
        if not is_same(before, os.fstat(stream.fileno())):
            return None
        is_as_announced = digest == table.file.sha256
        if not is_as_announced:
            if may_be_growing and not is_settled(path, time.time()):
                return None
            add("FILE_HASH")
        try:
            _read_rows(delivery, table, source, spool, add)
        except ReadError as error:
            table.raw = table.large = None
            add(error.code, expected=error.expected or EXPECTED_FORMATS)
        return findings if is_same(before, os.fstat(stream.fileno())) else None


def _read_rows(
    delivery: Delivery,
    table: DeliveryTable,
    source: bytes | BinaryIO,
    spool: Spool,
    add: Callable[..., None],
) -> None:
    """Piece by piece, until they are more than the delivery may hold; then through the checks with them."""
    room = LARGEST_HELD - delivery.held
    held: list[RawTable] = []
    shape: RawTable | None = None
    rows = 0
    for piece in read_pieces(source, table.file.path, table.contract, min(PIECE_BYTES, max(1, LARGEST_HELD // 2))):
        rows += piece.rows
        bare = without_rows(piece)
        shape = bare if shape is None else joined([shape, bare])
        table.absent = frozenset(set(table.contract.column_names) - set(piece.columns))
        held.append(piece)
        if table.large is None and sum(each.text_bytes for each in held) > room:
            table.large = spool.table(table.contract)
        if table.large is not None:
            for each in held:
                table.large.add(_input(delivery, table, each))
            held = []
    assert shape is not None  # there is at least one piece
    table.rows, table.sheet = rows, shape.sheet
    _check_shape(table, shape, add)
    if table.large is not None:
        table.large.close(table.file.path, table.sheet)
    else:
        table.raw = joined(held)


def _input(delivery: Delivery, table: DeliveryTable, raw: RawTable) -> CheckInput:
    manifest = delivery.manifest
    assert manifest is not None  # or the delivery would have no tables
    return CheckInput(
        raw=raw,
        file=table.file.path,
        supplier_code=manifest.supplier_code,
        period=manifest.period,
        extracted_on=manifest.extracted_at.date(),
        absent=table.absent,
    )


def _check_shape(table: DeliveryTable, raw: RawTable, add: Callable[..., None]) -> None:
    """What is wrong with a file as a whole. ``raw`` is the table without its rows."""
    contract = table.contract
    by_place: dict[tuple[str, str | None, str | None], list[int]] = {}
    for hit in raw.identifiers:
        by_place.setdefault((hit.kind, hit.column, hit.sheet), []).extend([] if hit.row is None else [hit.row])
    for (kind, column, sheet), rows in by_place.items():
        places: list[tuple[int, None]] = [(row, None) for row in sorted(set(rows))[:10_000]]
        add(
            "FILE_IDENTIFIER",
            kind=kind,
            column=column,
            sheet=sheet,
            count=max(1, len(set(rows))),
            places=places,
        )
    if table.rows != table.file.rows:
        add("FILE_ROWS", sheet=raw.sheet, seen=str(table.rows), expected=str(table.file.rows))
    for name in raw.twice:
        add("FILE_COLUMN_TWICE", sheet=raw.sheet, column=name)
    for name in raw.unknown:
        add("FILE_COLUMN_UNKNOWN", sheet=raw.sheet, column=name, expected=", ".join(contract.column_names))
    for notice in raw.notices:
        listed = [(row, None) for row in notice.rows]
        add(notice.code, sheet=notice.sheet, column=notice.column, count=notice.count, places=listed)
    for column_of in contract.columns:
        if column_of.required and column_of.name not in raw.columns:
            add("FILE_COLUMN_MISSING", sheet=raw.sheet, column=column_of.name)


def check_rows(deliveries: Sequence[Delivery], connection: duckdb.DuckDBPyConnection) -> None:
    """Row checks of everything that could be read, one query per contract.

    Rows are checked by the version of the contract in which they came; the accepted ones are brought
    to the newest version then, so that what looks at them from here on knows that one only.
    """
    by_contract: dict[Contract, list[tuple[Delivery, DeliveryTable]]] = {}
    for delivery in deliveries:
        for table in delivery.tables:
            if table.raw is not None or table.large is not None:
                by_contract.setdefault(table.contract, []).append((delivery, table))
    for contract, entries in by_contract.items():
        inputs = [_input(delivery, table, table.raw) for delivery, table in entries if table.raw is not None]
        results = iter(check_tables(connection, contract, inputs) if inputs else [])
        for delivery, table in entries:
            if table.large is not None:  # its rows were checked while they were read
                table.checked = table.large
            else:
                table.checked = checked = next(results)
                checked.accepted = upgrade_rows(checked.accepted, contract.table, contract.version)
            delivery.findings += table.checked.findings
    check_across(connection, deliveries)
    for entries in by_contract.values():
        for delivery, table in entries:
            if isinstance(table.checked, LargeTable):
                table.checked.settle()
            elif table.checked is not None and table.raw is not None:
                table.checked.settle(_input(delivery, table, table.raw), table.contract)
