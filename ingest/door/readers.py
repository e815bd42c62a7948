"""Reading a delivered file into text columns: CSV, Excel and Parquet.

The bytes come in once (the same that were hashed). Every value leaves as text, trimmed, empty as
null; what it means is decided later, for many files at once.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ingest.identifiers import contains_identifier, may_contain_identifier, rows_with_identifier

EXPECTED_FORMATS = "CSV (.csv), Excel (.xlsx), Parquet (.parquet)"
_CSV_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
_DELIMITERS = (",", ";", "\t")
# A workbook is a zip: refuse one that unpacks to more than any delivery holds.
_LARGEST_WORKBOOK = 1_000_000_000
# Arrow's CSV reader refuses larger blocks (offsets have 32 bits).
_LARGEST_BLOCK = 1 << 30


class ReadError(Exception):
    """A file that cannot be read. ``code`` is a rule, ``expected`` what would have been right.

    Holds nothing of the file's content.
    """

    def __init__(self, code: str, expected: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.expected = expected


@dataclass
class RawTable:
    """A file as text.

    ``columns`` maps a header (trimmed, lower case) to its values, ``source_row`` gives the row of
    each value in the file (the header is row 1; a line break inside quotes starts no row).
    ``ragged`` are rows with the wrong number of columns as (row, columns seen). ``identifiers``
    are the places of direct identifiers as (row or None, column or None, sheet or None).
    """

    header: list[str]
    columns: dict[str, pa.ChunkedArray]
    source_row: np.ndarray
    sheet: str | None = None
    ragged: list[tuple[int, int]] = field(default_factory=list)
    identifiers: list[tuple[int | None, str | None, str | None]] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows of data in the file, ragged ones included, blank ones not."""
        return len(self.source_row) + len(self.ragged)


def read_table(content: bytes, path: str, table: str, known: Sequence[str]) -> RawTable:
    """Read the bytes of ``path``, which holds ``table`` with the ``known`` columns.

    Raises ``ReadError`` when it cannot be read at all. What the header should be is not decided
    here: ``known`` only helps to recognise the delimiter.
    """
    suffix = PurePath(path).suffix.lower()
    if suffix in _CSV_SUFFIXES:
        return _read_csv(content, known)
    if suffix == ".xlsx":
        return _read_workbook(content, table)
    if suffix == ".parquet":
        return _read_parquet(content)
    raise ReadError("FILE_FORMAT", EXPECTED_FORMATS)


# ---- CSV -------------------------------------------------------------------------------------


