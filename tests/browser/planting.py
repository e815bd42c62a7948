"""Plant errors into the files of a delivery: whatever a spreadsheet, a system or a person gets wrong."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter

from ingest.door.rules.examples import key

# What gets into a cell; personal data are artificial.
TEXTS = (
    "", " ", "999", "5", "05", "005", "30.2.2024", "29.2.2024", "1.1.2031", "45292", "45292,0", "2024-01-01T00:00:00Z",
    "1.2.2024 0:00", "1.2.2024 0.00.00", "2024-02-30", "1899-12-31", "20240101", "abc", "12,5", "12.50", "-1", "+3",
    "1e5",
    "0", "1", "2", "KYLLÄ", "Ei", "kylla", "VASTUU", "TUNTEMATON", "131052-308T", "010190A999K", "Matti Virtanen",
    "virtanen, matti", "MATTI", "040 123 4567", "matti.virtanen@example.fi", "60.16988, 24.93842", "Kirkkokatu 5 A 3",
    "00100 Helsinki", "s. 12.3.2004", "12.3.2004", "FI2112345600000785",
    "nuori kertoi että asuminen on sujunut hyvin aina",
    "ÅÄÖ", "853 ", "091", "AB" * 32, key(7), "ab" * 31, "2023-05-17", "3\u00a0000", "1 234,5", "=1+1", "'x", 'a"b',
    "a;b", "a,b",
)  # fmt: skip
CELLS: tuple[tuple[Any, str], ...] = (
    *((text, "General") for text in TEXTS if not text.startswith("=")),
    (5, "General"), (5.0, "0"), (5.25, "0.00"), (45292, "General"), (45292, "0"), (45292, "yyyy-mm-dd"),
    (45292.25, "d.m.yyyy hh:mm"), (0.5, "hh:mm"), (1.5, "[h]:mm"), (date(2024, 5, 6), "d.m.yyyy"), (True, "General"),
    (datetime(2024, 5, 6, 7, 8), "yyyy-mm-dd hh:mm"), (datetime(2024, 5, 6), '"pv" d.m.yyyy'), (1e-7, "General"),
    (123456789012, "0"), ("=1+2", "General"), (45292, '0" päivää"'), (45292, "[$-40B]d. mmmm yyyy"),
    (45292, "General;d"),
)  # fmt: skip


def plant(folder: Path, into: Path, chance: random.Random, errors: int = 3) -> None:
    """Copy the delivery in ``folder`` with errors in one of its files, its manifest made anew for most."""
    into.mkdir(parents=True)
    manifest = json.loads((folder / "manifest.json").read_bytes())
    contents = {entry["path"]: (folder / entry["path"]).read_bytes() for entry in manifest["files"]}
    for path in chance.sample(sorted(contents), min(1, len(contents))):
        planted = plant_in_workbook if path.endswith(".xlsx") else plant_in_text
        contents[path] = planted(contents[path], chance, errors)
    if chance.random() < 0.9:
        for entry in manifest["files"]:
            entry["sha256"] = hashlib.sha256(contents[entry["path"]]).hexdigest()
    for name, content in contents.items():
        (into / name).write_bytes(content)
    (into / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")


def plant_in_text(content: bytes, chance: random.Random, errors: int) -> bytes:
    """CSV with wrong cells, rows and columns."""
    encoding = next(name for name in ("utf-16", "utf-8-sig", "cp1252") if _decodes(content, name))
    text = content.decode(encoding)
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = text.split(ending)
    delimiter = max(";,\t|", key=lines[0].count)
    for _ in range(errors):
        chance.choice(_IN_TEXT)(lines, delimiter, chance)
    kept = encoding if chance.random() < 0.8 else "utf-8"
    return ending.join(lines).encode(kept, errors="replace")


def _decodes(content: bytes, encoding: str) -> bool:
    if encoding == "utf-16" and content[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    try:
        content.decode(encoding)
    except UnicodeError:
        return False
    return True


def _cell(lines: list[str], delimiter: str, chance: random.Random) -> None:
    row = chance.randrange(1, max(2, min(len(lines), 60)))
    if row >= len(lines) or not lines[row]:
        return
    cells = lines[row].split(delimiter)
    value = chance.choice(TEXTS)
    if delimiter in value or '"' in value or chance.random() < 0.1:
        value = '"' + value.replace('"', '""') + '"'
    cells[chance.randrange(len(cells))] = value
    lines[row] = delimiter.join(cells)


def _double(lines: list[str], delimiter: str, chance: random.Random) -> None:
    lines.insert(chance.randrange(1, len(lines) + 1), chance.choice(lines))


def _extra_cell(lines: list[str], delimiter: str, chance: random.Random) -> None:
    row = chance.randrange(1, len(lines)) if len(lines) > 1 else 0
    lines[row] += delimiter + chance.choice(TEXTS).replace('"', "")


def _blank(lines: list[str], delimiter: str, chance: random.Random) -> None:
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(("", delimiter, " ")))


def _column(lines: list[str], delimiter: str, chance: random.Random) -> None:
    name = chance.choice(("vacancies", "etunimi", "Huomautus", "lat", "", lines[0].split(delimiter)[0], "13.5.2004"))
    value = chance.choice(("x", "", "7", "60.16988"))
    lines[:] = [line and line + delimiter + (value if row else name) for row, line in enumerate(lines)]


def _rename(lines: list[str], delimiter: str, chance: random.Random) -> None:
    cells = lines[0].split(delimiter)
    place = chance.randrange(len(cells))
    cells[place] = chance.choice((cells[place].upper(), f" {cells[place]} ", cells[place].replace("_", " "), "x"))
    lines[0] = delimiter.join(cells)


def _title(lines: list[str], delimiter: str, chance: random.Random) -> None:
    lines.insert(0, chance.choice(("Raportti 2025", f"sep={delimiter}", "Matti Virtanen", f"a{delimiter}b")))


_IN_TEXT: tuple[Callable[[list[str], str, random.Random], None], ...] = (
    _cell, _cell, _cell, _cell, _cell, _cell, _double, _extra_cell, _blank, _column, _rename, _title,
)  # fmt: skip


def plant_in_workbook(content: bytes, chance: random.Random, errors: int) -> bytes:
    """A workbook with wrong cells, hidden rows, sheets beside, comments and the like."""
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    for _ in range(errors):
        chance.choice(_IN_WORKBOOK)(book, sheet, chance)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _book_cell(book: Any, sheet: Any, chance: random.Random) -> None:
    cell = sheet.cell(chance.randrange(2, min(sheet.max_row, 40) + 2), chance.randrange(1, sheet.max_column + 1))
    value, number_format = chance.choice(CELLS)
    cell.value = value
    cell.number_format = number_format


def _book_row(book: Any, sheet: Any, chance: random.Random) -> None:
    sheet.append([cell.value for cell in sheet[chance.randrange(1, sheet.max_row + 1)]])


def _book_hidden(book: Any, sheet: Any, chance: random.Random) -> None:
    if chance.random() < 0.5:
        sheet.row_dimensions[chance.randrange(1, sheet.max_row + 1)].hidden = True
    else:
        sheet.column_dimensions[get_column_letter(chance.randrange(1, sheet.max_column + 1))].hidden = True


def _book_sheet(book: Any, sheet: Any, chance: random.Random) -> None:
    other = book.create_sheet(chance.choice(("2024", "ohje", "Matti Virtanen", "muistio", sheet.title.upper() + " 2")))
    other["B2"] = chance.choice(TEXTS[8:])
    other.sheet_state = chance.choice(("visible", "hidden"))


def _book_comment(book: Any, sheet: Any, chance: random.Random) -> None:
    sheet["A2"].comment = Comment(chance.choice(("ok", "131052-308T", "Matti Virtanen")), "Saattaen")


def _book_merge(book: Any, sheet: Any, chance: random.Random) -> None:
    sheet.merge_cells(start_row=2, end_row=2, start_column=1, end_column=2)


def _book_title(book: Any, sheet: Any, chance: random.Random) -> None:
    if not sheet.merged_cells.ranges:
        sheet.insert_rows(1)
        sheet["A1"] = chance.choice(("Raportti 2025", "Kirkkokatu 5 A 3", 2025))


def _book_column(book: Any, sheet: Any, chance: random.Random) -> None:
    place = sheet.max_column + chance.randrange(1, 3)
    sheet.cell(1, place, chance.choice(("vacancies", "etunimi", None, "lon")))
    sheet.cell(2, place, chance.choice(("x", 24.93842, None)))


def _book_epoch(book: Any, sheet: Any, chance: random.Random) -> None:
    book.epoch = datetime(1904, 1, 1)


def _book_properties(book: Any, sheet: Any, chance: random.Random) -> None:
    book.properties.creator = "Matti Virtanen"
    book.properties.title = chance.choice(("client", "Matti Virtanen"))


_IN_WORKBOOK: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _book_cell, _book_cell, _book_cell, _book_cell, _book_cell, _book_cell, _book_row, _book_hidden, _book_sheet,
    _book_comment, _book_merge, _book_title, _book_column, _book_epoch, _book_properties,
)  # fmt: skip
