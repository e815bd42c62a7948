"""CSV: any delimiter and encoding that is met, in pieces that end where a record ends."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from ingest.contracts import Contract
from ingest.door.reading.encodings import encoding_of, utf_8_blocks
from ingest.door.reading.headers import HEADER_ROWS, Heading, heading, known_headers
from ingest.door.reading.packed import Source
from ingest.door.reading.table import (
    EXPECTED_FORMATS,
    LISTED,
    MOST_COLUMNS,
    MOST_ROWS,
    NOTE_HEADER_ROW,
    Notice,
    RawTable,
    ReadError,
    as_table,
    at_most_listed,
    trimmed,
)
from ingest.identifiers import Hit, kinds_in, may_contain_identifier
from ingest.identifiers.text import LONGEST_TEXT

CSV_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_DELIMITERS = (",", ";", "\t", "|")
# Title and header must stand within this; no header is a tenth of it.
_LONGEST_HEAD = 1 << 18
# A quote that is never closed makes the rest of the file one record.
_LONGEST_RECORD = 64_000_000
# Blanks, and quotes, inside which there may be line ends. Trimming costs a fifth of the reading.
_MAY_NEED_TRIMMING = (b" ", b'"', *(bytes([sign]) for sign in (0x9, 0xB, 0xC, 0x1C, 0x1D, 0x1E, 0x1F)))
_QUICKLY_LOOKED_THROUGH = 32_000
_QUOTE, _LINE_FEED, _CARRIAGE_RETURN = b'"\n\r'


@dataclass(frozen=True)
class _Layout:
    """How the file is written. ``row`` is the header's row, ``end`` where its record ends in the text."""

    heading: Heading
    delimiter: str
    row: int
    end: int
    hits: tuple[Hit, ...]
    notices: tuple[Notice, ...]


def read_csv(source: Source, contract: Contract, piece_bytes: int) -> Iterator[RawTable]:
    """The pieces of a CSV file, at least one, of about ``piece_bytes`` bytes of text each."""
    text = _Text(utf_8_blocks(source, encoding_of(source)))
    text.fill(_LONGEST_HEAD)
    layout = _layout(text.buffer, contract)
    text.start = layout.end
    row, is_first = layout.row + 1, True
    while (piece := text.next_piece(layout.delimiter, piece_bytes)) or is_first:
        raw, records = _parse(piece, layout, row, contract)
        if is_first:
            raw.identifiers = at_most_listed([*source.hits(), *layout.hits, *raw.identifiers])
            raw.notices = list(layout.notices)
        row, is_first = row + records, False
        if row > MOST_ROWS:
            raise ReadError("FILE_TOO_LARGE", f"≤ {MOST_ROWS}")
        yield raw


