"""Files at the door: the formats of old systems, and files that are not what they should be."""

from __future__ import annotations

import io
from datetime import date, datetime

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.door.readers import ReadError, read_table

HEADER = ("client_key", "municipality", "start_date", "end_date")
ROWS = [("a", "005", "2024-01-01", None), ("b", "853", "2024-02-01", "2024-03-01")]


def csv_text(delimiter=",", end="\n", quote="", rows=ROWS, header=HEADER):
    lines = [header, *rows]
    return "".join(delimiter.join(f"{quote}{cell or ''}{quote}" for cell in line) + end for line in lines)


def read(content, path="residence_spell.csv", table="residence_spell", known=HEADER):
    return read_table(content, path, table, known)


def rows_of(raw):
    return list(zip(*(raw.columns[name].to_pylist() for name in HEADER), strict=True))


CSV = {
    "comma": csv_text(",").encode(),
    "semicolon": csv_text(";").encode(),
    "tab": csv_text("\t").encode(),
    "byte-order-mark": csv_text(",").encode("utf-8-sig"),
    "windows-line-ends": csv_text(";", "\r\n").encode(),
    "old-mac-line-ends": csv_text(";", "\r").encode(),
    "quoted": csv_text(";", quote='"').encode(),
    "no-last-line-end": csv_text(";").rstrip("\n").encode(),
    "blanks-around": csv_text(" ; ").encode(),
    "header-in-capitals": csv_text(header=[name.upper() for name in HEADER]).encode(),
}


@pytest.mark.parametrize("content", CSV.values(), ids=CSV.keys())
def test_csv_of_any_dialect_gives_the_same_rows(content):
    raw = read(content)
    assert rows_of(raw) == ROWS
    assert raw.header == list(HEADER)
    assert raw.source_row.tolist() == [2, 3]
    assert raw.rows == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_csv_encodings_are_told_apart(encoding):
    raw = read(csv_text(";", rows=[("Äijä – €", "005", "x", "y")]).encode(encoding))
    assert raw.columns["client_key"].to_pylist() == ["Äijä – €"]


def test_line_breaks_and_delimiters_inside_quotes_belong_to_the_cell():
    content = csv_text(rows=[('"a\nb, ""c"""', "005", "x", "y"), ("d", "6", "x", "y")]).encode()
    raw = read(content)
    assert raw.columns["client_key"].to_pylist() == ['a\nb, "c"', "d"]
    assert raw.source_row.tolist() == [2, 3]


def test_rows_of_the_wrong_width_are_counted_with_their_row():
    content = csv_text(rows=[("a", "1", "x", "y"), ("b", "2"), ("c", "3", "x", "y", "z")])
    raw = read((content + "\n" + "d,4,x,y\n").encode())
    assert raw.ragged == [(3, 2), (4, 5)]
    assert raw.columns["client_key"].to_pylist() == ["a", "d"]
    # The blank row 5 is no row of data, but keeps its number.
    assert raw.source_row.tolist() == [2, 6]
    assert raw.rows == 4


def test_separator_line_of_excel_is_skipped():
    raw = read(("sep=;\r\n" + csv_text(";", "\r\n")).encode())
    assert rows_of(raw) == ROWS
    assert raw.source_row.tolist() == [3, 4]


def test_header_alone_is_a_file_without_rows():
    raw = read(csv_text(rows=[]).encode())
    assert (raw.rows, raw.header) == (0, list(HEADER))


def workbook(sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_workbook_gives_excel_dates_and_numbers_as_text():
    rows = [
        HEADER,
        ("a", 5, datetime(2024, 1, 1), None),
        (None, None, None, None),
        ("b", "853", date(2024, 2, 1), "1.3.2024"),
    ]
    raw = read(workbook({"Taul1": rows}), "r.xlsx")
    assert rows_of(raw) == [("a", "5", "2024-01-01", None), ("b", "853", "2024-02-01", "1.3.2024")]
    assert raw.source_row.tolist() == [2, 4]
    assert raw.sheet == "Taul1"


def test_workbook_is_read_from_the_sheet_named_as_the_table():
    raw = read(workbook({"ohje": [("lue",)], "Residence_spell": [HEADER, *ROWS]}), "r.xlsx")
    assert rows_of(raw) == ROWS


def test_parquet_typed_or_text_gives_the_same_text():
    text = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)})
    typed = text.set_column(
        2, "start_date", pa.array([datetime(2024, 1, 1), datetime(2024, 2, 1)], pa.timestamp("us"))
    ).set_column(1, "municipality", text["municipality"].dictionary_encode())
    for table in (text, typed):
        stream = io.BytesIO()
        pq.write_table(table, stream)
        assert rows_of(read(stream.getvalue(), "r.parquet")) == ROWS


