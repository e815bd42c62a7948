"""Excel workbooks: the right sheet, what Excel makes of dates and codes, and what a workbook can hide.

A workbook is a zip of XML parts. Each part is unpacked here once, with its size counted, and looked
through; the cells are then read by calamine from a copy that holds nothing else, so that what was
looked at is what is read.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any, BinaryIO
from xml.etree import ElementTree
from xml.parsers import expat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Contract, normalised_header
from ingest.door.reading.headers import HEADER_ROWS, heading, known_headers, masked_name
from ingest.door.reading.packed import zip_errors
from ingest.door.reading.table import (
    EXPECTED_FORMATS,
    LISTED,
    MOST_COLUMNS,
    NOTE_FORMULA,
    NOTE_HEADER_ROW,
    NOTE_HIDDEN,
    NOTE_MERGED,
    NOTE_PICTURE,
    NOTE_SHEET,
    Notice,
    RawTable,
    ReadError,
    as_table,
    at_most_listed,
)
from ingest.identifiers import FREE_TEXT, Hit, kinds_in, kinds_in_part

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

# Unpacked. A cell takes some 30 bytes of XML; larger tables are better sent as CSV or Parquet.
LARGEST_WORKBOOK = 256_000_000
# calamine keeps every cell of the rectangle round what is filled, 32 bytes each.
MOST_CELLS = 10_000_000
_MOST_PARTS = 2_000
_MOST_SHEETS = 200
# Sheets that a template workbook has beside the data, by normalised name.
SERVICE_SHEETS = frozenset(
    {
        "manifest", "manifesti", "code_lists", "koodistot", "kodlistor", "lists", "instructions", "ohje", "ohjeet",
        "anvisning", "anvisningar", "readme",
    }
)  # fmt: skip
_STRINGS = "xl/sharedstrings.xml"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCODING = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)")
_READABLE_ENCODINGS = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii", b"iso-8859-1", b"windows-1252"})
_PICTURES = re.compile(r"xl/(media|drawings)/.*\.(png|jpe?g|gif|bmp|tiff?|emf|wmf|svg)", re.IGNORECASE)
_WRITTEN_BY_PEOPLE = re.compile(r"xl/(comments|threadedcomments|drawings|persons)|docprops/(core|custom)")
_HARMLESS_BINARY = re.compile(r"xl/printerSettings/[^/]*\.bin", re.IGNORECASE)
# Generously: anything that may be the place of a row or a cell beyond Z9999. For RE2, which takes a
# tenth of the time; where it matches, expat says how far the filled cells really go.
_FAR_AWAY = r"""\sr\s*=\s*["'](?:[A-Za-z]{2,}[0-9]|[A-Za-z]*[0-9]{5})"""
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\b(?=[^>]*\bhidden=[\"'](?:1|true)[\"'])[^>]*\br=[\"']([0-9]{1,7})[\"']")
_HIDDEN_COLUMNS = re.compile(rb"<(?:\w+:)?col\b(?=[^>]*\bhidden=[\"'](?:1|true)[\"'])[^>]*>")
_COLUMN_RANGE = re.compile(rb"\b(min|max)=[\"']([0-9]{1,6})[\"']")
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\b[^>]*\br=[\"'][A-Z]{1,3}([0-9]{1,7})[\"'][^>]*>\s*"
    rb"<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</)"
)
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\b(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*>"
    rb"(?:\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>))?\s*<(?:\w+:)?v>([^<]{1,20})</"
)
_SHEET_DATA = re.compile(rb"<(?:\w+:)?sheetData\b.*</(?:\w+:)?sheetData\s*>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*>([^<]+)<")
# Days as Excel counts them: 1900 as if it had been a leap year, so from March 1900 on this holds.
_EPOCH_1900, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)
_LAST_SERIAL = 2_958_465  # 31 December 9999


@dataclass(frozen=True)
class _Sheet:
    """A worksheet: its place in the workbook, the part that holds it, and how it may be named."""

    name: str
    place: int
    shown: str
    is_hidden: bool
    part: str | None


@dataclass(frozen=True)
class _Parts:
    """What the look through all parts gave.

    ``copy`` is the workbook without everything else, ``strings`` are the texts that its cells share.
    """

    copy: bytes
    is_1904: bool
    kinds: dict[str, None]
    strings: set[str]
    pictures: int


def read_workbook(stream: BinaryIO, contract: Contract) -> RawTable:
    """The table of ``contract`` in a workbook; raises ``ReadError`` when there is none or no only one."""
    parts = _looked_through(stream)
    workbook, sheets = _opened(parts)
    identifiers = [Hit(kind) for kind in parts.kinds]
    cells = {sheet.name: _cells(workbook, sheet) for sheet in sheets}
    rows = {name: found.rows for name, found in cells.items()}
    used = {cell.strip() for found in rows.values() for row in found for cell in row if isinstance(cell, str)}
    identifiers += [Hit(kind) for text in parts.strings - used for kind in kinds_in(text) if kind != FREE_TEXT]
    chosen = _chosen([sheet for sheet in sheets if _has_text(rows[sheet.name])], rows, contract)
    notices: list[Notice] = [Notice(NOTE_PICTURE, count=parts.pictures)] if parts.pictures else []
    for sheet in sheets:
        identifiers += [Hit(kind) for kind in kinds_in(sheet.name)]
        if sheet is not chosen and _has_text(rows[sheet.name]):
            identifiers += _hits_beside(rows[sheet.name], sheet)
            if normalised_header(sheet.name) not in SERVICE_SHEETS:
                notices.append(Notice(NOTE_SHEET, sheet=sheet.shown))
    part = _part(stream, chosen.part)
    raw = _from_rows(rows[chosen.name], chosen, part, parts.is_1904, contract)
    raw.identifiers = at_most_listed([*identifiers, *raw.identifiers])
    raw.notices = [*notices, *raw.notices, *_merged_notice(cells[chosen.name].merged, raw, chosen)]
    return raw


def read_sheet(stream: BinaryIO, names: Collection[str]) -> list[list[str | None]] | None:
    """The cells of the first sheet whose normalised name is one of ``names``, as text; ``None`` without one.

    Raises ``ReadError`` when the workbook cannot be read.
    """
    workbook, sheets = _opened(_looked_through(stream))
    for sheet in sheets:
        if normalised_header(sheet.name) in names:
            return [[_text(cell) for cell in row] for row in _cells(workbook, sheet).rows]
    return None


# ---- the parts -------------------------------------------------------------------------------------


def _looked_through(stream: BinaryIO) -> _Parts:
    stream.seek(0)
    start = stream.read(len(_OLE))
    if not start:
        raise ReadError("FILE_EMPTY")
    if start == _OLE:  # how Office encrypts; also the workbooks of before 2007
        raise ReadError("FILE_PROTECTED", EXPECTED_FORMATS)
    kinds: dict[str, None] = {}
    strings: set[str] = set()
    pictures = 0
    is_1904 = False
    buffer = io.BytesIO()
    with zip_errors(), zipfile.ZipFile(stream) as archive, zipfile.ZipFile(buffer, "w") as copy:
        members = [member for member in archive.infolist() if not member.is_dir()]
        names = [member.filename.lower().lstrip("/") for member in members]
        if len(members) > _MOST_PARTS or sum(member.file_size for member in members) > LARGEST_WORKBOOK:
            raise ReadError("FILE_TOO_LARGE", f"≤ {LARGEST_WORKBOOK // 10**6} MB")
        if len(set(names)) != len(names) or "xl/workbook.xml" not in names:
            raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)
        for member, name in zip(members, names, strict=True):
            if member.flag_bits & 0x1:
                raise ReadError("FILE_PROTECTED", EXPECTED_FORMATS)
            kinds |= dict.fromkeys(kinds_in(member.filename))
            content = archive.read(member)
            if name.endswith((".xml", ".rels", ".vml")):
                _check_markup(content)
                if b"sheetData" in content:
                    _check_extent(content)
                if name == _STRINGS:
                    strings.update(_shared_strings(content))
                else:
                    kinds |= dict.fromkeys(_kinds_in_part(name, content))
                if name == "xl/workbook.xml":
                    is_1904 = re.search(rb"date1904\s*=\s*[\"'](1|true)", content) is not None
                if name.startswith(("xl/", "_rels/", "[content_types]")):
                    copy.writestr(zipfile.ZipInfo(member.filename), content)
            elif _PICTURES.fullmatch(name):
                pictures += 1
            elif not _HARMLESS_BINARY.fullmatch(name):
                raise ReadError("FILE_EMBEDDED", EXPECTED_FORMATS)
        kinds |= dict.fromkeys(kinds_in(archive.comment.decode("latin-1")))
    return _Parts(buffer.getvalue(), is_1904, kinds, strings, pictures)