def _read_csv(content: bytes, known: Sequence[str]) -> RawTable:
    text = _as_utf8(content)
    start, header_row = _skip_separator_line(text)
    header, delimiter, body_start = _read_header(text, start, known)
    ragged: list[tuple[int, int]] = []
    ragged_identifiers: list[int] = []
    suspicious = may_contain_identifier(text)

    def skip_ragged(row: Any) -> str:
        ragged.append((row.number + header_row, row.actual_columns))
        if suspicious and contains_identifier(row.text):
            ragged_identifiers.append(row.number + header_row)
        return "skip"

    # Columns are read by position: a header named twice would otherwise lose one.
    names = [str(position) for position in range(len(header))]
    body = pa.py_buffer(text).slice(body_start)
    if body.size == 0:
        columns = [pa.chunked_array([], pa.string()) for _ in names]
    else:
        try:
            read = pa_csv.read_csv(
                pa.BufferReader(body),
                pa_csv.ReadOptions(
                    use_threads=False,
                    block_size=min(max(body.size + 1, 1 << 12), _LARGEST_BLOCK),
                    column_names=names,
                ),
                pa_csv.ParseOptions(
                    delimiter=delimiter,
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
        columns = read.columns
    numbers = np.arange(len(columns[0]) + len(ragged), dtype=np.int32) + (header_row + 1)
    if ragged:
        numbers = np.delete(numbers, [row - header_row - 1 for row, _ in ragged])
    if b" " in text or b"\t" in text or b"\xc2\xa0" in text:
        columns = [_trimmed(column) for column in columns]
    raw = _without_blank_rows(header, columns, numbers)
    raw.ragged = ragged
    if suspicious:
        raw.identifiers = _find_identifiers(raw)
        raw.identifiers += [(row, None, None) for row in ragged_identifiers]
    return raw


def _as_utf8(content: bytes) -> bytes:
    """The text in UTF-8 without byte order mark; from UTF-8 or Windows-1252."""
    if content.startswith(b"\xef\xbb\xbf"):
        content = content[3:]
    if b"\0" in content:  # UTF-16, or no text at all
        raise ReadError("FILE_ENCODING")
    if content.isascii():
        return content
    try:
        content.decode("utf-8")
        return content
    except UnicodeDecodeError:
        pass
    try:
        return content.decode("cp1252").encode("utf-8")
    except UnicodeDecodeError:
        raise ReadError("FILE_ENCODING") from None


def _skip_separator_line(text: bytes) -> tuple[int, int]:
    """Where the header starts, and its row: Excel may write ``sep=;`` before it."""
    if text[:4].lower() != b"sep=":
        return 0, 1
    end = text.find(b"\n")
    return (len(text), 2) if end < 0 else (end + 1, 2)


def _read_header(text: bytes, start: int, known: Sequence[str]) -> tuple[list[str], str, int]:
    """Header, delimiter and where the body starts."""
    ends = [place for place in (text.find(b"\n", start), text.find(b"\r", start)) if place >= 0]
    end = min(ends) if ends else len(text)
    line = text[start:end].decode("utf-8")
    if not line.strip():
        raise ReadError("FILE_EMPTY")
    wanted = set(known)
    best: tuple[int, int, str, list[str]] | None = None
    for delimiter in _DELIMITERS:
        try:
            cells = next(csv.reader(io.StringIO(line), delimiter=delimiter))
        except csv.Error:
            raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
        names = [_header_name(cell) for cell in cells]
        rank = (len(wanted & set(names)), len(names))
        if best is None or rank > best[:2]:
            best = (*rank, delimiter, names)
    assert best is not None
    body = end + (2 if text[end : end + 2] == b"\r\n" else 1)
    return best[3], best[2], min(body, len(text))


# ---- Excel -----------------------------------------------------------------------------------


def _read_workbook(content: bytes, table: str) -> RawTable:
    from python_calamine import CalamineError, CalamineWorkbook  # only suppliers of .xlsx pay

    identifiers: list[tuple[int | None, str | None, str | None]] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > _LARGEST_WORKBOOK:
                raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)
            # Comments, properties and hidden parts are text too. Cells are looked at below.
            suspicious = [
                member.filename
                for member in members
                if contains_identifier(member.filename) or _part_holds_identifier(archive, member)
            ]
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {
            name: workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in workbook.sheet_names
        }
    # calamine is native code: a damaged workbook surfaces as one of many kinds of error.
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError, RuntimeError, EOFError):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
    if not sheets:
        raise ReadError("FILE_EMPTY")
    by_name = {name.strip().lower(): name for name in sheets}
    chosen = by_name.get(table, next(iter(sheets)))
    for name, cells in sheets.items():
        if contains_identifier(name):
            identifiers.append((None, None, None))
        if name != chosen:
            for number, row in enumerate(cells, start=1):
                if any(isinstance(cell, str) and contains_identifier(cell) for cell in row):
                    identifiers.append((number, None, name))
    raw = _from_cells(sheets[chosen], chosen)
    raw.identifiers = identifiers + _find_identifiers(raw)
    if suspicious and not raw.identifiers:
        raw.identifiers.append((None, None, None))
    return raw


