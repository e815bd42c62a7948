"""When a release becomes visible: settings, publishing what was prepared, going back to one of before.

The settings are a file of the operator (``<home>/settings/publishing.yml``); without it releases are
published at once. Fields: ``prepare_only`` (true or false), ``embargo_until`` (a time with its zone),
``approvals`` (how many persons must approve a release), ``protection`` (``primary only`` or ``full``).
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ingest.state import Home
from orchestration import versions
from orchestration.errors import OperationError
from orchestration.locks import writing

if TYPE_CHECKING:
    from quality.release.shelf import Approval, ShelvedRelease

_FIELDS = ("prepare_only", "embargo_until", "approvals", "protection")
PROTECTIONS = ("primary only", "full")
_UNCHANGED = "What readers see is unchanged."


@dataclass(frozen=True)
class PublishingSettings:
    """``embargo_until`` has its time zone; ``approvals`` is a number of persons."""

    prepare_only: bool = False
    embargo_until: datetime | None = None
    approvals: int = 0
    protection: str = "primary only"

    def prepares(self, now: datetime) -> bool:
        """Whether a release made now is only prepared."""
        return self.prepare_only or self.approvals > 0 or (self.embargo_until is not None and now < self.embargo_until)


def read_settings(home: Home) -> PublishingSettings:
    """The settings; raises ``OperationError`` for anything in the file that is not understood.

    A misspelt embargo must not publish.
    """
    file = home.publishing_settings
    if not file.exists():
        return PublishingSettings()
    expected = (
        "Expected prepare_only: true or false; embargo_until: 2026-02-03T08:00:00+02:00; approvals: 2; "
        "protection: full or primary only. Nothing was published."
    )
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise OperationError(f"The settings in {file} cannot be read ({type(error).__name__}).", expected) from error
    raw = {} if raw is None else raw
    if not isinstance(raw, dict) or set(raw) - set(_FIELDS):
        unknown = ", ".join(sorted(map(str, set(raw) - set(_FIELDS)))) if isinstance(raw, dict) else "no fields"
        raise OperationError(f"The settings in {file} have what is not known: {unknown}.", expected)
    until: Any = raw.get("embargo_until")
    approvals, prepare_only = raw.get("approvals", 0), raw.get("prepare_only", False)
    protection = raw.get("protection", PROTECTIONS[0])
    if isinstance(until, str):
        try:
            until = datetime.fromisoformat(until)
        except ValueError:
            until = "no time"
    good = (
        isinstance(prepare_only, bool)
        and isinstance(approvals, int)
        and not isinstance(approvals, bool)
        and approvals >= 0
        and protection in PROTECTIONS
        # YAML reads a time without a zone as one: it would be over hours early or late.
        and (until is None or (isinstance(until, datetime) and until.tzinfo is not None))
    )
    if not good:
        raise OperationError(f"The settings in {file} do not fit.", expected)
    return PublishingSettings(prepare_only, until, approvals, protection)


def release_mark(home: Home) -> Path:
    """Notes what the release that was published last was made from."""
    return home.warehouse.parent / "released_from.json"


def prepared_mark(home: Home) -> Path:
    """Notes what the release that was prepared last was made from."""
    return home.warehouse.parent / "prepared_from.json"


def note_terms(home: Home, release_id: str, settings: PublishingSettings) -> None:
    """Keep with a prepared release the terms of today."""
    from quality.release import shelf

    shelf.note_terms(home.prepared, release_id, shelf.Terms(settings.embargo_until, settings.approvals))


def releases(home: Home) -> list[tuple[ShelvedRelease, list[str]]]:
    """All releases, the newest first, each with what keeps it from being published (when prepared)."""
    from quality.release import shelf

    return [
        (release, _obstacles(home, release.release_id) if release.state == "prepared" else [])
        for release in shelf.releases(home.published, home.prepared)
    ]


def approve(home: Home, release_id: str, name: str, role: str) -> list[Approval]:
    """Add an approval to a prepared release; returns all that hold for it."""
    from quality.release import shelf

    with writing(home, "approve"):
        try:
            return shelf.approve(home.prepared, release_id, name, role, datetime.now(UTC))
        except shelf.ShelfError as error:
            raise OperationError(f"Not approved: {error}.", "See `aftercare releases`.") from error


def publish_prepared(home: Home, release_id: str) -> Path:
    """Make a prepared release the current one; returns its folder.

    Raises ``OperationError`` with everything that is in the way. Cut off between its two steps it leaves
    the release among the published ones and not current: ``roll_back`` to its name ends that.
    """
    from quality.release import shelf

    with writing(home, "publish"):
        before = shelf.current_id(home.published)
        try:
            if obstacles := _obstacles(home, release_id):
                raise OperationError(f"{release_id} is not published: {'; '.join(obstacles)}.", _UNCHANGED)
            folder = shelf.release_prepared(home.published, home.prepared, release_id)
        except shelf.ShelfError as error:
            raise OperationError(
                f"Not published: {error}.",
                f"{_UNCHANGED} See `aftercare releases`; `aftercare rollback` shows one that lies published already.",
            ) from error
        mark = versions.read_mark(prepared_mark(home)) or {}
        if mark.get("release_id") == release_id:
            made_from = versions.Version(mark["input_hash"], mark["code_version"])
            versions.write_mark(release_mark(home), made_from, release_id=release_id)
        _note(home, "published", before, release_id)
    return folder


def roll_back(home: Home, release_id: str | None = None) -> tuple[str, str]:
    """Show the release before the current one, or a named one; returns (before, now).

    What the newest release was made from stays noted, so that the nightly build does not undo this
    until something new has come.
    """
    from quality.release import shelf

    with writing(home, "rollback"):
        try:
            before, now = shelf.roll_back(home.published, release_id)
        except shelf.ShelfError as error:
            raise OperationError(f"Not rolled back: {error}.", f"{_UNCHANGED} See `aftercare releases`.") from error
        _note(home, "rolled_back", before, now)
    return before, now


def _obstacles(home: Home, release_id: str) -> list[str]:
    from quality.release import shelf

    settings = read_settings(home)
    terms = shelf.Terms(settings.embargo_until, settings.approvals)
    return shelf.obstacles(home.published, home.prepared, release_id, datetime.now(UTC), terms)


def _note(home: Home, what: str, before: str | None, now: str) -> None:
    """Append to the log of what readers saw when."""
    folder = home.root / "log"
    folder.mkdir(parents=True, exist_ok=True)
    entry: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "what": what,
        "before": before,
        "now": now,
    }
    with (folder / "releases.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(entry) + "\n")
        log.flush()
        os.fsync(log.fileno())
