"""Taking deliveries in: everything that waits, in batches, each delivery whole or not at all.

Order of the steps within a batch: typed rows go to the lake (under their final names, each file
renamed into place), then one row per table goes to the ledger in one atomic step, then receipts are
written and originals moved. A file that no ledger row names never counts, so an intake that dies
anywhere is healed by the next one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from ingest.contracts import contract
from ingest.door.checks import Checked, CheckInput, check_tables, connect
from ingest.door.findings import Finding, finding, shown
from ingest.door.manifest import MANIFEST_NAME, Manifest, is_delivery_id, read_manifest
from ingest.door.readers import RawTable, ReadError, read_table
from ingest.door.receipt import Receipt
from ingest.identifiers import contains_identifier
from ingest.lake import append_to_ledger, file_path, period_columns, read_ledger
from ingest.state import Home

# A batch ends with the delivery that reaches either: one query types its rows, table by table.
BATCH_ROWS = 500_000
BATCH_DELIVERIES = 500


class IntakeBusyError(RuntimeError):
    """Another intake is going on in the same home."""


@dataclass(frozen=True)
class DeliveryResult:
    """What came of one delivery.

    ``outcome``: accepted, accepted_with_findings, rejected, waiting (not complete yet) or duplicate
    (accepted earlier, now only put away). ``findings`` counts broken rules, ``tables`` accepted rows.
    """

    delivery_id: str
    organisation: str
    period: str
    outcome: str
    rows: int = 0
    rows_quarantined: int = 0
    tables: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class IntakeReport:
    """All deliveries that an intake saw."""

    deliveries: tuple[DeliveryResult, ...]
    seconds: float


@dataclass
class _Opened:
    """A delivery that was read: its manifest and tables, or the findings that keep it out."""

    folder: Path
    receipt: Receipt
    manifest: Manifest | None = None
    inputs: dict[str, CheckInput] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    checked: dict[str, Checked] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(len(item.raw.source_row) for item in self.inputs.values())


def take_in(
    home: Home,
    progress: Callable[[str], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> IntakeReport:
    """Take in everything complete that waits in the inbox; raises ``IntakeBusyError``."""
    started = time.monotonic()
    say = progress or (lambda text: None)
    results: list[DeliveryResult] = []
    with _only_one(home):
        accepted = _accepted_before(home)
        next_number = max((number for number, _ in accepted.values()), default=0) + 1
        folders = _folders(home.inbox)
        waiting = 0
        with connect() as connection:
            batch: list[_Opened] = []

            def finish() -> None:
                nonlocal next_number
                if batch:
                    next_number = _take_batch(home, connection, batch, accepted, next_number, clock)
                    results.extend(_result(opened) for opened in batch)
                    say(f"taken in {len(results):,} of {len(folders):,} deliveries")
                    batch.clear()

            for folder in _in_order(folders):
                if not _is_complete(folder):
                    waiting += 1
                    results.append(_named(folder, "waiting"))
                    continue
                opened = open_delivery(folder)
                _check_place(opened)
                known = accepted.get(folder.name)
                if known is not None and opened.manifest is not None:
                    if known[1] == opened.manifest.sha256:
                        _put_away(home, opened, home.archive)
                        results.append(_named(folder, "duplicate"))
                        continue
                    opened.receipt.findings.append(finding("DELIVERY_ID_TAKEN", file=MANIFEST_NAME))
                batch.append(opened)
                if sum(item.rows for item in batch) >= BATCH_ROWS or len(batch) >= BATCH_DELIVERIES:
                    finish()
            finish()
        _remove_empty_folders(home.inbox)
    return IntakeReport(tuple(results), round(time.monotonic() - started, 2))


def check_delivery(folder: Path) -> Receipt:
    """The same checks on one folder, without a home; writes nothing."""
    opened = open_delivery(folder)
    with connect() as connection:
        _check(connection, [opened])
    return opened.receipt


# ---- reading ----------------------------------------------------------------------------------


def open_delivery(folder: Path) -> _Opened:
    """Read manifest and files of a delivery, each file's bytes once."""
    content = _content(folder, MANIFEST_NAME)
    if content is None:
        opened = _Opened(folder, _receipt_of_folder(folder))
        opened.receipt.findings.append(finding("MANIFEST_JSON", file=MANIFEST_NAME))
        return opened
    read = read_manifest(content)
    opened = _Opened(folder, _receipt_of_folder(folder), read.manifest)
    opened.receipt.findings += read.findings
    manifest = read.manifest
    if manifest is None:
        return opened
    opened.receipt.delivery_id = manifest.delivery_id
    opened.receipt.organisation = manifest.organisation
    opened.receipt.period = manifest.period.code
    for name in sorted(entry.name for entry in folder.iterdir()):
        if name != MANIFEST_NAME and name not in {file.path for file in manifest.files}:
            opened.receipt.findings.append(finding("FILE_UNLISTED", file=name))
        if contains_identifier(name):
            opened.receipt.findings.append(finding("FILE_IDENTIFIER", file=name))
    for entry in manifest.files:
        _open_file(opened, manifest, entry)
    return opened