def _part_holds_identifier(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    if not member.filename.lower().endswith((".xml", ".rels", ".vml")):
        return False
    text = archive.read(member)
    try:
        if not may_contain_identifier(text):
            return False
    except pa.ArrowInvalid:
        pass
    return contains_identifier(text.decode("utf-8", errors="replace"))


def _from_cells(cells: list[list[Any]], sheet: str) -> RawTable:
    head = next((place for place, row in enumerate(cells) if any(_text(cell) for cell in row)), None)
    if head is None:
        raise ReadError("FILE_EMPTY")
    header = [_header_name(_text(cell) or "") for cell in cells[head]]
    while header and not header[-1]:
        header.pop()
    width = len(header)
    kept, numbers, ragged = [], [], []
    for number, row in enumerate(cells[head + 1 :], start=head + 2):
        texts = [_text(cell) for cell in row]
        if any(texts[width:]):
            ragged.append((number, max(i for i, text in enumerate(texts, 1) if text)))
        elif any(texts):
            kept.append(texts[:width] + [None] * (width - len(texts)))
            numbers.append(number)
    columns = [pa.chunked_array([pa.array([row[place] for row in kept], pa.string())]) for place in range(width)]
    raw = RawTable(header, _named(header, columns), np.array(numbers, dtype=np.int32), sheet)
    raw.ragged = ragged
    raw.identifiers = []
    return raw


def _text(cell: Any) -> str | None:
    """A cell of a workbook as text; a whole number that Excel keeps as 5.0 as ``5``."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip() or None


# ---- Parquet ---------------------------------------------------------------------------------


def _read_parquet(content: bytes) -> RawTable:
    try:
        read = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
        columns = [_as_text(column) for column in read.columns]
    except (pa.ArrowException, OSError, ValueError):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
    header = [_header_name(name) for name in read.schema.names]
    if not header:
        raise ReadError("FILE_EMPTY")
    numbers = np.arange(read.num_rows, dtype=np.int32) + 2
    raw = _without_blank_rows(header, [_trimmed(column) for column in columns], numbers)
    raw.identifiers = _find_identifiers(raw)
    metadata = [dict(read.schema.metadata or {}), *(dict(f.metadata or {}) for f in read.schema)]
    for entries in metadata:
        for key, value in entries.items():
            if contains_identifier((key + b"\n" + value).decode("utf-8", errors="replace")):
                raw.identifiers.append((None, None, None))
    return raw


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        as_days = column.cast(pa.date32(), safe=False)
        midnight = pc.all(pc.equal(as_days.cast(kind), column)).as_py() is not False
        column = as_days if midnight else column
    elif pa.types.is_floating(kind):
        whole = pc.all(pc.equal(pc.floor(column), column)).as_py() is not False
        column = column.cast(pa.int64()) if whole else column
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        raise ValueError("binary column")
    return column.cast(pa.string())


# ---- common ----------------------------------------------------------------------------------


def _header_name(cell: str) -> str:
    return cell.strip().lower()


def _named(header: list[str], columns: list[pa.ChunkedArray]) -> dict[str, pa.ChunkedArray]:
    """By name; of a header named twice the first counts here (the delivery is rejected anyway)."""
    return dict(zip(reversed(header), reversed(columns), strict=True))


def _trimmed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    trimmed = pc.utf8_trim_whitespace(column)
    empty = pc.equal(trimmed, "")
    if pc.any(empty).as_py():
        return pc.if_else(empty, pa.scalar(None, pa.string()), trimmed)
    return trimmed


def _without_blank_rows(header: list[str], columns: list[pa.ChunkedArray], numbers: np.ndarray) -> RawTable:
    if len(numbers) and all(column.null_count for column in columns):
        filled = np.zeros(len(numbers), dtype=bool)
        for column in columns:
            filled |= np.asarray(column.is_valid())
        if not filled.all():
            columns = [column.filter(pa.array(filled)) for column in columns]
            numbers = numbers[filled]
    return RawTable(header, _named(header, columns), numbers)


def _find_identifiers(raw: RawTable) -> list[tuple[int | None, str | None, str | None]]:
    """Places of identifiers in header and cells. The name of a hit header is not repeated."""
    places: list[tuple[int | None, str | None, str | None]] = []
    if any(contains_identifier(name) for name in raw.header):
        places.append((1, None, raw.sheet))
    for name, column in raw.columns.items():
        for position in rows_with_identifier(column):
            places.append((int(raw.source_row[position]), name, raw.sheet))
    return places
