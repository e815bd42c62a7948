"""Reading a delivered file into text columns: CSV, Excel and Parquet, each also packed with gzip or zip.

Every value leaves as text, trimmed, empty as null, under the contract's column name whatever the
header called it; what it means is decided later, for many files at once. Where direct identifiers
stand is noted here, since only here everything is seen: other sheets, comments, names, metadata.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ingest.contracts import Contract
from ingest.door.reading.delimited import CSV_SUFFIXES, read_csv
from ingest.door.reading.packed import Readable, unpacked
from ingest.door.reading.parquet import read_parquet
from ingest.door.reading.table import (
    EXPECTED_FORMATS,
    LISTED,
    NOTICES,
    READ_ERRORS,
    Notice,
    RawTable,
    ReadError,
    joined,
    without_rows,
)
from ingest.door.reading.workbook import read_sheet as _read_sheet
from ingest.door.reading.workbook import read_workbook
from ingest.identifiers import Hit

__all__ = [
    "EXPECTED_FORMATS",
    "LISTED",
    "NOTICES",
    "PIECE_BYTES",
    "READ_ERRORS",
    "Hit",
    "Notice",
    "RawTable",
    "ReadError",
    "joined",
    "read_pieces",
    "read_sheet",
    "read_table",
    "without_rows",
]

# Of text. A piece takes about six times its length while it is parsed.
PIECE_BYTES = 32_000_000
# A table as a whole takes about this much memory at most; larger ones go through in pieces.
LARGEST_WHOLE = 1_000_000_000
# What is packed and cannot be read from its beginning (Parquet, Excel) is unpacked in memory.
LARGEST_IN_MEMORY = 512_000_000


def read_table(source: Readable, path: str, contract: Contract) -> RawTable:
    """Read the file called ``path``, given as bytes, as a path on disk or as an open seekable file.

    Raises ``ReadError`` when it cannot be read at all. What the header should be is not decided here:
    missing, unknown and doubled columns are told by the table.
    """
    pieces, size = [], 0
    for piece in read_pieces(source, path, contract):
        pieces.append(piece)
        size += piece.text_bytes
        if size > LARGEST_WHOLE:
            raise ReadError("FILE_TOO_LARGE", f"≤ {LARGEST_WHOLE // 10**6} MB")
    return joined(pieces)


def read_pieces(source: Readable, path: str, contract: Contract, piece_bytes: int = PIECE_BYTES) -> Iterator[RawTable]:
    """Read a file as ``read_table`` does, in pieces (at least one) of about ``piece_bytes`` of text.

    Memory stays bounded for CSV, also packed, and for Parquet; a workbook is one piece. An error may
    come at any piece, so nothing counts before the last one. ``source_row`` runs on through the
    pieces, ``header`` and ``twice`` are the same in each, ``unknown`` may grow, and what concerns the
    file as a whole (``notices``, identifiers without a row) stands in the first.
    """
    content, suffix = unpacked(source, path)
    if suffix in CSV_SUFFIXES:
        yield from read_csv(content, contract, piece_bytes)
        return
    if suffix not in (".xlsx", ".parquet"):
        raise ReadError("FILE_FORMAT", EXPECTED_FORMATS)
    with content.opened(LARGEST_IN_MEMORY) as stream:
        hits = content.hits()
        pieces = (
            iter([read_workbook(stream, contract)])
            if suffix == ".xlsx"
            else read_parquet(stream, contract, piece_bytes)
        )
        for piece in pieces:
            piece.identifiers = [*hits, *piece.identifiers]
            hits = []
            yield piece


def read_sheet(source: Readable, path: str, names: Collection[str]) -> list[list[str | None]] | None:
    """The cells, as text, of the first sheet of a workbook whose normalised name is one of ``names``.

    ``None`` when there is none; ``ReadError`` when the workbook cannot be read.
    """
    content, suffix = unpacked(source, path)
    if suffix != ".xlsx":
        raise ReadError("FILE_FORMAT", EXPECTED_FORMATS)
    with content.opened(LARGEST_IN_MEMORY) as stream:
        return _read_sheet(stream, names)
