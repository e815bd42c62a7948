"""Coverage-guided fuzzing of the reader: whatever the bytes, a table or a ``ReadError`` and nothing else.

    pip install atheris   # in an environment of its own beside requirements/supplier.txt and openpyxl
    python tests/fuzz/fuzz_reading.py CORPUS [-max_total_time=300] [-rss_limit_mb=2048] …

CORPUS is a folder that grows; an empty one is filled with a valid file of each format. The first byte of an
input says which format it is; a zip or workbook is mutated inside (its members are packed anew), since bytes
changed in a packed member only ever show that its checksum is wrong. What is claimed of every input:

- reading ends with a table or a ``ReadError`` (a crash of native code ends the process and is kept by libFuzzer);
- no error says anything that stands in the input;
- reading in small pieces gives the same as reading at once;
- rows, columns and row numbers of the table fit each other.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ingest.door.reading", "zipfile", "gzip"]):
    from ingest.contracts import contracts
    from ingest.door.reading import READ_ERRORS, ReadError, read_pieces, read_table
    from ingest.door.reading.table import joined
    from ingest.identifiers import FREE_TEXT

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq

CONTRACT = contracts()["residence_spell"]
PATHS = ("r.csv", "r.xlsx", "r.parquet", "r.csv.gz", "r.zip", "r.xlsx", "r.zip", "r.parquet.gz")
# Of these the input is a list of members rather than the archive.
UNPACKED = (5, 6)
HEADER = ("client_key", "municipality", "start_date", "end_date")
ROWS = [("a", "005", "2024-01-01", None), ("b", "853", "2024-02-01", "2024-03-01")]
SEPARATOR = b"\n=====\n"


def content_of(data: bytes) -> tuple[str, bytes]:
    """File name and bytes that an input stands for."""
    kind = data[0] % len(PATHS)
    body = data[1:]
    if kind not in UNPACKED:
        return PATHS[kind], body
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member in body.split(SEPARATOR)[:50]:
            name, _, text = member.partition(b"\n")
            info = zipfile.ZipInfo(name.decode("utf-8", errors="replace")[:200] or "x")
            archive.writestr(info, text)
    return PATHS[kind], stream.getvalue()


def described(raw) -> tuple:
    """Everything of a table that must not depend on how it was read."""
    return (
        {name: values.to_pylist() for name, values in raw.columns.items()},
        raw.source_row.tolist(),
        raw.ragged,
        raw.ragged_count,
        raw.header,
        raw.unknown,
        raw.twice,
        raw.notices,
        # Whether a text is free text may depend on the values beside it (all as long as a key).
        {hit for hit in raw.identifiers if hit.kind != FREE_TEXT},
    )


def outcome(content: bytes, path: str, piece_bytes: int | None):
    """What reading gives."""
    try:
        if piece_bytes is None:
            return described(read_table(content, path, CONTRACT))
        return described(joined(list(read_pieces(content, path, CONTRACT, piece_bytes))))
    except ReadError as error:
        if error.code not in READ_ERRORS:
            raise RuntimeError(f"unknown code {error.code}") from None
        if str(error) != error.code or not (error.__context__ is None or error.__suppress_context__):
            raise RuntimeError("an error that tells more than its code") from None
        return error.code


def check(data: bytes) -> None:
    """One input; raises when a claim does not hold."""
    if not data:
        return
    path, content = content_of(data)
    whole = outcome(content, path, None)
    if not isinstance(whole, str):
        columns, numbers, *_ = whole
        if any(len(values) != len(numbers) for values in columns.values()):
            raise RuntimeError("columns of different lengths")
        if any(later <= earlier for earlier, later in pairwise(numbers)):
            raise RuntimeError("row numbers that do not grow")
    if not path.endswith(".xlsx") and outcome(content, path, 1 + len(content) % 64) != whole:
        raise RuntimeError("pieces differ from the whole")


def seeds() -> list[bytes]:
    """A valid file of each format."""
    text = "\r\n".join(";".join(cell or "" for cell in row) for row in [HEADER, *ROWS, ('"x\ny"', "5", "a", "b")])
    book = openpyxl.Workbook()
    for row in [HEADER, *ROWS]:
        book.active.append(row)
    book.active.row_dimensions[2].hidden = True
    book.active["D2"] = "=1+1"
    stream = io.BytesIO()
    book.save(stream)
    workbook = stream.getvalue()
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        parts = SEPARATOR.join(name.encode() + b"\n" + archive.read(name) for name in archive.namelist())
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}
    tables = [
        pa.table(columns),
        pa.table(columns | {"municipality": pa.array([5.0, None])}),
        pa.table(columns | {"start_date": pa.array([1, 2], pa.timestamp("us", tz="Europe/Helsinki"))}),
        pa.table({name: pa.array(values).dictionary_encode() for name, values in columns.items()}),
    ]
    found = [text.encode(), text.encode("utf-16"), text.replace(";", "\t").encode(), text.encode("cp1252")]
    made = [bytes([0]) + content for content in found]
    made += [bytes([1]) + workbook, bytes([5]) + parts, bytes([6]) + b"r.csv\n" + text.encode()]
    for table in tables:
        stream = io.BytesIO()
        pq.write_table(table, stream, compression="none")
        made += [bytes([2]) + stream.getvalue(), bytes([7]) + packed(stream.getvalue())]
    made += [bytes([3]) + packed(text.encode()), bytes([4]) + content_of(made[6])[1]]
    return made


def packed(content: bytes) -> bytes:
    """Gzip without compression, so that mutations reach the content."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    return packer.compress(content) + packer.flush()


def mutated(data: bytes, largest: int, seed: int) -> bytes:
    """libFuzzer's own mutation, with the checksums of gzip put right so that it gets further."""
    changed = atheris.Mutate(data, min(largest, len(data) + 64) if data else largest)
    if changed and PATHS[changed[0] % len(PATHS)].endswith(".gz") and seed % 2 and len(changed) > 20:
        try:
            content = zlib.decompressobj(31).decompress(changed[1:])
            checks = struct.pack("<LL", zlib.crc32(content), len(content))
            changed = changed[:-8] + checks
        except zlib.error:
            pass
    return changed[:largest]


def main() -> None:
    """Fill an empty corpus and fuzz."""
    folders = [Path(argument) for argument in sys.argv[1:] if not argument.startswith("-")]
    for folder in folders[:1]:
        folder.mkdir(parents=True, exist_ok=True)
        if not any(folder.iterdir()):
            for number, seed in enumerate(seeds()):
                (folder / f"seed-{number}").write_bytes(seed)
    atheris.Setup(sys.argv, check, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
