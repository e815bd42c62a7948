"""The releases that lie ready: which one readers see, which are prepared and wait, who has approved them.

Readers see the folder that the symlink ``current`` names. Replacing the link is one step, so they see
one release or the other whole; whoever holds a file of the one before open goes on reading it. A
prepared release lies outside the published folder, where the operator alone may enter.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CURRENT = "current"
RELEASES = "releases"
_RELEASE_ID = re.compile(r"(?P<made>\d{8}T\d{6}\d{6})Z-(?P<kind>synthetic|real)")


class ShelfError(RuntimeError):
    """A release that cannot be shown or approved as asked; what readers see stays."""


@dataclass(frozen=True)
class ShelvedRelease:
    """One release. ``state``: current, published (readers can still find it) or prepared (nobody can).

    ``made_at`` is UTC; None for a folder whose name does not tell.
    """

    release_id: str
    folder: Path
    made_at: datetime | None
    data_kind: str | None
    state: str


@dataclass(frozen=True)
class Terms:
    """On what terms a prepared release may be published; ``embargo_until`` with its time zone."""

    embargo_until: datetime | None = None
    approvals: int = 0


@dataclass(frozen=True)
class Approval:
    """That a named person approved a release of exactly this content (hash of its SHA256SUMS)."""

    name: str
    role: str
    at: str
    content: str


def releases(published: Path, prepared: Path) -> list[ShelvedRelease]:
    """All releases, the newest first."""
    current = current_id(published)
    found = [
        _shelved(folder, "current" if folder.name == current else "published")
        for folder in _folders(published / RELEASES)
    ]
    found += [_shelved(folder, "prepared") for folder in _folders(prepared)]
    return sorted(found, key=lambda release: release.release_id, reverse=True)


def current_id(published: Path) -> str | None:
    """The release that readers see; None before the first."""
    link = published / CURRENT
    return link.resolve().name if link.exists() else None


def point_current_at(published: Path, release_id: str) -> None:
    """Let readers see this release from now on, in one step."""
    if not (published / RELEASES / release_id / "aftercare.duckdb").is_file():
        raise ShelfError(f"There is no release {release_id} in {published / RELEASES}")
    link = published / f".{CURRENT}-{uuid.uuid4().hex}"
    link.symlink_to(Path(RELEASES) / release_id)
    link.replace(published / CURRENT)


def clear_unfinished(published: Path, parent: Path) -> None:
    """Remove what a publishing that was killed left in the folder of releases and beside the link."""
    for folder in parent.glob(".*.partial"):
        shutil.rmtree(folder, ignore_errors=True)
    for link in published.glob(f".{CURRENT}-*"):
        link.unlink(missing_ok=True)


def roll_back(published: Path, release_id: str | None = None) -> tuple[str, str]:
    """Show the release before the current one, or a named one; returns (before, now).

    Raises ``ShelfError`` when there is none of the same kind of data, or it is the current one.
    """
    current = current_id(published)
    if current is None:
        raise ShelfError("Nothing is published yet")
    if release_id is None:
        kind = _shelved(published / RELEASES / current, "current").data_kind
        earlier = [
            folder.name
            for folder in _folders(published / RELEASES)
            if folder.name < current and _shelved(folder, "published").data_kind == kind
        ]
        if not earlier:
            raise ShelfError(f"There is no release before {current}")
        release_id = max(earlier)
    if release_id == current:
        raise ShelfError(f"{current} is the current release already")
    if release_id not in {folder.name for folder in _folders(published / RELEASES)}:
        raise ShelfError(f"{release_id} has not been published")
    point_current_at(published, release_id)
    return current, release_id


# ---- prepared releases --------------------------------------------------------------------------


def private_folder(folder: Path) -> Path:
    """Make a folder that its owner alone may enter."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder


def note_terms(prepared: Path, release_id: str, terms: Terms) -> None:
    """Keep the terms that held when the release was prepared: later settings may add to them only."""
    until = terms.embargo_until.isoformat() if terms.embargo_until else None
    _append(prepared / f"{release_id}.terms.json", {"embargo_until": until, "approvals": terms.approvals})