def _open_file(opened: _Opened, manifest: Manifest, entry: Any) -> None:
    where = {"table": entry.table, "file": entry.path}
    found = opened.receipt.findings
    content = _content(opened.folder, entry.path)
    if content is None:
        found.append(finding("FILE_PATH", **where))
        return
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != entry.sha256:
        found.append(finding("FILE_HASH", **where))
    table_contract = contract(entry.table)
    try:
        raw = read_table(content, entry.path, entry.table, table_contract.column_names)
    except ReadError as error:
        found.append(finding(error.code, expected=error.expected, **where))
        return
    for row, column, sheet in raw.identifiers:
        places = [] if row is None else [(row, None)]
        found.append(finding("FILE_IDENTIFIER", column=column, sheet=sheet, places=places, **where))
    if raw.rows != entry.rows:
        found.append(finding("FILE_ROWS", seen=str(raw.rows), expected=str(entry.rows), **where))
    absent = _check_header(raw, table_contract.column_names, found, where, opened, entry.table)
    opened.sha256[entry.table] = sha256
    opened.inputs[entry.table] = CheckInput(
        raw,
        entry.path,
        manifest.supplier_code,
        manifest.period,
        manifest.extracted_at.date(),
        absent,
    )


def _check_header(
    raw: RawTable,
    known: Sequence[str],
    found: list[Finding],
    where: dict[str, Any],
    opened: _Opened,
    table: str,
) -> frozenset[str]:
    header = [name for name in raw.header if name]
    absent = frozenset(known) - set(header)
    for name in known:
        if name in absent and contract(table).column(name).required:
            found.append(
                finding("FILE_COLUMN_MISSING", column=name, expected=", ".join(known), **where)
            )
    for name in dict.fromkeys(header):
        if name not in known:
            found.append(
                finding("FILE_COLUMN_UNKNOWN", column=name, expected=", ".join(known), **where)
            )
        if header.count(name) > 1:
            found.append(finding("FILE_COLUMN_TWICE", column=name, **where))
    return absent


def _content(folder: Path, name: str) -> bytes | None:
    """Bytes of a plain file of the folder; ``None`` for anything else (a link leads elsewhere)."""
    try:
        descriptor = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        try:
            return stream.read()
        except OSError:
            return None


def _is_complete(folder: Path) -> bool:
    """Whether the manifest and every file it names have arrived."""
    content = _content(folder, MANIFEST_NAME)
    if content is None:
        return False
    manifest = read_manifest(content).manifest
    return manifest is None or all(os.path.lexists(folder / file.path) for file in manifest.files)


def _check_place(opened: _Opened) -> None:
    """The folders must say what the manifest says."""
    manifest = opened.manifest
    if manifest is None:
        return
    *_, organisation, period, delivery_id = opened.folder.parts
    if (organisation, period, delivery_id) != (
        manifest.organisation, manifest.period.code, manifest.delivery_id,
    ):  # fmt: skip
        expected = f"{manifest.organisation}/{manifest.period.code}/{manifest.delivery_id}"
        opened.receipt.findings.append(
            finding(
                "MANIFEST_PLACE",
                file=MANIFEST_NAME,
                seen=f"{organisation}/{period}/{delivery_id}",
                expected=expected,
            )
        )


