"""The manifest of a delivery: what it says, and whether that can be."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ingest.contracts import accepted_versions, contracts
from ingest.door.findings import Finding, finding
from ingest.identifiers import contains_identifier
from ingest.periods import Period, PeriodError
from ingest.reference import organisations

MANIFEST_NAME = "manifest.json"
# Nothing that a delivery needs makes a manifest longer; more is a file of another kind.
LONGEST_MANIFEST = 1_000_000
# Crockford's base 32 (no I, L, O, U); 26 characters, so the first is at most 7.
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
# A period of each type, as an example of how it is written.
_PERIODS = {"quarter": "2025Q3", "half_year": "2025H1", "year": "2025"}

EXPECTED_ORGANISATION = "hva-01 … hva-21, hva-90, kunta-<NNN>"
EXPECTED_PERIOD = "2025Q3"


@dataclass(frozen=True)
class ManifestFile:
    """One file of a delivery as announced. ``rows`` does not count the header."""

    table: str
    path: str
    sha256: str
    rows: int


@dataclass(frozen=True)
class Manifest:
    """A manifest whose fields have the right form. ``sha256`` is of the manifest itself."""

    delivery_id: str
    organisation: str
    period: Period
    contract_version: str
    key_domain: str
    extracted_at: datetime
    files: tuple[ManifestFile, ...]
    nothing_to_report: tuple[str, ...]
    correction_of: str | None
    data_from: date | None
    data_kind: str | None
    sha256: str

    @property
    def supplier(self) -> str:
        """Kind of supplier: ``hva`` or ``kunta``."""
        return self.organisation.partition("-")[0]

    @property
    def supplier_code(self) -> str:
        """Code of the supplier's area or municipality."""
        return self.organisation.partition("-")[2]

    @property
    def tables(self) -> tuple[str, ...]:
        """Tables that the delivery says something about."""
        return (*(file.table for file in self.files), *self.nothing_to_report)

    def due_date(self, table: str) -> date:
        """Last day on which a table of this delivery is not late."""
        return self.period.due_after(contracts(self.contract_version)[table].due_days)

    def is_late(self, table: str) -> bool:
        """Whether a table's data were extracted after its due date."""
        return self.extracted_at.date() > self.due_date(table)


@dataclass(frozen=True)
class ReadManifest:
    """``manifest`` is ``None`` when ``findings`` reject it. ``fields`` is what it said, raw."""

    fields: dict[str, Any]
    manifest: Manifest | None
    findings: tuple[Finding, ...]


def is_delivery_id(text: object) -> bool:
    """Whether ``text`` is a ULID in upper case."""
    return isinstance(text, str) and _ULID.fullmatch(text) is not None


def read_manifest(content: bytes) -> ReadManifest:
    """Read and check a manifest; reports everything that is wrong with it, not the first thing."""
    try:
        text = content[:LONGEST_MANIFEST].decode("utf-8-sig")
        fields = json.loads(text)
        if not isinstance(fields, dict):
            raise ValueError("no object")
    except (ValueError, RecursionError):
        findings = [finding("MANIFEST_JSON", file=MANIFEST_NAME)]
        if contains_identifier(content.decode("utf-8", errors="replace")):
            findings.append(finding("FILE_IDENTIFIER", file=MANIFEST_NAME))
        return ReadManifest({}, None, tuple(findings))

    reader = _FieldReader(fields)
    if _holds_identifier(fields):
        reader.add("FILE_IDENTIFIER")
    delivery_id = reader.text("delivery_id", "ULID")
    if delivery_id and not is_delivery_id(delivery_id):
        reader.reject("delivery_id", "ULID (26: 0-9 A-Z)")
    organisation = reader.text("organisation", EXPECTED_ORGANISATION)
    if organisation and organisation not in organisations():
        reader.add("MANIFEST_ORGANISATION", "organisation", EXPECTED_ORGANISATION)
    version = reader.text("contract_version", "1.0")
    if version in accepted_versions():
        reader.contracts = contracts(version)
    elif version:
        reader.add("MANIFEST_VERSION", "contract_version", ", ".join(accepted_versions()))
    key_domain = reader.text("key_domain", "common")
    extracted_at = reader.moment("extracted_at")
    period = reader.period()
    if period and extracted_at and extracted_at.date() < period.start:
        reader.add("MANIFEST_PERIOD", "period", f"{EXPECTED_PERIOD}, extracted_at ≥ {period.start}")
    data_from = reader.day("data_from")
    correction_of = fields.get("correction_of")
    if correction_of is not None and not is_delivery_id(correction_of):
        reader.reject("correction_of", "ULID (26: 0-9 A-Z)")
    data_kind = fields.get("data_kind")
    if data_kind is not None and data_kind not in ("synthetic", "real"):
        reader.reject("data_kind", "synthetic, real")
    files = reader.files()
    nothing = reader.nothing_to_report()
    if fields.get("files") == [] and not nothing:
        reader.reject("files", '[{table, path, sha256, rows}], nothing_to_report: ["handover"]')
    reader.check_tables(organisation, files, nothing, period)

    if reader.findings or period is None or extracted_at is None:
        return ReadManifest(fields, None, tuple(reader.findings))
    return ReadManifest(
        fields,
        Manifest(
            delivery_id=delivery_id,
            organisation=organisation,
            period=period,
            contract_version=version,
            key_domain=key_domain,
            extracted_at=extracted_at,
            files=files,
            nothing_to_report=nothing,
            correction_of=correction_of,
            data_from=data_from,
            data_kind=data_kind,
            sha256=hashlib.sha256(content).hexdigest(),
        ),
        (),
    )


