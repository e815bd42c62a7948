"""Workbooks at the door: what Excel makes of dates and codes, what it hides, and sheets that lie."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904, to_excel

from ingest.contracts import contracts
from ingest.door.reading import ReadError, read_sheet, read_table
from ingest.identifiers import PERSONAL_IDENTITY_CODE
from tests.unit.test_door_formats import CODE, HEADER, ROWS, rows_of, workbook

CONTRACT = contracts()["residence_spell"]


def read(content):
    return read_table(content, "residence_spell.xlsx", CONTRACT)


def saved(book):
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def book_of(rows=(HEADER, *ROWS), name="Taul1"):
    book = openpyxl.Workbook()
    book.active.title = name
    for row in rows:
        book.active.append(row)
    return book


def edited(content, part, old, new):
    """The workbook with one text of one part replaced, as other programs would have written it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            body = source.read(name)
            if name == part:
                assert old in body
                body = body.replace(old, new)
            target.writestr(name, body)
    return stream.getvalue()


def with_part(content, name, body):
    stream = io.BytesIO(content)
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(name, body)
    return stream.getvalue()


def codes(raw):
    return [notice.code for notice in raw.notices]


# ---- values ----------------------------------------------------------------------------------------


def test_dates_and_numbers_become_text():
    rows = [HEADER, ("a", 5, datetime(2024, 1, 1), None), (None,), ("b", "853", date(2024, 2, 1), "1.3.2024")]
    raw = read(saved(book_of(rows)))
    assert rows_of(raw) == [("a", "5", "2024-01-01", None), ("b", "853", "2024-02-01", "1.3.2024")]
    assert raw.source_row.tolist() == [2, 4]
    assert (raw.sheet, raw.notices, raw.identifiers) == ("Taul1", [], [])


@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904], ids=["1900", "1904"])
def test_days_are_right_in_both_date_systems_with_and_without_a_format(epoch):
    day = datetime(2024, 2, 29)
    book = book_of([HEADER, ("a", 5, day, None), ("b", 5, None, None)])
    if epoch:
        book.epoch = epoch
    book.active["C3"] = int(to_excel(day, book.epoch))
    raw = read(saved(book))
    assert raw.columns["start_date"].to_pylist() == ["2024-02-29", "2024-02-29"]
    assert raw.columns["municipality"].to_pylist() == ["5", "5"]


def test_a_number_that_is_no_day_stays_what_it_is():
    raw = read(saved(book_of([HEADER, ("a", 5, 20240229, 45_000.5), ("b", 5.5, 7, True)])))
    assert rows_of(raw) == [("a", "5", "20240229", "45000.5"), ("b", "5.5", "7", "true")]


def test_a_formula_counts_with_its_stored_result_and_is_told_without():
    content = saved(book_of([HEADER, ("a", "=2+3", "2024-01-01", None), ("b", "=2+3", "2024-01-01", None)]))
    content = edited(
        content, "xl/worksheets/sheet1.xml", b'<c r="B2"><f>2+3</f><v /></c>', b'<c r="B2"><f>2+3</f><v>5</v></c>'
    )
    raw = read(content)
    assert raw.columns["municipality"].to_pylist() == ["5", None]
    assert [(notice.code, notice.rows) for notice in raw.notices] == [("NOTE_FORMULA", (3,))]


def test_an_error_of_excel_is_no_empty_cell():
    raw = read(saved(book_of([HEADER, ("a", "#N/A", "2024-01-01", "#REF!")])))
    assert rows_of(raw) == [("a", "#N/A", "2024-01-01", "#REF!")]


def test_a_row_that_is_too_wide_is_told():
    raw = read(saved(book_of([HEADER, ("a", "5", "x", "y", None, "z"), ROWS[0]])))
    assert (raw.ragged, raw.rows, raw.source_row.tolist()) == ([(2, 6)], 2, [3])


# ---- sheets ----------------------------------------------------------------------------------------

SHEETS = {
    "by-table": {"ohje": [("lue",)], "muu": [HEADER], "Residence_Spell": [HEADER, *ROWS]},
    "by-label": {"muu": [HEADER], "Kotikuntajakso": [HEADER, *ROWS]},
    "by-swedish-label": {"muu": [HEADER], "hemkommunsperiod": [HEADER, *ROWS]},
    "only-one-with-data": {"Taul1": [], "Taul2": [HEADER, *ROWS], "Taul3": []},
    "only-one-with-known-headers": {"muistio": [("huom", "tarkista")], "Taul2": [HEADER, *ROWS]},
    "beside-service-sheets": {"Manifest": [("period", "2025Q3")], "Koodistot": [HEADER], "x": [HEADER, *ROWS]},
}


