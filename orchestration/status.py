"""`aftercare status`: who has delivered what, what waits, what was refused, what is published."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ingest.lake import read_ledger
from ingest.periods import Period
from ingest.reference import ALAND, municipalities, organisations, wellbeing_areas
from ingest.state import Home
from orchestration import steps, versions
from orchestration.inbox import waiting

LISTED = 10
_LEDGER_COLUMNS = ["organisation", "period", "delivery_id", "rows", "rows_quarantined", "is_late"]


@dataclass(frozen=True)
class SupplierStatus:
    """One supplier: what it has delivered, and what it owes.

    ``missing``: quarters between its first delivery and ``due_period`` that it has not delivered;
    ``late``: quarters whose every delivery came after the due date.
    """

    organisation: str
    name: str
    deliveries: int
    newest_period: str | None
    rows: int
    quarantined: int
    missing: tuple[str, ...]
    late: tuple[str, ...]


@dataclass(frozen=True)
class Refused:
    """A delivery in quarantine, with the codes of the rules that refused it (or its rows)."""

    organisation: str
    period: str
    delivery_id: str
    rules: dict[str, int]
    receipt: str


@dataclass(frozen=True)
class Status:
    """The state of an installation. ``due_period`` is the newest quarter that is due by now."""

    home: str
    due_period: str
    suppliers: tuple[SupplierStatus, ...]
    waiting_complete: int
    waiting_incomplete: int
    rejected: tuple[Refused, ...]
    with_quarantined_rows: tuple[Refused, ...]
    release: dict[str, Any] | None
    is_up_to_date: bool

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def status(home: Home, today: date) -> Status:
    """Look at ledger, inbox, quarantine and release. Reads only; needs no Dagster."""
    due = due_period(today)
    found = waiting(home)
    complete = sum(delivery.is_complete for delivery in found)
    in_quarantine = list(_quarantined(home))
    accepted = set(read_ledger(home).column("delivery_id").to_pylist())
    return Status(
        home=str(home.root),
        due_period=due.code,
        suppliers=tuple(_suppliers(home, due, today)),
        waiting_complete=complete,
        waiting_incomplete=len(found) - complete,
        rejected=tuple(entry for entry in in_quarantine if entry.delivery_id not in accepted),
        with_quarantined_rows=tuple(entry for entry in in_quarantine if entry.delivery_id in accepted),
        release=_release(home),
        is_up_to_date=steps.is_up_to_date(home),
    )


def due_period(today: date) -> Period:
    """The newest quarter whose due date has passed."""
    period = Period.parse(f"{today.year}Q{(today.month + 2) // 3}")
    while period.due_date >= today:
        before = period.start - timedelta(days=1)
        period = Period.parse(f"{before.year}Q{(before.month + 2) // 3}")
    return period


def lines(found: Status, *, every_municipality: bool = False) -> Iterator[str]:
    """The status in words: a table of the areas, municipalities summed up unless all are asked."""
    yield f"Home             {found.home}"
    yield f"Release          {_release_words(found)}"
    yield (
        f"Inbox            {found.waiting_complete} deliveries ready to take in, "
        f"{found.waiting_incomplete} incomplete (waiting for files)"
    )
    yield f"Newest due       {found.due_period}"
    areas = [entry for entry in found.suppliers if entry.organisation.startswith("hva-")]
    towns = [entry for entry in found.suppliers if not entry.organisation.startswith("hva-")]
    yield ""
    yield f"{'supplier':<11}{'name':<24}{'deliveries':>11}{'newest':>9}{'rows':>11}  remarks"
    for entry in [*areas, *(towns if every_municipality else ())]:
        yield (
            f"{entry.organisation:<11}{entry.name[:23]:<24}{entry.deliveries:>11}"
            f"{entry.newest_period or '-':>9}{entry.rows:>11}  {_remarks(entry)}"
        )
    if not every_municipality:
        yield _municipal_line(towns, found.due_period)
    yield from _refused_lines("Rejected deliveries (in quarantine)", found.rejected)
    yield from _refused_lines("Accepted, but with rows in quarantine", found.with_quarantined_rows)


def _suppliers(home: Home, due: Period, today: date) -> Iterator[SupplierStatus]:
    names = _names(today)
    # Days and times are left out: turning them into Python objects imports pandas.
    ledger = read_ledger(home).select(_LEDGER_COLUMNS).to_pylist()
    by_supplier: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in ledger:
        by_supplier.setdefault(row["organisation"], []).append(row)
    for organisation, rows in sorted(by_supplier.items()):
        periods = sorted({Period.parse(row["period"]) for row in rows})
        in_time = {row["period"] for row in rows if not row["is_late"]}
        yield SupplierStatus(
            organisation=organisation,
            name=names.get(organisation, organisation),
            deliveries=len({row["delivery_id"] for row in rows}),
            newest_period=periods[-1].code if periods else None,
            rows=sum(row["rows"] for row in rows),
            quarantined=sum(row["rows_quarantined"] for row in rows),
            missing=tuple(_missing(periods, due)),
            late=tuple(period.code for period in periods if period.code not in in_time),
        )


def _missing(periods: list[Period], due: Period) -> Iterator[str]:
    from ingest.periods import quarters

    if not periods:
        yield due.code
        return
    delivered = {period.code for period in periods}
    for period in quarters(periods[0].code, due.code) if periods[0] <= due else ():
        if period.code not in delivered:
            yield period.code


def _names(today: date) -> dict[str, str]:
    """Suppliers that are expected to deliver today, with their Finnish names."""
    areas = {f"hva-{code}": area.short_name_fi for code, area in wellbeing_areas().items()}
    towns = {
        f"kunta-{code}": town.name_fi
        for code, town in municipalities().items()
        if town.wellbeing_area_code != ALAND and (town.valid_to is None or town.valid_to >= today)
    }
    known = organisations()
    return {name: text for name, text in (areas | towns).items() if name in known}


def _quarantined(home: Home) -> Iterator[Refused]:
    for folder in sorted(home.quarantine.glob("*/*/*")):
        if not folder.is_dir():
            continue
        organisation, period, delivery_id = folder.relative_to(home.quarantine).parts
        receipt = home.outbox / organisation / period / delivery_id / "receipt.json"
        yield Refused(organisation, period, delivery_id, _rules(receipt), str(receipt))


def _rules(receipt: Path) -> dict[str, int]:
    """Codes of what was refused, with how often; empty when there is no receipt."""
    try:
        found = json.loads(receipt.read_text(encoding="utf-8"))["findings"]
    except (FileNotFoundError, ValueError, KeyError):
        return {}
    counts: Counter[str] = Counter()
    for entry in found:
        if entry["severity"] in ("reject_file", "quarantine_row"):
            counts[entry["rule"]] += entry["count"]
    return dict(sorted(counts.items()))


def _release(home: Home) -> dict[str, Any] | None:
    """Name and origin of the current release."""
    if not home.current_release.exists():
        return None
    mark = versions.read_mark(steps.release_mark(home)) or {}
    return {"release_id": home.current_release.resolve().name} | mark


def _release_words(found: Status) -> str:
    if found.release is None:
        return "none yet"
    state = "up to date" if found.is_up_to_date else "older than what is there now"
    return f"{found.release['release_id']} ({state})"


def _remarks(entry: SupplierStatus) -> str:
    remarks = []
    if entry.missing:
        remarks.append(f"missing {_listed(entry.missing)}")
    if entry.late:
        remarks.append(f"late {_listed(entry.late)}")
    if entry.quarantined:
        remarks.append(f"{entry.quarantined} rows in quarantine")
    return "; ".join(remarks)


def _municipal_line(towns: list[SupplierStatus], due: str) -> str:
    delivering = [entry for entry in towns if entry.deliveries]
    owing = [entry.name for entry in towns if due in entry.missing]
    text = f"{len(delivering)} of {len(towns)} municipalities have delivered"
    if owing:
        text += f"; {due} is missing from {len(owing)}: {_listed(owing)}"
    return text


def _refused_lines(title: str, entries: tuple[Refused, ...]) -> Iterator[str]:
    if not entries:
        return
    yield ""
    yield f"{title}: {len(entries)}"
    for entry in entries[:LISTED]:
        rules = ", ".join(f"{code} × {count}" for code, count in entry.rules.items())
        yield f"  {entry.organisation} {entry.period} {entry.delivery_id}: {rules or 'no receipt'}"
        yield f"    {entry.receipt}"
    if len(entries) > LISTED:
        yield f"  and {len(entries) - LISTED} more"


def _listed(names: Any) -> str:
    shown = list(names)[:LISTED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
