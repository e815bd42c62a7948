"""What is known of an installation: who has delivered what, what is late, refused, taken back, past.

Looks at ledger, inbox, quarantine and release; reads only and needs no Dagster. How it is said is in
``orchestration.status_words``.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ingest.contracts import contracts
from ingest.due import Delivered, Due, expected, is_past, next_due, period_type_of
from ingest.erasure.records import records, unfinished
from ingest.lake import delivered
from ingest.ledger import ledger_with_state, withdrawn_deliveries
from ingest.periods import Period, newest_due, quarters
from ingest.reference import ALAND, municipalities, organisations, wellbeing_areas
from ingest.state import Home
from orchestration import publishing, steps, versions
from orchestration.errors import OperationError
from orchestration.inbox import waiting

# Days and times are left out: turning them into Python objects imports pandas.
_LEDGER_COLUMNS = [
    "organisation", "period", "delivery_id", "table_name", "rows", "rows_quarantined", "is_late",
    "is_withdrawn", "is_expired",
]  # fmt: skip


@dataclass(frozen=True)
class Owed:
    """A table that has not come though its due date has passed; late since the day after ``due_date``.

    ``is_new``: the supplier has never delivered this table, so there is no series that it breaks.
    """

    table: str
    period: str
    due_date: date
    days_late: int
    is_new: bool


@dataclass(frozen=True)
class Next:
    """What falls due next of a table."""

    table: str
    period: str
    due_date: date


@dataclass(frozen=True)
class SupplierStatus:
    """One supplier: what it has delivered, and what it owes. Withdrawn and expired deliveries aside.

    ``missing``: quarters between its first delivery and ``due_period`` for which nothing came at all;
    ``late``: periods whose every delivery came late; ``newest``: table -> newest period delivered;
    ``owed``: table by table, oldest first, since its first delivery (before it, the newest period
    only). A later delivery of a history fills the periods before it, so these are not owed.
    ``next``: what falls due next of the tables that are expected of it.
    """

    organisation: str
    name: str
    deliveries: int
    newest_period: str | None
    rows: int
    quarantined: int
    missing: tuple[str, ...]
    late: tuple[str, ...]
    newest: dict[str, str]
    owed: tuple[Owed, ...]
    next: tuple[Next, ...]


@dataclass(frozen=True)
class TableStatus:
    """One table: how often it is due, and how many suppliers have delivered its newest due period.

    ``asked``: suppliers that it is expected of; ``delivered`` of them for ``period``; ``owed``: table
    and period pairs that are late, over all suppliers that deliver it.
    """

    table: str
    cadence: str
    period: str
    due_date: date
    asked: int
    delivered: int
    owed: int
    next_period: str
    next_due_date: date


@dataclass(frozen=True)
class Refused:
    """A delivery in quarantine, with the codes of the rules that refused it (or its rows)."""

    organisation: str
    period: str
    delivery_id: str
    rules: dict[str, int]
    receipt: str


@dataclass(frozen=True)
class Withdrawn:
    """A delivery that was accepted and taken back."""

    organisation: str
    period: str
    delivery_id: str
    asked_by: str
    reason: str


@dataclass(frozen=True)
class Past:
    """Deliveries of a table that are past its retention and still here: `aftercare retain` removes them."""

    organisation: str
    table: str
    deliveries: int


@dataclass(frozen=True)
class Status:
    """The state of an installation. ``due_period`` is the newest quarter that is due by now.

    ``organisation`` when only one supplier was asked for: then lists hold what concerns it.
    """

    home: str
    today: date
    organisation: str | None
    due_period: str
    suppliers: tuple[SupplierStatus, ...]
    tables: tuple[TableStatus, ...]
    waiting_complete: int
    waiting_incomplete: int
    rejected: tuple[Refused, ...]
    with_quarantined_rows: tuple[Refused, ...]
    withdrawn: tuple[Withdrawn, ...]
    erasures: int
    erasures_unfinished: int
    past_retention: tuple[Past, ...]
    release: dict[str, Any] | None
    is_up_to_date: bool

    @property
    def needs_attention(self) -> bool:
        """Whether anything is late, refused, half erased or past its retention, or the release is old.

        A table that a supplier has never delivered does not count as late here.
        """
        late = any(not owed.is_new for supplier in self.suppliers for owed in supplier.owed)
        return bool(
            late
            or self.rejected
            or self.with_quarantined_rows
            or self.erasures_unfinished
            or self.past_retention
            or not self.is_up_to_date
        )

    def as_dict(self) -> dict[str, Any]:
        """For ``--json``: days as ISO text."""
        found: dict[str, Any] = json.loads(json.dumps(asdict(self), default=date.isoformat))
        return found | {"needs_attention": self.needs_attention}


def status(home: Home, today: date, organisation: str | None = None) -> Status:
    """Look at everything. Raises ``OperationError`` for an organisation that there is not."""
    if organisation is not None and organisation not in organisations():
        raise OperationError(
            f"There is no supplier {organisation!r}.",
            "Expected hva-05, kunta-091 or kela; see `aftercare status --all`.",
        )

    def concerns(who: str) -> bool:
        return organisation in (None, who)

    due = due_period(today)
    found = [delivery for delivery in waiting(home) if concerns(delivery.organisation)]
    complete = sum(delivery.is_complete for delivery in found)
    in_quarantine = [entry for entry in _quarantined(home) if concerns(entry.organisation)]
    ledger = ledger_with_state(home)
    rows = [row for row in ledger.select(_LEDGER_COLUMNS).to_pylist() if concerns(row["organisation"])]
    accepted = {row["delivery_id"] for row in rows}
    came = delivered(ledger)
    owing = expected(came, today)
    suppliers = tuple(entry for entry in _suppliers(rows, came, owing, due, today) if concerns(entry.organisation))
    return Status(
        home=str(home.root),
        today=today,
        organisation=organisation,
        due_period=due.code,
        suppliers=suppliers,
        tables=tuple(_tables(suppliers, came, owing, today)),
        waiting_complete=complete,
        waiting_incomplete=len(found) - complete,
        rejected=tuple(entry for entry in in_quarantine if entry.delivery_id not in accepted),
        with_quarantined_rows=tuple(entry for entry in in_quarantine if entry.delivery_id in accepted),
        withdrawn=tuple(_withdrawn(home, rows)),
        erasures=len(records(home)),
        erasures_unfinished=len(unfinished(home)),
        past_retention=tuple(_past(rows, today)),
        release=_release(home),
        is_up_to_date=steps.is_up_to_date(home),
    )


def due_period(today: date) -> Period:
    """The newest quarter whose due date has passed."""
    return newest_due(today)


def _suppliers(
    rows: list[dict[str, Any]], came: set[Delivered], owing: list[Due], due: Period, today: date
) -> Iterator[SupplierStatus]:
    names = _names(today)
    by_supplier: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for row in rows:
        standing = by_supplier.setdefault(row["organisation"], [])
        if not row["is_withdrawn"] and not row["is_expired"]:
            standing.append(row)
    came_from: dict[str, set[Delivered]] = defaultdict(set)
    for entry in came:
        came_from[entry.organisation].add(entry)
    owed_by: dict[str, list[Due]] = defaultdict(list)
    for asked in owing:
        owed_by[asked.organisation].append(asked)
    for organisation, found in sorted(by_supplier.items()):
        periods = sorted({Period.parse(row["period"]) for row in found})
        in_time = {row["period"] for row in found if not row["is_late"]}
        yield SupplierStatus(
            organisation=organisation,
            name=names.get(organisation, organisation),
            deliveries=len({row["delivery_id"] for row in found}),
            newest_period=periods[-1].code if periods else None,
            rows=sum(row["rows"] for row in found),
            quarantined=sum(row["rows_quarantined"] for row in found),
            missing=tuple(_missing(periods, due)),
            late=tuple(period.code for period in periods if period.code not in in_time),
            newest=_newest(came_from[organisation]),
            owed=tuple(_owed(came_from[organisation], owed_by[organisation], today)),
            next=tuple(_next(came_from[organisation], owed_by[organisation], today)),
        )


def _next(came: set[Delivered], asked: list[Due], today: date) -> Iterator[Next]:
    """What falls due next of the tables asked of one supplier, less what has come early."""
    has = {(entry.table, entry.period.code) for entry in came}
    for table in sorted({due.table for due in asked}):
        period, day = next_due(table, today)
        if (table, period.code) not in has:
            yield Next(table, period.code, day)


def _newest(came: set[Delivered]) -> dict[str, str]:
    newest: dict[str, Period] = {}
    for entry in came:
        if entry.table not in newest or newest[entry.table] < entry.period:
            newest[entry.table] = entry.period
    return {table: period.code for table, period in sorted(newest.items())}


def _owed(came: set[Delivered], asked: list[Due], today: date) -> Iterator[Owed]:
    """What of ``asked`` (of one supplier) has not come, oldest first."""
    has = {(entry.table, entry.period.code) for entry in came}
    newest = {table: Period.parse(code) for table, code in _newest(came).items()}
    first = min((entry.period.start for entry in came), default=None)
    last_asked: dict[str, Period] = {}
    for due in asked:
        last_asked[due.table] = max(due.period, last_asked.get(due.table, due.period))
    for due in sorted(asked, key=lambda due: (due.due_date, due.table)):
        table, period = due.table, due.period
        is_new = table not in newest
        filled = (
            not is_new and contracts()[table].mode == "history" and newest[table].end_exclusive >= period.end_exclusive
        )
        before_it_began = first is None or period.end_exclusive <= first or is_new
        if (table, period.code) in has or filled or (before_it_began and period != last_asked[table]):
            continue
        yield Owed(table, period.code, due.due_date, (today - due.due_date).days, is_new)


def _missing(periods: list[Period], due: Period) -> Iterator[str]:
    if not periods:
        yield due.code
        return
    delivered_periods = {period.code for period in periods}
    for period in quarters(f"{periods[0].start.year}Q{(periods[0].start.month + 2) // 3}", due.code):
        inside = any(other.start <= period.start and period.end_exclusive <= other.end_exclusive for other in periods)
        if period.code not in delivered_periods and not inside:
            yield period.code


def _tables(
    suppliers: tuple[SupplierStatus, ...], came: set[Delivered], owing: list[Due], today: date
) -> Iterator[TableStatus]:
    """Tables that are expected of the suppliers in question."""
    shown = {supplier.organisation for supplier in suppliers}
    has = {(entry.organisation, entry.table, entry.period.end_exclusive) for entry in came}
    owed = Counter(item.table for supplier in suppliers for item in supplier.owed if not item.is_new)
    for table, contract in contracts().items():
        period = newest_due(today, period_type_of(contract), contract.due_days)
        asked = {due.organisation for due in owing if (due.table, due.period) == (table, period)}
        asked |= {who for who, name, end in has if (name, end) == (table, period.end_exclusive)}
        asked &= shown
        if not asked:
            continue
        following, day = next_due(table, today)
        yield TableStatus(
            table=table,
            cadence=contract.cadence,
            period=period.code,
            due_date=period.due_after(contract.due_days),
            asked=len(asked),
            delivered=sum((organisation, table, period.end_exclusive) in has for organisation in asked),
            owed=owed[table],
            next_period=following.code,
            next_due_date=day,
        )


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


def _withdrawn(home: Home, rows: list[dict[str, Any]]) -> Iterator[Withdrawn]:
    places = {row["delivery_id"]: (row["organisation"], row["period"]) for row in rows}
    for delivery_id, event in sorted(withdrawn_deliveries(home).items()):
        if delivery_id in places:
            yield Withdrawn(*places[delivery_id], delivery_id, event["asked_by"], event["reason"])


def _past(rows: list[dict[str, Any]], today: date) -> Iterator[Past]:
    counts = Counter(
        (row["organisation"], row["table_name"])
        for row in rows
        if not row["is_expired"] and is_past(row["table_name"], Period.parse(row["period"]), today)
    )
    for (organisation, table), count in sorted(counts.items()):
        yield Past(organisation, table, count)


def _release(home: Home) -> dict[str, Any] | None:
    """Name and origin of the current release."""
    if not home.current_release.exists():
        return None
    mark = versions.read_mark(publishing.release_mark(home)) or {}
    current = home.current_release.resolve().name
    if mark.get("release_id") not in (None, current):
        return {"release_id": current, "rolled_back_from": mark["release_id"]}
    return {"release_id": current} | mark
