"""Coverage where municipalities must tell as well as areas: by area and home municipality of the clients."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from tests.oracle.facts import Facts, Geography
from tests.oracle.reading import to_day

# How an indicator's sources name what municipalities deliver: kunta.education_enrolment.
MUNICIPAL = "kunta."

Homes = set[tuple[str, str]]  # area and municipality


def municipal(sources: Iterable[str]) -> list[str]:
    """The tables among an indicator's sources that municipalities deliver."""
    return [name.removeprefix(MUNICIPAL) for name in sources if name.startswith(MUNICIPAL)]


def told_homes(facts: Facts, geography: Geography, tables: list[str], start: int, end: int, areas: set[str]) -> Homes:
    """Homes of which the municipality has told every day, in the keys of the clients' area; ``areas``: that have."""
    register = facts.register
    lived_in = set(zip(facts.stays["area"], facts.stays["municipality"], strict=True))
    return {
        (area, code)
        for area, code in lived_in | _own(geography)
        if area in areas
        and all(register.is_covered(f"kunta-{code}", table, start, end) for table in tables)
        and register.key_domains[f"kunta-{code}"] == register.key_domains[f"hva-{area}"]
    }


def has_told(homes: Homes, level: str, code: str, geography: Geography) -> bool:
    """Whether there is any home of the place; of a municipality or a group only its own areas' clients give it one."""
    inside = _of_place(homes, level, code, geography)
    if level in ("municipality", "municipality_group"):
        inside &= _own(geography)
    return bool(inside)


def is_whole(homes: Homes, facts: Facts, level: str, code: str, geography: Geography) -> bool:
    """Whether no home of the place is missing: its own, and those in which its clients live."""
    everywhere = _own(geography)
    if level not in ("country", "collaborative_area"):
        everywhere |= _lived_in_lately(facts, geography)
    return _of_place(everywhere, level, code, geography) <= homes


def _own(geography: Geography) -> Homes:
    return {(area, code) for code, area in geography.area_of.items()}


def _of_place(homes: Homes, level: str, code: str, geography: Geography) -> Homes:
    if level == "country":
        return homes
    place_of = {
        "collaborative_area": lambda area, _: geography.collaborative_of[area],
        "wellbeing_area": lambda area, _: area,
        "municipality": lambda _, municipality: municipality,
        "municipality_group": lambda _, municipality: geography.group_of.get(municipality),
    }[level]
    return {home for home in homes if place_of(*home) == code}


def _lived_in_lately(facts: Facts, geography: Geography) -> Homes:
    """Homes in the last quarter that every area has delivered; before there is one nobody's home is known."""
    register = facts.register
    cache: list[Homes] = register.__dict__.setdefault("_lived_in_lately", [])
    if cache:
        return cache[0]
    whole = [
        quarter
        for quarter in sorted(set(facts.days["quarter"]))
        if all(
            register.is_covered(
                f"hva-{area}",
                "aftercare_period",
                to_day(pd.Period(quarter).start_time),
                to_day(pd.Period(quarter).end_time),
            )
            for area in geography.areas
        )
    ]
    days = facts.days[facts.days["quarter"].isin(whole[-1:])]
    cache.append(set(zip(days["area"], days["municipality"], strict=True)))
    return cache[0]
