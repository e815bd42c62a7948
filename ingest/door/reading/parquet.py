"""Parquet: typed columns back to the text that a CSV file would hold, a bounded number of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ingest.contracts import Contract
from ingest.door.reading.headers import Heading, heading
from ingest.door.reading.table import (
    EXPECTED_FORMATS,
    MOST_COLUMNS,
    MOST_ROWS,
    RawTable,
    ReadError,
    as_table,
    at_most_listed,
    trimmed,
)
from ingest.identifiers import Hit, kinds_in

# What a footer may hold: Arrow's defaults are a hundred times what a table of a contract needs.
_LARGEST_FOOTER_STRING = 10_000_000
_MOST_FOOTER_ENTRIES = 200_000
# A run of equal values takes almost no bytes, so a small file can claim any number of rows. A real
# row has a key of its own and takes bytes.
_FREE_ROWS = 1_000_000
_FEWEST_ROWS_A_PIECE = 1_000
# The schema once more, in a binary form of Arrow's own; read through ``schema_arrow``.
_ARROW_SCHEMA = b"ARROW:schema"


def read_parquet(stream: BinaryIO, contract: Contract, piece_bytes: int) -> Iterator[RawTable]:
    """The pieces of a Parquet file, at least one, of about ``piece_bytes`` bytes each."""
    try:
        yield from _pieces(stream, contract, piece_bytes)
    # A damaged file surfaces as any of Arrow's errors, and as Python's where metadata are no text.
    except (pa.ArrowException, OSError, ValueError, OverflowError, TypeError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # this machine's trouble; Arrow's own have no number
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None


def _pieces(stream: BinaryIO, contract: Contract, piece_bytes: int) -> Iterator[RawTable]:
    size = stream.seek(0, 2)
    stream.seek(0)
    if not size:
        raise ReadError("FILE_EMPTY")
    file = pq.ParquetFile(
        stream,
        pre_buffer=False,
        buffer_size=1 << 16,
        thrift_string_size_limit=_LARGEST_FOOTER_STRING,
        thrift_container_size_limit=_MOST_FOOTER_ENTRIES,
    )
    names = file.schema_arrow.names
    if not names:
        raise ReadError("FILE_EMPTY")
    if len(names) > MOST_COLUMNS or file.metadata.num_columns > MOST_COLUMNS:
        raise ReadError("FILE_TOO_LARGE", f"≤ {MOST_COLUMNS} columns")
    rows = file.metadata.num_rows
    if rows > min(MOST_ROWS, max(_FREE_ROWS, size)):
        raise ReadError("FILE_TOO_LARGE", f"≤ {max(_FREE_ROWS, size)} rows")
    if any(pa.types.is_nested(field.type) for field in file.schema_arrow):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)
    found = heading(names, contract)
    hits = [Hit(kind, 1) for kind in found.kinds] + _metadata_hits(file)
    number, is_first = 2, True
    for batch in _batches(file, rows, piece_bytes):
        raw = _as_table(batch, found, number, contract)
        if is_first:
            raw.identifiers = at_most_listed([*hits, *raw.identifiers])
        number, is_first = number + batch.num_rows, False
        yield raw
    if number - 2 != rows:  # a damaged footer
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)


def _batches(file: pq.ParquetFile, rows: int, piece_bytes: int) -> Iterator[pa.Table]:
    if not rows:
        yield file.schema_arrow.empty_table()
        return
    unpacked = sum(file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups))
    length = max(_FEWEST_ROWS_A_PIECE, int(piece_bytes / max(1, unpacked / rows)))
    # A dictionary or a run may unpack to much more text than its bytes: never more rows than these.
    length = min(length, max(_FEWEST_ROWS_A_PIECE, piece_bytes // (8 * len(file.schema_arrow.names))))
    for batch in file.iter_batches(batch_size=length, use_threads=False):
        yield pa.Table.from_batches([batch])


def _as_table(table: pa.Table, found: Heading, number: int, contract: Contract) -> RawTable:
    numbers = np.arange(number, number + table.num_rows, dtype=np.int32)
    return as_table(found, [trimmed(as_text(column)) for column in table.columns], numbers, contract)


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column of any plain type as text: whole numbers without decimals, midnight as a date.

    Raises ``ValueError`` or ``pyarrow.ArrowException`` when it has no text.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_date64(kind):
        column = column.cast(pa.date32())
    elif pa.types.is_floating(kind):
        return _numbers(column.cast(pa.float64()))
    elif pa.types.is_decimal(kind) and kind.scale > 0:
        return _without_zero_decimals(column.cast(pa.string()))
    # Engines of the Hadoop family write text without saying that it is text; the cast proves that it is.
    return column.cast(pa.string())


def _moments(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.type.tz is not None:
        column = pc.local_timestamp(column)
    days = column.cast(pa.date32(), safe=False)
    midnight = pc.equal(days.cast(column.type), column)
    if pc.all(midnight).as_py() is not False:
        return days.cast(pa.string())
    return pc.if_else(midnight, days.cast(pa.string()), column.cast(pa.string()))


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Data frames keep whole numbers as 5.0 as soon as one value is missing, and the missing as NaN."""
    column = pc.if_else(pc.is_nan(column), pa.scalar(None, pa.float64()), column)
    # Beyond this a float has no whole number of its own.
    whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 2.0**53))
    digits = pc.if_else(whole, column, 0.0).cast(pa.int64()).cast(pa.string())
    if pc.all(whole).as_py() is not False:
        return digits
    return pc.if_else(whole, digits, column.cast(pa.string()))


def _without_zero_decimals(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.replace_substring_regex(column, r"\.0+$", "")


def _metadata_hits(file: pq.ParquetFile) -> list[Hit]:
    """Identifiers in what writers and people leave beside the data (pandas, editors, comments)."""
    schema = file.schema_arrow
    entries = [{key: value for key, value in (file.metadata.metadata or {}).items() if key != _ARROW_SCHEMA}]
    entries += [dict(schema.metadata or {})]
    entries += [dict(field.metadata or {}) for field in schema]
    texts = [file.metadata.created_by or ""]
    for pairs in entries:
        texts += [(key + b"\n" + value).decode("utf-8", errors="replace") for key, value in pairs.items()]
    return [Hit(kind) for kind in dict.fromkeys(kind for text in texts for kind in kinds_in(text))]
