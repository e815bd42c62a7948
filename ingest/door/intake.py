"""The intake: everything complete in the inbox goes through the checks and into the lake.

Order of writing, so that a crash at any point is harmless: files of the lake, then the ledger (the
moment of acceptance), then receipts, then the move out of the inbox. What an interrupted intake
left in the inbox is either not in the ledger (taken in again) or in it (only finished).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from ingest.contracts import Contract, contracts
from ingest.door.checks import Checked, CheckInput, check_tables, connect
from ingest.door.findings import Finding, finding, shown
from ingest.door.manifest import (
    MANIFEST_NAME,
    Manifest,
    ManifestFile,
    read_manifest,
)
from ingest.door.readers import EXPECTED_FORMATS, RawTable, ReadError, read_table
from ingest.door.receipt import (
    ACCEPTED,
    ACCEPTED_WITH_FINDINGS,
    DUPLICATE,
    REJECTED,
    WAITING,
    Receipt,
    TableReceipt,
    outcome_of,
    sorted_findings,
)
from ingest.identifiers import contains_identifier
from ingest.lake import append_to_ledger, file_path, period_columns, read_ledger
from ingest.state import Home

# A batch shares its queries: large enough to spread their cost, small enough for memory (a byte
# of CSV takes about ten at the peak).
BATCH_BYTES = 64_000_000
BATCH_DELIVERIES = 1_000
# Names under which transfer programs and file systems keep what is not finished or not data.
_UNFINISHED = (".part", ".partial", ".tmp", ".filepart", ".crdownload")
_CLUTTER = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
# Where the files of a delivery with an identifier are kept until the controller has decided.
IDENTIFIER_FOLDER = "contains_identifier"


class IntakeBusyError(RuntimeError):
    """Another intake is running in the same home."""


@dataclass(frozen=True)
class DeliveryResult:
    """One line of the report. ``findings`` maps a rule code to how many places it was found in."""

    delivery_id: str
    organisation: str
    period: str
    outcome: str
    rows: int = 0
    rows_quarantined: int = 0
    tables: tuple[str, ...] = ()
    findings: dict[str, int] = field(default_factory=dict)
    acceptance_no: int | None = None
    waiting_for: tuple[str, ...] = ()


@dataclass(frozen=True)
class IntakeReport:
    """What one intake did. ``seconds`` is wall time."""

    deliveries: tuple[DeliveryResult, ...]
    seconds: float

    def count(self, *outcomes: str) -> int:
        """How many deliveries ended in one of ``outcomes``."""
        return sum(result.outcome in outcomes for result in self.deliveries)

    @property
    def accepted(self) -> int:
        """Deliveries that are in the lake now."""
        return self.count(ACCEPTED, ACCEPTED_WITH_FINDINGS)

    @property
    def rejected(self) -> int:
        """Deliveries in quarantine."""
        return self.count(REJECTED)

    @property
    def waiting(self) -> int:
        """Deliveries left in the inbox since they are not complete."""
        return self.count(WAITING)

    @property
    def rows(self) -> int:
        """Rows of accepted deliveries, quarantined ones included."""
        done = (ACCEPTED, ACCEPTED_WITH_FINDINGS)
        return sum(result.rows for result in self.deliveries if result.outcome in done)

    @property
    def rows_quarantined(self) -> int:
        """Rows of accepted deliveries that were left out."""
        done = (ACCEPTED, ACCEPTED_WITH_FINDINGS)
        return sum(result.rows_quarantined for result in self.deliveries if result.outcome in done)

    def findings_by_rule(self) -> dict[str, int]:
        """Rule code -> places, over all deliveries."""
        totals: dict[str, int] = {}
        for result in self.deliveries:
            for code, count in result.findings.items():
                totals[code] = totals.get(code, 0) + count
        return dict(sorted(totals.items()))

    def as_dict(self) -> dict[str, Any]:
        """For machine output."""
        return {
            "deliveries": [
                {**vars(result), "tables": list(result.tables), "waiting_for": list(result.waiting_for)}
                for result in self.deliveries
            ],
            "accepted": self.accepted,
            "rejected": self.rejected,
            "waiting": self.waiting,
            "duplicate": self.count(DUPLICATE),
            "rows": self.rows,
            "rows_quarantined": self.rows_quarantined,
            "findings_by_rule": self.findings_by_rule(),
            "seconds": round(self.seconds, 3),
        }


@dataclass
class _Table:
    """A file of a delivery on its way through."""

    file: ManifestFile
    raw: RawTable | None = None
    absent: frozenset[str] = frozenset()
    checked: Checked | None = None


@dataclass
class _Delivery:
    """A delivery on its way through. ``place`` is (organisation, period, delivery_id) by folder."""

    folder: Path
    place: tuple[str, str, str]
    fields: dict[str, Any] = field(default_factory=dict)
    manifest: Manifest | None = None
    manifest_sha256: str | None = None
    findings: list[Finding] = field(default_factory=list)
    tables: list[_Table] = field(default_factory=list)
    waiting_for: tuple[str, ...] = ()
    size: int = 0
    accepted_before: int | None = None
    acceptance_no: int | None = None

    @property
    def rejected(self) -> bool:
        return outcome_of(self.findings) == REJECTED

    @property
    def order(self) -> str:
        return self.place[2]


def take_in(
    home: Home,
    progress: Callable[[str], None] | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> IntakeReport:
    """Take in every complete delivery that waits in the inbox of ``home``.

    ``progress`` gets a line now and then; ``clock`` (aware) gives the time of acceptance. Raises
    ``IntakeBusyError`` when another intake is running. A bad delivery never raises: it is reported.
    """
    started = time.monotonic()
    tell = progress or (lambda _line: None)
    home.root.mkdir(parents=True, exist_ok=True)
    with _locked(home), connect() as connection:
        accepted = _Accepted.read(home)
        results: list[DeliveryResult] = []
        ready: list[_Delivery] = []
        for delivery in _waiting_deliveries(home):
            if delivery.waiting_for:
                results.append(_result(_receipt(delivery, WAITING)))
            elif _is_finished(home, delivery, accepted):
                _move(delivery.folder, home.archive.joinpath(*delivery.place), keep_both=False)
                results.append(_result(_receipt(delivery, DUPLICATE)))
            else:
                ready.append(delivery)
        ready = _in_order(ready)
        tell(f"{len(ready)} deliveries to take in, {len(results)} others")
        done = 0
        for batch in _batches(ready):
            results += _take_batch(home, connection, batch, accepted, clock())
            done += len(batch)
            tell(f"{done} of {len(ready)} deliveries taken in")
    results.sort(key=lambda result: (result.delivery_id, result.organisation))
    return IntakeReport(tuple(results), time.monotonic() - started)


def check_delivery(folder: Path) -> Receipt:
    """Check the delivery in ``folder`` as the intake would, and write nothing.

    The folder may have any name and lie anywhere. Raises ``FileNotFoundError`` when there is no
    such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"no folder {folder}; expected one that holds {MANIFEST_NAME}")
    delivery = _open_delivery(folder, None)
    if delivery.waiting_for:
        return _receipt(delivery, WAITING)
    _read_files(delivery)
    if delivery.waiting_for:
        return _receipt(delivery, WAITING)
    with connect() as connection:
        _check([delivery], connection)
    return _receipt(delivery, outcome_of(delivery.findings))