# ---- checking and writing -----------------------------------------------------------------------


def _check(connection: Any, batch: Sequence[_Opened]) -> None:
    """Type and check the rows of all deliveries of the batch, one query a table."""
    tables = sorted({table for opened in batch for table in opened.inputs})
    for table in tables:
        having = [opened for opened in batch if table in opened.inputs]
        checked = check_tables(
            connection, contract(table), [opened.inputs[table] for opened in having]
        )
        for opened, result in zip(having, checked, strict=True):
            opened.checked[table] = result
            opened.receipt.findings += result.findings
            opened.receipt.tables[table] = result.accepted.num_rows
            ragged = len(opened.inputs[table].raw.ragged)
            opened.receipt.rows_quarantined += ragged + (
                result.refused.num_rows if result.refused is not None else 0
            )
            opened.receipt.rows_repaired += result.rows_repaired
    for opened in batch:
        if opened.manifest is not None and opened.manifest.is_late:
            opened.receipt.findings.append(
                finding(
                    "DELIVERY_LATE",
                    file=MANIFEST_NAME,
                    expected=f"≤ {opened.manifest.period.due_date}",
                )
            )


def _take_batch(
    home: Home,
    connection: Any,
    batch: Sequence[_Opened],
    accepted: dict[str, tuple[int, str]],
    number: int,
    clock: Callable[[], datetime],
) -> int:
    _check(connection, batch)
    rows: list[dict[str, Any]] = []
    for opened in batch:
        if opened.receipt.is_rejected or opened.manifest is None:
            continue
        _write_lake(home, opened, opened.manifest)
        rows += _ledger_rows(home, opened, opened.manifest, number, clock())
        accepted[opened.manifest.delivery_id] = (number, opened.manifest.sha256)
        number += 1
    append_to_ledger(home, rows)
    for opened in batch:
        _write_refused(home, opened)
        _put_away(home, opened, home.quarantine if opened.receipt.is_rejected else home.archive)
    return number