class _Text:
    """The text that has been read and not used: ``buffer`` from ``start`` on."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._is_read = False
        self.buffer = b""
        self.start = 0

    def fill(self, length: int) -> None:
        """Read until ``length`` bytes wait, or the text has ended."""
        have = len(self.buffer) - self.start
        if have >= length or self._is_read:
            return
        read = [self.buffer[self.start :]] if have else []
        while have < length and not self._is_read:
            block = next(self._blocks, None)
            if block is None:
                self._is_read = True
            else:
                read.append(block)
                have += len(block)
        self.buffer, self.start = read[0] if len(read) == 1 else b"".join(read), 0

    def next_piece(self, delimiter: str, length: int) -> bytes:
        """Whole records of about ``length`` bytes; nothing when the text has ended."""
        while True:
            self.fill(length + 1)  # one more, to see whether anything follows
            if len(self.buffer) - self.start <= length:
                end = len(self.buffer)
            else:
                end = self.start + length
                if self.buffer[end - 1 : end + 1] == b"\r\n":
                    end += 1
                end = self.start + records_end(self.buffer[self.start : end], delimiter)
            if end > self.start or len(self.buffer) == self.start:
                piece = self.buffer[self.start : end]
                self.start = end
                return piece
            length *= 2
            if length > _LONGEST_RECORD:
                raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)


def records_end(text: bytes, delimiter: str) -> int:
    """Where the last record ends that is complete in ``text``; 0 when none is.

    ``text`` starts with a record. Line breaks inside quotes end nothing.
    """
    if b'"' not in text:
        return max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
    characters = np.frombuffer(text, dtype=np.uint8)
    quotes = np.flatnonzero(characters == _QUOTE)
    if not _are_paired(characters, quotes, ord(delimiter)):
        matched = _records(delimiter).match(text)
        return matched.end() if matched else 0
    end = len(text)
    while end > 0:
        end = max(text.rfind(b"\n", 0, end), text.rfind(b"\r", 0, end)) + 1
        before = int(np.searchsorted(quotes, end))
        if before % 2 == 0:
            return end
        end = int(quotes[before - 1])
    return 0


def _are_paired(characters: np.ndarray, quotes: np.ndarray, delimiter: int) -> bool:
    """Whether every second quote opens a cell and the others close one, so that counting is enough."""
    borders = np.zeros(256, dtype=bool)
    borders[[delimiter, _LINE_FEED, _CARRIAGE_RETURN, _QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    before = characters[opening[opening > 0] - 1]
    after = characters[closing[closing < len(characters) - 1] + 1]
    return bool(borders[before].all() and borders[after].all())


@cache
def _records(delimiter: str) -> re.Pattern[bytes]:
    """As many whole records as there are. A quote that does not open a cell is a character like others."""
    d = re.escape(delimiter.encode())
    cell = rb'(?:"(?:[^"]|"")*+"[^%b\r\n]*+|[^"%b\r\n][^%b\r\n]*+|)' % (d, d, d)
    return re.compile(rb"(?>(?>%b%b)*+%b(?:\r\n|[\r\n]))*+" % (cell, d, cell))


@cache
def _record(delimiter: str) -> re.Pattern[bytes]:
    """One record with its line end, if it has one."""
    d = re.escape(delimiter.encode())
    cell = rb'(?:"(?:[^"]|"")*+(?:"[^%b\r\n]*+|\Z)|[^"%b\r\n][^%b\r\n]*+|)' % (d, d, d)
    return re.compile(rb"(?>%b%b)*+%b(?:\r\n|[\r\n]|\Z)" % (cell, d, cell))


# ---- the header ------------------------------------------------------------------------------------


def _layout(text: bytes, contract: Contract) -> _Layout:
    """Delimiter and header: where most columns of the contract are named, at best in the first row."""
    if not text.strip(b' \t\r\n,;|"'):
        raise ReadError("FILE_EMPTY")
    head = text[:_LONGEST_HEAD]
    best: tuple[tuple[int, int, int], str, int, int, list[str]] | None = None
    for delimiter in _DELIMITERS:
        if delimiter.encode() not in head and delimiter != _DELIMITERS[0]:
            continue
        for row, start, end in _first_records(head, delimiter):
            cells = _cells(head[start:end], delimiter)
            if not any(cells) or (row == 1 and cells[0][:4].lower() == "sep="):
                continue
            known = known_headers(cells, contract)
            rank = (known, -row, len(cells))
            if best is None or rank > best[0]:
                best = (rank, delimiter, row, end, cells)
            if known == len(cells):
                break
        if best is not None and best[0][0] == len(best[4]):
            break  # every header is known: no other reading is better
    if best is None:
        raise ReadError("FILE_EMPTY")
    _, delimiter, row, end, cells = best
    if len(cells) > MOST_COLUMNS or (end == len(head) < len(text)):
        raise ReadError("FILE_TOO_LARGE", f"≤ {MOST_COLUMNS} columns")
    found = heading(cells, contract)
    hits = [Hit(kind, row) for kind in found.kinds]
    notices = []
    for above, start, stop in _first_records(head, delimiter):
        if above >= row:
            break
        cells = [cell for cell in _cells(head[start:stop], delimiter) if cell]
        hits += [Hit(kind, above) for cell in cells for kind in kinds_in(cell)]
        if cells and not (above == 1 and cells[0][:4].lower() == "sep="):
            notices = [Notice(NOTE_HEADER_ROW, rows=(row,))]
    return _Layout(found, delimiter, row, end, tuple(hits), tuple(notices))


def _first_records(text: bytes, delimiter: str) -> Iterator[tuple[int, int, int]]:
    """(row, start, end) of the records among which the header must be."""
    pattern, start = _record(delimiter), 0
    for row in range(1, HEADER_ROWS + 1):
        if start >= len(text):
            return
        matched = pattern.match(text, start)
        if matched is None:  # cannot be: a record may be empty
            return
        yield row, start, matched.end()
        start = matched.end()


def _cells(record: bytes, delimiter: str) -> list[str]:
    text = record.decode("utf-8", errors="replace").rstrip("\r\n")
    if '"' not in text:
        return [cell.strip() for cell in text.split(delimiter)]
    try:
        return [cell.strip() for cell in next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])]
    except csv.Error:
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None


def _cells_of_ragged(text: str, delimiter: str) -> list[str]:
    """Cells as they were meant: an identifier with the delimiter inside quotes is one cell."""
    try:
        return _cells(text.encode(), delimiter)
    except ReadError:
        return [cell.strip(' "\r\n') for cell in text.split(delimiter)]


# ---- the rows --------------------------------------------------------------------------------------


def _parse(text: bytes, layout: _Layout, row: int, contract: Contract) -> tuple[RawTable, int]:
    """A piece that starts with the record of ``row``, and how many records it holds."""
    ragged: list[tuple[int, int]] = []
    skipped: list[int] = []
    hits: list[Hit] = []

    @cache
    def is_suspicious() -> bool:
        return may_contain_identifier(text)

    def skip_ragged(record: Any) -> str:
        number = record.number - 1
        skipped.append(number)
        if len(skipped) <= LISTED:
            ragged.append((row + number, record.actual_columns))
        if len(hits) < LISTED:
            # Without suspicion nothing but a long text can be wrong with a cell.
            cells = _cells_of_ragged(record.text, layout.delimiter)
            looked_at = [cell for cell in cells if len(cell) > LONGEST_TEXT or is_suspicious()]
            hits.extend(Hit(kind, row + number) for cell in looked_at for kind in kinds_in(cell))
        return "skip"

    # Columns are read by position: a header named twice would otherwise lose one.
    names = [str(place) for place in range(len(layout.heading.shown))]
    if text:
        try:
            read = pa_csv.read_csv(
                pa.BufferReader(text),
                pa_csv.ReadOptions(use_threads=False, block_size=max(len(text) + 1, 1 << 12), column_names=names),
                pa_csv.ParseOptions(
                    delimiter=layout.delimiter,
                    newlines_in_values=b'"' in text,
                    ignore_empty_lines=False,
                    invalid_row_handler=skip_ragged,
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid:
            raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
        values = read.columns
    else:
        values = [pa.chunked_array([], pa.string()) for _ in names]
    records = len(values[0]) + len(skipped)
    numbers = np.arange(row, row + records, dtype=np.int32)
    if skipped:
        numbers = np.delete(numbers, skipped)
    if not text.isascii() or any(sign in text for sign in _MAY_NEED_TRIMMING):
        values = [trimmed(column) for column in values]
    # In a longer text it is cheaper to look at each different value of the columns that hold no keys.
    suspicious = len(text) > _QUICKLY_LOOKED_THROUGH or is_suspicious()
    raw = as_table(layout.heading, values, numbers, contract, suspicious=suspicious)
    raw.ragged, raw.ragged_count = ragged, len(skipped)
    if hits:
        raw.identifiers = at_most_listed([*raw.identifiers, *hits])
    return raw, records
