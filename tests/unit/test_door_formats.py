"""Files at the door: the formats of old systems, and files that are not what they should be."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.contracts import contracts
from ingest.door.reading import READ_ERRORS, ReadError, read_table
from ingest.identifiers import PERSONAL_IDENTITY_CODE

HEADER = ("client_key", "municipality", "start_date", "end_date")
ROWS = [("a", "005", "2024-01-01", None), ("b", "853", "2024-02-01", "2024-03-01")]
CONTRACT = contracts()["residence_spell"]
CODE = "010190-999K"  # artificial


def csv_text(delimiter=",", end="\n", quote="", rows=ROWS, header=HEADER):
    lines = [header, *rows]
    return "".join(delimiter.join(f"{quote}{cell or ''}{quote}" for cell in line) + end for line in lines)


def read(content, path="residence_spell.csv", contract=CONTRACT):
    return read_table(content, path, contract)


def rows_of(raw):
    return list(zip(*(raw.columns[name].to_pylist() for name in HEADER), strict=True))


# ---- CSV -------------------------------------------------------------------------------------------

CSV = {
    "comma": csv_text(",").encode(),
    "semicolon": csv_text(";").encode(),
    "tab": csv_text("\t").encode(),
    "bar": csv_text("|").encode(),
    "byte-order-mark": csv_text(",").encode("utf-8-sig"),
    "utf-16": csv_text("\t").encode("utf-16"),
    "utf-16-big-endian": b"\xfe\xff" + csv_text("\t").encode("utf-16-be"),
    "windows-line-ends": csv_text(";", "\r\n").encode(),
    "old-mac-line-ends": csv_text(";", "\r").encode(),
    "quoted": csv_text(";", quote='"').encode(),
    "no-last-line-end": csv_text(";").rstrip("\n").encode(),
    "blanks-around": csv_text(" ; ").encode(),
    "empty-columns-to-the-right": csv_text(";", end=";;\n").encode(),
}


@pytest.mark.parametrize("content", CSV.values(), ids=CSV.keys())
def test_csv_of_any_dialect_gives_the_same_rows(content):
    raw = read(content)
    assert rows_of(raw) == ROWS
    assert [name for name in raw.header if name] == list(HEADER)
    assert raw.source_row.tolist() == [2, 3]
    assert (raw.rows, raw.unknown, raw.twice, raw.notices, raw.ragged) == (2, [], [], [], [])


TEXTS = ["Äijä – €", "Ähtäri", "Škoda", "Žukov", "€ 5", "½ vuotta", "O´Neil", "Œuvre"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "iso8859-15"])
def test_csv_encodings_are_told_apart(encoding, text):
    try:
        content = csv_text(";", rows=[(text, "005", "x", "y")]).encode(encoding)
    except UnicodeEncodeError:
        # ISO-8859-15 has no dash, acute accent or half: nothing of that can arrive in it.
        assert encoding == "iso8859-15"
        return
    assert read(content).columns["client_key"].to_pylist() == [text]


def test_line_breaks_and_delimiters_inside_quotes_belong_to_the_cell():
    content = csv_text(rows=[('"a\nb, ""c"""', "005", "x", "y"), ("d", "6", "x", "y")]).encode()
    raw = read(content)
    assert raw.columns["client_key"].to_pylist() == ['a\nb, "c"', "d"]
    assert raw.source_row.tolist() == [2, 3]


def test_rows_of_the_wrong_width_are_counted_with_their_row():
    content = csv_text(rows=[("a", "1", "x", "y"), ("b", "2"), ("c", "3", "x", "y", "z")])
    raw = read((content + "\n" + "d,4,x,y\n").encode())
    assert raw.ragged == [(3, 2), (4, 5)]
    assert raw.ragged_count == 2
    assert raw.columns["client_key"].to_pylist() == ["a", "d"]
    # The blank row 5 is no row of data, but keeps its number.
    assert raw.source_row.tolist() == [2, 6]
    assert raw.rows == 4


def test_an_identifier_in_quotes_is_seen_in_a_row_with_too_many_cells():
    text = b'municipality_code,offers\n853,1,"60.16988, 24.93842"\n'
    raw = read_table(text, "rental_housing.csv", contracts()["rental_housing"])
    assert [(hit.kind, hit.row) for hit in raw.identifiers] == [("coordinates", 2)]


def test_separator_line_of_excel_is_skipped():
    raw = read(("sep=;\r\n" + csv_text(";", "\r\n")).encode())
    assert rows_of(raw) == ROWS
    assert raw.source_row.tolist() == [3, 4]
    assert raw.notices == []


def test_header_alone_is_a_file_without_rows():
    raw = read(csv_text(rows=[]).encode())
    assert (raw.rows, raw.header) == (0, list(HEADER))


def test_a_header_below_a_title_is_found_and_told():
    raw = read(("Asumisjaksot; 2024\n\n" + csv_text(";")).encode())
    assert rows_of(raw) == ROWS
    assert raw.source_row.tolist() == [4, 5]
    assert [(notice.code, notice.rows) for notice in raw.notices] == [("NOTE_HEADER_ROW", (3,))]


