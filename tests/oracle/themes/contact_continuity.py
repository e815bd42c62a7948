"""Continuity of contacts (rule 14): how far a young person meets the same worker."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import mean
from typing import Any

import pandas as pd

from tests.oracle.facts import PLACE, PLACED, Facts, Indicator, Span, Units
from tests.oracle.themes.network import ROLLING
from tests.oracle.windows import on_day, open_clients, table

LEAST_CONTACTS = 3
HIGH = 0.7

Days = dict[int, set[str]]  # day -> the workers of its contacts


def _contacts(facts: Facts) -> dict[str, Days]:
    """Client -> contacts that count: two-way, in aftercare, with a known worker, not on a day of a handover."""
    found: dict[str, Days] = facts.register.__dict__.setdefault("_contacts", {})
    if found:
        return found
    rows = table(facts, "contact")
    rows = on_day(facts, rows[rows["two_way"].astype(bool) & rows["worker_key"].notna()], "date")
    records = table(facts, "handover")
    handovers = set(zip(records["client"], records["handover_date"].astype("int64"), strict=True))
    for client, day, worker in zip(rows["client"], rows["date"].astype("int64"), rows["worker_key"], strict=True):
        if (client, day) not in handovers:
            found.setdefault(client, {}).setdefault(int(day), set()).add(worker)
    return found


def _indices(days: Days) -> tuple[float, float, float] | None:
    """Bice and Boxerman's index, the usual worker's share, and the share of steps with the same worker.

    The order of the contacts of one day is not known: the chance of each is its mean over all orders.
    """
    met = Counter(worker for workers in days.values() for worker in workers)
    n = met.total()
    if n < LEAST_CONTACTS:
        return None
    coc = (sum(count**2 for count in met.values()) - n) / (n * (n - 1))
    steps = [
        mean(float(before == after) for before in days[first] for after in days[second])
        for first, second in pairwise(sorted(days))
    ]
    # Within a day every step is to another worker.
    return coc, max(met.values()) / n, sum(steps) / (n - 1)


def _of_span(facts: Facts, span: Span) -> pd.DataFrame:
    cache: dict[tuple[str, ...], pd.DataFrame] = facts.register.__dict__.setdefault("_contact_indices", {})
    if span.stock_quarters not in cache:
        contacts = _contacts(facts)
        found: list[tuple[Any, ...]] = []
        for row in open_clients(facts, span).to_dict("records"):
            of_client = contacts.get(row["client"], {})
            inside = {day: workers for day, workers in of_client.items() if row["start"] <= day <= row["end"]}
            indices = _indices(inside)
            if indices is not None:
                found.append((*(row[name] for name in PLACE), *indices))
        cache[span.stock_quarters] = pd.DataFrame(found, columns=[*PLACE, "coc", "upc", "secon"])
    return cache[span.stock_quarters]


def _median(index: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        found = _of_span(facts, span)
        return found[PLACE].assign(x=1, t=1, days=found[index])

    return units


def _high(facts: Facts, span: Span) -> pd.DataFrame:
    found = _of_span(facts, span)
    # An index of exactly 0.7 must not fall below it by its last digit.
    return found[PLACE].assign(x=(found["coc"] >= HIGH - 1e-12).astype("int64"), t=1)


SOURCES = (*PLACED, "contact", "handover")

INDICATORS: tuple[Indicator, ...] = (
    *(
        Indicator("JAT-07", variant, "median", _median(index), ROLLING, SOURCES, "worker_assignment")
        for variant, index in (("main", "coc"), ("upc", "upc"), ("secon", "secon"))
    ),
    Indicator("JAT-07", "at_least_07", "share", _high, ROLLING, SOURCES, "worker_assignment"),
)
