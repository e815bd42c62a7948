"""Where the bytes of a file come from: memory, disk, or packed with gzip or zip, and never more than bounded.

Nothing is ever unpacked to disk. What a header or a directory claims about a size is not believed:
bytes are counted while they are unpacked.
"""

from __future__ import annotations

import errno
import io
import os
import stat
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from ingest.door.reading.table import EXPECTED_FORMATS, ReadError
from ingest.identifiers import Hit, kinds_in

Readable = bytes | Path | BinaryIO

BLOCK = 1 << 20
# Rows of hexadecimal keys shrink to a half, aggregates to a twentieth, the XML of a workbook to a
# thirtieth. DEFLATE itself ends at 1 : 1032, which only a file made for it reaches.
MOST_TIMES_LARGER = 200
# Below this any ratio is harmless.
_FREE_OF_RATIO = 16_000_000
LARGEST_UNPACKED = 50_000_000_000
_MOST_MEMBERS = 1_000
_LARGEST_CLUTTER = 1_000_000
_LONGEST_GZIP_HEADER = 1 << 16
_SLICE = 1 << 16

PACKED_SUFFIXES = frozenset({".gz", ".zip"})
_ARCHIVES = frozenset({*PACKED_SUFFIXES, ".7z", ".rar", ".tar", ".tgz", ".bz2", ".xz", ".zst", ".cab", ".z", ".lzh"})
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", ".ds_store"})
_CLUTTER_FOLDER = "__MACOSX"
EXPECTED_ARCHIVE = "zip (deflate): 1 × .csv/.xlsx/.parquet; gzip: .csv.gz"


class Source(Protocol):
    """Bytes that can be gone through more than once."""

    def blocks(self) -> Iterator[bytes]:
        """The content from its beginning, in blocks of any length but zero."""

    def content(self, largest: int) -> bytes:
        """The content at once; ``ReadError`` FILE_TOO_LARGE when there is more than ``largest``."""

    def opened(self, largest: int) -> AbstractContextManager[BinaryIO]:
        """As a seekable file; what is packed comes to memory, so ``largest`` limits it."""

    def hits(self) -> list[Hit]:
        """Identifiers in what packs the content (names, comments); complete once it was gone through."""


@dataclass(frozen=True)
class Plain:
    """A file as it is."""

    readable: Readable

    def size(self) -> int:
        """Bytes there are."""
        if isinstance(self.readable, bytes):
            return len(self.readable)
        with self.opened() as stream:
            return stream.seek(0, os.SEEK_END)

    def blocks(self) -> Iterator[bytes]:
        """As ``Source``."""
        if isinstance(self.readable, bytes):
            if self.readable:
                yield self.readable
            return
        with self.opened() as stream:
            while block := stream.read(BLOCK):
                yield block

    def content(self, largest: int) -> bytes:
        """As ``Source``."""
        return _gathered(self.blocks(), largest)

    @contextmanager
    def opened(self, largest: int = 0) -> Iterator[BinaryIO]:
        """As ``Source``; ``largest`` does not matter, since nothing is loaded."""
        if isinstance(self.readable, bytes):
            yield io.BytesIO(self.readable)
        elif isinstance(self.readable, Path):
            with self.readable.open("rb") as stream:
                yield stream
        else:
            self.readable.seek(0)
            yield self.readable

    def hits(self) -> list[Hit]:
        """As ``Source``: nothing packs it."""
        return []


class _Packed(ABC):
    """What the two kinds of packing have in common. ``_kinds`` are the kinds of identifier met."""

    def __init__(self, packed: Plain) -> None:
        self._packed = packed
        self._kinds: dict[str, None] = {}

    @abstractmethod
    def blocks(self) -> Iterator[bytes]:
        """The unpacked bytes, some at a time."""

    def content(self, largest: int) -> bytes:
        """As ``Source``."""
        return _gathered(self.blocks(), largest)

    @contextmanager
    def opened(self, largest: int) -> Iterator[BinaryIO]:
        """As ``Source``."""
        yield io.BytesIO(self.content(largest))

    def hits(self) -> list[Hit]:
        """As ``Source``."""
        return [Hit(kind) for kind in self._kinds]

    def _look_at(self, text: str) -> None:
        self._kinds |= dict.fromkeys(kinds_in(text))


class Gzip(_Packed):
    """A file packed with gzip, which may consist of several members (as parallel packers write)."""

    def blocks(self) -> Iterator[bytes]:
        """As ``Source``."""
        packed = self._slices()
        limit = _Limit(self._packed.size())
        waiting = b""
        first = True
        while True:
            while len(waiting) < _LONGEST_GZIP_HEADER and (block := next(packed, b"")):
                waiting += block
            if not first and not waiting.strip(b"\0"):
                return  # the end, or padding as tapes and block devices leave it
            first = False
            self._look_at(_gzip_header(waiting))
            member = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
            while not member.eof:
                waiting = waiting or next(packed, b"")
                if not waiting:
                    raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)  # cut short
                try:
                    block = member.decompress(waiting, BLOCK)
                except zlib.error:
                    raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
                waiting = member.unused_data if member.eof else member.unconsumed_tail
                limit.count(block)
                if block:
                    yield block

    def _slices(self) -> Iterator[bytes]:
        """Short, since what is not unpacked yet is copied at every step."""
        for block in self._packed.blocks():
            for start in range(0, len(block), _SLICE):
                yield block[start : start + _SLICE]


