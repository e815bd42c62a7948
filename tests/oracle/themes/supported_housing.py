"""Supported housing: how long applicants wait for a place."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.oracle.facts import LARGE_LEVELS, LEVELS, Facts, Indicator, Span
from tests.oracle.reading import read_reference
from tests.oracle.timeline import UNKNOWN

MUNICIPALITIES = Path(__file__).parents[3] / "ingest" / "reference" / "municipalities.csv"
ALAND = "91"
LEFT_THE_QUEUE = ("EVATTY", "NUORI_PERUI", "RAUENNUT")
ROLLING = {"rolling_12_months": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}


def in_force(codes: pd.Series) -> pd.Series:
    """Codes of municipalities as they are in force today; abroad, in Åland or not known: unknown."""
    table = read_reference(MUNICIPALITIES)
    table = table[table["wellbeing_area_code"] != ALAND]
    today = {code: into or code for code, into in zip(table["code"], table["merged_into"], strict=True)}
    return codes.map(today).fillna(UNKNOWN)


def _asu_05(facts: Facts, span: Span) -> pd.DataFrame:
    rows = facts.register.tables["supported_housing_queue"]
    clients = set(facts.register.tables["aftercare_period"]["client_key"])
    rows = rows[rows["client_key"].isin(clients) & rows["application_date"].between(span.start, span.end)]
    found = []
    for row in rows.to_dict("records"):
        applied, until = int(row["application_date"]), int(row["data_until"])
        if pd.notna(row["start_date"]) and row["start_date"] <= until:
            days, end = max(0, int(row["start_date"]) - applied), "EVENT"
        elif row["status"] in LEFT_THE_QUEUE:
            left = int(row["offer_date"]) if pd.notna(row["offer_date"]) else applied
            days, end = max(0, min(left, until + 1) - applied), "LEFT"
        else:
            days, end = until + 1 - applied, None
        found.append((row["client_key"], row["organisation"][4:], row["municipality_code"], 1, 1, days, end))
    units = pd.DataFrame(found, columns=["client", "area", "municipality", "x", "t", "days", "end"])
    return units.assign(municipality=in_force(units["municipality"]))


SOURCES = ("aftercare_period", "supported_housing_queue")

INDICATORS: tuple[Indicator, ...] = tuple(
    Indicator("ASU-05", variant, "incidence", _asu_05, ROLLING, SOURCES, horizon=horizon)
    for variant, horizon in (("main", 30), ("within_90_days", 90), ("within_180_days", 180))
)
