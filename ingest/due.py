"""Which deliveries are expected of whom, and by when.

The contracts say who delivers a table, how often and how many days after a period's end. From that and
from what has come follows what should have. Used by the warehouse (``delivery_coverage``) and by
`aftercare status` alike, so that the two never disagree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from ingest.contracts import Contract, contracts
from ingest.contracts.model import CADENCES
from ingest.periods import Period, newest_due
from ingest.reference import municipalities, organisations

# The column by which the rows of a table are about a person.
_PERSON = "client_key"


@dataclass(frozen=True, order=True)
class Due:
    """A table that a supplier was expected to deliver for a period, by ``due_date`` (inclusive)."""

    organisation: str
    table: str
    period: Period
    due_date: date


@dataclass(frozen=True)
class Delivered:
    """That a supplier has delivered a table for a period (withdrawn deliveries aside)."""

    organisation: str
    table: str
    period: Period


def due_date(table: str, period: Period) -> date:
    """Last day on which a delivery of the table for the period is not late."""
    return period.due_after(contracts()[table].due_days)


def past_from(table: str, period: Period) -> date:
    """First day on which what was delivered of the table for the period has gone past its retention.

    Retention counts from the end of the delivered period, whenever it was delivered or corrected: all
    versions of a period end on the same day, and no older period of a table outlives a newer one.
    """
    end = period.end_exclusive  # always the first of a month, so the same day exists in every year
    return end.replace(year=end.year + retention_years(table))


def retention_years(table: str) -> int:
    """For how many years a table is kept; one that no contract knows has no purpose: the shortest holds."""
    known = contracts().get(table)
    return known.retention_years if known else min(contract.retention_years for contract in contracts().values())


def is_past(table: str, period: Period, today: date) -> bool:
    """Whether what was delivered of the table for the period has gone past its retention."""
    return today >= past_from(table, period)


def is_asked_of_all(contract: Contract, kind: str) -> bool:
    """Whether every supplier of a kind is to deliver the table.

    Areas deliver what their contracts name. Of a municipality and of Kela a table with persons is
    expected only once they have delivered it: the municipality's counts are always enough, and
    Kela's register needs a permit.
    """
    return kind in contract.suppliers and (kind == "hva" or _PERSON not in contract.column_names)


def expected(delivered: Iterable[Delivered], today: date) -> list[Due]:
    """What is due by ``today`` (its due date has passed, its retention has not), delivered or not.

    Periods are those of the table's cadence, from the first for which any supplier of the kind has
    delivered it. A table that none has delivered yet is due for the newest period only. A period that
    a supplier has delivered under another name (the quarter that ends a year, say) is not expected of
    it again, and nothing is of a municipality that had ceased by the period's end.
    """
    by_table: dict[tuple[str, str], list[Delivered]] = defaultdict(list)
    kinds = organisations()
    for entry in delivered:
        if entry.organisation in kinds:
            by_table[kinds[entry.organisation], entry.table].append(entry)
    suppliers: dict[str, list[str]] = defaultdict(list)
    for organisation, kind in kinds.items():
        suppliers[kind].append(organisation)
    found: list[Due] = []
    for contract in contracts().values():
        for kind in contract.suppliers:
            found += _expected_of(contract, kind, suppliers[kind], by_table[kind, contract.table], today)
    return sorted(found)


def next_due(table: str, today: date) -> tuple[Period, date]:
    """The period of the table's cadence that falls due next (today included), and its due date."""
    contract = contracts()[table]
    period = newest_due(today, period_type_of(contract), contract.due_days).next
    return period, period.due_after(contract.due_days)


def period_type_of(contract: Contract) -> str:
    """The type of period for which a table is expected."""
    return CADENCES[contract.cadence][0]


def _expected_of(
    contract: Contract, kind: str, suppliers: list[str], delivered: list[Delivered], today: date
) -> Iterator[Due]:
    if not is_asked_of_all(contract, kind):
        suppliers = sorted({entry.organisation for entry in delivered})
    if not suppliers:
        return
    periods = [
        (period, period.due_after(contract.due_days))
        for period in _periods(contract, delivered, today)
        if not is_past(contract.table, period, today)
    ]
    other_names = {
        (entry.organisation, entry.period.end_exclusive)
        for entry in delivered
        if entry.period.type != period_type_of(contract)
    }
    for organisation in suppliers:
        until = _last_day(organisation)
        for period, due in periods:
            if until is not None and until < period.last_day:
                continue
            if (organisation, period.end_exclusive) not in other_names:
                yield Due(organisation, contract.table, period, due)


def _periods(contract: Contract, delivered: list[Delivered], today: date) -> Iterator[Period]:
    """The periods due by today, from the first that anybody delivered."""
    kind = period_type_of(contract)
    newest = newest_due(today, kind, contract.due_days)
    if not delivered:
        yield newest
        return
    first = min(entry.period.start for entry in delivered)
    period = newest
    while period.end_exclusive > first:
        yield period
        period = period.before


def _last_day(organisation: str) -> date | None:
    """The last day of a municipality that has ceased."""
    kind, _, code = organisation.partition("-")
    return municipalities()[code].valid_to if kind == "kunta" else None
