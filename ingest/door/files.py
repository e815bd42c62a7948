"""Files and folders of the inbox: read whole or not at all, moved, never followed through a link."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ingest.identifiers import contains_identifier

# A file that was written this lately may still be on its way, whatever its hash says.
SETTLE_SECONDS = 30
# Folders that are done with, on their way out of the inbox; hidden, so that nothing takes them in.
_LEAVING = ".leaving-"
_BLOCK = 1 << 20


def folders_in(parent: Path) -> list[Path]:
    """Folders (no links, nothing hidden) in ``parent``, by name; none where it may not be looked into."""
    try:
        with os.scandir(parent) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            ]
    except OSError:
        return []
    return [parent / name for name in sorted(names)]


def read_once(path: Path, largest: int | None = None) -> bytes | None:
    """The bytes of an ordinary file; ``None`` when it changes while it is read, or cannot be read.

    Of a file longer than ``largest`` one byte more than that is read, so that it can be told.
    """
    with opened_once(path) as stream:
        if stream is None:
            return None
        before = os.fstat(stream.fileno())
        content = stream.read() if largest is None else stream.read(largest + 1)
        after = os.fstat(stream.fileno())
    wanted = after.st_size if largest is None else min(after.st_size, largest + 1)
    return content if is_same(before, after) and len(content) == wanted else None


@contextmanager
def opened_once(path: Path) -> Iterator[BinaryIO | None]:
    """An ordinary file, opened through no link; ``None`` when it is none or may not be read."""
    try:
        # A pipe that has no writer would hold up whoever opens it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    with os.fdopen(descriptor, "rb") as stream:
        yield stream if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def is_same(before: os.stat_result, after: os.stat_result) -> bool:
    """Whether nobody wrote to a file between two looks at it."""
    return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)


def hash_of(stream: BinaryIO) -> str:
    """SHA-256 of a file, in constant memory."""
    seen = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(_BLOCK):
        seen.update(block)
    stream.seek(0)
    return seen.hexdigest()


def is_settled(path: Path, now: float) -> bool:
    """Whether a file was last written long enough ago (``now`` in seconds of the epoch).

    A time of writing further ahead than ``SETTLE_SECONDS`` is that of a clock that is wrong, and
    says nothing.
    """
    try:
        age = now - path.stat(follow_symlinks=False).st_mtime
    except OSError:
        return False
    return age >= SETTLE_SECONDS or age < -SETTLE_SECONDS


def may_be_read(path: Path) -> bool:
    """Whether we have the right to read a file (or to list a folder)."""
    return os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0))


def safe_place(place: tuple[str, str, str]) -> tuple[str, str, str]:
    """The folder names, or a fingerprint where the name itself holds an identifier."""
    organisation, period, delivery_id = (
        f"withheld-{hashlib.sha256(os.fsencode(part)).hexdigest()[:12]}" if contains_identifier(part) else part
        for part in place
    )
    return organisation, period, delivery_id


def make_folder(folder: Path, made: set[Path]) -> None:
    """Make a folder once."""
    if folder not in made:
        folder.mkdir(parents=True, exist_ok=True)
        made.add(folder)


def move(source: Path, target: Path, *, keep_both: bool) -> None:
    """Move a folder. Where the target exists: keep both under different names, or drop the source.

    Dropping is right for an accepted delivery only: the same files are in the archive already. The
    target appears in one step, and the source goes in one step, also to another file system.
    """
    if target.exists():
        if not keep_both:
            _drop(source)
            return
        number = 2
        while target.with_name(f"{target.name}~{number}").exists():
            number += 1
        target = target.with_name(f"{target.name}~{number}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.rename(target)
    except OSError:
        if source.stat().st_dev == target.parent.stat().st_dev:
            raise
        partial = target.with_name(f".{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial, symlinks=True)
        os.sync()
        partial.rename(target)
        _drop(source)


def remove_leavings(inbox: Path) -> None:
    """Finish removing what an interrupted intake was done with."""
    for folder in inbox.glob(f"*/*/{_LEAVING}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _drop(folder: Path) -> None:
    # Renamed first: one that loses its files one by one would look like a delivery on its way.
    leaving = folder.with_name(f"{_LEAVING}{uuid.uuid4().hex}")
    folder.rename(leaving)
    shutil.rmtree(leaving)
