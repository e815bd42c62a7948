"""Whatever bytes arrive: a table or a ``ReadError``, and no error that repeats what stands in the file."""

from __future__ import annotations

import gzip
import io
import traceback
import zipfile

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.contracts import contracts
from ingest.door.reading import READ_ERRORS, RawTable, ReadError, read_table
from tests.unit.test_door_formats import CODE, HEADER, ROWS, csv_text, parquet, workbook

CONTRACT = contracts()["residence_spell"]
WORKBOOK = workbook({"residence_spell": [HEADER, *ROWS, (CODE, 5, "x", "y")]})
CSV = csv_text(";", rows=[*ROWS, (CODE, '"a\nb"', "x", "y")]).encode()
PARQUET = parquet(pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}))
PARTS = {
    name: zipfile.ZipFile(io.BytesIO(WORKBOOK)).read(name) for name in zipfile.ZipFile(io.BytesIO(WORKBOOK)).namelist()
}


def as_zip(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


VALID = {
    "r.csv": CSV,
    "r.tsv": CSV.decode().encode("utf-16"),
    "r.xlsx": WORKBOOK,
    "r.parquet": PARQUET,
    "r.csv.gz": gzip.compress(CSV, 0),
    "r.parquet.gz": gzip.compress(PARQUET, 0),
    "r.zip": as_zip([("r.csv", CSV)]),
}
# Things to put into a file: limits of lengths, borders of records, and what means something to a reader.
PIECES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from(
        [b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b'"', b"\r\n", b";", b"PK\x01\x02", b"PAR1", b"</c>"]
    ),
)
CHANGES = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 16), PIECES), min_size=1, max_size=6)


def changed(content, changes):
    """``content`` with stretches replaced: (where, as a share of its length; how many bytes; by what)."""
    for share, length, piece in changes:
        place = int(share * len(content))
        content = content[:place] + piece + content[place + length :]
    return content


def claim(content, path):
    """What holds for every file."""
    try:
        raw = read_table(content, path, CONTRACT)
    except ReadError as error:
        assert error.code in READ_ERRORS
        # What would stand in a log: the code, the reader's own lines, and nothing of the cause.
        assert error.__context__ is None or error.__suppress_context__
        said = "".join(traceback.format_exception_only(error))
        assert said == f"ingest.door.reading.table.ReadError: {error.code}\n"
        return
    assert isinstance(raw, RawTable)
    assert set(raw.columns) <= set(CONTRACT.column_names)
    assert all(len(values) == len(raw.source_row) for values in raw.columns.values())
    assert all(values.type == pa.string() for values in raw.columns.values())
    assert raw.source_row.tolist() == sorted(set(raw.source_row.tolist()))
    assert CODE not in repr((raw.header, raw.unknown, raw.sheet, raw.notices, raw.identifiers))


@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("path", VALID)
@given(content=st.binary(max_size=200))
def test_random_bytes_are_a_table_or_refused(path, content):
    claim(content, path)


@settings(max_examples=120, deadline=None)
@pytest.mark.parametrize("path", VALID)
@given(changes=CHANGES)
def test_a_damaged_file_is_a_table_or_refused(path, changes):
    claim(changed(VALID[path], changes), path)


@settings(max_examples=40, deadline=None)
@given(part=st.sampled_from([name for name in PARTS if name.startswith("xl/")]), changes=CHANGES)
def test_a_workbook_with_a_damaged_part_is_a_table_or_refused(part, changes):
    members = [(name, changed(body, changes) if name == part else body) for name, body in PARTS.items()]
    claim(as_zip(members), "r.xlsx")


@pytest.mark.parametrize("path", VALID)
def test_a_file_cut_anywhere_is_a_table_or_refused(path):
    content = VALID[path]
    for length in range(0, len(content), max(1, len(content) // 60)):
        claim(content[:length], path)


@pytest.mark.parametrize("path", VALID)
def test_the_files_that_are_damaged_here_are_valid(path):
    assert read_table(VALID[path], path, CONTRACT).rows >= len(ROWS)


@pytest.mark.parametrize("name", ["", "/", ".", "..", "x" * 300, "\x7f", "a/"])
def test_a_zip_member_may_have_any_name(name):
    claim(as_zip([(zipfile.ZipInfo(name), CSV)]), "r.zip")
    claim(as_zip([*PARTS.items(), (zipfile.ZipInfo(name), b"x")]), "r.xlsx")
