"""Taking an accepted delivery back: an entry in the ledger, nothing deleted.

A withdrawn delivery is as if it had never come: the version before it counts again. Releases that
were made from it stand; the next one says what changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa

from ingest.identifiers import contains_identifier
from ingest.lake import counting
from ingest.ledger import (
    REINSTATED,
    WITHDRAWN,
    append_events,
    last_number,
    read_ledger,
    withdrawn_deliveries,
)
from ingest.locking import sole_writer
from ingest.state import Home

LONGEST_REASON = 200


class WithdrawalError(ValueError):
    """A withdrawal that cannot be: the text says why and what to do."""


@dataclass(frozen=True)
class Withdrawal:
    """What a withdrawal, or its undoing, changed.

    ``counts_now`` maps each table of the delivery to the (delivery, period) that counts in its
    place, or to ``None`` when the supplier's table has no other version. Without a ``number``
    nothing had to be done.
    """

    delivery_id: str
    organisation: str
    period: str
    is_withdrawn: bool
    number: int | None
    counts_now: dict[str, tuple[str, str] | None]


def withdraw(
    home: Home,
    delivery_id: str,
    *,
    reason: str,
    asked_by: str,
    undo: bool = False,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Withdrawal:
    """Withdraw an accepted delivery (or, with ``undo``, let it count again).

    ``reason`` and ``asked_by`` (a role) are kept in the ledger, so neither may hold an identifier.
    Raises ``WithdrawalError`` when the delivery is unknown or a text will not do, and
    ``IntakeBusyError`` while an intake is running.
    """
    _check_text("reason", reason)
    _check_text("role of who asks", asked_by)
    with sole_writer(home):
        ledger = read_ledger(home).select(["delivery_id", "organisation", "period", "table_name"])
        rows = [row for row in ledger.to_pylist() if row["delivery_id"] == delivery_id]
        if not rows:
            raise WithdrawalError(
                f"no delivery {delivery_id[:40]!r} has been accepted here; expected an id that `aftercare status` lists"
            )
        number = None
        if (delivery_id in withdrawn_deliveries(home)) == undo:
            number = last_number(home) + 1
            append_events(
                home,
                [
                    {
                        "number": number,
                        "at": clock(),
                        "event": REINSTATED if undo else WITHDRAWN,
                        "delivery_id": delivery_id,
                        "table_name": None,
                        "asked_by": asked_by,
                        "reason": reason,
                    }
                ],
            )
        return Withdrawal(
            delivery_id=delivery_id,
            organisation=rows[0]["organisation"],
            period=rows[0]["period"],
            is_withdrawn=not undo,
            number=number,
            counts_now=_in_its_place(counting(home), rows),
        )


def _check_text(name: str, text: str) -> None:
    if not text.strip() or len(text) > LONGEST_REASON or not text.isprintable():
        raise WithdrawalError(f"the {name} must be one line of 1 to {LONGEST_REASON} characters")
    if contains_identifier(text):
        raise WithdrawalError(
            f"the {name} holds what looks like an identifier of a person; it is kept, so leave it out"
        )


def _in_its_place(counts: pa.Table, rows: list[dict[str, str]]) -> dict[str, tuple[str, str] | None]:
    """For each table: the newest delivery that counts for the same supplier (and period, where kept)."""
    found: dict[str, tuple[str, str] | None] = {}
    columns = ("table_name", "organisation", "mode", "period", "delivery_id")
    counted = list(zip(*(counts.column(name).to_pylist() for name in columns), strict=True))
    for row in rows:
        found[row["table_name"]] = next(
            (
                (delivery, period)
                for table, organisation, mode, period, delivery in counted
                if (table, organisation) == (row["table_name"], row["organisation"])
                and (mode == "history" or period == row["period"])
            ),
            None,
        )
    return found
