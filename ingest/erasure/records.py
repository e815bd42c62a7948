"""The record of an erasure, and the journal that lets an interrupted one be finished."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ingest.ledger import sync_file
from ingest.state import Home

_UNFINISHED = ".unfinished"


@dataclass(frozen=True)
class ErasureRecord:
    """What is kept of an erasure. ``rows`` maps a table to rows removed from all its versions."""

    erased_at: str
    asked_by: str
    rows: dict[str, int]
    rows_in_quarantine: dict[str, int]
    originals_rewritten: int
    originals_removed: int


@dataclass
class Journal:
    """What an unfinished erasure has done so far; gone when it is finished.

    Which keys it is for is told by a salted hash, and only until it is finished: the keys
    themselves still stand in the lake then. ``rows`` maps a file to its table and how many rows
    were removed from it: noted before the file is replaced, so that no count is lost.
    """

    path: Path
    salt: str
    digest: str
    asked_by: str
    began_at: str
    rows: dict[str, list[Any]] = field(default_factory=dict)
    rewritten: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)

    @classmethod
    def open(cls, home: Home, keys: Iterable[str], asked_by: str, now: datetime) -> Journal:
        """The journal of an interrupted erasure of the same keys, or a new one (not yet written)."""
        for path in _journals(home):
            found = cls._read(path)
            if found is not None and found.digest == _digest(found.salt, keys):
                return found
        salt = secrets.token_hex(16)
        path = home.erasures / _UNFINISHED / f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.json"
        began_at = now.isoformat(timespec="seconds")
        return cls(path, salt, _digest(salt, keys), asked_by, began_at)

    @property
    def exists(self) -> bool:
        """Whether an earlier call began this erasure."""
        return self.path.exists()

    def write(self) -> None:
        """Keep what has been done, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        content = {name: value for name, value in vars(self).items() if name != "path"}
        content |= {"rewritten": sorted(self.rewritten), "removed": sorted(self.removed)}
        _write(self.path, content)

    def note(self, path: Path, table: str, rows: int) -> None:
        """Rows about to be removed from a file of the lake or of the quarantine."""
        self.rows[str(path)] = [table, rows]
        self.write()

    @classmethod
    def _read(cls, path: Path) -> Journal | None:
        try:
            content = json.loads(path.read_text("utf-8"))
            content |= {"rewritten": set(content["rewritten"]), "removed": set(content["removed"])}
            return cls(path=path, **content)
        except (ValueError, TypeError, KeyError):
            return None


def finish(home: Home, journal: Journal, now: datetime) -> ErasureRecord:
    """Write the record of an erasure and drop its journal."""
    rows: dict[bool, dict[str, int]] = {True: {}, False: {}}
    for path, (table, count) in journal.rows.items():
        place = rows[Path(path).is_relative_to(home.lake)]
        place[table] = place.get(table, 0) + count
    record = ErasureRecord(
        erased_at=now.isoformat(timespec="seconds"),
        asked_by=journal.asked_by,
        rows=dict(sorted(rows[True].items())),
        rows_in_quarantine=dict(sorted(rows[False].items())),
        originals_rewritten=len(journal.rewritten),
        originals_removed=len(journal.removed),
    )
    # Named after its journal: an erasure that dies between these two steps gets no second record.
    _write(home.erasures / journal.path.name, asdict(record))
    journal.path.unlink(missing_ok=True)
    return record


def records(home: Home) -> list[ErasureRecord]:
    """All erasures, oldest first."""
    paths = sorted(home.erasures.glob("[!.]*.json")) if home.erasures.exists() else []
    return [ErasureRecord(**json.loads(path.read_text("utf-8"))) for path in paths]


def unfinished(home: Home) -> list[str]:
    """When erasures began that were interrupted; each must be run again with the same keys."""
    return [path.name.partition("-")[0] for path in _journals(home)]


def _journals(home: Home) -> list[Path]:
    folder = home.erasures / _UNFINISHED
    return sorted(folder.glob("[!.]*.json")) if folder.exists() else []


def _digest(salt: str, keys: Iterable[str]) -> str:
    return hashlib.sha256("\n".join([salt, *sorted(keys)]).encode()).hexdigest()


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps(content, indent=1), encoding="utf-8")
    sync_file(partial)
    partial.replace(path)
