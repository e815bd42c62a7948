"""The files that old systems write: CSV of two kinds, Parquet and XLSX.

The same table gives the same bytes each time (XLSX: no clock in the archive).
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet

from ingest.contracts import Contract
from ingest.synthetic import settings
from ingest.synthetic.days import NO_DAY, day_number, day_of
from ingest.synthetic.tables import Table, Values, row_count

_FIRST_TEXT_DAY = day_number("1985-01-01")
_LAST_TEXT_DAY = day_number("2059-12-31")
_EXCEL_EPOCH = 25_569  # 1970-01-01 in Excel's count of days
_NO_CLOCK = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class FileFormat:
    """How one supplier writes its files."""

    name: str
    suffix: str
    write: Callable[[Contract, Table, str], bytes]  # contract, table, kind of bad row ("" for none)


@cache
def _day_texts(pattern: str) -> pa.StringArray:
    return pa.array([day_of(day).strftime(pattern) for day in range(_FIRST_TEXT_DAY, _LAST_TEXT_DAY + 1)])


def _as_text(kind: str, values: Values, day_pattern: str, boolean: tuple[str, str], point: str = ".") -> pa.Array:
    if kind == "date":
        days: npt.NDArray[np.int32] = np.asarray(values)
        return _day_texts(day_pattern).take(pa.array(days - _FIRST_TEXT_DAY, mask=days == NO_DAY))
    if kind == "bool":
        flags: npt.NDArray[np.int8] = np.asarray(values)
        return pa.array(boolean).take(pa.array(flags, mask=flags < 0))
    if kind == "int":
        numbers: npt.NDArray[np.int32] = np.asarray(values)
        return pa.array(numbers, mask=numbers < 0)
    if kind == "decimal":
        amounts: npt.NDArray[np.float64] = np.asarray(values)
        if not point:
            return pa.array(amounts, mask=np.isnan(amounts))
        texts = [None if text == "nan" else text.replace(".", point) for text in np.char.mod("%.2f", amounts).tolist()]
        return pa.array(texts, pa.string())
    if not isinstance(values, pa.StringArray):
        raise TypeError(f"a column of contract type {kind!r} must be text, not {type(values).__name__}")
    return values


def _csv(
    contract: Contract,
    table: Table,
    bad_rows: str,
    *,
    encoding: str,
    delimiter: str,
    day_pattern: str,
    boolean: tuple[str, str],
    quoted: bool,
    line_end: bytes,
    point: str = ".",
) -> bytes:
    columns = {
        column.name: _as_text(column.type, table[column.name], day_pattern, boolean, point)
        for column in contract.columns
    }
    if bad_rows:
        _spoil(columns, bad_rows, day_pattern)
    sink = pa.BufferOutputStream()
    header = delimiter.join(f'"{name}"' if quoted else name for name in columns)
    sink.write(f"{header}\n".encode())
    options = pyarrow.csv.WriteOptions(
        include_header=False, delimiter=delimiter, quoting_style="all_valid" if quoted else "none"
    )
    if row_count(table):
        pyarrow.csv.write_csv(pa.table(columns), sink, options)
    content = sink.getvalue().to_pybytes()
    if encoding != "utf-8":
        content = content.decode().encode(encoding)
    return content if line_end == b"\n" else content.replace(b"\n", line_end)


def _spoil(columns: dict[str, pa.Array], kind: str, day_pattern: str) -> None:
    """Plant rows that the door must quarantine (see ``bad_rows`` in peculiarities.yml)."""
    count = len(next(iter(columns.values())))
    position = np.arange(count)
    spoiled = pa.array(
        (position >= settings.BAD_ROW_OFFSET) & ((position - settings.BAD_ROW_OFFSET) % settings.BAD_ROW_EVERY == 0)
    )

    def put(column: str, value: pa.Scalar | pa.Array) -> None:
        columns[column] = pa.compute.if_else(spoiled, value, columns[column])

    if kind == "worker_assignment":  # ends before it starts: long before anybody was a client
        put("end_date", pa.scalar(day_of(day_number("1999-01-31")).strftime(day_pattern)))
    elif kind == "housing_spell":
        put("housing_type", pa.scalar("LAITOS"))
    elif kind == "contact":
        impossible = day_of(day_number("2025-11-30")).strftime(day_pattern).replace("30", "31")
        put("date", pa.scalar(impossible))


def _parquet(contract: Contract, table: Table, bad_rows: str) -> bytes:
    arrays = []
    for column in contract.columns:
        values = table[column.name]
        if column.type == "date":
            days: npt.NDArray[np.int32] = np.asarray(values)
            arrays.append(pa.array(days, mask=days == NO_DAY, type=pa.int32()).cast(pa.date32()))
        elif column.type == "bool":
            flags: npt.NDArray[np.int8] = np.asarray(values)
            arrays.append(pa.array(flags > 0, mask=flags < 0))
        else:
            arrays.append(_as_text(column.type, values, "", ("", ""), point=""))
    sink = pa.BufferOutputStream()
    written = pa.table(arrays, names=list(contract.column_names))
    pyarrow.parquet.write_table(written, sink, compression="zstd")
    return sink.getvalue().to_pybytes()


_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
    '<Override PartName="/xl/styles.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" '
    'Target="{target}"/>{more}</Relationships>'
)
_STYLES_RELATION = (
    '<Relationship Id="rId2" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" '
    'Target="styles.xml"/>'
)
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_WORKBOOK = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<workbook {_MAIN} '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
    '<sheets><sheet name="{name}" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
# Style 0: general; style 1: the built-in date format 14, shown in the reader's own form.
_STYLES = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet {_MAIN}>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    "</fills>"
    '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="2"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="14" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    "</cellXfs>"
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles>'
    "</styleSheet>"
)


def _cells(kind: str, letter: str, values: Values) -> list[str]:
    """The cells of one column as XML, ``#`` for the row number; empty ones are left out."""
    if kind == "date":
        numbers: npt.NDArray[np.int32] = np.asarray(values)
        return [
            "" if day == NO_DAY else f'<c r="{letter}#" s="1"><v>{day + _EXCEL_EPOCH}</v></c>'
            for day in numbers.tolist()
        ]
    if kind == "bool":
        return ["" if flag < 0 else f'<c r="{letter}#" t="b"><v>{flag}</v></c>' for flag in np.asarray(values).tolist()]
    if kind == "int":
        return ["" if number < 0 else f'<c r="{letter}#"><v>{number}</v></c>' for number in np.asarray(values).tolist()]
    if kind == "decimal":
        return [
            "" if amount != amount else f'<c r="{letter}#"><v>{amount:.2f}</v></c>'
            for amount in np.asarray(values).tolist()
        ]
    texts = values.to_pylist() if isinstance(values, pa.Array) else list(values)
    return [
        "" if text is None else f'<c r="{letter}#" t="inlineStr"><is><t>{escape(str(text))}</t></is></c>'
        for text in texts
    ]


