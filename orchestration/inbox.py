"""What waits in the inbox. Looks only; taking in is the door's work."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ingest.state import Home

MANIFEST = "manifest.json"
# More is no manifest; the door has the same limit.
LONGEST_MANIFEST = 1_000_000


@dataclass(frozen=True)
class Waiting:
    """A delivery folder in the inbox.

    ``is_complete``: a manifest is there and every file that it names (a manifest that cannot be
    read is complete too: the door has something to say about it). ``sizes`` are the files' sizes in
    bytes by name.
    """

    organisation: str
    period: str
    delivery_id: str
    is_complete: bool
    sizes: tuple[tuple[str, int], ...]


def waiting(home: Home) -> list[Waiting]:
    """All delivery folders in the inbox, ordered by organisation, period and delivery."""
    found = []
    for organisation in _folders(home.inbox):
        for period in _folders(organisation):
            for delivery in _folders(period):
                sizes = _sizes(delivery)
                complete = _is_complete(delivery, {name for name, _ in sizes})
                found.append(Waiting(organisation.name, period.name, delivery.name, complete, sizes))
    return found


def fingerprint(deliveries: Iterable[Waiting]) -> str:
    """Changes whenever a delivery arrives or a file in one grows; the same for the same content."""
    seen = hashlib.sha256()
    for delivery in sorted(deliveries, key=lambda found: (found.delivery_id, found.organisation)):
        seen.update(repr((delivery.organisation, delivery.period, delivery.delivery_id)).encode())
        seen.update(repr(delivery.sizes).encode())
    return seen.hexdigest()[:16]


def _folders(path: Path) -> list[Path]:
    try:
        with os.scandir(path) as entries:
            names = [
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []
    return [path / name for name in sorted(names)]


def _sizes(delivery: Path) -> tuple[tuple[str, int], ...]:
    try:
        with os.scandir(delivery) as entries:
            return tuple(sorted((entry.name, entry.stat(follow_symlinks=False).st_size) for entry in entries))
    except OSError:  # no right to look, or moved away meanwhile
        return ()


def _is_complete(delivery: Path, names: set[str]) -> bool:
    if MANIFEST not in names:
        return False
    try:
        with (delivery / MANIFEST).open("rb") as stream:
            manifest = json.loads(stream.read(LONGEST_MANIFEST))
        listed = {Path(str(entry["path"])).name for entry in manifest["files"]}
    except (ValueError, TypeError, KeyError, OSError, RecursionError):
        return True
    return listed <= names