# ---- finding what waits ----------------------------------------------------------------------


@contextmanager
def _locked(home: Home) -> Iterator[None]:
    path = home.root / "intake.lock"
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IntakeBusyError(
                f"another intake is running in {home.root} (it holds {path}); "
                "wait until it has finished and start again"
            ) from None
        yield


@dataclass
class _Accepted:
    """What the ledger knows: id -> (number, manifest's SHA-256, organisation, period)."""

    by_id: dict[str, tuple[int, str, str, str]]
    next_no: int

    @classmethod
    def read(cls, home: Home) -> _Accepted:
        ledger = read_ledger(home)
        columns = ("delivery_id", "acceptance_no", "manifest_sha256", "organisation", "period")
        lists = [ledger.column(name).to_pylist() for name in columns]
        by_id = {row[0]: row[1:] for row in zip(*lists, strict=True)}
        return cls(by_id, max((entry[0] for entry in by_id.values()), default=0) + 1)


def _waiting_deliveries(home: Home) -> Iterator[_Delivery]:
    for organisation in _folders(home.inbox):
        for period in _folders(organisation):
            for folder in _folders(period):
                yield _open_delivery(folder, (organisation.name, period.name, folder.name))


def _folders(parent: Path) -> list[Path]:
    """Folders (no links, nothing hidden) in ``parent``, by name."""
    if not parent.is_dir():
        return []
    with os.scandir(parent) as entries:
        names = [
            entry.name for entry in entries if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
        ]
    return [parent / name for name in sorted(names)]