def _check_markup(content: bytes) -> None:
    """Only what every reader understands alike: no other alphabet, no entities of its own."""
    declared = _ENCODING.match(content.removeprefix(b"\xef\xbb\xbf"))
    if (
        b"\0" in content
        or b"<!DOCTYPE" in content
        or b"<!ENTITY" in content
        or (declared and declared[1].lower() not in _READABLE_ENCODINGS)
    ):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)


def _kinds_in_part(name: str, content: bytes) -> tuple[str, ...]:
    """Kinds of identifier in a part, without the values of cells: those are looked at by column.

    Long texts count only where people write them, in comments and text boxes. Elsewhere they are the
    program's name, or instructions of a template.
    """
    if b"sheetData" in content:
        formulas = (
            b"".join(b"<f>%b</f>" % text for text in _FORMULA.findall(content)) if _has_formulas(content) else b""
        )
        rest = _SHEET_DATA.sub(b"", content)
        kinds = (*kinds_in_part(name, rest), *kinds_in_part(name, b"<sheetData>%b</sheetData>" % formulas))
    else:
        kinds = kinds_in_part(name, content)
    return kinds if _WRITTEN_BY_PEOPLE.match(name) else tuple(kind for kind in kinds if kind != FREE_TEXT)


def _shared_strings(content: bytes) -> Iterator[str]:
    """The texts that cells share, and what was left of cells that are no longer there."""
    for entry in content.decode("utf-8", errors="replace").split("</si>"):
        yield unescape(re.sub(r"<[^>]*>", "", entry)).strip()


