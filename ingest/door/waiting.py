"""What waits in the inbox: which deliveries are complete, which are known, and in what order they go."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow.compute as pc

from ingest.contracts import contracts
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.files import folders_in, may_be_read, read_once, remove_leavings
from ingest.door.findings import finding, shown
from ingest.door.manifest import LONGEST_MANIFEST, MANIFEST_NAME, read_manifest
from ingest.identifiers import contains_identifier
from ingest.ledger import last_number, read_ledger
from ingest.state import Home

# Names under which transfer programs and file systems keep what is not finished or not data.
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})


@dataclass
class Acceptances:
    """What the ledger knows: id -> (number, manifest's SHA-256, organisation, period).

    ``latest`` is the latest time of an acceptance, ``None`` before the first.
    """

    by_id: dict[str, tuple[int, str, str, str]]
    next_no: int
    latest: datetime | None

    @classmethod
    def read(cls, home: Home) -> Acceptances:
        ledger = read_ledger(home)
        columns = ("delivery_id", "acceptance_no", "manifest_sha256", "organisation", "period")
        lists = [ledger.column(name).to_pylist() for name in columns]
        by_id = {row[0]: row[1:] for row in zip(*lists, strict=True)}
        return cls(by_id, last_number(home) + 1, pc.max(ledger.column("accepted_at")).as_py())


def waiting_deliveries(home: Home) -> Iterator[Delivery]:
    """Every delivery folder of the inbox, opened."""
    remove_leavings(home.inbox)
    for organisation in folders_in(home.inbox):
        for period in folders_in(organisation):
            for folder in folders_in(period):
                yield open_delivery(folder, (organisation.name, period.name, folder.name))


def open_delivery(folder: Path, place: tuple[str, str, str] | None) -> Delivery:
    """Read the manifest and see whether everything it names is there."""
    delivery = Delivery(folder, place or ("", "", folder.name))
    try:
        with os.scandir(folder) as entries:
            present = {entry.name: entry for entry in entries}
    except OSError:
        delivery.waiting_for = delivery.not_readable = (MANIFEST_NAME,)
        return delivery
    entry = present.get(MANIFEST_NAME)
    if entry is None:
        delivery.waiting_for = (MANIFEST_NAME,)
        return delivery
    if not entry.is_file(follow_symlinks=False):
        delivery.findings.append(finding("FILE_PATH", file=MANIFEST_NAME))
        return delivery
    content = read_once(folder / MANIFEST_NAME, LONGEST_MANIFEST)
    if not content:  # empty: about to be written; None: being written, or not to be read
        delivery.waiting_for = (MANIFEST_NAME,)
        delivery.not_readable = () if may_be_read(folder / MANIFEST_NAME) else (MANIFEST_NAME,)
        return delivery
    read = read_manifest(content)
    delivery.fields, delivery.manifest = read.fields, read.manifest
    delivery.manifest_sha256 = hashlib.sha256(content).hexdigest()
    delivery.findings += read.findings
    if place is not None:
        _check_place(delivery)
    elif delivery.manifest:
        manifest = delivery.manifest
        delivery.place = (manifest.organisation, manifest.period.code, manifest.delivery_id)
    if any(contains_identifier(part) for part in (*present, *delivery.place)):
        delivery.findings.append(finding("FILE_IDENTIFIER"))
    if delivery.manifest is None:
        return delivery
    listed = {file.path for file in delivery.manifest.files}
    unfinished = [other for other in present if other.lower().endswith(_UNFINISHED)]
    missing = [path for path in listed if path not in present]
    if missing or unfinished:
        delivery.waiting_for = tuple(shown(path) for path in sorted({*missing, *unfinished}))
        return delivery
    for other in sorted(set(present) - listed - {MANIFEST_NAME}):
        if not other.startswith(".") and other.lower() not in _CLUTTER:
            delivery.findings.append(finding("FILE_UNLISTED", file=other))
    agreed = contracts(delivery.manifest.contract_version)
    for file in delivery.manifest.files:
        if present[file.path].is_file(follow_symlinks=False):
            delivery.tables.append(DeliveryTable(file, agreed[file.table]))
            delivery.size += present[file.path].stat(follow_symlinks=False).st_size
        else:
            delivery.findings.append(finding("FILE_PATH", table=file.table, file=file.path))
    return delivery


def _check_place(delivery: Delivery) -> None:
    """The folders must say the same as the manifest (where the manifest's own value is right)."""
    for field_name, folder_name in zip(("organisation", "period", "delivery_id"), delivery.place, strict=True):
        value = delivery.fields.get(field_name)
        if isinstance(value, str) and value != folder_name:
            expected = shown(value)
            delivery.findings.append(
                finding(
                    "MANIFEST_PLACE",
                    file=MANIFEST_NAME,
                    column=field_name,
                    seen=folder_name,
                    expected=expected,
                )
            )


def is_finished(home: Home, delivery: Delivery, accepted: Acceptances) -> bool:
    """Look the delivery up in the ledger. ``True`` when nothing but the move is left to do."""
    manifest = delivery.manifest
    known = accepted.by_id.get(manifest.delivery_id if manifest else delivery.place[2])
    if known is None:
        return False
    number, sha256, organisation, period = known
    if delivery.manifest_sha256 != sha256 or delivery.place[:2] != (organisation, period):
        delivery.findings.append(finding("DELIVERY_ID_TAKEN", file=MANIFEST_NAME))
        return False
    delivery.accepted_before = number
    # An older receipt may be of an attempt that was rejected; only that of the acceptance counts.
    receipt = home.outbox.joinpath(*delivery.place) / "receipt.json"
    return receipt.is_file() and f'"acceptance_no": {number},' in receipt.read_text("utf-8")


def in_order(deliveries: list[Delivery]) -> list[Delivery]:
    """By delivery id (ULIDs sort by time), but a correction after what it corrects."""
    by_id = {delivery.order: delivery for delivery in deliveries}
    ordered: list[Delivery] = []
    placed: set[int] = set()
    for delivery in sorted(deliveries, key=lambda item: (item.order, item.place)):
        chain: list[Delivery] = []
        current: Delivery | None = delivery
        while current is not None and id(current) not in placed and current not in chain:
            chain.append(current)
            corrected = current.manifest.correction_of if current.manifest else None
            current = by_id.get(corrected) if corrected else None
        for item in reversed(chain):
            placed.add(id(item))
            ordered.append(item)
    return ordered
