"""A delivery on its way through the door, and its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from ingest.contracts import Contract
from ingest.door.checks import Checked
from ingest.door.findings import Finding, Skipped
from ingest.door.large import LargeTable, StoredRows
from ingest.door.manifest import Manifest, ManifestFile
from ingest.door.reading import RawTable
from ingest.door.receipt import REJECTED, outcome_of


@dataclass
class DeliveryTable:
    """A file of a delivery on its way through. ``contract`` is of the version that its manifest names.

    ``rows`` are those delivered, refused ones included.
    """

    file: ManifestFile
    contract: Contract
    raw: RawTable | None = None  # as read, when it is small enough
    large: LargeTable | None = None  # checked while it was read, when it is not
    rows: int = 0
    sheet: str | None = None
    absent: frozenset[str] = frozenset()
    checked: Checked | LargeTable | None = None
    # The accepted rows as they go to the lake; made when they are first asked for.
    rekeyed: pa.Table | StoredRows | None = None


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
    def is_large(self) -> bool:
        """Whether a table of it is too large for memory."""
        return any(table.large is not None for table in self.tables)

    @property
    def held(self) -> int:
        """Bytes of text that it holds in memory."""
        return sum(table.raw.text_bytes for table in self.tables if table.raw is not None)

    @property
    def rejected(self) -> bool:
        return outcome_of(self.findings) == REJECTED

    @property
    def order(self) -> str:
        return self.place[2]