def _has_formulas(content: bytes) -> bool:
    return b"<f" in content or b":f" in content


def _check_extent(content: bytes) -> None:
    """Refuse a sheet whose filled cells span more than can be held, before anything holds them."""
    ends = pa.array([0, len(content)], pa.int64()).buffers()[1]
    whole = pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(content)])
    if not pc.match_substring_regex(whole, _FAR_AWAY)[0].as_py():
        return
    width, height = _filled_extent(content)
    if width > MOST_COLUMNS or width * height > MOST_CELLS:
        raise ReadError("FILE_TOO_LARGE", f"≤ {MOST_COLUMNS} columns, ≤ {MOST_CELLS // 10**6} × 10⁶ cells")


def _filled_extent(content: bytes) -> tuple[int, int]:
    """(columns, rows) from A1 to the last cell that holds anything."""
    extent = [0, 0]
    place = [0, 0]  # column and row of the cell that is open

    def start(name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "row":
            place[:] = [0, _whole(attributes.get("r"), place[1] + 1)]
        elif tag == "c":
            split = re.fullmatch(r"([A-Za-z]+)([0-9]+)", attributes.get("r", ""))
            if split:
                place[:] = [_column_number(split[1].encode()), int(split[2][:12])]
            else:
                place[0] += 1
        elif tag in ("v", "is", "f"):
            extent[:] = [max(extent[0], place[0]), max(extent[1], place[1])]

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    try:
        parser.Parse(content, True)
    except expat.ExpatError:
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
    return extent[0], extent[1]


def _whole(text: str | None, otherwise: int) -> int:
    return int(text[:12]) if text is not None and text.isascii() and text.isdigit() else otherwise


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters[:8].upper():
        number = number * 26 + letter - 64
    return number


def _opened(parts: _Parts) -> tuple[CalamineWorkbook, list[_Sheet]]:
    from python_calamine import (  # only suppliers of .xlsx pay
        CalamineError,
        CalamineWorkbook,
        SheetTypeEnum,
        SheetVisibleEnum,
    )

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(parts.copy))
        described = workbook.sheets_metadata
    except (CalamineError, OSError, ValueError, RuntimeError, EOFError):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
    with zip_errors(), zipfile.ZipFile(io.BytesIO(parts.copy)) as archive:
        part_of = _sheet_parts(archive)
    sheets = [
        _Sheet(
            name=sheet.name,
            place=place,
            shown=masked_name(sheet.name) if kinds_in(sheet.name) or len(sheet.name) > 40 else sheet.name,
            is_hidden=sheet.visible != SheetVisibleEnum.Visible,
            part=part_of.get(sheet.name),
        )
        for place, sheet in enumerate(described)
        if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    if not sheets:
        raise ReadError("FILE_EMPTY")
    if len(sheets) > _MOST_SHEETS:
        raise ReadError("FILE_TOO_LARGE", f"≤ {_MOST_SHEETS} sheets")
    if len({sheet.name for sheet in sheets}) != len(sheets):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)
    return workbook, sheets


