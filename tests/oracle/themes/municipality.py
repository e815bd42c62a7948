"""What municipalities give (KUN): referrals to their services."""

from __future__ import annotations

import pandas as pd

from ingest.contracts import code_lists
from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACED, Facts, Indicator, Span, Units
from tests.oracle.timeline import UNKNOWN
from tests.oracle.windows import on_day, table

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
)
