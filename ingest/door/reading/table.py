"""What a reader gives back: a table as text, with everything about the file that somebody must know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Contract
from ingest.door.reading.headers import Heading
from ingest.identifiers import Hit, hits_in_table

EXPECTED_FORMATS = "CSV (.csv), Excel (.xlsx), Parquet (.parquet); .gz, .zip"
# Places of one kind that are listed one by one; a file may be wrong in every row.
LISTED = 10_000
# No contract has a tenth of it; wider files are something else and would only cost memory.
MOST_COLUMNS = 500
# Row numbers are kept in 32 bits.
MOST_ROWS = 2_000_000_000

# Why a file cannot be read: each is a rule that rejects it.
READ_ERRORS = (
    "FILE_FORMAT",
    "FILE_ENCODING",
    "FILE_UNREADABLE",
    "FILE_EMPTY",
    "FILE_ARCHIVE",
    "FILE_PROTECTED",
    "FILE_TOO_LARGE",
    "FILE_SHEET",
    "FILE_EMBEDDED",
)
# What a sender should know of a file that was read: each is a rule that warns.
NOTE_HIDDEN = "NOTE_HIDDEN"
NOTE_SHEET = "NOTE_SHEET"
NOTE_MERGED = "NOTE_MERGED"
NOTE_FORMULA = "NOTE_FORMULA"
NOTE_HEADER_ROW = "NOTE_HEADER_ROW"
NOTE_PICTURE = "NOTE_PICTURE"
NOTICES = (NOTE_HIDDEN, NOTE_SHEET, NOTE_MERGED, NOTE_FORMULA, NOTE_HEADER_ROW, NOTE_PICTURE)


class ReadError(Exception):
    """A file that cannot be read. ``code`` is one of ``READ_ERRORS``, ``expected`` what would be right.

    Holds nothing of the file's content.
    """

    def __init__(self, code: str, expected: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.expected = expected


@dataclass(frozen=True)
class Notice:
    """Something that a sender should know although the file is read. ``code`` is one of ``NOTICES``.

    ``column`` is a header (masked where needed), ``rows`` the first ``LISTED`` rows, ``count`` all places.
    """

    code: str
    sheet: str | None = None
    column: str | None = None
    rows: tuple[int, ...] = ()
    count: int = 1


@dataclass
class RawTable:
    """A file, or a piece of one, as text.

    ``header`` is as delivered; names that may hold an identifier, or that are no names, are masked.
    ``columns`` maps the contract's column names to values (trimmed, empty as null), ``source_row``
    gives the row of each value in the file (row 1 is the first; a line break inside quotes starts no
    row). ``unknown`` are headers that mean no column, ``twice`` columns that two headers mean: the
    first of them was read. ``ragged`` are the first ``LISTED`` rows with the wrong number of columns
    as (row, columns seen), ``ragged_count`` all of them. ``identifiers`` lists at most ``LISTED``
    places for each column and kind.
    """

    header: list[str]
    columns: dict[str, pa.ChunkedArray]
    source_row: np.ndarray
    sheet: str | None = None
    ragged: list[tuple[int, int]] = field(default_factory=list)
    identifiers: list[Hit] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    ragged_count: int = 0

    def __post_init__(self) -> None:
        self.ragged_count = max(self.ragged_count, len(self.ragged))

    @property
    def rows(self) -> int:
        """Rows of data in the file, ragged ones included, blank ones not."""
        return len(self.source_row) + self.ragged_count

    @property
    def text_bytes(self) -> int:
        """Memory that the values take."""
        return sum(column.nbytes for column in self.columns.values())


def as_table(
    heading: Heading,
    values: Sequence[pa.ChunkedArray],
    numbers: np.ndarray,
    contract: Contract,
    *,
    sheet: str | None = None,
    suspicious: bool = True,
) -> RawTable:
    """The table of ``values``, one array for each header in their order, without blank rows.

    ``suspicious`` is what ``may_contain_identifier`` said of the text that the values were read from.
    """
    values, numbers = _without_blank_rows(values, numbers)
    raw = RawTable(
        header=list(heading.shown),
        columns={},
        source_row=numbers,
        sheet=sheet,
        unknown=list(heading.unknown),
        twice=list(heading.twice),
    )
    if "" in raw.unknown and _is_blank_column(heading, values):
        raw.unknown.remove("")  # an editor's empty columns to the right
    every: dict[str, pa.ChunkedArray] = {}
    for place, (name, column) in enumerate(zip(heading.columns, values, strict=True)):
        if name is not None and name not in raw.columns:
            raw.columns[name] = column
            every[name] = column
        else:
            shown = heading.shown[place]
            every[f"{shown}\0{place}" if shown in every else shown] = column
    raw.identifiers = at_most_listed(
        Hit(kind, int(numbers[position]), name.partition("\0")[0], sheet)
        for name, position, kind in hits_in_table(every, _types(contract), suspicious=suspicious)
    )
    return raw


def joined(pieces: Sequence[RawTable]) -> RawTable:
    """Pieces of one file as one table."""
    first = pieces[0]
    if len(pieces) == 1:
        return first
    columns = {
        name: pa.chunked_array([chunk for piece in pieces for chunk in piece.columns[name].chunks], pa.string())
        for name in first.columns
    }
    return RawTable(
        header=first.header,
        columns=columns,
        source_row=np.concatenate([piece.source_row for piece in pieces]),
        sheet=first.sheet,
        ragged=[place for piece in pieces for place in piece.ragged][:LISTED],
        identifiers=at_most_listed(hit for piece in pieces for hit in piece.identifiers),
        unknown=[name for name in dict.fromkeys(first.header) if any(name in piece.unknown for piece in pieces)],
        twice=first.twice,
        notices=[notice for piece in pieces for notice in piece.notices],
        ragged_count=sum(piece.ragged_count for piece in pieces),
    )


def without_rows(piece: RawTable) -> RawTable:
    """What a piece says of the file as a whole."""
    return RawTable(
        header=piece.header,
        columns={name: pa.chunked_array([], pa.string()) for name in piece.columns},
        source_row=piece.source_row[:0],
        sheet=piece.sheet,
        identifiers=piece.identifiers,
        unknown=piece.unknown,
        twice=piece.twice,
        notices=piece.notices,
    )


def at_most_listed(hits: Iterable[Hit]) -> list[Hit]:
    """The hits, each once, and no more than ``LISTED`` for each kind and column."""
    counts: Counter[tuple[str, str | None, str | None]] = Counter()
    kept: dict[Hit, None] = {}
    for hit in hits:
        group = (hit.kind, hit.column, hit.sheet)
        if counts[group] < LISTED and hit not in kept:
            counts[group] += 1
            kept[hit] = None
    return list(kept)


def trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text without blanks around it, empty as null."""
    stripped = pc.utf8_trim_whitespace(column)
    empty = pc.equal(stripped, "")
    if pc.any(empty).as_py():
        return pc.if_else(empty, pa.scalar(None, pa.string()), stripped)
    return stripped


def _without_blank_rows(
    values: Sequence[pa.ChunkedArray], numbers: np.ndarray
) -> tuple[Sequence[pa.ChunkedArray], np.ndarray]:
    if len(numbers) and all(column.null_count for column in values):
        filled = np.zeros(len(numbers), dtype=bool)
        for column in values:
            filled |= np.asarray(column.is_valid())
        if not filled.all():
            mask = pa.array(filled)
            return [column.filter(mask) for column in values], numbers[filled]
    return values, numbers


def _is_blank_column(heading: Heading, values: Sequence[pa.ChunkedArray]) -> bool:
    return all(
        column.null_count == len(column) for shown, column in zip(heading.shown, values, strict=True) if not shown
    )


@cache
def _types(contract: Contract) -> Mapping[str, str | None]:
    return {column.name: column.type for column in contract.columns}