@pytest.mark.parametrize("sheets", SHEETS.values(), ids=SHEETS.keys())
def test_the_right_sheet_is_found(sheets):
    raw = read(workbook(sheets))
    assert rows_of(raw) == ROWS
    assert raw.sheet == list(sheets)[1 if "Taul2" in sheets else -1]


def test_data_in_a_sheet_that_is_not_read_is_told():
    raw = read(workbook({"residence_spell": [HEADER, *ROWS], "lisää": [HEADER, *ROWS], "manifest": [("a",)]}))
    assert [(notice.code, notice.sheet) for notice in raw.notices] == [("NOTE_SHEET", "lisää")]


def test_two_sheets_that_may_be_meant_are_refused():
    with pytest.raises(ReadError) as raised:
        read(workbook({"Q1": [HEADER, *ROWS], "Q2": [HEADER, *ROWS]}))
    assert (raised.value.code, raised.value.expected) == ("FILE_SHEET", "residence_spell")


def test_the_manifest_sheet_of_a_template_can_be_read():
    content = workbook({"Manifesti": [("period", "2025Q3"), ("rows", 2)], "residence_spell": [HEADER]})
    assert read_sheet(content, "r.xlsx", {"manifest", "manifesti"}) == [["period", "2025Q3"], ["rows", "2"]]
    assert read_sheet(content, "r.xlsx", {"other"}) is None


# ---- what Excel hides ------------------------------------------------------------------------------


def test_hidden_rows_columns_and_sheets_are_read_and_told():
    book = book_of()
    book.active.row_dimensions[3].hidden = True
    book.active.column_dimensions["C"].hidden = True
    book.create_sheet("tyhjä")
    book.active.sheet_state = "hidden"
    book.active = 1
    raw = read(saved(book))
    assert rows_of(raw) == ROWS
    assert [(notice.rows, notice.column) for notice in raw.notices] == [((), None), ((3,), None), ((), "start_date")]
    assert set(codes(raw)) == {"NOTE_HIDDEN"}


def test_merged_cells_among_the_rows_are_told():
    book = book_of([("Otsikko",), HEADER, *ROWS, ("b", "5", "x", "y")])
    book.active.merge_cells("A1:D1")
    book.active.merge_cells("A4:A5")
    raw = read(saved(book))
    assert raw.columns["client_key"].to_pylist() == ["a", "b", None]
    assert [(notice.code, notice.rows) for notice in raw.notices] == [("NOTE_HEADER_ROW", (2,)), ("NOTE_MERGED", (4,))]


def test_a_header_below_a_title_is_found():
    raw = read(saved(book_of([("Jaksot",), (), ("huom", "kunta"), HEADER, *ROWS])))
    assert rows_of(raw) == ROWS
    assert raw.source_row.tolist() == [5, 6]
    assert codes(raw) == ["NOTE_HEADER_ROW"]


# ---- identifiers -----------------------------------------------------------------------------------

SHEET = "xl/worksheets/sheet1.xml"
PLAIN = saved(book_of())
HIDING_PLACES = {
    "formula": edited(
        saved(book_of([HEADER, ("a", "=1", "x", "y")])), SHEET, b"<f>1</f><v />", f'<f>"{CODE}"</f><v>5</v>'.encode()
    ),
    "page-header": edited(
        PLAIN,
        SHEET,
        b"</worksheet>",
        f"<headerFooter><oddHeader>{CODE}</oddHeader></headerFooter></worksheet>".encode(),
    ),
    "defined-name": edited(
        PLAIN,
        "xl/workbook.xml",
        b"<definedNames />",
        f'<definedNames><definedName name="x">"{CODE}"</definedName></definedNames>'.encode(),
    ),
    "property": edited(PLAIN, "docProps/core.xml", b"openpyxl", CODE.encode()),
    "entities": edited(PLAIN, "docProps/core.xml", b"openpyxl", "".join(f"&#{ord(sign)};" for sign in CODE).encode()),
    "pivot-cache": with_part(
        PLAIN, "xl/pivotCache/pivotCacheRecords1.xml", f'<pivotCacheRecords><r><s v="{CODE}"/></r></pivotCacheRecords>'
    ),
    "comment-in-parts": with_part(
        PLAIN,
        "xl/comments1.xml",
        f"<comments><comment><text><r><t>{CODE[:6]}</t></r><r><t>{CODE[6:]}</t></r></text></comment></comments>",
    ),
    "string-of-no-cell": with_part(PLAIN, "xl/sharedStrings.xml", f"<sst><si><t>{CODE}</t></si></sst>"),
    "name-of-a-part": with_part(PLAIN, f"xl/{CODE}.xml", "<a/>"),
    "above-the-header": saved(book_of([("tiedot", CODE), HEADER, *ROWS])),
}


