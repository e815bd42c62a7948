"""What an intake tells: a line per delivery, and the receipt of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingest.door.delivery import Delivery
from ingest.door.findings import shown
from ingest.door.receipt import (
    ACCEPTED,
    ACCEPTED_WITH_FINDINGS,
    DUPLICATE,
    REJECTED,
    WAITING,
    Receipt,
    TableReceipt,
    sorted_findings,
)


@dataclass(frozen=True)
class DeliveryResult:
    """One line of the report. ``findings`` maps a rule code to how many places it was found in.

    ``waiting_for`` are files that are missing or still growing, ``not_readable`` those of them that
    we have no right to read.
    """

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
    not_readable: tuple[str, ...] = ()


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
                {name: list(value) if isinstance(value, tuple) else value for name, value in vars(result).items()}
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


def receipt_for(delivery: Delivery, outcome: str, now: datetime | None = None) -> Receipt:
    manifest = delivery.manifest
    rejected = outcome == REJECTED
    tables = []
    for table in delivery.tables:
        if table.checked is None:
            continue
        good = table.checked.rows_accepted
        tables.append(
            TableReceipt(
                table=shown(table.file.table),
                file=shown(table.file.path),
                rows=table.rows,
                rows_accepted=0 if rejected else good,
                rows_quarantined=0 if rejected else table.rows - good,
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
        not_checked=tuple(delivery.not_checked),
        manifest_sha256=delivery.manifest_sha256,
        contract_version=manifest.contract_version if manifest else None,
        correction_of=manifest.correction_of if manifest else None,
        data_kind=manifest.data_kind if manifest else None,
        acceptance_no=delivery.acceptance_no,
        checked_at=now.astimezone(UTC).isoformat(timespec="seconds") if now else None,
        waiting_for=delivery.waiting_for,
    )


def result_of(receipt: Receipt, not_readable: tuple[str, ...] = ()) -> DeliveryResult:
    """The line of the report for a receipt."""
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
        not_readable=not_readable,
    )