def _open_delivery(folder: Path, place: tuple[str, str, str] | None) -> _Delivery:
    """Read the manifest and see whether everything it names is there."""
    with os.scandir(folder) as entries:
        present = {entry.name: entry for entry in entries}
    name = folder.name
    delivery = _Delivery(folder, place or ("", "", name))
    entry = present.get(MANIFEST_NAME)
    if entry is None:
        delivery.waiting_for = (MANIFEST_NAME,)
        return delivery
    if not entry.is_file(follow_symlinks=False):
        delivery.findings.append(finding("FILE_PATH", file=MANIFEST_NAME))
        return delivery
    content = _read_once(folder / MANIFEST_NAME)
    if not content:  # empty: about to be written; None: being written
        delivery.waiting_for = (MANIFEST_NAME,)
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
    for file in delivery.manifest.files:
        if present[file.path].is_file(follow_symlinks=False):
            delivery.tables.append(_Table(file))
            delivery.size += present[file.path].stat(follow_symlinks=False).st_size
        else:
            delivery.findings.append(finding("FILE_PATH", table=file.table, file=file.path))
    return delivery


def _check_place(delivery: _Delivery) -> None:
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


def _is_finished(home: Home, delivery: _Delivery, accepted: _Accepted) -> bool:
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


def _in_order(deliveries: list[_Delivery]) -> list[_Delivery]:
    """By delivery id (ULIDs sort by time), but a correction after what it corrects."""
    by_id = {delivery.order: delivery for delivery in deliveries}
    ordered: list[_Delivery] = []
    placed: set[int] = set()
    for delivery in sorted(deliveries, key=lambda item: (item.order, item.place)):
        chain: list[_Delivery] = []
        current: _Delivery | None = delivery
        while current is not None and id(current) not in placed and current not in chain:
            chain.append(current)
            corrected = current.manifest.correction_of if current.manifest else None
            current = by_id.get(corrected) if corrected else None
        for item in reversed(chain):
            placed.add(id(item))
            ordered.append(item)
    return ordered


def _batches(deliveries: Sequence[_Delivery]) -> Iterator[list[_Delivery]]:
    batch: list[_Delivery] = []
    size = 0
    for delivery in deliveries:
        if batch and (size + delivery.size > BATCH_BYTES or len(batch) >= BATCH_DELIVERIES):
            yield batch
            batch, size = [], 0
        batch.append(delivery)
        size += delivery.size
    if batch:
        yield batch


# ---- reading and checking --------------------------------------------------------------------


