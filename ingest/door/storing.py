"""Writing what was decided: files of the lake, ledger rows, refused rows, receipt, and the move out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contracts import contracts, versions
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.files import make_folder, move, safe_place
from ingest.door.large import LargeTable, Rows, StoredRows
from ingest.door.manifest import Manifest
from ingest.door.receipt import Receipt
from ingest.lake import file_path, lake_schema, period_columns
from ingest.rekeying import WarehouseKeys, key_order, rekeyed
from ingest.state import Home

# Where the files of a delivery with an identifier are kept until the controller has decided.
IDENTIFIER_FOLDER = "contains_identifier"


def lake_rows(manifest: Manifest, table: DeliveryTable, keys: WarehouseKeys) -> Rows:
    """The accepted rows of a table as the lake holds them: with the warehouse's own keys."""
    if table.rekeyed is None:
        assert table.checked is not None
        contract = contracts()[table.file.table]
        if isinstance(table.checked, LargeTable):
            order = key_order(contract, table.checked.accepted_pieces())
            table.rekeyed = table.checked.rewritten(
                lake_schema(contract), lambda piece: rekeyed(piece, contract, manifest, keys, order)
            )
        else:
            table.rekeyed = rekeyed(table.checked.rows, contract, manifest, keys)
    return table.rekeyed


def write_lake_file(home: Home, manifest: Manifest, table: DeliveryTable, made: set[Path], keys: WarehouseKeys) -> None:
    path = file_path(
        home,
        table.file.table,
        manifest.organisation,
        manifest.period.code,
        manifest.delivery_id,
    )
    make_folder(path.parent, made)
    rows = lake_rows(manifest, table, keys)
    if isinstance(rows, pa.Table):
        _write_whole([rows], path, compression_level=1)
        return
    # Whole and closed already, and on the lake's own disk.
    rows.path.replace(path)
    table.rekeyed = StoredRows(path)


def ledger_rows(home: Home, delivery: Delivery, manifest: Manifest, now: datetime) -> list[dict[str, Any]]:
    common = {
        "acceptance_no": delivery.acceptance_no,
        "accepted_at": now,
        "delivery_id": manifest.delivery_id,
        "organisation": manifest.organisation,
        **period_columns(manifest.period),
        "manifest_sha256": manifest.sha256,
        "contract_version": manifest.contract_version,
        "stored_version": versions()[-1],
        "key_domain": manifest.key_domain,
        "extracted_at": manifest.extracted_at,
        "data_from": manifest.data_from,
        "correction_of": manifest.correction_of,
    }
    rows = []
    for table in delivery.tables:
        assert table.checked is not None
        path = file_path(
            home,
            table.file.table,
            manifest.organisation,
            manifest.period.code,
            manifest.delivery_id,
        )
        rows.append(
            common
            | {
                "table_name": table.file.table,
                "mode": contracts()[table.file.table].mode,
                "rows": table.checked.rows_accepted,
                "rows_quarantined": table.rows - table.checked.rows_accepted,
                "path": path.relative_to(home.lake).as_posix(),
                "sha256": table.file.sha256,
                "is_late": manifest.is_late(table.file.table),
            }
        )
    for name in manifest.nothing_to_report:
        rows.append(
            common
            | {
                "table_name": name,
                "mode": contracts()[name].mode,
                "rows": 0,
                "rows_quarantined": 0,
                "path": None,
                "sha256": None,
                "is_late": manifest.is_late(name),
            }
        )
    return rows


def finish(home: Home, delivery: Delivery, receipt: Receipt, made: set[Path]) -> None:
    """Refused rows, receipt, and the move out of the inbox."""
    place = safe_place(delivery.place)
    if receipt.is_accepted:
        for table in delivery.tables:
            if table.checked is not None and table.checked.has_refused:
                folder = home.quarantine.joinpath(*place, "rows")
                make_folder(folder, made)
                _write_whole(table.checked.refused_pieces(), folder / f"{table.file.table}.parquet")
    outbox = home.outbox.joinpath(*place)
    make_folder(outbox, made)
    receipt.write(outbox)
    if receipt.is_accepted:
        make_folder(home.archive.joinpath(*place[:2]), made)
        move(delivery.folder, home.archive.joinpath(*place), keep_both=False)
        return
    target = home.quarantine.joinpath(*place)
    if any(found.rule.code == "FILE_IDENTIFIER" for found in receipt.findings):
        target = target / IDENTIFIER_FOLDER
    make_folder(target.parent, made)
    move(delivery.folder, target, keep_both=True)


def _write_whole(pieces: Iterable[pa.Table], path: Path, compression_level: int | None = None) -> None:
    """Write a Parquet file (of one piece at least) that is whole or not there. A full disk is not left fuller."""
    partial = path.with_name(f".{path.name}.partial")
    pieces = iter(pieces)
    first = next(pieces)
    try:
        with pq.ParquetWriter(partial, first.schema, compression="zstd", compression_level=compression_level) as writer:
            writer.write_table(first)
            for piece in pieces:
                writer.write_table(piece)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
