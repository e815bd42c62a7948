"""Studies: in education or through with upper secondary, by age 20, and what breaks off in a school year."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ingest.contracts import code_lists
from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACE, PLACED, Facts, Indicator, Span
from tests.oracle.reading import to_day
from tests.oracle.themes.population import birth_year_in, newest
from tests.oracle.windows import open_clients, table

BY_QUARTER = {"quarter": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}
BY_YEAR = {"year": LEVELS, "pooled_3_years": LEVELS}
BY_SCHOOL_YEAR = {"school_year": LARGE_LEVELS}
PAUSE_DAYS = 60


@dataclass(frozen=True)
class Right:
    """A right to study: first and last day as far as told, and how it ended, if it has."""

    is_upper_secondary: bool
    first: int
    last: int
    ended_as: str | None

    def holds(self, day: int) -> bool:
        """Whether the day is one of its days."""
        return self.first <= day <= self.last


def _rights(facts: Facts) -> dict[str, list[Right]]:
    cache: dict[str, list[Right]] = facts.register.__dict__.setdefault("_study_rights", {})
    if not cache:
        levels = code_lists()["education_level"].attributes
        for row in table(facts, "education_enrolment").to_dict("records"):
            right = Right(
                levels[row["level"]]["education_class"] == "upper_secondary",
                int(row["start_date"]),
                int(row["end_date"]),
                row["end_reason"] if row["is_closed"] else None,
            )
            cache.setdefault(row["client"], []).append(right)
    return cache


def _graduated(rights: list[Right], day: int) -> bool:
    return any(r.is_upper_secondary and r.ended_as == "VALMISTUNUT" and r.last <= day for r in rights)


def _kou_01(facts: Facts, span: Span) -> pd.DataFrame:
    rights, told = _rights(facts), birth_year_in(facts)
    found = []
    for row in open_clients(facts, span).to_dict("records"):
        born = newest(told.get(row["client"], []), row["quarter"])
        if born is None or not 16 <= int(row["quarter"][:4]) - born <= 22:
            continue
        mine = rights.get(row["client"], [])
        is_in = any(right.holds(row["end"]) for right in mine)
        found.append((*(row[name] for name in PLACE), int(is_in or _graduated(mine, row["end"])), 1))
    return pd.DataFrame(found, columns=[*PLACE, "x", "t"])


def _kou_02(facts: Facts, span: Span) -> pd.DataFrame:
    """Who turns 20 in a year; in aftercare in it or the two years before, counted where that was last so."""
    rights, told = _rights(facts), birth_year_in(facts)
    found = []
    for quarter in span.stock_quarters:
        year = int(quarter[:4])
        first, last = to_day(f"{year - 2}-01-01"), to_day(f"{year}-12-31")
        stays = facts.stays[(facts.stays["first"] <= last) & (facts.stays["last"] >= first)]
        for row in stays.sort_values("first").drop_duplicates("client", keep="last").to_dict("records"):
            if newest(told.get(row["client"], []), quarter) == year - 20:
                done = _graduated(rights.get(row["client"], []), last)
                found.append((*(row[name] for name in PLACE), int(done), 1))
    return pd.DataFrame(found, columns=[*PLACE, "x", "t"])


def _kou_03(facts: Facts, span: Span) -> pd.DataFrame:
    rights = _rights(facts)
    counting_day = to_day(f"{span.code[:4]}-09-20")
    there = facts.stays[(facts.stays["first"] <= counting_day) & (facts.stays["last"] >= counting_day)]
    found = []
    for row in there.to_dict("records"):
        mine = rights.get(row["client"], [])
        if not any(right.is_upper_secondary and right.holds(counting_day) for right in mine):
            continue
        ends = [
            right.last
            for right in mine
            if right.is_upper_secondary and right.ended_as == "KESKEYTTANYT" and counting_day <= right.last <= span.end
        ]
        broke_off = any(
            not any(right.holds(end + after) for right in mine for after in range(1, PAUSE_DAYS + 1)) for end in ends
        )
        found.append((*(row[name] for name in PLACE), int(broke_off), 1))
    return pd.DataFrame(found, columns=[*PLACE, "x", "t"])


TOLD_BY_MUNICIPALITIES = ("education_enrolment",)

INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "KOU-01", "main", "share", _kou_01, BY_QUARTER, (*PLACED, "client"), municipal_sources=TOLD_BY_MUNICIPALITIES
    ),
    Indicator(
        "KOU-02",
        "main",
        "share",
        _kou_02,
        BY_YEAR,
        (*PLACED, "client"),
        look_back_years=2,
        municipal_sources=TOLD_BY_MUNICIPALITIES,
    ),
    Indicator("KOU-03", "main", "share", _kou_03, BY_SCHOOL_YEAR, PLACED, municipal_sources=TOLD_BY_MUNICIPALITIES),
)