class ZipMember(_Packed):
    """The one data file in a zip. Raises ``ReadError`` when there is not exactly one, or more than data."""

    def __init__(self, packed: Plain) -> None:
        super().__init__(packed)
        with self._archive() as archive:
            self._member = self._only_member(archive)

    @property
    def suffix(self) -> str:
        """Of the data file's name, in lower case."""
        return PurePosixPath(self._member.filename).suffix.lower()

    def blocks(self) -> Iterator[bytes]:
        """As ``Source``."""
        with self._archive() as archive:
            yield from _member_blocks(archive, self._member)

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        with self._packed.opened() as stream, zip_errors(), zipfile.ZipFile(stream) as archive:
            yield archive

    def _only_member(self, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
        members = archive.infolist()
        if len(members) > _MOST_MEMBERS:
            raise ReadError("FILE_ARCHIVE", EXPECTED_ARCHIVE)
        self._look_at(archive.comment.decode("latin-1"))
        data = []
        for member in members:
            if not _is_plain_member(member):
                raise ReadError("FILE_ARCHIVE", EXPECTED_ARCHIVE)
            if member.flag_bits & 0x1:
                raise ReadError("FILE_PROTECTED")
            self._look_at(member.filename)
            self._look_at((member.comment + b"\n" + member.extra).decode("latin-1"))
            path = PurePosixPath(member.filename)
            if path.parts[0] == _CLUTTER_FOLDER or path.name.lower() in _CLUTTER:
                # Left by the sender's system. It is not data, but it is kept with the delivery.
                self._look_at(_gathered(_member_blocks(archive, member), _LARGEST_CLUTTER).decode("latin-1"))
            elif not member.is_dir():
                data.append(member)
        if len(data) != 1 or PurePosixPath(data[0].filename).suffix.lower() in _ARCHIVES:
            raise ReadError("FILE_ARCHIVE", EXPECTED_ARCHIVE)
        return data[0]


def unpacked(readable: Readable, path: str) -> tuple[Source, str]:
    """The source behind ``path``, and the suffix of the data file in it.

    Raises ``ReadError`` when it is packed in a way that is not accepted.
    """
    plain = Plain(readable)
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in PACKED_SUFFIXES:
        return plain, suffix
    if not plain.size():
        raise ReadError("FILE_EMPTY")
    if suffix == ".zip":
        member = ZipMember(plain)
        return member, member.suffix
    inner = PurePosixPath(path).with_suffix("").suffix.lower()
    if inner in _ARCHIVES:
        raise ReadError("FILE_ARCHIVE", EXPECTED_ARCHIVE)
    return Gzip(plain), inner


class _Limit:
    """Counts what is unpacked and stops before it becomes too much."""

    def __init__(self, packed_size: int) -> None:
        self.left = min(LARGEST_UNPACKED, max(_FREE_OF_RATIO, packed_size * MOST_TIMES_LARGER))

    def count(self, block: bytes) -> None:
        self.left -= len(block)
        if self.left < 0:
            raise ReadError("FILE_TOO_LARGE", f"≤ {MOST_TIMES_LARGER} : 1, ≤ {LARGEST_UNPACKED // 10**9} GB")


def _gathered(blocks: Iterator[bytes], largest: int) -> bytes:
    kept, size = [], 0
    for block in blocks:
        size += len(block)
        if size > largest:
            raise ReadError("FILE_TOO_LARGE", f"≤ {largest // 10**6} MB")
        kept.append(block)
    return kept[0] if len(kept) == 1 else b"".join(kept)


def _gzip_header(text: bytes) -> str:
    """File name, comment and extra field of a gzip member, for a look at them (RFC 1952)."""
    if len(text) < 10 or text[:3] != b"\x1f\x8b\x08":
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)
    flags, place = text[3], 10
    found = b""
    if flags & 4:
        length = int.from_bytes(text[place : place + 2], "little")
        found += text[place + 2 : place + 2 + length] + b"\n"
        place += 2 + length
    for bit in (8, 16):
        if flags & bit:
            end = text.find(b"\0", place)
            if end < 0:
                raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS)
            found += text[place:end] + b"\n"
            place = end + 1
    return found.decode("latin-1")


def _is_plain_member(member: zipfile.ZipInfo) -> bool:
    """An ordinary file or folder inside the archive's own tree, packed as everybody can unpack it."""
    mode = member.external_attr >> 16
    path = PurePosixPath(member.filename)
    return (
        "\\" not in member.orig_filename
        and ":" not in member.filename
        and "\0" not in member.orig_filename
        and not path.is_absolute()
        and ".." not in path.parts
        and bool(path.parts)
        and (stat.S_IFMT(mode) in (0, stat.S_IFREG, stat.S_IFDIR))
        and member.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    )


def _member_blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    limit = _Limit(member.compress_size)
    with archive.open(member) as stream:
        while block := stream.read(BLOCK):
            limit.count(block)
            yield block


@contextmanager
def zip_errors() -> Iterator[None]:
    """Turns what zipfile raises on a damaged archive into ``ReadError`` FILE_UNREADABLE."""
    try:
        yield
    # zipfile has no error of its own for much of what can be wrong with a damaged archive.
    except (
        zipfile.BadZipFile, zlib.error, struct.error, EOFError,
        NotImplementedError, RuntimeError, ValueError, LookupError,
    ):  # fmt: skip
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
    except OSError as error:
        if error.errno != errno.EINVAL:  # a seek to nowhere; everything else is this machine's trouble
            raise
        raise ReadError("FILE_UNREADABLE", EXPECTED_FORMATS) from None