def approve(prepared: Path, release_id: str, name: str, role: str, now: datetime) -> list[Approval]:
    """Add an approval to the file beside the prepared release; returns all that hold for it.

    Raises ``ShelfError`` when there is no such release, or no name or role.
    """
    folder = _prepared(prepared, release_id)
    name, role = " ".join(name.split()), " ".join(role.split())
    if not name or not role:
        raise ShelfError("An approval needs a name and a role")
    approval = Approval(name, role, now.astimezone(UTC).isoformat(timespec="seconds"), _content(folder))
    _append(_approvals_file(prepared, release_id), asdict(approval))
    return approvals(prepared, release_id)


def approvals(prepared: Path, release_id: str) -> list[Approval]:
    """Approvals of the release as it lies there; the first of each person."""
    folder = _prepared(prepared, release_id)
    content = _content(folder)
    by_name: dict[str, Approval] = {}
    for entry in _lines(_approvals_file(prepared, release_id)):
        approval = Approval(**entry)
        if approval.content == content:
            by_name.setdefault(approval.name.casefold(), approval)
    return list(by_name.values())


def obstacles(published: Path, prepared: Path, release_id: str, now: datetime, settings: Terms) -> list[str]:
    """Why a prepared release may not be published yet, in words; empty when it may.

    The stricter of the terms at preparation and those of today counts.
    """
    folder = _prepared(prepared, release_id)
    noted = [_terms(entry) for entry in _lines(prepared / f"{release_id}.terms.json")]
    terms = [settings, *noted]
    found = [] if noted else ["the terms that it was prepared on are missing"]
    until = max((term.embargo_until for term in terms if term.embargo_until), default=None)
    if until and now < until:
        found.append(f"its embargo lasts until {until.isoformat(timespec='minutes')}")
    needed, given = max(term.approvals for term in terms), approvals(prepared, release_id)
    if len(given) < needed:
        names = ", ".join(f"{approval.name} ({approval.role})" for approval in given) or "none"
        found.append(f"it needs the approvals of {needed}, and has {len(given)}: {names}")
    compared_with = json.loads((folder / "CHANGES.json").read_text(encoding="utf-8"))["compared_with"]
    if compared_with != current_id(published):
        found.append(
            f"its changes are told against {compared_with or 'nothing'}, but {current_id(published)} is current by "
            "now: prepare it anew"
        )
    if broken := list(_broken(folder)):
        found.append(f"its files are not as they were written: {', '.join(broken)}")
    return found


def release_prepared(published: Path, prepared: Path, release_id: str) -> Path:
    """Move a prepared release to the published ones and show it. ``obstacles`` is asked by the caller."""
    folder = _prepared(prepared, release_id)
    target = published / RELEASES / release_id
    target.parent.mkdir(parents=True, exist_ok=True)
    folder.rename(target)
    # Who approved stays with the operator.
    point_current_at(published, release_id)
    return target


def _prepared(prepared: Path, release_id: str) -> Path:
    if release_id not in {folder.name for folder in _folders(prepared)}:
        raise ShelfError(f"There is no prepared release {release_id}")
    return prepared / release_id


def _folders(parent: Path) -> Iterator[Path]:
    """Whole releases only: one that is being written has a name with a dot before it."""
    if parent.is_dir():
        for folder in sorted(parent.iterdir()):
            if not folder.name.startswith(".") and (folder / "aftercare.duckdb").is_file():
                yield folder


def _shelved(folder: Path, state: str) -> ShelvedRelease:
    named = _RELEASE_ID.fullmatch(folder.name)
    made_at = datetime.strptime(named["made"], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC) if named else None
    return ShelvedRelease(folder.name, folder, made_at, named["kind"] if named else None, state)


def _approvals_file(prepared: Path, release_id: str) -> Path:
    return prepared / f"{release_id}.approvals.jsonl"


def _terms(entry: dict[str, Any]) -> Terms:
    until = entry["embargo_until"]
    return Terms(datetime.fromisoformat(until) if until else None, int(entry["approvals"]))


def _content(folder: Path) -> str:
    return hashlib.sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()


def _broken(folder: Path) -> Iterator[str]:
    """Files that are missing, other than at preparation, or were added."""
    lines = (folder / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: found for found, _, name in (line.partition("  ") for line in lines)}
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    for name in sorted({*listed, *there} - {"SHA256SUMS"}):
        file = folder / name
        if name not in listed or not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != listed[name]:
            yield name


def _append(file: Path, entry: dict[str, Any]) -> None:
    """One line more, on the disk when this returns; only the operator may read it."""
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, (json.dumps(entry, ensure_ascii=False) + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.is_file():
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)
