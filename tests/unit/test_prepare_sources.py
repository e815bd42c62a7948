"""Source files as old systems write them: encodings, delimiters, packed files, row numbers."""

from __future__ import annotations

import gzip

import duckdb
import pytest

from ingest.prepare import PrepareError
from ingest.prepare import sources as reading
from ingest.prepare.profile import Source

ROWS = [("1", "Åke"), ("2", None), ("3", "a;b\nc")]
TEXT = 'NRO;NIMI;TURHA\r\n1;Åke;x\r\n 2 ; ;\r\n3;"a;b\nc";y\r\n'


def load(path, **fields):
    with duckdb.connect() as connection:
        source = Source("s", (path.name,), **fields)
        loaded = reading.load_sources(connection, {"s": source}, {"s": ("NRO", "NIMI")}, [path], lambda _line: None)
        return connection.execute("select _row, c0, c1 from src_s order by _row").fetchall(), loaded


@pytest.mark.parametrize(
    ("encoding", "said"),
    [("utf-8", None), ("utf-8-sig", None), ("cp1252", None), ("iso-8859-15", "iso-8859-15"), ("utf-16", None)],
)
def test_encodings_are_recognised_or_said(tmp_path, encoding, said):
    path = tmp_path / "s.csv"
    path.write_bytes(TEXT.encode(encoding))
    rows, loaded = load(path, encoding=said)
    assert [row[1:] for row in rows] == ROWS
    assert [row[0] for row in rows] == [2, 3, 4]
    assert loaded.not_used == {"s.csv": ["TURHA"]}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_are_recognised(tmp_path, delimiter):
    path = tmp_path / "s.csv"
    path.write_text(delimiter.join(["NRO", "NIMI"]) + "\n" + delimiter.join(["1", "x"]) + "\n")
    assert load(path)[0] == [(2, "1", "x")]


def test_a_packed_file_is_read(tmp_path):
    path = tmp_path / "s.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert [row[1:] for row in load(path)[0]] == ROWS


def test_rows_keep_their_numbers_beside_rows_of_the_wrong_length(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "_PIECE", 64)  # many pieces: the numbers must run on
    path = tmp_path / "s.csv"
    lines = ["sep=;", "NRO;NIMI"] + [f"{n};x" if n % 7 else f"{n};x;y" for n in range(3, 60)]
    path.write_text("\n".join(lines) + "\n")
    rows, loaded = load(path)
    assert all(str(number) == text for number, text, _ in rows)
    assert [problem.row for problem in loaded.ragged["s"]] == [n for n in range(3, 60) if n % 7 == 0]


def test_a_header_further_down_is_found(tmp_path):
    path = tmp_path / "s.csv"
    path.write_text("Poiminta 1.10.2025\n\nNRO;NIMI\n1;x\n")
    assert load(path, header_row=3)[0] == [(4, "1", "x")]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("s.csv", b"NRO;NIMI;NRO\n1;x;2\n", "SOURCE_COLUMN_TWICE"),
        ("s.csv", b"NRO\n1\n", "SOURCE_COLUMNS"),
        ("s.csv", b"", "SOURCE_UNREADABLE"),
        ("s.xlsx", b"no workbook", "SOURCE_UNREADABLE"),
        ("s.parquet", b"no parquet", "SOURCE_UNREADABLE"),
        ("s.csv.gz", b"not packed", "SOURCE_UNREADABLE"),
        ("s.pdf", b"%PDF", "SOURCE_UNREADABLE"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path, name, content, code):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(PrepareError) as error:
        load(path)
    assert [problem.code for problem in error.value.problems] == [code]


def test_another_encoding_than_said_is_told_without_the_bytes(tmp_path):
    path = tmp_path / "s.csv"
    path.write_bytes("NRO;NIMI\n1;Åke\n".encode("cp1252"))
    with pytest.raises(PrepareError) as error:
        load(path, encoding="utf-8")
    assert [problem.code for problem in error.value.problems] == ["SOURCE_ENCODING"]
