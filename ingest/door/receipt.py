"""The receipt of a delivery: what was found, for people (HTML, CSV) and for programs (JSON)."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.door.findings import Finding, Place, Skipped
from ingest.door.receipt_page import page
from ingest.door.rules import CONSEQUENCES, LANGUAGES, REJECT_FILE, SEVERITIES

ACCEPTED = "accepted"
ACCEPTED_WITH_FINDINGS = "accepted_with_findings"
REJECTED = "rejected"
WAITING = "waiting"
DUPLICATE = "duplicate"

RECEIPT_FILES = ("receipt.json", "errors.csv", "receipt.html")
# Places of one finding in receipt.json; errors.csv lists (nearly) all.
_PLACES_IN_JSON = 100
# A spreadsheet runs a cell that begins so as a formula, also after blanks; some read full-width signs alike.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "\uff1d", "\uff0b", "\uff0d", "\uff20")


@dataclass(frozen=True)
class TableReceipt:
    """What came of one table. ``rows`` = accepted + quarantined, unless the delivery is rejected.

    ``file`` is ``None`` when the manifest says that there was nothing to report.
    """

    table: str
    file: str | None
    rows: int
    rows_accepted: int
    rows_quarantined: int
    rows_repaired: int = 0
    rows_warned: int = 0


@dataclass(frozen=True)
class Receipt:
    """What was found in one delivery. Names from the delivery are safe to show.

    ``acceptance_no`` and ``checked_at`` (ISO, UTC) are ``None`` for a mere check.
    """

    delivery_id: str
    organisation: str
    period: str
    outcome: str
    tables: tuple[TableReceipt, ...] = ()
    findings: tuple[Finding, ...] = ()
    manifest_sha256: str | None = None
    contract_version: str | None = None
    correction_of: str | None = None
    data_kind: str | None = None
    acceptance_no: int | None = None
    checked_at: str | None = None
    waiting_for: tuple[str, ...] = field(default=())
    not_checked: tuple[Skipped, ...] = ()

    @property
    def is_accepted(self) -> bool:
        """Whether its rows are (or would be) in the lake."""
        return self.outcome in (ACCEPTED, ACCEPTED_WITH_FINDINGS)

    @property
    def rows(self) -> int:
        """Rows delivered in all tables that could be read."""
        return sum(table.rows for table in self.tables)

    @property
    def rows_quarantined(self) -> int:
        """Rows left out."""
        return sum(table.rows_quarantined for table in self.tables)

    def findings_by_rule(self) -> dict[str, int]:
        """Rule code -> how many places."""
        counts: dict[str, int] = {}
        for found in self.findings:
            counts[found.rule.code] = counts.get(found.rule.code, 0) + found.count
        return dict(sorted(counts.items()))

    def as_dict(self) -> dict[str, Any]:
        """The content of ``receipt.json``."""
        return {
            "delivery_id": self.delivery_id,
            "organisation": self.organisation,
            "period": self.period,
            "outcome": self.outcome,
            "acceptance_no": self.acceptance_no,
            "checked_at": self.checked_at,
            "contract_version": self.contract_version,
            "correction_of": self.correction_of,
            "data_kind": self.data_kind,
            "manifest_sha256": self.manifest_sha256,
            "waiting_for": list(self.waiting_for),
            "rows": self.rows,
            "rows_quarantined": self.rows_quarantined,
            "tables": [dict(vars(table)) for table in self.tables],
            "findings_by_rule": self.findings_by_rule(),
            "findings": [found.as_dict(_PLACES_IN_JSON) for found in self.findings],
            "not_checked": [skipped.as_dict() for skipped in self.not_checked],
        }

    def to_json(self) -> str:
        """``receipt.json``: one JSON object, UTF-8."""
        return json.dumps(self.as_dict(), ensure_ascii=False) + "\n"

    def to_csv(self) -> str:
        """``errors.csv``: one line per place, semicolons, safe to open in a spreadsheet."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow(
            ["rule", "severity", "table", "file", "sheet", "row", "column", "record", "seen", "expected"]
            + [f"{text}_{language}" for language in LANGUAGES for text in ("message", "happens")]
        )
        for found in self.findings:
            for row, seen, record in found.places or [Place(None, found.seen)]:
                cells = [
                    found.rule.code,
                    found.rule.severity,
                    found.table,
                    found.file,
                    found.sheet,
                    row,
                    found.column,
                    record,
                    seen,
                    found.expected,
                ]
                for language in LANGUAGES:
                    cells.append(found.message(language, seen))
                    cells.append(CONSEQUENCES[found.rule.severity][language])
                writer.writerow([_spreadsheet_safe(cell) for cell in cells])
        return stream.getvalue()

    def to_html(self) -> str:
        """``receipt.html``: one page that needs nothing else, in three languages."""
        return page(self)

    def write(self, folder: Path) -> None:
        """Write ``receipt.json``, ``errors.csv`` and ``receipt.html`` into an existing folder.

        ``receipt.json`` comes last: where it stands, the receipt is whole.
        """
        # The byte order mark makes Excel read UTF-8.
        (folder / "errors.csv").write_text(self.to_csv(), encoding="utf-8-sig", newline="")
        (folder / "receipt.html").write_text(self.to_html(), encoding="utf-8")
        (folder / "receipt.json").write_text(self.to_json(), encoding="utf-8")


def outcome_of(findings: list[Finding]) -> str:
    """What the findings mean for the delivery as a whole."""
    if any(found.rule.severity == REJECT_FILE for found in findings):
        return REJECTED
    return ACCEPTED_WITH_FINDINGS if findings else ACCEPTED


def sorted_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """The gravest first, then by file."""
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    return tuple(sorted(findings, key=lambda found: (rank[found.rule.severity], found.file or "")))


def _spreadsheet_safe(cell: object) -> str:
    text = "" if cell is None else str(cell)
    begins = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if begins else text