def _sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of a sheet -> the part that holds it."""
    names = {name.lower(): name for name in archive.namelist()}
    relations = names.get("xl/_rels/workbook.xml.rels")
    if relations is None:
        return {}
    try:
        targets = {
            relation.get("Id"): relation.get("Target", "")
            for relation in ElementTree.fromstring(archive.read(relations))
        }
        book = ElementTree.fromstring(archive.read(names["xl/workbook.xml"]))
    except ElementTree.ParseError:
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
    found = {}
    for element in book.iter():
        if element.tag.rpartition("}")[2] == "sheet":
            ids = [value for key, value in element.attrib.items() if key.rpartition("}")[2] == "id"]
            target = targets.get(ids[0], "") if ids else ""
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if part := names.get(path.lower()):
                found[element.get("name", "")] = part
    return found


def _part(stream: BinaryIO, name: str | None) -> bytes:
    """A part that was looked through before, once more."""
    if name is None:
        return b""
    with zip_errors(), zipfile.ZipFile(stream) as archive:
        return archive.read(name)


# ---- the sheet -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cells:
    """What calamine reads of a sheet: rows of cells from A1 on, and merged ranges (from 0)."""

    rows: list[list[Any]]
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]]


def _cells(workbook: CalamineWorkbook, sheet: _Sheet) -> _Cells:
    from python_calamine import CalamineError

    try:
        read = workbook.get_sheet_by_index(sheet.place)
        return _Cells(read.to_python(skip_empty_area=False), read.merged_cell_ranges or ())
    # calamine is native code: a damaged sheet surfaces as one of many kinds of error.
    except (CalamineError, OSError, ValueError, RuntimeError, EOFError, OverflowError):
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None


def _has_text(rows: Sequence[Sequence[Any]]) -> bool:
    return any(cell not in (None, "") for row in rows for cell in row)


def _chosen(filled: Sequence[_Sheet], rows: dict[str, list[list[Any]]], contract: Contract) -> _Sheet:
    """The sheet named as the table, else the only one with a known header, else the only one with data."""
    if not filled:
        raise ReadError("FILE_EMPTY")
    wanted = {normalised_header(name) for name in (contract.table, *contract.label.values())}
    data = [sheet for sheet in filled if normalised_header(sheet.name) not in SERVICE_SHEETS] or list(filled)
    named = [sheet for sheet in data if normalised_header(sheet.name) in wanted]
    known = [sheet for sheet in data if any(_known(row, contract) for row in rows[sheet.name][:HEADER_ROWS])]
    for candidates in (named, known, data):
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            break
    raise ReadError("FILE_SHEET", contract.table)


def _known(row: Sequence[Any], contract: Contract) -> int:
    return known_headers([cell for cell in row if isinstance(cell, str) and cell], contract)


def _hits_beside(rows: Sequence[Sequence[Any]], sheet: _Sheet) -> Iterator[Hit]:
    """Hits in cells that are in no column of the table; instructions and titles may be long texts."""
    for number, row in enumerate(rows, start=1):
        for cell in row:
            if isinstance(cell, str) and cell:
                for kind in kinds_in(cell):
                    if kind != FREE_TEXT:
                        yield Hit(kind, number, None, sheet.shown)


def _from_rows(
    rows: Sequence[Sequence[Any]], sheet: _Sheet, part: bytes, is_1904: bool, contract: Contract
) -> RawTable:
    head = _header_place(rows, contract)
    header = [_text(cell) or "" for cell in rows[head]]
    while header and not header[-1]:
        header.pop()
    found = heading(header, contract)
    width = len(header)
    errors = _error_cells(part)
    is_date = [name is not None and contract.column(name).type == "date" for name in found.columns]
    epoch = _EPOCH_1904 if is_1904 else _EPOCH_1900
    kept: list[list[str | None]] = []
    numbers: list[int] = []
    ragged: list[tuple[int, int]] = []
    hits = [Hit(kind, head + 1, None, sheet.shown) for kind in found.kinds]
    hits += _hits_beside(rows[:head], sheet)
    for number, row in enumerate(rows[head + 1 :], start=head + 2):
        texts = [_text(cell) for cell in row]
        for place, text in errors.get(number, ()):
            if place < len(texts):
                texts[place] = texts[place] or text
        if any(texts[width:]):
            ragged.append((number, max(place for place, text in enumerate(texts, 1) if text)))
            hits += [Hit(kind, number, None, sheet.shown) for text in texts if text for kind in kinds_in(text)]
        elif any(texts):
            for place in range(min(width, len(texts))):
                if is_date[place] and isinstance(row[place], float):
                    texts[place] = _day(row[place], epoch) or texts[place]
            kept.append(texts[:width] + [None] * (width - len(texts)))
            numbers.append(number)
    values = [pa.chunked_array([pa.array([row[place] for row in kept], pa.string())]) for place in range(width)]
    raw = as_table(found, values, np.array(numbers, dtype=np.int32), contract, sheet=sheet.shown)
    raw.ragged, raw.ragged_count = ragged[:LISTED], len(ragged)
    raw.identifiers = at_most_listed([*hits, *raw.identifiers])
    raw.notices = list(_notices(sheet, part, head + 1, raw))
    return raw


def _header_place(rows: Sequence[Sequence[Any]], contract: Contract) -> int:
    """Where most columns of the contract are named; else the first row with anything in it."""
    filled = [place for place, row in enumerate(rows) if any(_text(cell) for cell in row)]
    return max(filled[:HEADER_ROWS], key=lambda place: (_known(rows[place], contract), -place))


def _text(cell: Any) -> str | None:
    """A cell of a workbook as text; a whole number that Excel keeps as 5.0 as ``5``."""
    if isinstance(cell, str):
        return cell.strip() or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if not (cell.hour or cell.minute) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return None if cell is None else str(cell)


def _day(serial: float, epoch: date) -> str | None:
    """The day of a number in a date column whose cells have no date format."""
    if not serial.is_integer() or not 61 <= serial <= _LAST_SERIAL - 1_462:
        return None
    return (epoch + timedelta(days=int(serial))).isoformat()


def _error_cells(part: bytes) -> dict[int, list[tuple[int, str]]]:
    """Row -> (column from 0, ``#N/A`` and the like), which calamine gives as empty."""
    found: dict[int, list[tuple[int, str]]] = {}
    if b'"e"' not in part and b"'e'" not in part:
        return found
    for letters, row, text in _ERROR_CELL.findall(part):
        found.setdefault(int(row), []).append((_column_number(letters) - 1, text.decode("ascii", errors="replace")))
    return found


def _notices(sheet: _Sheet, part: bytes, head: int, raw: RawTable) -> Iterator[Notice]:
    last = int(raw.source_row[-1]) if len(raw.source_row) else head
    if head > 1:
        yield Notice(NOTE_HEADER_ROW, sheet.shown, rows=(head,))
    if sheet.is_hidden:
        yield Notice(NOTE_HIDDEN, sheet.shown)
    if b"hidden" in part:
        hidden = [row for row in map(int, _HIDDEN_ROW.findall(part)) if head < row <= last]
        if hidden:
            yield Notice(NOTE_HIDDEN, sheet.shown, rows=tuple(hidden[:LISTED]), count=len(hidden))
        for element in _HIDDEN_COLUMNS.findall(part):
            span = {key: int(value) for key, value in _COLUMN_RANGE.findall(element)}
            for name in raw.header[max(span.get(b"min", 1), 1) - 1 : span.get(b"max", 0)]:
                yield Notice(NOTE_HIDDEN, sheet.shown, column=name)
    if _has_formulas(part) and (empty := [row for row in map(int, _UNCALCULATED.findall(part)) if row > head]):
        rows = tuple(dict.fromkeys(empty))
        yield Notice(NOTE_FORMULA, sheet.shown, rows=rows[:LISTED], count=len(empty))


def _merged_notice(
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]], raw: RawTable, sheet: _Sheet
) -> Iterator[Notice]:
    if not len(raw.source_row):
        return
    first, last = int(raw.source_row[0]), int(raw.source_row[-1])
    counted = Counter(top + 1 for (top, _), (bottom, _) in merged if bottom + 1 >= first and top + 1 <= last)
    if counted:
        yield Notice(NOTE_MERGED, sheet.shown, rows=tuple(sorted(counted))[:LISTED], count=sum(counted.values()))
