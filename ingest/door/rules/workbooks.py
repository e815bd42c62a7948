"""Small workbooks and archives for the examples of rules, made when they are asked for."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from html import escape

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEADER = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
# A day that the ZIP format can name, so that the same example always has the same bytes.
_DAY = (1980, 1, 1, 0, 0, 0)


def sheet(rows: Sequence[Sequence[str]], *, hidden_rows: Sequence[int] = (), merged: str | None = None) -> str:
    """The XML of a sheet. A value that begins with ``=`` is a formula whose result nobody stored."""
    lines = []
    for number, row in enumerate(rows, start=1):
        cells = "".join(
            f'<c r="{chr(65 + place)}{number}"><f>{escape(value[1:])}</f></c>'
            if value.startswith("=")
            else f'<c r="{chr(65 + place)}{number}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
            for place, value in enumerate(row)
            if value
        )
        hidden = ' hidden="1"' if number in hidden_rows else ""
        lines.append(f'<row r="{number}"{hidden}>{cells}</row>')
    cells_merged = f'<mergeCells count="1"><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
    return f'{_HEADER}<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData>{cells_merged}</worksheet>'


def workbook(sheets: Mapping[str, str], more: Mapping[str, bytes] | None = None) -> Callable[[], bytes]:
    """The file of a workbook with these sheets (name -> XML) and ``more`` parts (path -> content)."""

    def content() -> bytes:
        numbers = range(1, len(sheets) + 1)
        overrides = "".join(
            f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
            for number in numbers
        )
        parts: dict[str, bytes] = {
            "[Content_Types].xml": (
                f'{_HEADER}<Types xmlns="{_PACKAGE}/content-types">'
                '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                '<Default Extension="png" ContentType="image/png"/>'
                '<Override PartName="/xl/workbook.xml" ContentType="application/'
                f'vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>{overrides}</Types>'
            ).encode(),
            "_rels/.rels": (
                f'{_HEADER}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
                f'Type="{_DOCUMENT}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
            ).encode(),
            "xl/workbook.xml": (
                f'{_HEADER}<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>'
                + "".join(
                    f'<sheet name="{escape(name)}" sheetId="{number}" r:id="rId{number}"/>'
                    for number, name in zip(numbers, sheets, strict=True)
                )
                + "</sheets></workbook>"
            ).encode(),
            "xl/_rels/workbook.xml.rels": (
                f'{_HEADER}<Relationships xmlns="{_PACKAGE}/relationships">'
                + "".join(
                    f'<Relationship Id="rId{number}" Type="{_DOCUMENT}/worksheet" '
                    f'Target="worksheets/sheet{number}.xml"/>'
                    for number in numbers
                )
                + "</Relationships>"
            ).encode(),
        }
        parts |= {
            f"xl/worksheets/sheet{number}.xml": text.encode()
            for number, text in zip(numbers, sheets.values(), strict=True)
        }
        return _zipped(parts | dict(more or {}))

    return content


def archive(members: Mapping[str, bytes]) -> Callable[[], bytes]:
    """A ZIP archive with these files."""
    return lambda: _zipped(members)


def _zipped(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(zipfile.ZipInfo(name, _DAY), content)
    return stream.getvalue()