class _FieldReader:
    """Reads the fields one by one and keeps what is wrong with them.

    ``contracts`` are those of the version that the manifest names, once that is known.
    """

    def __init__(self, fields: dict[str, Any]) -> None:
        self.fields = fields
        self.findings: list[Finding] = []
        self.contracts = contracts()

    def add(self, code: str, field: str | None = None, expected: str | None = None) -> None:
        self.findings.append(finding(code, file=MANIFEST_NAME, column=field, expected=expected))

    def reject(self, field: str, expected: str) -> None:
        self.add("MANIFEST_FIELD", field, expected)

    def text(self, field: str, expected: str) -> str:
        value = self.fields.get(field)
        if isinstance(value, str) and value.strip() and len(value) <= 100:
            return value
        self.reject(field, expected)
        return ""

    def moment(self, field: str) -> datetime | None:
        value = self.fields.get(field)
        try:
            parsed = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            parsed = None
        try:
            in_utc = parsed.astimezone(UTC) if parsed is not None and parsed.tzinfo is not None else None
        except OverflowError:  # the last hours of the year 9999
            in_utc = None
        if in_utc is None:
            self.reject(field, "2025-10-20T06:12:00+03:00")
            return None
        return parsed

    def day(self, field: str) -> date | None:
        value = self.fields.get(field)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.reject(field, "2021-10-01")
            return None

    def period(self) -> Period | None:
        value = self.fields.get("period")
        types = {kind for contract in self.contracts.values() for kind in contract.period_types}
        try:
            parsed = Period.parse(value) if isinstance(value, str) else None
        except (PeriodError, ValueError):
            parsed = None
        if parsed is None or parsed.type not in types:
            self.add("MANIFEST_PERIOD", "period", EXPECTED_PERIOD)
            return None
        return parsed

    def files(self) -> tuple[ManifestFile, ...]:
        value = self.fields.get("files")
        if not isinstance(value, list):
            self.reject("files", "[{table, path, sha256, rows}]")
            return ()
        found = []
        for number, entry in enumerate(value, start=1):
            entry = entry if isinstance(entry, dict) else {}
            table, path = entry.get("table"), entry.get("path")
            sha256, rows = entry.get("sha256"), entry.get("rows")
            wrong = [
                (name, expected)
                for name, expected, fits in (
                    ("table", "client", isinstance(table, str) and bool(table)),
                    ("path", "client.csv", isinstance(path, str) and bool(path)),
                    (
                        "sha256",
                        "64 × 0-9 a-f",
                        isinstance(sha256, str) and bool(_SHA256.fullmatch(sha256)),
                    ),
                    ("rows", "0, 1, 2, …", type(rows) is int and rows >= 0),
                )
                if not fits
            ]
            for name, expected in wrong:
                self.reject(f"files[{number}].{name}", expected)
            if wrong:
                continue
            if not is_plain_name(str(path)):
                self.findings.append(finding("FILE_PATH", file=path))
                continue
            found.append(ManifestFile(str(table), str(path), str(sha256).lower(), int(str(rows))))
        paths = [file.path for file in found]
        for path in sorted({path for path in paths if paths.count(path) > 1}):
            self.reject("files", f"one entry for {path!r}")
        return tuple(found)

    def nothing_to_report(self) -> tuple[str, ...]:
        value = self.fields.get("nothing_to_report", [])
        if isinstance(value, list) and all(isinstance(table, str) for table in value):
            return tuple(dict.fromkeys(value))
        self.reject("nothing_to_report", '["handover"]')
        return ()

    def check_tables(
        self,
        organisation: str,
        files: tuple[ManifestFile, ...],
        nothing: tuple[str, ...],
        period: Period | None,
    ) -> None:
        kind = organisations().get(organisation)
        allowed = [table for table, contract in self.contracts.items() if kind is None or kind in contract.suppliers]
        named = [
            *((file.table, file.path) for file in files),
            *((table, None) for table in nothing),
        ]
        seen: set[str] = set()
        for table, path in named:
            if table not in allowed:
                self.findings.append(finding("FILE_TABLE", table=table, file=path, expected=", ".join(allowed)))
            elif table in seen:
                self.findings.append(finding("FILE_TABLE_TWICE", table=table, file=path))
            elif period and period.type not in self.contracts[table].period_types:
                wanted = ", ".join(_PERIODS[name] for name in self.contracts[table].period_types)
                self.findings.append(
                    finding("MANIFEST_PERIOD", table=table, file=MANIFEST_NAME, column="period", expected=wanted)
                )
            seen.add(table)


def is_plain_name(path: str) -> bool:
    """Whether ``path`` names a file in the folder itself (no folder, no drive, nothing hidden)."""
    return (
        0 < len(path) <= 200
        and not path.startswith(".")
        and not any(character in path for character in "/\\:\0")
        and path.isprintable()
        and path != MANIFEST_NAME
    )


def _holds_identifier(value: object) -> bool:
    if isinstance(value, dict):
        return any(_holds_identifier(key) or _holds_identifier(item) for key, item in value.items())
    if isinstance(value, list):
        return any(_holds_identifier(item) for item in value)
    return isinstance(value, str) and contains_identifier(value)
