"""Originals of accepted deliveries: the only place that still has the keys as they were delivered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Contract, contracts, upgrade, versions
from ingest.door.manifest import MANIFEST_NAME
from ingest.door.reading import ReadError, read_pieces
from ingest.state import Home

Place = tuple[str, str, str]


def folder_of(home: Home, place: Place) -> Path | None:
    """Where an accepted delivery (organisation, period, id) lies; in the inbox when its move was cut off."""
    return next((root.joinpath(*place) for root in (home.archive, home.inbox) if root.joinpath(*place).is_dir()), None)


def tables_in(folder: Path) -> dict[str, str]:
    """Path below ``folder`` -> table, as its manifest says; empty when that cannot be read."""
    return _manifest_of(folder)[0]


def _manifest_of(folder: Path) -> tuple[dict[str, str], str]:
    """Its tables by path, and the contract version that they are in."""
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text("utf-8-sig"))
        tables = {str(file["path"]): str(file["table"]) for file in manifest["files"]}
        version = str(manifest["contract_version"])
    except (OSError, ValueError, TypeError, KeyError):
        return {}, versions()[-1]
    return tables, version if version in versions() else versions()[-1]


def key_columns(folder: Path, contract: Contract, names: tuple[str, ...]) -> Iterator[pa.Table]:
    """Key columns of a table as delivered, in small letters, piece by piece.

    Nothing when the delivery has no such table. Raises ``ReadError`` or ``OSError`` when it has one
    that cannot be read any more.
    """
    tables, version = _manifest_of(folder)
    for path, table in tables.items():
        if table != contract.table:
            continue
        delivered = contracts(version)[table]
        # A column may have had another name in the version in which it was delivered.
        source_of = upgrade(table, version).source_of
        was = {
            name: next(
                (old.name for old in delivered.columns if old.lake_name == source_of[contract.column(name).lake_name]),
                name,
            )
            for name in names
        }
        for piece in read_pieces(folder / path, path, delivered):
            missing = pa.nulls(piece.rows, pa.string())
            yield pa.table({name: pc.utf8_lower(piece.columns.get(was[name], missing)) for name in names})


def distinct_keys(home: Home, place: Place, contract: Contract, name: str) -> pa.Array:
    """The different keys of one column as delivered; empty when the original is gone or cannot be read."""
    found: pa.Array = pa.array([], pa.string())
    folder = folder_of(home, place)
    if folder is None:
        return found
    try:
        for piece in key_columns(folder, contract, (name,)):
            found = pa.chunked_array([found, *piece.column(name).chunks]).unique()
    except (OSError, ReadError):
        return pa.array([], pa.string())
    return found.drop_null()
