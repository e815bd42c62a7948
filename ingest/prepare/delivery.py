"""Writing a delivery: its files, then its manifest, in a folder that appears whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ingest.contracts import Contract
from ingest.prepare.mapping import columns_to_send, out_name
from ingest.prepare.profile import TableProfile

MANIFEST = "manifest.json"
FORMATS = ("csv", "parquet")
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ROWS_AT_A_TIME = 50_000
_SAY_EVERY = 1_000_000


@dataclass(frozen=True)
class Header:
    """What a manifest says beside its files."""

    delivery_id: str
    organisation: str
    period: str
    contract_version: str
    key_domain: str
    extracted_at: datetime
    nothing_to_report: tuple[str, ...] = ()
    data_from: date | None = None
    correction_of: str | None = None
    data_kind: str | None = None


def new_delivery_id(moment: float | None = None) -> str:
    """A ULID: 48 bits of milliseconds and 80 of chance, as 26 characters."""
    milliseconds = int((time.time() if moment is None else moment) * 1000)
    number = (milliseconds << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def write_files(
    connection: duckdb.DuckDBPyConnection,
    tables: Mapping[str, TableProfile],
    contracts: Mapping[str, Contract],
    header: Header,
    folder: Path,
    file_format: str,
    say: Callable[[str], None],
) -> None:
    """Write ``out_<table>`` of every table into ``folder``, and the manifest when all are on disk."""
    files = []
    for table, mapped in tables.items():
        path = folder / f"{table}.{file_format}"
        rows = _write_table(connection, contracts[table], mapped, path, file_format, say)
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            os.fsync(stream.fileno())
        files.append({"table": table, "path": path.name, "sha256": digest, "rows": rows})
    manifest = {
        "delivery_id": header.delivery_id,
        "organisation": header.organisation,
        "period": header.period,
        "contract_version": header.contract_version,
        "key_domain": header.key_domain,
        "extracted_at": header.extracted_at.isoformat(timespec="seconds"),
        "files": files,
    }
    optional = {
        "nothing_to_report": list(header.nothing_to_report) or None,
        "data_from": header.data_from.isoformat() if header.data_from else None,
        "correction_of": header.correction_of,
        "data_kind": header.data_kind,
    }
    manifest |= {name: value for name, value in optional.items() if value is not None}
    write_manifest(folder, manifest)


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Write ``manifest.json``, which comes last and must be on disk when the folder appears."""
    with (folder / MANIFEST).open("w", encoding="utf-8") as stream:
        json.dump(manifest, stream, ensure_ascii=False, indent=1)
        stream.flush()
        os.fsync(stream.fileno())


def hand_over(staged: Path, target: Path) -> None:
    """Let a finished folder appear at ``target``: one rename on one file system."""
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.rename(target)
    with suppress(OSError):  # not every file system lets a folder be synced
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def staging_folder(parent: Path, delivery_id: str) -> Path:
    """A new hidden folder beside the later delivery. Those that a killed run left are removed.

    Hidden folders are passed over by the intake, so an unfinished delivery is never taken.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for old in parent.glob(".*.preparing"):
        process = old.name.split(".")[-2]
        if process.isdigit() and not is_running(int(process)):
            shutil.rmtree(old, ignore_errors=True)
    folder = parent / f".{delivery_id}.{os.getpid()}.preparing"
    folder.mkdir(mode=0o700)
    return folder


def is_running(process: int) -> bool:
    """Whether a process of that number is there, as far as that can be told."""
    if os.name != "posix":  # on Windows signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _write_table(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    mapped: TableProfile,
    path: Path,
    file_format: str,
    say: Callable[[str], None],
) -> int:
    names: Sequence[str] = columns_to_send(contract, mapped)
    listed = ", ".join(f'"{name}"' for name in names)
    query = f"select {listed} from {out_name(contract.table)} order by _n"
    reader = connection.sql(query).to_arrow_reader(_ROWS_AT_A_TIME)
    rows = 0
    with path.open("wb") as stream, _writer(stream, reader.schema, file_format) as writer:
        for batch in reader:
            writer.write_batch(batch)
            if (rows + batch.num_rows) // _SAY_EVERY > rows // _SAY_EVERY:
                say(f"{path.name}: {rows + batch.num_rows:,} rows written")
            rows += batch.num_rows
    return rows


def _writer(stream: object, schema: pa.Schema, file_format: str) -> pa_csv.CSVWriter | pq.ParquetWriter:
    if file_format == "parquet":
        return pq.ParquetWriter(stream, schema, compression="zstd")
    return pa_csv.CSVWriter(stream, schema, write_options=pa_csv.WriteOptions(quoting_style="needed"))