# ---- headers ---------------------------------------------------------------------------------------

LANGUAGES = ("fi", "sv", "en")


@pytest.mark.parametrize("table", sorted(contracts()))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_is_known_by_its_label_in_any_order(table, language):
    contract = contracts()[table]
    columns = contract.columns[::-1]
    header = [column.label[language].upper() for column in columns]
    content = csv_text(";", header=header, rows=[[str(place) for place in range(len(columns))]]).encode()
    raw = read(content, f"{table}.csv", contract)
    assert {name: values.to_pylist() for name, values in raw.columns.items()} == {
        column.name: [str(place)] for place, column in enumerate(columns)
    }
    assert raw.header == header
    assert raw.unknown == []


def test_a_missing_column_is_missing_and_an_extra_one_is_named():
    raw = read(csv_text(header=("client_key", "municipality", "start_date", "Lisätieto")).encode())
    assert raw.unknown == ["Lisätieto"]
    assert list(raw.columns) == ["client_key", "municipality", "start_date"]


def test_a_column_that_stands_twice_is_told_and_the_first_is_read():
    raw = read(csv_text(header=("client_key", "kunta", "start_date", "Municipality")).encode())
    assert raw.twice == ["municipality"]
    assert raw.columns["municipality"].to_pylist() == ["005", "853"]


MASKED = {
    "identity-code": f"lisä {CODE}",
    "a-key": "3f" * 32,
    "a-date": "12.3.2007",
    "a-number": "tieto 0401234567",
    "a-long-text": "tämä otsikko on pidempi kuin yksikään sarakkeen nimi",
}


@pytest.mark.parametrize("name", MASKED.values(), ids=MASKED.keys())
def test_a_header_that_may_hold_an_identifier_is_masked(name):
    raw = read(csv_text(header=(*HEADER[:3], name)).encode())
    assert raw.unknown == [f"{name[0]}… ({len(name)})"]
    assert name not in str(raw.header)


def test_a_file_without_header_shows_nothing_of_its_first_row():
    raw = read("".join(line + "\n" for line in ("abc;def;ghi", "jkl;mno;pqr")).encode())
    assert raw.header == ["a… (3)", "d… (3)", "g… (3)"]
    assert raw.columns == {}


# ---- Parquet ---------------------------------------------------------------------------------------


def parquet(table, **options):
    stream = io.BytesIO()
    pq.write_table(table, stream, **options)
    return stream.getvalue()


DAYS = [datetime(2024, 1, 1), datetime(2024, 2, 1)]
MUNICIPALITY = ["005", "853"]
TYPED = {
    "timestamp": ("start_date", pa.array(DAYS, pa.timestamp("us"))),
    "nanoseconds": ("start_date", pa.array(DAYS, pa.timestamp("ns"))),
    "local-midnight": ("start_date", pa.array(DAYS, pa.timestamp("us")), "Europe/Helsinki"),
    "date": ("start_date", pa.array([day.date() for day in DAYS], pa.date32())),
    "date-in-milliseconds": ("start_date", pa.array([day.date() for day in DAYS], pa.date64())),
    "dictionary": ("municipality", pa.array(MUNICIPALITY).dictionary_encode()),
    "large-string": ("municipality", pa.array(MUNICIPALITY, pa.large_string())),
    "string-view": ("municipality", pa.array(MUNICIPALITY, pa.string_view())),
    "binary": ("municipality", pa.array([text.encode() for text in MUNICIPALITY], pa.binary())),
}


@pytest.mark.parametrize("change", TYPED.values(), ids=TYPED.keys())
def test_parquet_typed_or_text_gives_the_same_text(change):
    import pyarrow.compute as pc

    name, values, *zone = change
    if zone:
        values = pc.assume_timezone(values, zone[0])
    text = pa.table({column: [row[place] for row in ROWS] for place, column in enumerate(HEADER)})
    typed = text.set_column(HEADER.index(name), name, values)
    assert rows_of(read(parquet(text), "r.parquet")) == ROWS
    assert rows_of(read(parquet(typed), "r.parquet")) == ROWS


NUMBERS = {
    "int": (pa.array([5, None], pa.int16()), ["5", None]),
    "float-with-missing": (pa.array([5.0, None]), ["5", None]),
    "float-not-a-number": (pa.array([5.0, float("nan")]), ["5", None]),
    "float": (pa.array([5.0, 5.5]), ["5", "5.5"]),
    "decimal": (pa.array([Decimal("5.00"), Decimal("5.50")], pa.decimal128(9, 2)), ["5", "5.50"]),
    "whole-decimal": (pa.array([Decimal("5"), None], pa.decimal128(9, 0)), ["5", None]),
    "bool": (pa.array([True, False]), ["true", "false"]),
    "nulls": (pa.nulls(2), [None, None]),
    "moment": (
        pa.array([datetime(2024, 1, 1, 12), datetime(2024, 1, 1)]),
        ["2024-01-01 12:00:00.000000", "2024-01-01"],
    ),
}