def _xlsx(contract: Contract, table: Table, bad_rows: str) -> bytes:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    columns = [
        [
            f'<c r="{letter}#" t="inlineStr"><is><t>{column.name}</t></is></c>',
            *_cells(column.type, letter, table[column.name]),
        ]
        for letter, column in zip(letters, contract.columns, strict=False)
    ]
    if len(columns) < len(contract.columns):
        raise ValueError(f"{contract.table} has more columns than the XLSX writer has letters")
    rows = [
        f'<row r="{number}">{"".join(cells).replace("#", str(number))}</row>'
        for number, cells in enumerate(zip(*columns, strict=True), start=1)
    ]
    last = f"{letters[len(columns) - 1]}{len(rows)}"
    sheet = (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet {_MAIN}>'
        f'<dimension ref="A1:{last}"/><sheetData>{"".join(rows)}</sheetData></worksheet>'
    )
    parts = {
        "[Content_Types].xml": _CONTENT_TYPES,
        "_rels/.rels": _RELATIONS.format(kind="officeDocument", target="xl/workbook.xml", more=""),
        "xl/workbook.xml": _WORKBOOK.format(name=contract.table),
        "xl/_rels/workbook.xml.rels": _RELATIONS.format(
            kind="worksheet", target="worksheets/sheet1.xml", more=_STYLES_RELATION
        ),
        "xl/styles.xml": _STYLES,
        "xl/worksheets/sheet1.xml": sheet,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _NO_CLOCK), text, zipfile.ZIP_DEFLATED, 1)
    return buffer.getvalue()


def format_of(area: str) -> FileFormat:
    """The format in which the supplier of an area writes."""
    if area in settings.PARQUET:
        return FileFormat("Parquet", "parquet", _parquet)
    if area in settings.XLSX:
        return FileFormat("XLSX", "xlsx", _xlsx)
    windows = area in settings.WINDOWS_1252
    words = "1/0" if area in settings.ONE_ZERO else "kyllä/ei" if windows else "true/false"
    quoted = area in settings.QUOTED_FIELDS
    write = partial(
        _csv,
        encoding="cp1252" if windows else "utf-8",
        delimiter=";" if windows else ",",
        day_pattern="%d.%m.%Y" if windows else "%Y-%m-%d",
        boolean=settings.BOOLEAN_WORDS[words],
        quoted=quoted,
        line_end=b"\r\n" if windows else b"\n",
        point="," if windows else ".",
    )
    kind = "CSV, Windows-1252, semicolon, dd.mm.yyyy" if windows else "CSV, UTF-8, comma, ISO 8601"
    return FileFormat(f"{kind}, {words}{', quoted' if quoted else ''}", "csv", write)


def municipal_format() -> FileFormat:
    """The format in which municipalities write."""
    write = partial(
        _csv,
        encoding="utf-8",
        delimiter=",",
        day_pattern="%Y-%m-%d",
        boolean=settings.BOOLEAN_WORDS["true/false"],
        quoted=False,
        line_end=b"\n",
    )
    return FileFormat("CSV, UTF-8, comma", "csv", write)


def kela_format() -> FileFormat:
    """The format in which Kela writes."""
    return FileFormat("Parquet", "parquet", _parquet)