@pytest.mark.parametrize("content", HIDING_PLACES.values(), ids=HIDING_PLACES.keys())
def test_an_identifier_is_found_where_no_cell_shows_it(content):
    assert PERSONAL_IDENTITY_CODE in {hit.kind for hit in read(content).identifiers}


# ---- what is refused -------------------------------------------------------------------------------

REFUSED = {
    "FILE_PROTECTED-password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 5_000,
    "FILE_EMBEDDED-file": with_part(PLAIN, "xl/embeddings/oleObject1.bin", b"x"),
    "FILE_EMBEDDED-macro": with_part(PLAIN, "xl/vbaProject.bin", b"x"),
    "FILE_UNREADABLE-other-alphabet": with_part(PLAIN, "xl/comments1.xml", f"<a>{CODE}</a>".encode("utf-16")),
    "FILE_UNREADABLE-other-encoding": with_part(
        PLAIN, "xl/comments1.xml", '<?xml version="1.0" encoding="utf-7"?><a/>'
    ),
    "FILE_UNREADABLE-entities": with_part(PLAIN, "xl/comments1.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a/>'),
    "FILE_UNREADABLE-open-document": edited(PLAIN, "xl/workbook.xml", b"<workbook", b"<office"),
}


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED.keys())
def test_a_workbook_that_cannot_be_looked_into_is_refused(request, content):
    with pytest.raises(ReadError) as raised:
        read(content)
    assert raised.value.code == request.node.callspec.id.partition("-")[0]


def test_a_picture_is_told():
    raw = read(with_part(PLAIN, "xl/media/image1.png", b"\x89PNG"))
    assert codes(raw) == ["NOTE_PICTURE"]


def moved(cell, extra=b""):
    """A workbook whose last cell stands at ``cell``."""
    content = edited(PLAIN, SHEET, b'r="A2"', f'r="{cell}"'.encode())
    return edited(content, SHEET, b"<sheetData>", b"<sheetData>" + extra) if extra else content


FAR = {
    "last-cell-of-excel": moved("XFD1048576"),
    "millionth-column": moved("BDWGN2"),
    "column-beyond-all": moved("ZZZZZZZZZZZZ1"),
    "row-beyond-all": moved("A99999999999999999999"),
    "row-element": edited(PLAIN, SHEET, b'<row r="3"', b'<row r="4000000000"'),
    "cells-without-place": edited(PLAIN, SHEET, b"<sheetData>", b'<sheetData><row r="9000000"><c><v>1</v></c></row>'),
    "other-quotes": edited(PLAIN, SHEET, b'r="A2"', b"r = 'XFD1048576'"),
}


CHILD = """
import resource, sys
from pathlib import Path
from ingest.contracts import contracts
from ingest.door.reading import ReadError, read_table
contract = contracts()["residence_spell"]
for path in map(Path, sys.argv[1:]):
    try:
        said = read_table(path, path.name, contract).rows
    except ReadError as error:
        said = error.code
    print(path.stem, said, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_a_cell_far_away_takes_no_memory(tmp_path):
    paths = [tmp_path / f"{name}.xlsx" for name in ("nothing-special", *FAR)]
    for path, content in zip(paths, (PLAIN, *FAR.values()), strict=True):
        path.write_bytes(content)
    # In a process of its own, since the peak of this one tells of other tests.
    child = subprocess.run(
        [sys.executable, "-c", CHILD, *paths], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    said = {name: (result, int(peak)) for name, result, peak in map(str.split, child.stdout.splitlines())}
    assert list(said) == [path.stem for path in paths]
    base = said.pop("nothing-special")
    assert base[0] == "2"
    for name, (result, peak) in said.items():
        # The place of a cell is its own; what its row element claims is nothing to refuse.
        assert result in ({"2"} if name == "row-element" else {"FILE_TOO_LARGE", "FILE_UNREADABLE"}), name
        assert peak < base[1] + 100, name


def test_the_size_that_a_sheet_claims_does_not_matter():
    content = edited(PLAIN, SHEET, b'<dimension ref="A1:D3" />', b'<dimension ref="A1:XFD1048576" />')
    assert rows_of(read(content)) == ROWS


def test_formatted_but_empty_cells_far_away_do_not_matter():
    content = edited(PLAIN, SHEET, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>')
    assert rows_of(read(content)) == ROWS
