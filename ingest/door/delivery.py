"""A delivery on its way through the door, and its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.door.checks import Checked
from ingest.door.findings import Finding, Skipped
from ingest.door.manifest import Manifest, ManifestFile
from ingest.door.reading import RawTable
from ingest.door.receipt import REJECTED, outcome_of


@dataclass
class DeliveryTable:
    """A file of a delivery on its way through."""

    file: ManifestFile
    raw: RawTable | None = None
    absent: frozenset[str] = frozenset()
    checked: Checked | None = None
    # The accepted rows as they go to the lake; made when they are first asked for.
    rekeyed: pa.Table | None = None


@dataclass
class Delivery:
    """A delivery on its way through. ``place`` is (organisation, period, delivery_id) by folder."""

    folder: Path
    place: tuple[str, str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    manifest: Manifest | None = None
    manifest_sha256: str | None = None
    findings: list[Finding] = field(default_factory=list)
    not_checked: list[Skipped] = field(default_factory=list)
    tables: list[DeliveryTable] = field(default_factory=list)
    waiting_for: tuple[str, ...] = ()
    not_readable: tuple[str, ...] = ()
    size: int = 0
    accepted_before: int | None = None
    acceptance_no: int | None = None

    @property
    def rejected(self) -> bool:
        return outcome_of(self.findings) == REJECTED

    @property
    def order(self) -> str:
        return self.place[2]
