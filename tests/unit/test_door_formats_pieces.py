"""Large files go through in pieces: the same rows, row numbers and findings as when read at once."""

from __future__ import annotations

import gzip
import io
import zipfile

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.contracts import contracts
from ingest.door.reading import ReadError, read_pieces, read_table
from ingest.door.reading.table import joined
from tests.unit.test_door_formats import CODE, csv_text, parquet

CONTRACT = contracts()["residence_spell"]
HEADER = ("client_key", "municipality", "start_date", "end_date")
ROWS = [
    ("a", "005", "2024-01-01", None),
    ('"b\r\nc ""d"""', "5", "x", "y"),
    ("e", "5"),
    (),
    ('f"g', "5", '"h\n"', "y"),
    (CODE, "5", "x", "y"),
    (CODE, "5"),
] * 5


def all_of(raw):
    return {
        "columns": {name: values.to_pylist() for name, values in raw.columns.items()},
        "source_row": raw.source_row.tolist(),
        "ragged": (raw.ragged, raw.ragged_count),
        "identifiers": sorted(map(repr, raw.identifiers)),
        "header": (raw.header, raw.unknown, raw.twice, raw.notices),
    }


def as_zip(content):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("r.csv", content)
    return stream.getvalue()


WAYS = {
    "plain": ("r.csv", bytes),
    "gzip": ("r.csv.gz", gzip.compress),
    "zip": ("r.zip", as_zip),
}


@pytest.mark.parametrize("piece_bytes", [1, 7, 40, 200, 10_000])
@pytest.mark.parametrize(("path", "pack"), WAYS.values(), ids=WAYS.keys())
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_pieces_of_a_csv_file_are_the_whole(path, pack, encoding, end, piece_bytes):
    content = pack(csv_text(";", end, rows=[*ROWS, ("ä", "5", "x", "y")]).encode(encoding))
    whole = read_table(content, path, CONTRACT)
    pieces = list(read_pieces(content, path, CONTRACT, piece_bytes))
    assert all_of(joined(pieces)) == all_of(whole)
    assert whole.rows == 31  # 7 × 5, less the blank ones, and one
    assert len(pieces) > 2 or piece_bytes == 10_000


@pytest.mark.parametrize("kind", ["bytes", "path", "file"])
def test_pieces_come_from_memory_from_disk_and_from_an_open_file(tmp_path, kind):
    content = csv_text(";", rows=ROWS).encode()
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with path.open("rb") as stream:
        source = {"bytes": content, "path": path, "file": stream}[kind]
        assert all_of(joined(list(read_pieces(source, "r.csv", CONTRACT, 50)))) == all_of(
            read_table(content, "r.csv", CONTRACT)
        )


@pytest.mark.parametrize("rows_in_group", [1_000, 2_500, 10_000])
def test_pieces_of_a_parquet_file_are_the_whole(rows_in_group):
    count = 5_000
    table = pa.table(
        {
            "client_key": [None if row % 10 == 3 else f"k{row}" for row in range(count)],
            "municipality": pa.array([None if row % 10 == 3 else row % 300 for row in range(count)], pa.float64()),
            "start_date": [CODE if row == 4_321 else None for row in range(count)],
        }
    )
    content = parquet(table, row_group_size=rows_in_group)
    pieces = list(read_pieces(content, "r.parquet", CONTRACT, 1))
    whole = read_table(content, "r.parquet", CONTRACT)
    assert len(pieces) > 1
    assert all_of(joined(pieces)) == all_of(whole)
    assert (whole.rows, whole.source_row[-1]) == (4_500, count + 1)
    assert [hit.row for hit in whole.identifiers] == [4_323]


@pytest.mark.parametrize("rows", [0, 1])
def test_a_file_with_hardly_any_rows_is_one_piece(rows):
    for content, path in (
        (csv_text(rows=[("a", "5", "x", "y")] * rows).encode(), "r.csv"),
        (parquet(pa.table({"client_key": pa.array(["a"] * rows, pa.string())})), "r.parquet"),
    ):
        (piece,) = read_pieces(content, path, CONTRACT, 1)
        assert piece.rows == rows
        assert "client_key" in piece.columns


_CELL = st.text(st.sampled_from('ab",;\r\n \t0äš'), max_size=6)
_TEXT = st.text(st.sampled_from('ab",;\r\n \t0ä'), max_size=80)


def either(content, path, piece_bytes):
    """What reading gives: a table, or why there is none."""
    try:
        if piece_bytes is None:
            return all_of(read_table(content, path, CONTRACT))
        return all_of(joined(list(read_pieces(content, path, CONTRACT, piece_bytes))))
    except ReadError as error:
        return error.code


@settings(max_examples=400, deadline=None)
@given(body=_TEXT, delimiter=st.sampled_from(",;\t"), piece_bytes=st.integers(1, 60))
@example(body='"a\n";b\nc', delimiter=";", piece_bytes=3)
@example(body='a"\n";b"\r\n"', delimiter=";", piece_bytes=1)
@example(body='"a"b"\n"c', delimiter=",", piece_bytes=2)
@example(body='""\n"""\n"""', delimiter=",", piece_bytes=1)
def test_records_end_at_the_same_places_however_the_text_is_cut(body, delimiter, piece_bytes):
    content = (delimiter.join(HEADER) + "\n" + body).encode()
    assert either(content, "r.csv", piece_bytes) == either(content, "r.csv", None)
