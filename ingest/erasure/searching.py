"""Whether a file holds one of some keys, whatever its format; and the same file without their rows.

Keys are pseudonyms of 64 hexadecimal digits, so a search of bytes is certain where the bytes are
plain. What is packed is unpacked; what cannot be, is not ruled out.
"""

from __future__ import annotations

import gzip
import io
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_CHUNK = 1 << 20
# More than this unpacked from one file is a bomb, not a delivery (the largest are 5 GB).
LARGEST_UNPACKED = 20_000_000_000
# A quote that is never closed must not gather the rest of the file.
_LINES_OF_A_RECORD = 100
_GZIP, _ZIP, _PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
# Packed or encrypted kinds that are not searched: bzip2, xz, 7z, zstd, old Office, DuckDB (at 8).
_OPAQUE = (b"BZh", b"\xfd7zXZ", b"7z\xbc\xaf", b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0")
_DUCKDB = b"DUCK"


class Held(Enum):
    """Whether a file holds a key. ``UNKNOWN``: it is packed in a way that cannot be searched."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class Keys:
    """The keys of one erasure, ready for searching. Shows none of them when printed."""

    def __init__(self, keys: set[str]) -> None:
        self.values = frozenset(key.lower() for key in keys)
        self._needles = [
            key.encode(encoding) for key in sorted(self.values) for encoding in ("ascii", "utf-16-le", "utf-16-be")
        ]
        self._longest = max((len(needle) for needle in self._needles), default=1)

    def __repr__(self) -> str:
        return f"Keys({len(self.values)})"

    def in_bytes(self, content: bytes) -> bool:
        """Whether the bytes hold a key, in capital or small letters."""
        lower = content.lower()
        return any(needle in lower for needle in self._needles)

    def in_stream(self, stream: IO[bytes] | gzip.GzipFile, limit: int = LARGEST_UNPACKED) -> Held:
        """Search a stream in constant memory; ``UNKNOWN`` when it is longer than ``limit``."""
        read, tail = 0, b""
        while chunk := stream.read(_CHUNK):
            if self.in_bytes(tail + chunk):
                return Held.YES
            tail = chunk[-self._longest :]
            read += len(chunk)
            if read > limit:
                return Held.UNKNOWN
        return Held.NO

    def in_text(self, values: pa.ChunkedArray | pa.Array) -> pa.Array:
        """For each text whether it is a key (blanks around it and capitals aside)."""
        plain = pc.utf8_lower(pc.utf8_trim_whitespace(values))
        found = pc.is_in(plain, value_set=pa.array(sorted(self.values), plain.type))
        return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def held(path: Path, keys: Keys) -> Held:
    """Whether ``path`` holds one of ``keys``. Follows no link."""
    if path.is_symlink() or not path.is_file():
        return Held.NO
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
            stream.seek(0)
            if start.startswith(_PARQUET):
                return _held_in_parquet(path, keys)
            if start.startswith(_GZIP):
                with gzip.GzipFile(fileobj=stream) as unpacked:
                    inner = unpacked.read(16)
                    unpacked.seek(0)
                    return Held.UNKNOWN if _is_packed(inner) else keys.in_stream(unpacked)
            if start.startswith(_ZIP):
                return _held_in_zip(stream, keys)
            found = keys.in_stream(stream)
    except PermissionError:
        raise
    except (OSError, EOFError, zlib.error, ValueError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        return Held.UNKNOWN
    return Held.UNKNOWN if found is Held.NO and _is_opaque(start) else found


def remove_rows(path: Path, keys: Keys) -> Path | None:
    """Write ``path`` anew without the rows that hold a key; in one step, so that it is never half.

    Returns the path, or ``None`` when no such file could be written (nothing was changed then).
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with path.open("rb") as stream:
            start = stream.read(16)
        writer = _writer_for(start, path)
        if writer is None:
            return None
        writer(path, partial, keys)
        if held(partial, keys) is not Held.NO:
            return None
        shutil.copymode(path, partial)
        partial.replace(path)
        return path
    except (OSError, EOFError, zlib.error, ValueError, RuntimeError, KeyError, zipfile.BadZipFile):
        return None
    finally:
        partial.unlink(missing_ok=True)


def filter_parquet(source: Path, target: Path, keys: Keys, *, compression: str = "zstd") -> int:
    """Copy a Parquet file without the rows in which a text is a key, row group by row group.

    Returns how many rows were left out.
    """
    left_out = 0
    with (
        # With a buffer of its own it would keep all of the file that it has read.
        pq.ParquetFile(source, pre_buffer=False) as file,
        pq.ParquetWriter(target, file.schema_arrow, compression=compression) as out,
    ):
        for group in range(file.num_row_groups):
            rows = file.read_row_group(group)
            mask = rows_with_keys(rows, keys)
            left_out += pc.sum(mask).as_py() or 0
            out.write_table(rows.filter(pc.invert(mask)))
    return left_out


def rows_with_keys(rows: pa.Table, keys: Keys) -> pa.Array:
    """For each row whether one of its texts is a key."""
    mask = pa.array([False] * 0, pa.bool_()) if not rows.num_rows else pa.repeat(pa.scalar(False), rows.num_rows)
    for column in rows.columns:
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            mask = pc.or_(mask, pc.fill_null(keys.in_text(column), False))
    return mask


def _is_opaque(start: bytes) -> bool:
    return start.startswith(_OPAQUE) or start[8:12] == _DUCKDB


def _is_packed(start: bytes) -> bool:
    return _is_opaque(start) or start.startswith((_GZIP, _ZIP, _PARQUET))


def _held_in_parquet(path: Path, keys: Keys) -> Held:
    try:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for group in range(file.num_row_groups):
                if pc.any(rows_with_keys(file.read_row_group(group), keys)).as_py():
                    return Held.YES
    except pa.ArrowException:
        return Held.UNKNOWN
    # A footer may quote values too.
    with path.open("rb") as stream:
        return keys.in_stream(stream)


def _held_in_zip(stream: IO[bytes], keys: Keys) -> Held:
    found = Held.NO
    with zipfile.ZipFile(stream) as archive:
        names = archive.namelist()
        if sum(info.file_size for info in archive.infolist()) > LARGEST_UNPACKED:
            return Held.UNKNOWN
        for name in names:
            with archive.open(name) as member:
                start = member.read(16)
            if _is_packed(start):
                found = Held.UNKNOWN
                continue
            with archive.open(name) as member:
                inside = keys.in_stream(member)
            if inside is Held.YES:
                return Held.YES
            found = inside if inside is Held.UNKNOWN else found
        if "xl/workbook.xml" in names:
            stream.seek(0)
            return Held.YES if any(keys.in_bytes(line) for line in _cells(stream)) else found
    return found


def _cells(stream: IO[bytes]) -> Iterator[bytes]:
    """Texts of a workbook: one written in several fonts is in pieces in the file."""
    from openpyxl import load_workbook

    workbook = load_workbook(stream, read_only=True)
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows(values_only=True):
            yield " ".join(str(value) for value in row if value is not None).encode()


def _writer_for(start: bytes, path: Path) -> Callable[[Path, Path, Keys], None] | None:
    if start.startswith(_PARQUET):
        return lambda source, target, keys: _ignore(filter_parquet(source, target, keys))
    if start.startswith(_GZIP):
        return _without_lines_gzip
    if start.startswith(_ZIP):
        with zipfile.ZipFile(path) as archive:
            return _without_rows_workbook if "xl/workbook.xml" in archive.namelist() else _without_lines_zip
    return None if _is_opaque(start) else _without_lines


def _ignore(_result: object) -> None:
    return None


def _lines_without(stream: IO[bytes] | gzip.GzipFile, keys: Keys) -> Iterator[bytes]:
    """Records that hold no key: a line, or several where quotes hold a line break."""
    record, lines = b"", 0
    for line in stream:
        record, lines = record + line, lines + 1
        if record.count(b'"') % 2 and lines < _LINES_OF_A_RECORD:
            continue
        if not keys.in_bytes(record):
            yield record
        record, lines = b"", 0
    if not keys.in_bytes(record):
        yield record


def _without_lines(source: Path, target: Path, keys: Keys) -> None:
    with source.open("rb") as stream, target.open("wb") as out:
        out.writelines(_lines_without(stream, keys))


def _without_lines_gzip(source: Path, target: Path, keys: Keys) -> None:
    with gzip.open(source, "rb") as stream, gzip.open(target, "wb") as out:
        out.writelines(_lines_without(stream, keys))


def _without_lines_zip(source: Path, target: Path, keys: Keys) -> None:
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out:
        for info in archive.infolist():
            with archive.open(info) as stream, out.open(info.filename, "w", force_zip64=True) as member:
                member.writelines(_lines_without(stream, keys))


def _without_rows_workbook(source: Path, target: Path, keys: Keys) -> None:
    from openpyxl import load_workbook

    workbook = load_workbook(io.BytesIO(source.read_bytes()))
    for sheet in workbook.worksheets:
        for number in range(sheet.max_row, 0, -1):
            cells = next(sheet.iter_rows(number, number, values_only=True))
            if keys.in_bytes(" ".join(str(cell) for cell in cells if cell is not None).encode()):
                sheet.delete_rows(number)
    workbook.save(target)