def _read_once(path: Path) -> bytes | None:
    """The bytes of an ordinary file; ``None`` when it changes while it is read or has gone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "rb") as stream:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            return None
        content = stream.read()
        after = os.fstat(descriptor)
    same = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return content if same and len(content) == after.st_size else None


def _read_files(delivery: _Delivery) -> None:
    """Read, hash and parse the files of a delivery; findings and tables are left in it."""
    changing = []
    for table in delivery.tables:
        content = _read_once(delivery.folder / table.file.path)
        if content is None:
            changing.append(table.file.path)
            continue
        contract = contracts()[table.file.table]
        file = table.file

        def add(code: str, *, _file: ManifestFile = file, **fields: Any) -> None:
            found = finding(code, table=_file.table, file=_file.path, **fields)
            delivery.findings.append(found)

        if hashlib.sha256(content).hexdigest() != file.sha256:
            add("FILE_HASH")
        try:
            raw = read_table(content, file.path, file.table, contract.column_names)
        except ReadError as error:
            add(error.code, expected=error.expected or EXPECTED_FORMATS)
            continue
        _check_shape(contract, table, raw, add)
        table.raw = raw
    if changing:
        delivery.waiting_for = tuple(shown(path) for path in changing)


def _check_shape(contract: Contract, table: _Table, raw: RawTable, add: Callable[..., None]) -> None:
    by_place: dict[tuple[str | None, str | None], list[int]] = {}
    for row, column, sheet in raw.identifiers:
        by_place.setdefault((column, sheet), []).extend([] if row is None else [row])
    for (column, sheet), rows in by_place.items():
        places: list[tuple[int, None]] = [(row, None) for row in sorted(set(rows))[:10_000]]
        add(
            "FILE_IDENTIFIER",
            column=column,
            sheet=sheet,
            count=max(1, len(set(rows))),
            places=places,
        )
    if raw.rows != table.file.rows:
        add("FILE_ROWS", sheet=raw.sheet, seen=str(raw.rows), expected=str(table.file.rows))
    for name in dict.fromkeys(raw.header):
        if raw.header.count(name) > 1:
            add("FILE_COLUMN_TWICE", sheet=raw.sheet, column=name)
        if name not in contract.column_names:
            wanted = ", ".join(contract.column_names)
            add("FILE_COLUMN_UNKNOWN", sheet=raw.sheet, column=name, expected=wanted)
    for column_of in contract.columns:
        if column_of.required and column_of.name not in raw.columns:
            add("FILE_COLUMN_MISSING", sheet=raw.sheet, column=column_of.name)
    table.absent = frozenset(set(contract.column_names) - set(raw.columns))


def _check(deliveries: Sequence[_Delivery], connection: duckdb.DuckDBPyConnection) -> None:
    """Row checks of everything that could be read, one query per table."""
    by_table: dict[str, list[tuple[_Delivery, _Table, CheckInput]]] = {}
    for delivery in deliveries:
        manifest = delivery.manifest
        if manifest is None:
            continue
        for table in delivery.tables:
            if table.raw is None:
                continue
            item = CheckInput(
                raw=table.raw,
                file=table.file.path,
                supplier_code=manifest.supplier_code,
                period=manifest.period,
                extracted_on=manifest.extracted_at.date(),
                absent=table.absent,
            )
            by_table.setdefault(table.file.table, []).append((delivery, table, item))
    for name, entries in by_table.items():
        results = check_tables(connection, contracts()[name], [item for _, _, item in entries])
        for (delivery, table, _), checked in zip(entries, results, strict=True):
            table.checked = checked
            delivery.findings += checked.findings


# ---- writing ---------------------------------------------------------------------------------


def _take_batch(
    home: Home,
    connection: duckdb.DuckDBPyConnection,
    batch: list[_Delivery],
    accepted: _Accepted,
    now: datetime,
) -> list[DeliveryResult]:
    results = []
    taken = []
    for delivery in batch:
        _read_files(delivery)
        if delivery.waiting_for:
            results.append(_result(_receipt(delivery, WAITING)))
        else:
            taken.append(delivery)
    _check(taken, connection)
    ledger_rows: list[dict[str, Any]] = []
    made: set[Path] = set()
    for delivery in taken:
        _check_history(delivery, accepted)
        if delivery.rejected or delivery.manifest is None:
            continue
        manifest = delivery.manifest
        if delivery.accepted_before is not None:
            delivery.acceptance_no = delivery.accepted_before
            continue
        delivery.acceptance_no = accepted.next_no
        accepted.next_no += 1
        accepted.by_id[manifest.delivery_id] = (
            delivery.acceptance_no,
            manifest.sha256,
            manifest.organisation,
            manifest.period.code,
        )
        for table in delivery.tables:
            _write_lake_file(home, manifest, table, made)
        ledger_rows += _ledger_rows(home, delivery, manifest, now)
    if ledger_rows:
        # The rows must be on disk before the ledger says that they count. One call for the batch:
        # a call per file would cost more than everything else.
        os.sync()
        append_to_ledger(home, ledger_rows)
    for delivery in taken:
        receipt = _receipt(delivery, outcome_of(delivery.findings), now)
        _finish(home, delivery, receipt, made)
        results.append(_result(receipt))
        delivery.tables = []  # frees the rows
    return results


def _check_history(delivery: _Delivery, accepted: _Accepted) -> None:
    """What depends on the deliveries before this one."""
    manifest = delivery.manifest
    if manifest is None:
        return
    known = accepted.by_id.get(manifest.delivery_id)
    codes = [found.rule.code for found in delivery.findings]
    if known and delivery.accepted_before is None and "DELIVERY_ID_TAKEN" not in codes:
        delivery.findings.append(finding("DELIVERY_ID_TAKEN", file=MANIFEST_NAME))
    if manifest.correction_of:
        corrected = accepted.by_id.get(manifest.correction_of)
        if corrected is None or corrected[2:] != (manifest.organisation, manifest.period.code):
            delivery.findings.append(finding("CORRECTION_UNKNOWN", file=MANIFEST_NAME, column="correction_of"))
    if manifest.is_late:
        delivery.findings.append(
            finding(
                "DELIVERY_LATE",
                file=MANIFEST_NAME,
                column="extracted_at",
                expected=manifest.period.due_date.isoformat(),
            )
        )


def _write_lake_file(home: Home, manifest: Manifest, table: _Table, made: set[Path]) -> None:
    assert table.checked is not None
    path = file_path(
        home,
        table.file.table,
        manifest.organisation,
        manifest.period.code,
        manifest.delivery_id,
    )
    _make_folder(path.parent, made)
    partial = path.with_name(f".{path.name}.partial")
    pq.write_table(table.checked.accepted, partial, compression="zstd", compression_level=1)
    partial.replace(path)


def _ledger_rows(home: Home, delivery: _Delivery, manifest: Manifest, now: datetime) -> list[dict[str, Any]]:
    common = {
        "acceptance_no": delivery.acceptance_no,
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
    rows = []
    for table in delivery.tables:
        assert table.checked is not None and table.raw is not None
        path = file_path(
            home,
            table.file.table,
            manifest.organisation,
            manifest.period.code,
            manifest.delivery_id,
        )
        rows.append(
            common
            | {
                "table_name": table.file.table,
                "mode": contracts()[table.file.table].mode,
                "rows": table.checked.accepted.num_rows,
                "rows_quarantined": table.raw.rows - table.checked.accepted.num_rows,
                "path": path.relative_to(home.lake).as_posix(),
                "sha256": table.file.sha256,
            }
        )
    for name in manifest.nothing_to_report:
        rows.append(
            common
            | {
                "table_name": name,
                "mode": contracts()[name].mode,
                "rows": 0,
                "rows_quarantined": 0,
                "path": None,
                "sha256": None,
            }
        )
    return rows


def _finish(home: Home, delivery: _Delivery, receipt: Receipt, made: set[Path]) -> None:
    """Refused rows, receipt, and the move out of the inbox."""
    place = _safe_place(delivery.place)
    if receipt.is_accepted:
        for table in delivery.tables:
            if table.checked is not None and table.checked.refused is not None:
                folder = home.quarantine.joinpath(*place, "rows")
                _make_folder(folder, made)
                partial = folder / f".{table.file.table}.partial"
                pq.write_table(table.checked.refused, partial, compression="zstd")
                partial.replace(folder / f"{table.file.table}.parquet")
    outbox = home.outbox.joinpath(*place)
    _make_folder(outbox, made)
    receipt.write(outbox)
    if receipt.is_accepted:
        _make_folder(home.archive.joinpath(*place[:2]), made)
        _move(delivery.folder, home.archive.joinpath(*place), keep_both=False)
        return
    target = home.quarantine.joinpath(*place)
    if any(found.rule.code == "FILE_IDENTIFIER" for found in receipt.findings):
        target = target / IDENTIFIER_FOLDER
    _make_folder(target.parent, made)
    _move(delivery.folder, target, keep_both=True)


def _safe_place(place: tuple[str, str, str]) -> tuple[str, str, str]:
    """The folder names, or a fingerprint where the name itself holds an identifier."""
    organisation, period, delivery_id = (
        f"withheld-{hashlib.sha256(part.encode()).hexdigest()[:12]}" if contains_identifier(part) else part
        for part in place
    )
    return organisation, period, delivery_id


def _make_folder(folder: Path, made: set[Path]) -> None:
    if folder not in made:
        folder.mkdir(parents=True, exist_ok=True)
        made.add(folder)


def _move(source: Path, target: Path, *, keep_both: bool) -> None:
    """Move a folder. Where the target exists: keep both under different names, or drop the source.

    Dropping is right for an accepted delivery only: the same files are in the archive already.
    """
    if target.exists():
        if not keep_both:
            shutil.rmtree(source)
            return
        number = 2
        while target.with_name(f"{target.name}~{number}").exists():
            number += 1
        target = target.with_name(f"{target.name}~{number}")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.rename(target)
    except OSError:  # another file system
        shutil.move(source, target)


# ---- reporting -------------------------------------------------------------------------------


def _receipt(delivery: _Delivery, outcome: str, now: datetime | None = None) -> Receipt:
    manifest = delivery.manifest
    rejected = outcome == REJECTED
    tables = []
    for table in delivery.tables:
        if table.raw is None or table.checked is None:
            continue
        good = table.checked.accepted.num_rows
        tables.append(
            TableReceipt(
                table=shown(table.file.table),
                file=shown(table.file.path),
                rows=table.raw.rows,
                rows_accepted=0 if rejected else good,
                rows_quarantined=0 if rejected else table.raw.rows - good,
                rows_repaired=table.checked.rows_repaired,
                rows_warned=table.checked.rows_warned,
            )
        )
    if manifest and not rejected and outcome != WAITING:
        tables += [TableReceipt(name, None, 0, 0, 0) for name in manifest.nothing_to_report]
    organisation, period, delivery_id = (shown(part) for part in delivery.place)
    return Receipt(
        delivery_id=delivery_id,
        organisation=organisation,
        period=period,
        outcome=outcome,
        tables=tuple(tables),
        findings=sorted_findings(delivery.findings),
        manifest_sha256=delivery.manifest_sha256,
        contract_version=manifest.contract_version if manifest else None,
        correction_of=manifest.correction_of if manifest else None,
        data_kind=manifest.data_kind if manifest else None,
        acceptance_no=delivery.acceptance_no,
        checked_at=now.astimezone(UTC).isoformat(timespec="seconds") if now else None,
        waiting_for=delivery.waiting_for,
    )


def _result(receipt: Receipt) -> DeliveryResult:
    return DeliveryResult(
        delivery_id=receipt.delivery_id,
        organisation=receipt.organisation,
        period=receipt.period,
        outcome=receipt.outcome,
        rows=receipt.rows,
        rows_quarantined=receipt.rows_quarantined,
        tables=tuple(table.table for table in receipt.tables),
        findings=receipt.findings_by_rule(),
        acceptance_no=receipt.acceptance_no,
        waiting_for=receipt.waiting_for,
    )
