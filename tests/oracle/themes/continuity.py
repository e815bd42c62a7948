"""Continuity: how long, how often and why workers change, and whether they and the young person meet."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tests.oracle.facts import (
    LARGE_LEVELS,
    LEVELS,
    PLACE,
    PLACED,
    Facts,
    Indicator,
    Span,
    Units,
    by_client,
    during,
    events,
    per_days,
    window_start,
    worker_days_of,
)
from tests.oracle.reading import to_day
from tests.oracle.timeline import CHAIN_RESET_DAYS, EITHER, ROLES, merge_runs

WORKER = (*PLACED, "worker_assignment")
FLOW = {"quarter": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}
STOCK = FLOW
YEARS = {"year": LEVELS, "pooled_3_years": LEVELS}
ROLLING = {"rolling_12_months": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}
OF_EACH = (("main", "VASTUU"), ("counsellor", "OHJAAJA"), ("either", EITHER))
BY_ORGANISATION = ("LAHTENYT", "ORGANISAATIO", "ASIAKASMAARA", "TIIMISIIRTO")
MET_DAYS = 90


def last_day_of(quarter: str) -> int:
    return to_day(pd.Period(quarter, freq="Q").end_time)


def open_on(facts: Facts, day: int) -> pd.DataFrame:
    """The stays that hold a day: one row a client at risk on it."""
    return facts.stays[(facts.stays["first"] <= day) & (facts.stays["last"] >= day)]


def counted_changes(facts: Facts, span: Span, role: str) -> pd.DataFrame:
    """Changes of a role in the period that count and were not by death."""
    changes = during(facts.changes[facts.changes["role"] == role], span)
    return changes[changes["is_counted"].astype(bool) & (changes["reason"] != "KUOLEMA")]


def runs_of(facts: Facts) -> dict[tuple[str, str], list]:
    """Runs (rule 2) of each client and role."""
    cache = facts.register.__dict__.setdefault("_runs", {})
    if not cache:
        for client, assignments in by_client(facts.register.tables["worker_assignment"]).items():
            for role in ROLES:
                cache[client, role] = merge_runs(assignments, role)
    return cache


def _doubtful(facts: Facts, quarter: str, role: str) -> set[str]:
    """Clients whose worker of the last day of a quarter is doubtful."""
    rows = facts.stock[facts.stock["quarter"] == quarter]
    return set(rows[rows[f"doubtful_{role}"].astype(bool)]["client"])


def _with_worker(facts: Facts, quarter: str, role: str) -> pd.DataFrame:
    """Clients with a worker of the role (either: of one of the two) on the last day of a quarter."""
    clients = open_on(facts, last_day_of(quarter))
    roles = list(ROLES) if role == EITHER else [role]
    return clients[clients[roles].notna().any(axis=1)]


def _jat_03(role: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        found = []
        for quarter in span.stock_quarters:
            day, doubtful = last_day_of(quarter), _doubtful(facts, quarter, role)
            for row in _with_worker(facts, quarter, role).to_dict("records"):
                starts = [
                    run.start
                    for one in (ROLES if role == EITHER else (role,))
                    for run in runs_of(facts)[row["client"], one]
                    if run.worker == row[one] and run.start <= day <= run.end
                ]
                is_doubtful = row["client"] in doubtful
                found.append((*(row[name] for name in PLACE), 1, 1, day - min(starts), is_doubtful, 1))
        return pd.DataFrame(found, columns=[*PLACE, "x", "t", "days", "doubtful", "of"])

    return units


def _jat_05(reasons: tuple[str | None, ...], role: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        changes = during(facts.changes[facts.changes["role"] == role], span)
        reason = changes["reason"].where(changes["reason"].notna(), "TUNTEMATON")
        counted = changes["is_counted"].astype(bool) & reason.isin(reasons)
        return per_days(worker_days_of(facts, span, role), events(changes, x=counted))

    return units


def share_of_changes(kind: str, least: int, most: float, role: str) -> Units:
    """Of the changes but by death those of a kind, by the days between the workers or with both."""
    days = {"broken": "gap_days", "overlapping": "overlap_days"}[kind]

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        changes = counted_changes(facts, span, role)
        asked = (changes["kind"] == kind) & changes[days].between(least, most)
        found = events(changes, x=asked, t=pd.Series(True, index=changes.index))
        # The doubtful days of a client in the quarters and places in which a change was counted.
        of_role = facts.worker_days[facts.worker_days["role"] == role]
        key = [*PLACE, "quarter"]
        beside = of_role.merge(changes[key].drop_duplicates(), on=key).groupby(PLACE, as_index=False)
        sums = beside[["at_risk", "doubtful"]].sum().rename(columns={"at_risk": "of"})
        return found.merge(sums, on=PLACE, how="left")

    return units


def _jat_09(role: str) -> Units:
    roles = ROLES if role == EITHER else (role,)

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        contacts = facts.register.tables["contact"]
        contacts = contacts[contacts["two_way"].fillna(False).astype(bool) & contacts["worker_key"].notna()]
        found = []
        for quarter in span.stock_quarters:
            day, doubtful = last_day_of(quarter), _doubtful(facts, quarter, role)
            late = contacts[contacts["date"].between(day - MET_DAYS + 1, day)]
            late = late.merge(facts.stays, left_on="client_key", right_on="client")
            on_that_day = late[(late["first"] <= late["date"]) & (late["date"] <= late["last"])]
            met = {one: set(on_that_day[on_that_day["worker_key"] == on_that_day[one]]["client"]) for one in roles}
            for row in _with_worker(facts, quarter, role).to_dict("records"):
                client = row["client"]
                is_met = any(client in met[one] for one in roles if pd.notna(row[one]))
                found.append((*(row[name] for name in PLACE), int(is_met), 1, client in doubtful, 1))
        return pd.DataFrame(found, columns=[*PLACE, "x", "t", "doubtful", "of"])

    return units


def _jat_10(role: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        assignments = facts.register.tables["worker_assignment"]
        assignments = assignments[(assignments["role"] == role) & assignments["worker_key"].notna()]
        found = []
        for quarter in span.stock_quarters:
            clients = facts.stock[(facts.stock["quarter"] == quarter) & facts.stock["all_12_months"].astype(bool)]
            day = last_day_of(quarter)
            inside = (assignments["start_date"] <= day) & (assignments["end_date"] >= window_start(day))
            workers = assignments[inside].groupby("client_key")["worker_key"].nunique()
            counted = clients["client"].map(workers).fillna(0)
            found.append(clients[PLACE].assign(x=(counted >= 3).astype("int64"), t=1))
        return pd.concat(found, ignore_index=True)

    return units


def beginnings(facts: Facts) -> pd.DataFrame:
    """Beginnings of aftercare (rule 5): the first day, and the first after more than 90 days out, with the last day.

    From the delivered periods as a whole, so that what began before the days that are counted is none here.
    """
    rows = facts.register.tables["aftercare_period"]
    found: list[list[Any]] = []
    for client, of_client in rows.sort_values("start_date").groupby("client_key"):
        chain: list[Any] | None = None
        for first, last in zip(of_client["start_date"], of_client["end_date"], strict=True):
            if chain is not None and first - chain[2] - 1 <= CHAIN_RESET_DAYS:
                chain[2] = max(chain[2], last)
            else:
                chain = [client, first, last]
                found.append(chain)
    return pd.DataFrame(found, columns=["client", "begin", "end"])


def _jat_08(role: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        begun = beginnings(facts)
        begun = begun[begun["begin"].between(span.start, span.end)]
        roles = ROLES if role == EITHER else (role,)
        stays = facts.stays[facts.stays["client"].isin(set(begun["client"]))]
        by_client = {str(client): rows for client, rows in stays.groupby("client")}
        found = []
        for client, begin, end in begun.itertuples(index=False):
            rows = by_client.get(client)
            if rows is None:
                continue
            inside = rows[(rows["first"] >= begin) & (rows["last"] <= end)].sort_values("first")
            start = inside[inside["first"] == begin]
            if start.empty:
                continue
            with_worker = inside[inside[list(roles)].notna().any(axis=1)]
            until = facts.register.data_until["hva-" + inside["area"].iloc[-1]]
            if len(with_worker):
                days, how = int(with_worker["first"].iloc[0]) - begin, "EVENT"
            else:
                days, how = end + 1 - begin, "LEFT" if end < until else None
            found.append((*start.iloc[0][PLACE], 1, 1, days, how))
        return pd.DataFrame(found, columns=[*PLACE, "x", "t", "days", "end"])

    return units


OF_WORKERS: dict[str, Any] = {"sources": WORKER, "compared_keys": "worker_assignment"}
OF_CONTACTS: dict[str, Any] = {"sources": (*WORKER, "contact"), "compared_keys": "worker_assignment"}
EVER = float("inf")

INDICATORS: tuple[Indicator, ...] = (
    *(Indicator("JAT-03", variant, "median", _jat_03(role), STOCK, **OF_WORKERS) for variant, role in OF_EACH),
    *(
        Indicator("JAT-05", variant, "rate", _jat_05(BY_ORGANISATION, role), YEARS, **OF_WORKERS)
        for variant, role in OF_EACH
    ),
    Indicator("JAT-05", "unknown_reason", "rate", _jat_05(("TUNTEMATON",), "VASTUU"), YEARS, **OF_WORKERS),
    *(
        Indicator("JAT-06", variant, "share", share_of_changes("broken", 1, EVER, role), FLOW, **OF_WORKERS)
        for variant, role in OF_EACH
    ),
    *(
        Indicator("JAT-06", variant, "share", share_of_changes("broken", least, most, "VASTUU"), FLOW, **OF_WORKERS)
        for variant, least, most in (
            ("gap_over_7", 8, EVER),
            ("gap_1_7", 1, 7),
            ("gap_8_30", 8, 30),
            ("gap_over_30", 31, EVER),
        )
    ),
    *(Indicator("JAT-09", variant, "share", _jat_09(role), STOCK, **OF_CONTACTS) for variant, role in OF_EACH),
    *(Indicator("JAT-10", variant, "share", _jat_10(role), ROLLING, **OF_WORKERS) for variant, role in OF_EACH[:2]),
    *(
        Indicator("JAT-08", name, "incidence", _jat_08(role), ROLLING, WORKER, "worker_assignment", horizon=horizon)
        for variant, role in OF_EACH
        for name, horizon in (
            (variant, 14),
            ("within_30_days" if variant == "main" else f"{variant}_within_30_days", 30),
        )
    ),
)