def _write_lake(home: Home, opened: _Opened, manifest: Manifest) -> None:
    for table, checked in opened.checked.items():
        path = file_path(
            home, table, manifest.organisation, manifest.period.code, manifest.delivery_id
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        pq.write_table(checked.accepted, partial, compression="snappy")
        os.replace(partial, path)


def _ledger_rows(
    home: Home, opened: _Opened, manifest: Manifest, number: int, now: datetime
) -> Iterator[dict[str, Any]]:
    common = {
        "acceptance_no": number,
        "accepted_at": now,
        "delivery_id": manifest.delivery_id,
        "organisation": manifest.organisation,
        **period_columns(manifest.period),
        "manifest_sha256": manifest.sha256,
        "contract_version": manifest.contract_version,
        "key_domain": manifest.key_domain,
        "extracted_at": manifest.extracted_at,
        "data_from": manifest.data_from,
        "correction_of": manifest.correction_of,
        "is_late": manifest.is_late,
    }
    for table, checked in opened.checked.items():
        path = file_path(
            home, table, manifest.organisation, manifest.period.code, manifest.delivery_id
        )
        refused = (checked.refused.num_rows if checked.refused is not None else 0) + len(
            opened.inputs[table].raw.ragged
        )
        yield common | {
            "table_name": table,
            "mode": contract(table).mode,
            "rows": checked.accepted.num_rows,
            "rows_quarantined": refused,
            "path": str(path.relative_to(home.lake)),
            "sha256": opened.sha256[table],
        }
    for table in manifest.nothing_to_report:
        yield common | {
            "table_name": table,
            "mode": contract(table).mode,
            "rows": 0,
            "rows_quarantined": 0,
            "path": None,
            "sha256": None,
        }


def _write_refused(home: Home, opened: _Opened) -> None:
    if opened.receipt.is_rejected:
        return
    folder = _below(home.quarantine, opened) / "rows"
    for table, checked in opened.checked.items():
        if checked.refused is not None:
            folder.mkdir(parents=True, exist_ok=True)
            pq.write_table(checked.refused, folder / f"{table}.parquet")


def _put_away(home: Home, opened: _Opened, target: Path) -> None:
    """Write the receipt and move the original; what an interrupted intake left is replaced."""
    if opened.checked or opened.receipt.findings:
        opened.receipt.write(_below(home.outbox, opened))
    place = _below(target, opened)
    if target == home.quarantine and place.exists():
        place = place.with_name(f"{place.name}-{time.time_ns()}")
    elif place.exists():
        shutil.rmtree(place)
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(opened.folder, place)


def _below(root: Path, opened: _Opened) -> Path:
    return root.joinpath(*opened.folder.parts[-3:])


# ---- the inbox ------------------------------------------------------------------------------------


def _folders(inbox: Path) -> list[Path]:
    """Delivery folders: ``<organisation>/<period>/<delivery_id>``; links are left alone."""
    found = [inbox]
    for _ in range(3):
        below = []
        for folder in found:
            if folder.is_dir():
                with os.scandir(folder) as entries:
                    below += [
                        folder / entry.name
                        for entry in entries
                        if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
                    ]
        found = below
    return found


def _in_order(folders: Sequence[Path]) -> list[Path]:
    """By delivery id, which begins with the time it was made; a correction after what it corrects."""
    ordered = sorted(folders, key=lambda folder: (folder.name, folder))
    corrects = {}
    for folder in ordered:
        content = _content(folder, MANIFEST_NAME)
        if content is not None and b"correction_of" in content:
            manifest = read_manifest(content).manifest
            if manifest is not None and manifest.correction_of:
                corrects[folder.name] = manifest.correction_of
    if not corrects:
        return ordered
    place = {folder.name: position for position, folder in enumerate(ordered)}

    def key(folder: Path) -> tuple[int, int]:
        depth, name, latest = 0, folder.name, place[folder.name]
        while name in corrects and corrects[name] in place and depth < len(ordered):
            name, depth = corrects[name], depth + 1
            latest = max(latest, place[name])
        return latest, depth

    return sorted(ordered, key=key)


def _accepted_before(home: Home) -> dict[str, tuple[int, str]]:
    ledger = read_ledger(home).select(["delivery_id", "acceptance_no", "manifest_sha256"])
    return {
        row["delivery_id"]: (row["acceptance_no"], row["manifest_sha256"])
        for row in ledger.to_pylist()
    }


def _remove_empty_folders(inbox: Path) -> None:
    for organisation in [folder for folder in inbox.glob("*") if folder.is_dir()]:
        for folder in [*organisation.glob("*"), organisation]:
            # Filled again meanwhile, or never empty: stays.
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    home.root.mkdir(parents=True, exist_ok=True)
    with (home.root / "intake.lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IntakeBusyError(
                f"Another intake is going on in {home.root}; wait until it has ended."
            ) from None
        yield


def _receipt_of_folder(folder: Path) -> Receipt:
    organisation, period, delivery_id = ("", "", folder.name)
    if len(folder.parts) >= 3:
        organisation, period, delivery_id = folder.parts[-3:]
    return Receipt(
        delivery_id if is_delivery_id(delivery_id) else shown(delivery_id),
        shown(organisation),
        shown(period),
    )


def _result(opened: _Opened) -> DeliveryResult:
    receipt = opened.receipt
    return DeliveryResult(
        receipt.delivery_id,
        receipt.organisation,
        receipt.period,
        receipt.outcome,
        receipt.rows,
        0 if receipt.is_rejected else receipt.rows_quarantined,
        {} if receipt.is_rejected else dict(receipt.tables),
        receipt.counts,
    )


def _named(folder: Path, outcome: str) -> DeliveryResult:
    receipt = _receipt_of_folder(folder)
    return DeliveryResult(receipt.delivery_id, receipt.organisation, receipt.period, outcome)
