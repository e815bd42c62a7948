"""Who is in aftercare on a day and in twelve months, and what delivered rows say of a client then.

Days are whole days since 1970-01-01, both ends of a stay counted.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.facts import PLACE, Facts, Span, window_start
from tests.oracle.reading import to_day

STALE_DAYS = 180


def quarter_end(quarter: str) -> int:
    """Last day of a quarter (2025Q3)."""
    return to_day(pd.Period(quarter).end_time)


def open_clients(facts: Facts, span: Span) -> pd.DataFrame:
    """Clients in aftercare on the last day of each stock quarter of the period, at the place of that day.

    ``in_a_row``: days since the unbroken stretch began; ``open``: at-risk days in the twelve months to ``end``,
    which began on ``start``.
    """
    stays = facts.stays.sort_values(["client", "first"], kind="stable")
    begins = (stays["client"] != stays["client"].shift()) | (stays["first"] != stays["last"].shift() + 1)
    stays = stays.assign(since=stays.groupby(begins.cumsum())["first"].transform("min"))
    found = []
    for quarter in span.stock_quarters:
        end = quarter_end(quarter)
        here = stays[(stays["first"] <= end) & (stays["last"] >= end)]
        found.append(here[[*PLACE]].assign(quarter=quarter, end=end, in_a_row=end - here["since"] + 1))
    there = pd.concat(found, ignore_index=True)
    months = _days_of_12_months(facts, span)
    return there.merge(months[["client", "quarter", "start", "open"]], on=["client", "quarter"], how="left")


def clients_of_12_months(facts: Facts, span: Span) -> pd.DataFrame:
    """Clients with an at-risk day in the twelve months to each stock quarter, at the place of the last one.

    ``open``: at-risk days; ``start`` and ``end``: first and last day of the twelve months.
    """
    return _days_of_12_months(facts, span)


def _days_of_12_months(facts: Facts, span: Span) -> pd.DataFrame:
    found = []
    for quarter in span.stock_quarters:
        end = quarter_end(quarter)
        start = window_start(end)
        stays = facts.stays[(facts.stays["first"] <= end) & (facts.stays["last"] >= start)]
        days = stays["last"].clip(upper=end) - stays["first"].clip(lower=start) + 1
        stays = stays.assign(open=days.groupby(stays["client"]).transform("sum"), quarter=quarter, start=start, end=end)
        newest = stays.sort_values("first").drop_duplicates("client", keep="last")
        found.append(newest[[*PLACE, "quarter", "start", "end", "open"]])
    return pd.concat(found, ignore_index=True)


def on_day(facts: Facts, rows: pd.DataFrame, day: str) -> pd.DataFrame:
    """``rows`` (with ``client``) whose ``day`` is at risk, with the area and municipality of that day."""
    both = rows.merge(facts.stays[["client", "first", "last", "area", "municipality"]], on="client")
    return both[(both["first"] <= both[day]) & (both[day] <= both["last"])].drop(columns=["first", "last"])


def table(facts: Facts, name: str) -> pd.DataFrame:
    """Delivered rows of a table, the client under ``client``."""
    return facts.register.tables[name].rename(columns={"client_key": "client"})


def within(clients: pd.DataFrame, rows: pd.DataFrame, day: str, first: pd.Series, last: pd.Series) -> pd.DataFrame:
    """Pairs of a client (with a quarter) and one of her rows dated between the two days of the client's line."""
    lines = clients[["client", "quarter"]].assign(_first=first, _last=last)
    pairs = lines.merge(rows, on="client")
    is_in = (pairs[day] >= pairs["_first"]) & (pairs[day] <= pairs["_last"])
    return pairs[is_in.fillna(False).astype(bool)]


def has(clients: pd.DataFrame, pairs: pd.DataFrame) -> pd.Series:
    """1 where the client's quarter is among the pairs, else 0."""
    wanted = pd.MultiIndex.from_frame(pairs[["client", "quarter"]].drop_duplicates())
    return pd.Series(
        pd.MultiIndex.from_frame(clients[["client", "quarter"]]).isin(wanted).astype("int64"), clients.index
    )


def with_known_until(facts: Facts, name: str) -> pd.DataFrame:
    """Spells of a table with the last day on which what they say is known (rule 16).

    An open one is stale 180 days after it began, was confirmed, a newer row began or a two-way contact was had.
    """
    spells = table(facts, name).copy()
    contacts = table(facts, "contact")
    met = contacts[contacts["two_way"].astype(bool)].groupby("client")["date"].max()
    signs = pd.DataFrame(
        {
            "start": spells["start_date"].astype("float"),
            "confirmed": spells["confirmed_on"].astype("float"),
            "newer": spells.groupby("client")["start_date"].transform("max").astype("float"),
            "met": spells["client"].map(met).astype("float"),
        }
    )
    stale_from = signs.max(axis=1) + STALE_DAYS
    spells["known_until"] = np.where(
        spells["is_open"], np.minimum(stale_from - 1, spells["end_date"]), spells["end_date"]
    )
    return spells
