"""Work and studies, health, support for them, homelessness, and what is arranged when care and aftercare end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ingest.contracts import code_lists
from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACE, PLACED, Facts, Indicator, Span, Units
from tests.oracle.reading import to_day
from tests.oracle.themes.network import ACTIONS, BY_QUARTER, ROLLING, actions_of
from tests.oracle.timeline import UNKNOWN
from tests.oracle.windows import (
    clients_of_12_months,
    has,
    on_day,
    open_clients,
    table,
    with_known_until,
    within,
)

BY_YEAR = {"year": LEVELS, "pooled_3_years": LEVELS}
# Sensitive: a single year shows no municipality.
SENSITIVE_BY_YEAR: dict[str, tuple[str, ...]] = {
    "year": (*LARGE_LEVELS, "municipality_group"),
    "pooled_3_years": LEVELS,
}
LIMIT_OF_LAW_FROM = to_day("2025-05-01")


# --- main activity ---------------------------------------------------------------------------


# The activity of every day takes a second to lay out, and each period asks for it: the last one is kept.
_KEPT: list[tuple[Facts, dict[str, dict[int, str]]]] = []


def activity_days(facts: Facts) -> dict[str, dict[int, str]]:
    """Client -> day -> main activity: of the open spells the one that began last, then the first code.

    A stale spell still holds its days, as unknown.
    """
    if not _KEPT or _KEPT[0][0] is not facts:
        _KEPT[:] = [(facts, _lay_out(facts))]
    return _KEPT[0][1]


def _lay_out(facts: Facts) -> dict[str, dict[int, str]]:
    spells = with_known_until(facts, "activity_spell")
    order = spells.sort_values(
        ["start_date", "main_activity", "organisation"], ascending=[True, False, False], kind="stable"
    )
    found: dict[str, dict[int, str]] = {}
    columns = zip(
        order["client"],
        order["main_activity"],
        order["start_date"],
        order["end_date"],
        order["known_until"],
        strict=True,
    )
    for client, activity, first, last, known in columns:
        days = found.setdefault(client, {})
        for day in range(int(first), int(last) + 1):
            days[day] = activity if day <= known else "TUNTEMATON"
    return found


def class_of(activity: str | None) -> str:
    if activity is None:
        return UNKNOWN
    return str(code_lists()["main_activity"].attributes[activity]["activity_class"])


def _ages(facts: Facts, clients: pd.DataFrame) -> pd.Series:
    """Calendar year less birth year by the newest snapshot up to the quarter, else the first; NaN: not known."""
    said = facts.register.tables["client"].sort_values("organisation", ascending=False)
    known: dict[str, dict[str, int]] = {}
    for client, period, born in zip(said["client_key"], said["period"], said["birth_year"], strict=True):
        known.setdefault(client, {})[period] = int(born)  # the smaller area's word comes last
    ages = []
    for client, quarter in zip(clients["client"], clients["quarter"], strict=True):
        of_client = known.get(client, {})
        upto = [period for period in of_client if period <= quarter]
        period = max(upto) if upto else min(of_client, default=None)
        ages.append(float("nan") if period is None else int(quarter[:4]) - of_client[period])
    return pd.Series(ages, index=clients.index, dtype="float")


def _young_open(facts: Facts, span: Span) -> pd.DataFrame:
    clients = open_clients(facts, span)
    return clients[_ages(facts, clients).between(18, 22)]


def _tyo_01(*activities: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        clients = _young_open(facts, span)
        days = activity_days(facts)
        doing = [days.get(c, {}).get(int(end)) for c, end in zip(clients["client"], clients["end"], strict=True)]
        return clients[PLACE].assign(
            x=[int(activity in activities) for activity in doing],
            t=1,
            of=1,
            unknown=[int(class_of(activity) == UNKNOWN) for activity in doing],
        )

    return units


def _tyo_02(facts: Facts, span: Span) -> pd.DataFrame:
    """Outside work and education on each of the 183 days to the last one."""
    clients = _young_open(facts, span)
    days = activity_days(facts)
    long, unknown = [], []
    for client, end in zip(clients["client"], clients["end"], strict=True):
        of_client = days.get(client, {})
        long.append(int(all(class_of(of_client.get(int(end) - back)) == "neet" for back in range(183))))
        unknown.append(int(class_of(of_client.get(int(end))) == UNKNOWN))
    return clients[PLACE].assign(x=long, t=1, of=1, unknown=unknown)


def _tyo_03(facts: Facts, span: Span) -> pd.DataFrame:
    """Four months of basic social assistance in a row within the year; open on 90 days of it."""
    clients = clients_of_12_months(facts, span)
    clients = clients[clients["open"] >= 90]
    clients = clients[_ages(facts, clients).between(18, 22)]
    paid = table(facts, "benefit_month")
    paid = paid[paid["benefit_code"] == "PTT"]
    months = set(zip(paid["client"], paid["month"], strict=True))
    fours = [range(first, first + 4) for first in range(1, 10)]
    long = [
        any(all((client, f"{quarter[:4]}-{month:02d}") in months for month in four) for four in fours)
        for client, quarter in zip(clients["client"], clients["quarter"], strict=True)
    ]
    return clients[PLACE].assign(x=np.array(long, dtype="int64"), t=1)


def _doing_while_open(facts: Facts, clients: pd.DataFrame, wanted: set[str]) -> pd.Series:
    """Whether the client did one of these on an at-risk day of the twelve months."""
    days = activity_days(facts)
    stays: dict[str, list[tuple[int, int]]] = {}
    for client, first, last in zip(facts.stays["client"], facts.stays["first"], facts.stays["last"], strict=True):
        stays.setdefault(client, []).append((int(first), int(last)))
    found = []
    for client, start, end in zip(clients["client"], clients["start"], clients["end"], strict=True):
        of_client = days.get(client, {})
        found.append(
            any(
                of_client.get(day) in wanted
                for first, last in stays[client]
                for day in range(max(first, int(start)), min(last, int(end)) + 1)
            )
        )
    return pd.Series(found, index=clients.index, dtype=bool)


def _support(code: str, *, studies: bool) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        clients = clients_of_12_months(facts, span)
        clients = clients[clients["open"] >= 183].reset_index(drop=True)
        actions = actions_of(facts, clients)
        of_kind = actions[actions["action_code"] == code]
        if studies:
            asked = _doing_while_open(facts, clients, {"OPISKELU", "OPPISOPIMUS"})
            asked |= has(clients, of_kind).astype(bool)
        else:
            outside = {c for c in code_lists()["main_activity"].codes if class_of(c) == "neet"}
            asked = _doing_while_open(facts, clients, {*outside, "TYOPAJA"})
        units = clients[PLACE].assign(x=has(clients, of_kind[of_kind["is_done"]]), t=1, record=has(clients, actions))
        return units[asked]

    return units


# --- health ----------------------------------------------------------------------------------


def _ter_01(*, dental: bool) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        clients = open_clients(facts, span)
        clients = clients[clients["open"] >= 183]
        checks = table(facts, "health_check")
        checks = checks[(checks["check_type"] == "SUUN") == dental]
        seen = within(clients, checks, "date", clients["start"], clients["end"])
        return clients[PLACE].assign(x=has(clients, seen[seen["status"] == "TEHTY"]), t=1, record=has(clients, seen))

    return units


def _ter_02(facts: Facts, span: Span) -> pd.DataFrame:
    """Referrals of the period whose time was over by the last delivered day."""
    referrals = table(facts, "referral")
    referrals = referrals[referrals["target_service"].isin(["MIELENTERVEYS", "PAIHDE"])]
    limit = (referrals["referral_date"] >= LIMIT_OF_LAW_FROM).map({True: 28, False: 30})
    referrals = referrals.assign(until=referrals["referral_date"].astype("int64") + limit.astype("int64"))
    referrals = referrals[(referrals["referral_date"] >= span.start) & (referrals["referral_date"] <= span.end)]
    referrals = on_day(facts, referrals[referrals["until"] <= referrals["data_until"]], "referral_date")
    in_time = (referrals["service_start_date"] <= referrals["until"]).fillna(False).astype("int64")
    return referrals[PLACE].assign(x=in_time, t=1)


# --- housing ---------------------------------------------------------------------------------


def _asu_02(facts: Facts, span: Span) -> pd.DataFrame:
    clients = open_clients(facts, span)
    clients = clients[clients["open"] >= 335].reset_index(drop=True)
    known, moves = [], []
    stays = {client: of for client, of in facts.stays.groupby("client")}
    events = facts.moves[
        facts.moves["is_unplanned"].astype(bool)
        & ~facts.moves["is_key_break"].astype(bool)
        & (facts.moves["reason"] != "ITSENAISTYMINEN")
    ]
    of_quarter = events.groupby(["client", "quarter"]).size().to_dict()
    for client, quarter, start, end in zip(
        clients["client"], clients["quarter"], clients["start"], clients["end"], strict=True
    ):
        of_client = stays[client]
        of_client = of_client[of_client["housing_class"].isin(["stable", "unstable", "homeless"])]
        days = of_client["last"].clip(upper=end) - of_client["first"].clip(lower=start) + 1
        known.append(int(days.clip(lower=0).sum()))
        last = pd.Period(quarter)
        moves.append(sum(of_quarter.get((client, str(last - back)), 0) for back in range(4)))
    is_known = pd.Series(known, index=clients.index) >= 335
    return clients[PLACE].assign(
        x=(is_known & (pd.Series(moves, index=clients.index) >= 2)).astype("int64"),
        t=is_known.astype("int64"),
        of=1,
        unknown=(~is_known).astype("int64"),
    )


def _asu_04(*kinds: str) -> Units:
    """In aftercare on 90 days of the year; homeless on at-risk days of it, in one of the ways named."""

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        clients = clients_of_12_months(facts, span)
        clients = clients[clients["open"] >= 90]
        stays = {client: of for client, of in facts.stays.sort_values(["client", "first"]).groupby("client")}
        found, unknown = [], []
        for client, start, end in zip(clients["client"], clients["start"], clients["end"], strict=True):
            of = stays[client]
            type_of = {
                day: (kind, housing_class)
                for first, last, kind, housing_class in zip(
                    of["first"], of["last"], of["housing_type"], of["housing_class"], strict=True
                )
                for day in range(max(int(first), int(start) - 1), min(int(last), int(end)) + 1)
            }
            ways, nights, unknown_days = set(), 0, 0
            for day in range(int(start), int(end) + 1):
                kind, housing_class = type_of.get(day, (None, None))
                nights = nights + 1 if kind == "TUTTAVAN_LUONA" else 0
                if kind in ("ASUNNOTON", "TILAPAINEN_MAJOITUS"):
                    ways.add("street_or_hostel")
                if nights >= 7:
                    ways.add("with_friends")
                if housing_class == "homeless" and type_of.get(day - 1, (None,))[0] in ("VANKILA", "SAIRAALA"):
                    ways.add("after_institution")
                unknown_days += housing_class == UNKNOWN
            found.append(int(bool(ways & set(kinds))))
            unknown.append(unknown_days)
        return clients[PLACE].assign(x=found, t=1, of=clients["open"], unknown=unknown)

    return units


# --- the ends of care and of aftercare -------------------------------------------------------


def _aftercare_ends(facts: Facts) -> pd.DataFrame:
    """Ends after which nothing began for 30 days, with ``since`` and ``day`` (first and last day) and the reason."""
    periods = table(facts, "aftercare_period")
    closed = periods[~periods["is_open"].astype(bool)]
    closed = closed.sort_values(["start_date", "organisation", "period_key"], ascending=[False, True, True])
    reasons = closed.drop_duplicates(["client", "end_date"]).set_index(["client", "end_date"])["end_reason"].to_dict()
    ends = []
    for client, stays in facts.stays.sort_values(["client", "first"]).groupby("client"):
        since = last = None
        place: tuple[str, str] = (UNKNOWN, UNKNOWN)
        for first, until, area, municipality in zip(
            stays["first"], stays["last"], stays["area"], stays["municipality"], strict=True
        ):
            if last is not None and first - last - 1 > 30:
                ends.append((client, *place, since, last))
                since = None
            since = first if since is None else since
            last, place = until, (area, municipality)
        ends.append((client, *place, since, last))
    found = pd.DataFrame(ends, columns=["client", "area", "municipality", "since", "day"])
    found["reason"] = [reasons.get(key) for key in zip(found["client"], found["day"], strict=True)]
    # The last of 30 days without is day + 30; what begins on the next one is a new aftercare.
    until = found["area"].map(lambda area: facts.register.data_until[f"hva-{area}"])
    return found[found["day"] + 31 <= until].reset_index(drop=True)


def _saa_04(*, age_limit: bool = False) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        ends = _aftercare_ends(facts)
        ends = ends[(ends["day"] >= span.start) & (ends["day"] <= span.end)]
        ends = ends[~ends["reason"].isin(["KUOLEMA", "MAASTAMUUTTO"])]
        if age_limit:
            ends = ends[ends["reason"] == "IKARAJA"]
        plans = table(facts, "plan")
        plans = plans[plans["plan_type"] == "PAATTAMINEN"].sort_values(
            ["valid_from", "organisation", "plan_key"], ascending=[False, True, True]
        )
        plans_of = {client: of for client, of in plans.groupby("client")}
        referrals = table(facts, "referral")
        referrals = referrals[referrals["service_start_date"].notna()]
        started_of = referrals.groupby("client")["service_start_date"].apply(list).to_dict()
        arranged, unknown = [], []
        for client, since, day in zip(ends["client"], ends["since"], ends["day"], strict=True):
            need = None
            if client in plans_of:
                of = plans_of[client]
                of = of[(of["valid_from"] >= since) & (of["valid_from"] <= day)]
                if len(of):
                    need = of["continuing_need"].iloc[0] or "unknown"
            served = any(day - 89 <= start <= day + 30 for start in started_of.get(client, []))
            arranged.append(int(need == "no" or (need is not None and served)))
            unknown.append(int(need == "unknown" and not served))
        return ends[PLACE].assign(x=arranged, t=1, of=1, unknown=unknown)

    return units


ACTIVITY = (*PLACED, "client", "activity_spell")
WORKING = ("TYO", "OPISKELU", "OPPISOPIMUS", "TYOPAJA", "VARUSMIES")

HOUSING = (*PLACED, "housing_spell")
WAYS = ("street_or_hostel", "with_friends", "after_institution")

INDICATORS = (
    Indicator("TYO-01", "main", "share", _tyo_01(*WORKING), BY_QUARTER, ACTIVITY),
    Indicator("TYO-01", "parental_leave", "share", _tyo_01("VANHEMPAINVAPAA"), BY_QUARTER, ACTIVITY),
    Indicator("TYO-01", "sickness", "share", _tyo_01("SAIRAUS"), BY_QUARTER, ACTIVITY),
    Indicator("TYO-02", "main", "share", _tyo_02, BY_QUARTER, ACTIVITY, look_back_quarters=2),
    Indicator(
        "TYO-03", "main", "share", _tyo_03, SENSITIVE_BY_YEAR, (*PLACED, "client"), national_sources=("benefit_month",)
    ),
    Indicator("TYO-04", "main", "share", _support("TYOELAMA", studies=False), ROLLING, (*ACTIONS, "activity_spell")),
    Indicator("KOU-04", "main", "share", _support("OPINTOTUKI", studies=True), ROLLING, (*ACTIONS, "activity_spell")),
    Indicator("TER-01", "main", "share", _ter_01(dental=False), ROLLING, (*PLACED, "health_check")),
    Indicator("TER-01", "dental", "share", _ter_01(dental=True), ROLLING, (*PLACED, "health_check")),
    Indicator("TER-02", "main", "share", _ter_02, SENSITIVE_BY_YEAR, (*PLACED, "referral")),
    Indicator("ASU-02", "main", "share", _asu_02, ROLLING, HOUSING, "housing_spell"),
    Indicator("ASU-04", "main", "share", _asu_04(*WAYS), SENSITIVE_BY_YEAR, HOUSING),
    *(Indicator("ASU-04", way, "share", _asu_04(way), SENSITIVE_BY_YEAR, HOUSING) for way in WAYS),
    Indicator("SAA-04", "main", "share", _saa_04(), BY_YEAR, (*PLACED, "plan", "referral")),
    Indicator("SAA-04", "age_limit", "share", _saa_04(age_limit=True), BY_YEAR, (*PLACED, "plan", "referral")),
)
