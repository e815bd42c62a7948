"""Packed files at the door: gzip and zip, and what somebody could do with them."""

from __future__ import annotations

import gzip
import io
import stat
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from ingest.contracts import contracts
from ingest.door.reading import ReadError, read_pieces, read_table
from ingest.identifiers import PERSONAL_IDENTITY_CODE
from tests.unit.test_door_formats import CODE, HEADER, ROWS, csv_text, parquet, rows_of, workbook

CONTRACT = contracts()["residence_spell"]
CSV = csv_text(";").encode()


def read(content, path):
    return read_table(content, path, CONTRACT)


def zipped(members, compression=zipfile.ZIP_DEFLATED, comment=b""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.comment = comment
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def gzipped(content, name="", comment=b""):
    """Gzip with a file name or a comment in its header, as `gzip FILE` writes the name."""
    stream = io.BytesIO()
    with gzip.GzipFile(name, "wb", fileobj=stream) as packed:
        packed.write(content)
    made = bytearray(stream.getvalue())
    if comment:
        made[3] |= 16
        end = made.index(b"\0", 10) + 1 if made[3] & 8 else 10
        made[end:end] = comment + b"\0"
    return bytes(made)


def a_table():
    import pyarrow as pa

    return pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)})


INNER = {".csv": CSV, ".xlsx": workbook({"residence_spell": [HEADER, *ROWS]}), ".parquet": parquet(a_table())}


@pytest.mark.parametrize("suffix", INNER)
def test_each_format_may_come_packed(suffix):
    plain = INNER[suffix]
    packed = {
        f"r{suffix}": plain,
        f"R{suffix.upper()}.GZ": gzipped(plain, name=f"r{suffix}"),
        "r.zip": zipped([(f"r{suffix}", plain)]),
        f"r{suffix}.zip": zipped([(f"folder/r{suffix}", plain)], zipfile.ZIP_STORED),
    }
    for path, content in packed.items():
        raw = read(content, path)
        assert rows_of(raw) == ROWS, path
        assert raw.identifiers == []


def test_gzip_may_have_several_members_and_padding():
    half = len(CSV) // 2
    content = gzipped(CSV[:half]) + gzipped(CSV[half:]) + b"\0" * 512
    assert rows_of(read(content, "r.csv.gz")) == ROWS


def test_what_a_mac_leaves_in_a_zip_is_no_data():
    content = zipped([("r.csv", CSV), ("__MACOSX/._r.csv", b"\0\5\26\7"), (".DS_Store", b"Bud1")])
    assert rows_of(read(content, "r.zip")) == ROWS


def link(name, target):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member, target


def encrypted():
    content = bytearray(zipped([("r.csv", CSV)]))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + place] |= 1
    return bytes(content)


def renamed(old, new):
    """A member name that zipfile itself would not write."""
    assert len(old) == len(new)
    return zipped([(old, CSV)]).replace(old.encode(), new.encode())


REFUSED = {
    "FILE_ARCHIVE-parent-folder": (zipped([("../r.csv", CSV)]), "r.zip"),
    "FILE_ARCHIVE-parent-folder-below": (zipped([("a/../../r.csv", CSV)]), "r.zip"),
    "FILE_ARCHIVE-absolute": (zipped([("/etc/r.csv", CSV)]), "r.zip"),
    "FILE_ARCHIVE-windows-drive": (zipped([("C:r.csv", CSV)]), "r.zip"),
    "FILE_ARCHIVE-backslash": (renamed("..x..xr.csv", "..\\..\\r.csv"), "r.zip"),
    "FILE_ARCHIVE-link": (zipped([link("r.csv", "/etc/passwd")]), "r.zip"),
    "FILE_ARCHIVE-link-beside": (zipped([("r.csv", CSV), link("b", "/etc/passwd")]), "r.zip"),
    "FILE_ARCHIVE-two-files": (zipped([("r.csv", CSV), ("s.csv", CSV)]), "r.zip"),
    "FILE_ARCHIVE-no-file": (zipped([]), "r.zip"),
    "FILE_ARCHIVE-only-a-folder": (zipped([("a/", b"")]), "r.zip"),
    "FILE_ARCHIVE-zip-in-zip": (zipped([("r.zip", zipped([("r.csv", CSV)]))]), "r.zip"),
    "FILE_ARCHIVE-gzip-in-zip": (zipped([("r.csv.gz", gzipped(CSV))]), "r.zip"),
    "FILE_ARCHIVE-zip-in-gzip": (gzipped(zipped([("r.csv", CSV)])), "r.zip.gz"),
    "FILE_ARCHIVE-tar": (gzipped(CSV), "r.tar.gz"),
    "FILE_ARCHIVE-other-compression": (zipped([("r.csv", CSV)], zipfile.ZIP_LZMA), "r.zip"),
    "FILE_PROTECTED-password": (encrypted(), "r.zip"),
    "FILE_FORMAT-other": (zipped([("r.pdf", CSV)]), "r.zip"),
    "FILE_FORMAT-gzip-of-nothing-known": (gzipped(CSV), "r.gz"),
    "FILE_UNREADABLE-no-zip": (CSV, "r.zip"),
    "FILE_UNREADABLE-no-gzip": (CSV, "r.csv.gz"),
    "FILE_UNREADABLE-zip-cut": (zipped([("r.csv", CSV)])[:-30], "r.zip"),
    "FILE_UNREADABLE-gzip-cut": (gzipped(CSV)[:-12], "r.csv.gz"),
    "FILE_UNREADABLE-gzip-checksum": (gzipped(CSV)[:-8] + b"\0\0\0\0" + gzipped(CSV)[-4:], "r.csv.gz"),
    "FILE_UNREADABLE-gzip-and-garbage": (gzipped(CSV) + b"garbage", "r.csv.gz"),
    "FILE_EMPTY-empty-member": (zipped([("r.csv", b"")]), "r.zip"),
    "FILE_EMPTY-empty-gzip": (gzipped(b""), "r.csv.gz"),
}