@pytest.mark.parametrize(("values", "expected"), NUMBERS.values(), ids=NUMBERS.keys())
def test_parquet_numbers_have_no_decimals_that_say_nothing(values, expected):
    raw = read(parquet(pa.table({"client_key": ["a", "b"], "municipality": values})), "r.parquet")
    assert raw.columns["municipality"].to_pylist() == expected


# ---- what cannot be read ---------------------------------------------------------------------------


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


UNREADABLE = {
    "FILE_EMPTY-nothing": (b"", "r.csv"),
    "FILE_EMPTY-no-workbook": (b"", "r.xlsx"),
    "FILE_EMPTY-no-parquet": (b"", "r.parquet"),
    "FILE_EMPTY-no-zip": (b"", "r.zip"),
    "FILE_EMPTY-no-gzip": (b"", "r.csv.gz"),
    "FILE_EMPTY-blank-line": (b"\n", "r.csv"),
    "FILE_EMPTY-blank-cells": (b" ; ;\n;;\n", "r.csv"),
    "FILE_ENCODING-utf-16-without-mark": (csv_text().encode("utf-16-le"), "r.csv"),
    "FILE_ENCODING-utf-16-cut": (csv_text().encode("utf-16")[:-1], "r.csv"),
    "FILE_ENCODING-undefined-byte": (csv_text().encode() + b"\x81,1,2,3\n", "r.csv"),
    "FILE_FORMAT-pdf": (b"%PDF", "r.pdf"),
    "FILE_FORMAT-none": (b"a", "residence_spell"),
    "FILE_UNREADABLE-workbook": (b"PK\x03\x04 broken", "r.xlsx"),
    "FILE_UNREADABLE-workbook-cut": (workbook({"a": [HEADER]})[:-200], "r.xlsx"),
    "FILE_UNREADABLE-csv-as-workbook": (csv_text().encode(), "r.xlsx"),
    "FILE_UNREADABLE-parquet": (b"PAR1 broken PAR1", "r.parquet"),
    "FILE_UNREADABLE-parquet-cut": (parquet(pa.table({"a": ["x"]}))[:-20], "r.parquet"),
    "FILE_UNREADABLE-nested": (parquet(pa.table({"client_key": [["x"]]})), "r.parquet"),
    "FILE_UNREADABLE-binary": (parquet(pa.table({"client_key": [b"\xff\xfe"]})), "r.parquet"),
    "FILE_EMPTY-workbook": (workbook({"a": []}), "r.xlsx"),
    "FILE_EMPTY-parquet-without-columns": (parquet(pa.table({})), "r.parquet"),
    "FILE_TOO_LARGE-columns": ((",".join(f"c{n}" for n in range(1_000)) + "\n").encode(), "r.csv"),
    "FILE_TOO_LARGE-million-columns": (b"a," * 1_000_000, "r.csv"),
    "FILE_TOO_LARGE-parquet-columns": (parquet(pa.table({f"c{n}": [1] for n in range(600)})), "r.parquet"),
    "FILE_TOO_LARGE-parquet-rows": (parquet(pa.table({"client_key": pa.nulls(20_000_000)})), "r.parquet"),
}


@pytest.mark.parametrize(("content", "path"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_unreadable_file_says_which_rule(request, content, path):
    with pytest.raises(ReadError) as raised:
        read(content, path)
    assert raised.value.code == request.node.callspec.id.partition("-")[0]
    assert raised.value.code in READ_ERRORS


# ---- identifiers -----------------------------------------------------------------------------------


def workbook_with_comment():
    book = openpyxl.Workbook()
    book.active.append(HEADER)
    book.active["A1"].comment = openpyxl.comments.Comment(f"kysy: {CODE}", "tekijä")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


IDENTIFIERS = {
    "cell": (csv_text(rows=[*ROWS, (CODE, "5", "x", "y")]).encode(), "r.csv", (4, "client_key")),
    "unknown-column": (
        csv_text(header=(*HEADER[:3], "muu"), rows=[("a", "5", "x", CODE)]).encode(),
        "r.csv",
        (2, "muu"),
    ),
    "header": (csv_text(header=(*HEADER[:3], CODE)).encode(), "r.csv", (1, None)),
    "above-the-header": ((f"{CODE}\n" + csv_text()).encode(), "r.csv", (1, None)),
    "utf-16": (csv_text("\t", rows=[(CODE, "5", "x", "y")]).encode("utf-16"), "r.csv", (2, "client_key")),
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
    "workbook-ragged-row": (workbook({"a": [HEADER, ("x", 5, "x", "x", CODE)]}), "r.xlsx", (2, None)),
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
    found = read(content, path).identifiers
    assert [(hit.row, hit.column) for hit in found if hit.kind == PERSONAL_IDENTITY_CODE] == [place]
    assert CODE not in repr(found)