def parquet(table):
    stream = io.BytesIO()
    pq.write_table(table, stream)
    return stream.getvalue()


UNREADABLE = {
    "FILE_EMPTY-nothing": (b"", "r.csv"),
    "FILE_EMPTY-blank-line": (b"\n", "r.csv"),
    "FILE_ENCODING-utf-16": (csv_text().encode("utf-16"), "r.csv"),
    "FILE_ENCODING-undefined-byte": (csv_text().encode() + b"\x81,1,2,3\n", "r.csv"),
    "FILE_FORMAT-pdf": (b"%PDF", "r.pdf"),
    "FILE_FORMAT-none": (b"a", "residence_spell"),
    "FILE_UNREADABLE-workbook": (b"PK\x03\x04 broken", "r.xlsx"),
    "FILE_UNREADABLE-workbook-cut": (workbook({"a": [HEADER]})[:-200], "r.xlsx"),
    "FILE_UNREADABLE-csv-as-workbook": (csv_text().encode(), "r.xlsx"),
    "FILE_UNREADABLE-parquet": (b"PAR1 broken PAR1", "r.parquet"),
    "FILE_UNREADABLE-parquet-cut": (parquet(pa.table({"a": ["x"]}))[:-20], "r.parquet"),
    "FILE_UNREADABLE-nested": (parquet(pa.table({"client_key": [["x"]]})), "r.parquet"),
    "FILE_EMPTY-workbook": (workbook({"a": []}), "r.xlsx"),
}


@pytest.mark.parametrize(("content", "path"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_file_says_which_rule(request, content, path):
    with pytest.raises(ReadError) as raised:
        read(content, path)
    assert raised.value.code == request.node.callspec.id.partition("-")[0]


CODE = "010190-999K"  # artificial


def workbook_with_comment():
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active["A1"].comment = openpyxl.comments.Comment(f"kysy: {CODE}", "tekijä")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


IDENTIFIERS = {
    "cell": (csv_text(rows=[*ROWS, (CODE, "5", "x", "y")]).encode(), "r.csv", (4, "client_key")),
    "header": (csv_text(header=(*HEADER[:3], CODE)).encode(), "r.csv", (1, None)),
    "windows-1252": (
        csv_text(";", rows=[("ä " + CODE, "5", "x", "y")]).encode("cp1252"),
        "r.csv",
        (2, "client_key"),
    ),
    "ragged-row": (csv_text(rows=[*ROWS, (CODE, "5")]).encode(), "r.csv", (4, None)),
    "workbook-cell": (
        workbook({"a": [HEADER, ("x", 5, CODE, None)]}),
        "r.xlsx",
        (2, "start_date"),
    ),
    "workbook-other-sheet": (workbook({"a": [HEADER], "b": [("x",), (CODE,)]}), "r.xlsx", (2, None)),
    "workbook-sheet-name": (workbook({"a": [HEADER], CODE: [("x",)]}), "r.xlsx", (None, None)),
    "workbook-comment": (workbook_with_comment(), "r.xlsx", (None, None)),
    "parquet-cell": (
        parquet(pa.table({name: ["x", CODE] for name in HEADER[:1]})),
        "r.parquet",
        (3, "client_key"),
    ),
    "parquet-metadata": (
        parquet(pa.table({"client_key": ["x"]}).replace_schema_metadata({"by": CODE})),
        "r.parquet",
        (None, None),
    ),
}


@pytest.mark.parametrize(("content", "path", "place"), IDENTIFIERS.values(), ids=IDENTIFIERS.keys())
def test_a_personal_identity_code_is_found_wherever_it_stands(content, path, place):
    assert [found[:2] for found in read(content, path).identifiers] == [place]
