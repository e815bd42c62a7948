"""Reading the files of deliveries and checking them: against the manifest, the contracts, each other."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from ingest.contracts import Contract, upgrade_rows
from ingest.door.across import check_across
from ingest.door.checks import CheckInput, check_tables
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.files import is_settled, may_be_read, read_once
from ingest.door.findings import finding, shown
from ingest.door.manifest import ManifestFile
from ingest.door.reading import EXPECTED_FORMATS, RawTable, ReadError, read_table


def read_files(delivery: Delivery, *, may_be_growing: bool = False) -> None:
    """Read, hash and parse the files of a delivery; findings and tables are left in it.

    With ``may_be_growing`` a file that was written a moment ago and is not what the manifest says is
    one on its way: the delivery waits for it.
    """
    changing = []
    for table in delivery.tables:
        path = delivery.folder / table.file.path
        content = read_once(path)
        if content is None:
            changing.append(table.file.path)
            if not may_be_read(path):
                delivery.not_readable = (*delivery.not_readable, shown(table.file.path))
            continue
        is_as_announced = hashlib.sha256(content).hexdigest() == table.file.sha256
        if not is_as_announced and may_be_growing and not is_settled(path, time.time()):
            changing.append(table.file.path)
            continue
        contract = table.contract
        file = table.file

        def add(code: str, *, _file: ManifestFile = file, **fields: Any) -> None:
            found = finding(code, table=_file.table, file=_file.path, **fields)
            delivery.findings.append(found)

        if not is_as_announced:
            add("FILE_HASH")
        try:
            raw = read_table(content, file.path, contract)
        except ReadError as error:
            add(error.code, expected=error.expected or EXPECTED_FORMATS)
            continue
        _check_shape(contract, table, raw, add)
        table.raw = raw
    if changing:
        delivery.waiting_for = tuple(shown(path) for path in changing)


def _check_shape(contract: Contract, table: DeliveryTable, raw: RawTable, add: Callable[..., None]) -> None:
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
    if raw.rows != table.file.rows:
        add("FILE_ROWS", sheet=raw.sheet, seen=str(raw.rows), expected=str(table.file.rows))
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
    table.absent = frozenset(set(contract.column_names) - set(raw.columns))


def check_rows(deliveries: Sequence[Delivery], connection: duckdb.DuckDBPyConnection) -> None:
    """Row checks of everything that could be read, one query per contract.

    Rows are checked by the version of the contract in which they came; the accepted ones are brought
    to the newest version then, so that what looks at them from here on knows that one only.
    """
    by_contract: dict[Contract, list[tuple[Delivery, DeliveryTable, CheckInput]]] = {}
    for delivery in deliveries:
        manifest = delivery.manifest
        if manifest is None:
            continue
        for table in delivery.tables:
            if table.raw is None:
                continue
            item = CheckInput(
                raw=table.raw,
                file=table.file.path,
                supplier_code=manifest.supplier_code,
                period=manifest.period,
                extracted_on=manifest.extracted_at.date(),
                absent=table.absent,
            )
            by_contract.setdefault(table.contract, []).append((delivery, table, item))
    for contract, entries in by_contract.items():
        results = check_tables(connection, contract, [item for _, _, item in entries])
        for (delivery, table, _), checked in zip(entries, results, strict=True):
            checked.accepted = upgrade_rows(checked.accepted, contract.table, contract.version)
            table.checked = checked
            delivery.findings += checked.findings
    check_across(connection, deliveries)
