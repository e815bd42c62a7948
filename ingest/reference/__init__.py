"""Municipalities and areas: which codes there are, and when (Statistics Finland, CC BY 4.0).

``valid_from`` of a municipality is the first day this register covers, not the day it was founded.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

REFERENCE_FOLDER = Path(__file__).parent
# Municipality codes of the population register for "no municipality in Finland" (none, abroad,
# not known): accepted where a municipality is asked for.
UNKNOWN_MUNICIPALITIES = frozenset({"198", "199", "200"})
# Åland has its own legislation on child welfare and no wellbeing services county: it delivers
# nothing, but a young person may live there.
ALAND = "91"


@dataclass(frozen=True)
class Municipality:
    """A municipality. ``valid_to`` is its last day; ``merged_into`` the code it went on in."""

    code: str
    name_fi: str
    name_sv: str
    wellbeing_area_code: str
    valid_from: date
    valid_to: date | None
    merged_into: str | None


@dataclass(frozen=True)
class WellbeingArea:
    """A wellbeing services county, Helsinki (90) or Åland (91)."""

    code: str
    name_fi: str
    name_sv: str
    name_en: str
    short_name_fi: str
    short_name_sv: str
    kind: str


@cache
def municipalities() -> dict[str, Municipality]:
    """All municipalities since 2023 by code, those that have merged included."""
    return {
        row["code"]: Municipality(
            code=row["code"],
            name_fi=row["name_fi"],
            name_sv=row["name_sv"],
            wellbeing_area_code=row["wellbeing_area_code"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            merged_into=row["merged_into"] or None,
        )
        for row in _rows("municipalities.csv")
    }


@cache
def wellbeing_areas() -> dict[str, WellbeingArea]:
    """All areas by code, Helsinki and Åland included."""
    return {row["code"]: WellbeingArea(**row) for row in _rows("wellbeing_areas.csv")}


@cache
def organisations() -> dict[str, str]:
    """Who may deliver: organisation -> kind of supplier (``hva``, ``kunta`` or ``kela``).

    Kela, the social insurance institution; 21 wellbeing services counties and Helsinki (``hva-90``);
    every mainland municipality there has been since 2023. Helsinki is two: ``hva-90``, ``kunta-091``.
    """
    areas = {f"hva-{code}": "hva" for code in wellbeing_areas() if code != ALAND}
    towns = {
        f"kunta-{code}": "kunta"
        for code, municipality in municipalities().items()
        if municipality.wellbeing_area_code != ALAND
    }
    return areas | towns | {"kela": "kela"}


def _rows(file: str) -> list[dict[str, str]]:
    with (REFERENCE_FOLDER / file).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
