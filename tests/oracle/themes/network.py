"""Support persons, contacts and meetings, and information about rights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACE, PLACED, Facts, Indicator, Span, Units
from tests.oracle.windows import clients_of_12_months, has, open_clients, table, with_known_until, within

BY_QUARTER = {"quarter": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}
ROLLING = {"rolling_12_months": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}


def _ver_01(facts: Facts, span: Span) -> pd.DataFrame:
    clients = open_clients(facts, span)
    links = with_known_until(facts, "support_person")
    seen = clients[["client", "quarter", "end"]].merge(links, on="client")
    seen = seen[seen["start_date"] <= seen["end"]]
    active = seen[seen["end_date"] >= seen["end"]]
    known = has(clients, active[active["known_until"] >= active["end"]])
    return clients[PLACE].assign(x=known, t=1, of=1, unknown=has(clients, active) - known, record=has(clients, seen))


def _ver_02(facts: Facts, span: Span) -> pd.DataFrame:
    clients = open_clients(facts, span)
    clients = clients[clients["in_a_row"] >= 365]
    links = with_known_until(facts, "support_person")
    seen = clients[["client", "quarter", "end"]].merge(links, on="client")
    long = seen[(seen["start_date"] <= seen["end"] - 365) & (seen["end_date"] >= seen["end"])]
    known = has(clients, long[long["known_until"] >= long["end"]])
    return clients[PLACE].assign(x=known, t=1, of=1, unknown=has(clients, long) - known)


def _ver_03(*, without_refusing: bool = False) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        clients = open_clients(facts, span)
        if without_refusing:
            said = table(facts, "client")
            said = said[said["in_touch_status"] == "EI_HALUA_TUKEA"]
            refusing = set(zip(said["client"], said["organisation"].str[4:], said["period"], strict=True))
            lines = zip(clients["client"], clients["area"], clients["quarter"], strict=True)
            clients = clients[np.array([line not in refusing for line in lines], dtype=bool)]
        contacts = table(facts, "contact")
        contacts = contacts[contacts["two_way"].astype(bool)]
        met = within(clients, contacts, "date", clients["end"] - 59, clients["end"])
        return clients[PLACE].assign(x=has(clients, met), t=1)

    return units


def _ver_04(facts: Facts, span: Span) -> pd.DataFrame:
    clients = open_clients(facts, span)
    clients = clients[clients["in_a_row"] >= 183]
    seen = within(clients, table(facts, "network_meeting"), "date", clients["end"] - 182, clients["end"])
    good = seen[seen["client_present"].astype(bool) & (seen["n_parties"] >= 2).astype(bool)]
    return clients[PLACE].assign(x=has(clients, good), t=1, record=has(clients, seen))


def actions_of(facts: Facts, clients: pd.DataFrame) -> pd.DataFrame:
    """Plan actions that speak about the twelve months of each client's line.

    Dated in them; or undated, of a plan in force on one of their days. ``is_done``: done on a day of them.
    """
    actions = table(facts, "plan_action")
    plans = facts.register.tables["plan"][["organisation", "plan_key", "valid_from", "valid_to"]]
    actions = actions.merge(plans, on=["organisation", "plan_key"], how="left")
    pairs = clients[["client", "quarter", "start", "end"]].merge(actions, on="client")
    dated = ((pairs["date"] >= pairs["start"]) & (pairs["date"] <= pairs["end"])).fillna(False).astype(bool)
    in_force = (pairs["valid_from"] <= pairs["end"]) & (pairs["valid_to"].fillna(10**6) >= pairs["start"])
    undated = pairs["date"].isna() & in_force.fillna(False).astype(bool)
    pairs = pairs.assign(is_done=dated & (pairs["status"] == "TEHTY"))
    return pairs[dated | undated]


def done(code: str, least: int = 1) -> Units:
    """Clients in aftercare on 183 days of the twelve months; the action done at least so often in them."""

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        clients = clients_of_12_months(facts, span)
        clients = clients[clients["open"] >= 183]
        actions = actions_of(facts, clients)
        times = actions[actions["is_done"] & (actions["action_code"] == code)]
        often = times.groupby(["client", "quarter"]).filter(lambda rows: len(rows) >= least)
        return clients[PLACE].assign(x=has(clients, often), t=1, record=has(clients, actions))

    return units


ACTIONS = (*PLACED, "plan", "plan_action")

INDICATORS = (
    Indicator("VER-01", "main", "share", _ver_01, BY_QUARTER, (*PLACED, "support_person")),
    Indicator("VER-02", "main", "share", _ver_02, BY_QUARTER, (*PLACED, "support_person"), look_back_quarters=3),
    Indicator("VER-03", "main", "share", _ver_03(), BY_QUARTER, (*PLACED, "client", "contact")),
    Indicator(
        "VER-03",
        "without_refusing",
        "share",
        _ver_03(without_refusing=True),
        BY_QUARTER,
        (*PLACED, "client", "contact"),
    ),
    Indicator("VER-04", "main", "share", _ver_04, BY_QUARTER, (*PLACED, "network_meeting"), look_back_quarters=2),
    Indicator("VER-05", "main", "share", done("VERKOSTO"), ROLLING, ACTIONS),
    Indicator("INF-02", "main", "share", done("OIKEUDET"), ROLLING, ACTIONS),
    Indicator("INF-02", "again", "share", done("OIKEUDET", 2), ROLLING, ACTIONS),
)
