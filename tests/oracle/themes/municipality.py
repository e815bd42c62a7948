"""What municipalities give (KUN): referrals to their services, youth-employment services, support for leisure."""

from __future__ import annotations

import pandas as pd

from ingest.contracts import code_lists
from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACE, PLACED, Facts, Indicator, Span, Units
from tests.oracle.themes.daily_life import activity_days, class_of
from tests.oracle.themes.network import BY_QUARTER
from tests.oracle.timeline import UNKNOWN
from tests.oracle.windows import clients_of_12_months, has, on_day, open_clients, table, within

BY_SERVICE = {
    "rental_home": "ASUNTO",
    "school": "OPPILAITOS",
    "student_welfare": "OPISKELUHUOLTO",
    "ohjaamo": "OHJAAMO",
    "employment": "TYOLLISYYS",
    "workshop": "TYOPAJA",
    "outreach": "ETSIVA",
    "youth_work": "NUORISOTYO",
    "sport_culture": "LIIKUNTA_KULTTUURI",
    "debt_counselling": "VELKANEUVONTA",
}


def _referrals(services: tuple[str, ...], *, by_home: bool = False) -> Units:
    """Referrals made in aftercare whose time limit has passed; withdrawn ones stay in, open ones are unknown."""

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        attributes = code_lists()["target_service"].attributes
        limits = {service: int(attributes[service]["time_limit_days"]) for service in services}
        rows = table(facts, "referral")
        rows = rows[rows["target_service"].isin(services)]
        rows = rows.assign(last_in_time=rows["referral_date"] + rows["target_service"].map(limits).astype("int64"))
        rows = rows[rows["last_in_time"] <= rows["data_until"]]
        rows = rows[(rows["referral_date"] >= span.start) & (rows["referral_date"] <= span.end)]
        made = on_day(facts, rows, "referral_date")
        if not by_home:
            made = made.assign(municipality=made["target_municipality"].map(facts.today).fillna(UNKNOWN))
        began = made["service_start_date"]
        return made[["client", "area", "municipality"]].assign(
            x=(began <= made["last_in_time"]).fillna(False).astype("int64"),
            t=1,
            of=1,
            unknown=((made["status"] == "AVOIN") & began.isna()).astype("int64"),
        )

    return units


def _kun_02(facts: Facts, span: Span) -> pd.DataFrame:
    """Outside work and education, or in a workshop, on each of the 30 days to the last one; reached on that day."""
    clients = open_clients(facts, span)
    days = activity_days(facts)

    def is_aimed_at(activity: str | None) -> bool:
        return activity == "TYOPAJA" or class_of(activity) == "neet"

    chosen = [
        all(is_aimed_at(days.get(client, {}).get(int(end) - back)) for back in range(30))
        for client, end in zip(clients["client"], clients["end"], strict=True)
    ]
    clients = clients[pd.Series(chosen, index=clients.index, dtype=bool)]
    spells = table(facts, "employment_service_spell")
    spells = spells[spells["service"].isin(("OHJAAMO", "TYOPAJA", "ETSIVA"))]
    pairs = clients[["client", "quarter", "end"]].merge(spells[["client", "start_date", "end_date"]], on="client")
    reached = pairs[(pairs["start_date"] <= pairs["end"]) & (pairs["end_date"] >= pairs["end"])]
    return clients[PLACE].assign(x=has(clients, reached), t=1)


def _kun_03(facts: Facts, span: Span) -> pd.DataFrame:
    """Any support in the twelve months; there is no record of anything but support."""
    clients = clients_of_12_months(facts, span)
    clients = clients[clients["open"] >= 183]
    given = within(clients, table(facts, "leisure_support"), "date", clients["start"], clients["end"])
    return clients[PLACE].assign(x=has(clients, given), t=1, record=has(clients, given))


SOURCES = (*PLACED, "referral")
PERIODS: dict[str, tuple[str, ...]] = {"quarter": LARGE_LEVELS, "year": LEVELS}
ALL_SERVICES = tuple(BY_SERVICE.values())

INDICATORS = (
    Indicator("KUN-01", "main", "share", _referrals(ALL_SERVICES), PERIODS, SOURCES),
    Indicator("KUN-01", "by_home_municipality", "share", _referrals(ALL_SERVICES, by_home=True), PERIODS, SOURCES),
    *(
        Indicator("KUN-01", variant, "share", _referrals((service,)), PERIODS, SOURCES)
        for variant, service in BY_SERVICE.items()
    ),
    Indicator(
        "KUN-02",
        "main",
        "share",
        _kun_02,
        BY_QUARTER,
        (*PLACED, "activity_spell"),
        municipal_sources=("employment_service_spell",),
    ),
    Indicator(
        "KUN-03",
        "main",
        "share",
        _kun_03,
        {"rolling_12_months": LARGE_LEVELS},
        PLACED,
        municipal_sources=("leisure_support",),
    ),
)