@pytest.mark.parametrize(("content", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_a_packed_file_that_is_not_accepted_says_which_rule(request, content, path):
    with pytest.raises(ReadError) as raised:
        read(content, path)
    assert raised.value.code == request.node.callspec.id.partition("-")[0]


def gzip_of_zeros(megabytes):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(b"0" * 1_000_000) for _ in range(megabytes)) + packer.flush()


def zip_of_zeros(name, megabytes, *others):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for other in others:
            archive.writestr(*other)
        with archive.open(name, "w") as member:
            for _ in range(megabytes):
                member.write(b"0" * 1_000_000)
    return stream.getvalue()


def zip_that_lies(megabytes):
    """A member of many megabytes that says it is short."""
    content = zip_of_zeros("r.csv", megabytes)
    size = struct.pack("<L", megabytes * 1_000_000)
    assert content.count(size) == 2
    return content.replace(size, struct.pack("<L", 100))


BOMBS = {
    "FILE_TOO_LARGE-gzip": (lambda: gzip_of_zeros(300), "r.csv.gz"),
    "FILE_TOO_LARGE-gzip-parquet": (lambda: gzip_of_zeros(300), "r.parquet.gz"),
    "FILE_TOO_LARGE-zip": (lambda: zip_of_zeros("r.csv", 300), "r.zip"),
    "FILE_TOO_LARGE-zip-workbook": (lambda: zip_of_zeros("r.xlsx", 300), "r.zip"),
    "FILE_UNREADABLE-zip-that-lies": (lambda: zip_that_lies(300), "r.zip"),
    "FILE_TOO_LARGE-workbook": (lambda: zip_of_zeros("xl/workbook.xml", 300), "r.xlsx"),
    "FILE_TOO_LARGE-clutter": (lambda: zip_of_zeros("__MACOSX/a", 300, ("r.csv", CSV)), "r.zip"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("made", "path"), BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_stopped_while_it_is_unpacked(request, made, path):
    content = made()
    assert len(content) < 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(ReadError) as raised:
            list(read_pieces(content, path, CONTRACT))
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert raised.value.code == request.node.callspec.id.partition("-")[0]


PLACES = {
    "zip-member": (zipped([(f"{CODE}.csv", CSV)]), "r.zip"),
    "zip-folder": (zipped([(f"{CODE}/", b""), ("r.csv", CSV)]), "r.zip"),
    "zip-comment": (zipped([("r.csv", CSV)], comment=CODE.encode()), "r.zip"),
    "zip-clutter": (zipped([("r.csv", CSV), ("__MACOSX/._r.csv", CODE.encode())]), "r.zip"),
    "gzip-name": (gzipped(CSV, name=f"{CODE}.csv"), "r.csv.gz"),
    "gzip-comment": (gzipped(CSV, comment=CODE.encode()), "r.csv.gz"),
    "gzip-second-member": (gzipped(CSV) + gzipped(b"", name=f"{CODE}.csv"), "r.csv.gz"),
    "gzip-of-parquet": (gzipped(INNER[".parquet"], name=f"{CODE}.parquet"), "r.parquet.gz"),
}


@pytest.mark.parametrize(("content", "path"), PLACES.values(), ids=PLACES.keys())
def test_an_identifier_in_what_packs_the_file_is_found(content, path):
    hits = read(content, path).identifiers
    assert [(hit.kind, hit.row) for hit in hits] == [(PERSONAL_IDENTITY_CODE, None)]
