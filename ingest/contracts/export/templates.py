"""A workbook a table to fill in: drop-downs, formats that keep leading zeros, codes and a manifest sheet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.contracts.model import LANGUAGES, Column, Contract
from ingest.contracts.reading import CONTRACT_FOLDER, code_lists
from ingest.contracts.template_manifest import FIELDS, MANIFEST_SHEET, NO, YES
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.datavalidation import DataValidation
    from openpyxl.worksheet.worksheet import Worksheet

CODES_SHEET, INSTRUCTIONS_SHEET = "code_lists", "instructions"
LONGEST_PROMPT = 255  # Excel takes no longer one
LAST_ROW = 1_048_576  # of a worksheet
TRUE, FALSE = "true", "false"
_BOOLEANS = (
    (TRUE, {"fi": "kyllä", "sv": "ja", "en": "yes"}),
    (FALSE, {"fi": "ei", "sv": "nej", "en": "no"}),
)
_UNKNOWN_PLACE = {"fi": "tuntematon tai ulkomaat", "sv": "okänd eller utomlands", "en": "unknown or abroad"}
# "@" is text: Excel then neither drops zeros nor makes a date or a number of a code.
_FORMATS = {"date": "yyyy-mm-dd", "int": "0", "decimal": "0.00"}
_REQUIRED_FILL, _OPTIONAL_FILL, _HEAD_FILL = "FFDCE8F2", "FFF2F2F2", "FFDDE3E9"
_TYPES = {
    "key": ("salanimi, 64 merkkiä 0-9 a-f", "pseudonym, 64 tecken 0-9 a-f", "pseudonym, 64 characters 0-9 a-f"),
    "date": ("päivä", "datum", "date"),
    "municipality": ("kuntakoodi", "kommunkod", "municipality code"),
    "wellbeing_area": ("aluekoodi", "områdeskod", "area code"),
    "code": ("koodi luettelosta", "kod ur listan", "code from the list"),
    "int": ("kokonaisluku", "heltal", "whole number"),
    "decimal": ("luku", "tal", "number"),
    "bool": ("true = kyllä, false = ei", "true = ja, false = nej", "true = yes, false = no"),
    "text": ("teksti", "text", "text"),
}
_REQUIRED_WORDS = {
    True: {"fi": "pakollinen", "sv": "obligatorisk", "en": "required"},
    False: {"fi": "vapaaehtoinen", "sv": "frivillig", "en": "optional"},
}
_WRONG = ("Arvo ei kelpaa · Värdet duger inte · The value is not allowed", "Katso · Se · See: ")


def template(table: Contract, source: Path = CONTRACT_FOLDER) -> Workbook:
    """The workbook of a table: the sheet to fill in, the manifest, what each column is, the codes.

    The sheet is named after the table and has the contract's names as header. Every column has a
    format for all its rows; codes are chosen from a list. What a column is stands in a message that
    shows when its header is selected, and at length on a sheet of its own: a comment would be refused
    by the door, which takes no long text that people may have written.
    """
    from openpyxl import Workbook
    from openpyxl.packaging.core import DocumentProperties

    book = Workbook()
    # Nothing that names a person, and the same in every export.
    made = datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    book.properties = DocumentProperties(
        creator="Saattaen", title=f"{table.table} {table.version}", created=made, modified=made
    )
    rows = book.active
    assert rows is not None
    rows.title = table.table
    _write_manifest(book.create_sheet(MANIFEST_SHEET), table)
    _write_instructions(book.create_sheet(INSTRUCTIONS_SHEET), table)
    ranges = _write_codes(book.create_sheet(CODES_SHEET), table, source)
    _write_rows(rows, table, ranges)
    return book


def _write_rows(sheet: Worksheet, table: Contract, ranges: dict[str, str]) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for place, column in enumerate(table.columns, start=1):
        letter = get_column_letter(place)
        head = sheet.cell(1, place, column.name)
        head.font = Font(bold=True)
        head.fill = PatternFill("solid", fgColor=_REQUIRED_FILL if column.required else _OPTIONAL_FILL)
        head.alignment = Alignment(vertical="top", wrap_text=True)
        message = _message(column)
        message.add(f"{letter}1")
        sheet.add_data_validation(message)
        dimension = sheet.column_dimensions[letter]
        dimension.width = 24 if column.type == "key" else max(14, len(column.name) + 3)
        dimension.number_format = _FORMATS.get(column.type, "@")
        if allowed := _validation(column, ranges):
            allowed.add(f"{letter}2:{letter}{LAST_ROW}")
            sheet.add_data_validation(allowed)
    sheet.freeze_panes = "A2"


def _message(column: Column) -> DataValidation:
    """What shows when the header is selected; the header itself cannot be changed by mistake."""
    from openpyxl.worksheet.datavalidation import DataValidation

    lines = [f"{column.label[language]} ({_REQUIRED_WORDS[column.required][language]})" for language in LANGUAGES]
    found = DataValidation(type="list", formula1=f'"{column.name}"', showDropDown=True, showInputMessage=True)
    found.showErrorMessage = True
    found.errorTitle, found.error = "Saattaen", f"{_WRONG[0]}: {column.name}"
    found.promptTitle, found.prompt = column.name[:32], "\n".join([*lines, f"→ {INSTRUCTIONS_SHEET}"])
    return found


def _write_instructions(sheet: Worksheet, table: Contract) -> None:
    """What each column is, at length and in three languages."""
    from openpyxl.styles import Alignment, Font

    heads = ("column", "required", "type", "fi", "sv", "en")
    for place, name in enumerate(heads, start=1):
        sheet.cell(1, place, name).font = Font(bold=True)
    about = [("", "", "", *(f"{table.purpose[language]} {table.grains[language]}" for language in LANGUAGES))]
    for column in table.columns:
        words = (
            f"{column.label[language]}: {column.descriptions[language]} ({kind})"
            for language, kind in zip(LANGUAGES, _TYPES[column.type], strict=True)
        )
        about.append((column.name, TRUE if column.required else FALSE, column.type, *words))
    for row, texts in enumerate(about, start=2):
        for place, text in enumerate(texts, start=1):
            cell = sheet.cell(row, place, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for letter, width in zip("ABCDEF", (28, 10, 16, 60, 60, 60), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"


def _validation(column: Column, ranges: dict[str, str]) -> DataValidation | None:
    from openpyxl.worksheet.datavalidation import DataValidation

    if column.type in ranges or column.code_list in ranges:
        found = DataValidation(type="list", formula1=ranges.get(column.code_list or column.type), allow_blank=True)
    elif column.type == "key":
        found = DataValidation(type="textLength", operator="equal", formula1="64", allow_blank=True)
    elif column.type == "text":
        found = DataValidation(type="textLength", operator="lessThanOrEqual", formula1="40", allow_blank=True)
    elif column.type == "date":
        found = DataValidation(type="date", operator="between", formula1=_serial(1990), formula2=_serial(2100))
        found.allowBlank = True
    else:
        kind = "whole" if column.type == "int" else "decimal"
        low, high = column.minimum, column.maximum
        bounds = (str(-(10**9) if low is None else low), str(10**9 if high is None else high))
        found = DataValidation(type=kind, operator="between", formula1=bounds[0], formula2=bounds[1], allow_blank=True)
    found.showErrorMessage = True
    found.errorTitle = "Saattaen"
    found.error = f"{_WRONG[0]}. {_WRONG[1]}{column.name}"
    return found


def _serial(year: int) -> str:
    """The first day of a year as Excel counts days."""
    return str((date(year, 1, 1) - date(1899, 12, 30)).days)


def _write_codes(sheet: Worksheet, table: Contract, source: Path) -> dict[str, str]:
    """All codes that the table uses, a block a list; returns code list, or type, -> its cells."""
    from openpyxl.styles import Font, PatternFill

    heads = ("list", "code", "fi", "sv", "en")
    for place, name in enumerate(heads, start=1):
        cell = sheet.cell(1, place, name)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEAD_FILL)
    ranges, row = {}, 2
    for name, entries in _lists(table, source):
        first = row
        for code, label in entries:
            for place, text in enumerate((name, code, label["fi"], label["sv"], label["en"]), start=1):
                cell = sheet.cell(row, place, text)
                # A label that begins with "=" would be a formula, and "005" a number.
                cell.data_type = "s"
                cell.number_format = "@"
            row += 1
        ranges[name] = f"{CODES_SHEET}!$B${first}:$B${row - 1}"
    for letter, width in zip("ABCDE", (26, 22, 46, 46, 46), strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.freeze_panes = "A2"
    return ranges


def _lists(table: Contract, source: Path) -> Iterable[tuple[str, list[tuple[str, dict[str, str]]]]]:
    known = code_lists(table.version, source)
    types = {column.type for column in table.columns}
    for name in dict.fromkeys(column.code_list for column in table.columns if column.code_list):
        yield name, list(known[name].labels.items())
    if "bool" in types:
        yield "bool", list(_BOOLEANS)
    if "wellbeing_area" in types:
        yield (
            "wellbeing_area",
            [(code, _names(area.name_fi, area.name_sv, area.name_en)) for code, area in wellbeing_areas().items()],
        )
    if "municipality" in types:
        places = [
            (code, _names(place.name_fi, place.name_sv, place.name_fi)) for code, place in municipalities().items()
        ]
        yield "municipality", [*places, *((code, _UNKNOWN_PLACE) for code in sorted(UNKNOWN_MUNICIPALITIES))]


def _names(fi: str, sv: str, en: str) -> dict[str, str]:
    return {"fi": fi, "sv": sv, "en": en}


def _write_manifest(sheet: Worksheet, table: Contract) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.datavalidation import DataValidation

    for place, name in enumerate(("field", "value", "fi", "sv", "en"), start=1):
        cell = sheet.cell(1, place, name)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor=_HEAD_FILL)
    known = {"table": table.table, "contract_version": table.version, "nothing_to_report": NO, "key_domain": "common"}
    for row, field in enumerate(FIELDS, start=2):
        sheet.cell(row, 1, field.name)
        value = sheet.cell(row, 2, known.get(field.name))
        value.number_format = "@"
        value.fill = PatternFill("solid", fgColor=_REQUIRED_FILL if field.required else _OPTIONAL_FILL)
        for place, language in enumerate(("fi", "sv", "en"), start=3):
            about = sheet.cell(row, place, field.about[language])
            about.alignment = Alignment(wrap_text=True, vertical="top")
        if field.name == "nothing_to_report":
            choice = DataValidation(type="list", formula1=f'"{NO},{YES}"', allow_blank=False, showErrorMessage=True)
            choice.add(f"B{row}")
            sheet.add_data_validation(choice)
    for letter, width in zip("ABCDE", (22, 34, 46, 46, 46), strict=True):
        sheet.column_dimensions[letter].width = width
