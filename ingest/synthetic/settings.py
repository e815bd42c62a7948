"""What the synthetic deliveries assume, and where which peculiarity is planted."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

Scale = Literal["national", "small"]
FOLDER = Path(__file__).parent

LAST_PERIOD = "2026Q3"
MAXIMUM_YEARS = 5
HELSINKI_AREA = "90"

# Magnitudes with a source are in the data card (card.py). Everything below is an assumption.
CLIENTS = {"national": 12_000, "small": 600}
SMALL_AREAS = {"05": 0.33, "12": 0.20, "18": 0.13, "90": 0.34}
# The stock of clients on a day, as a multiple of CLIENTS: a legal break in 2024, slow growth after.
STOCK_CURVE = (
    ("2021-10-01", 1.00),
    ("2023-12-31", 1.03),
    ("2024-06-30", 0.985),
    ("2025-12-31", 1.00),
    ("2026-12-31", 1.00),
)
AREA_WEIGHT_SIGMA = 0.25
MUNICIPALITY_WEIGHT_SIGMA = 0.15

WORKER_CHANGES_PER_YEAR = 0.75
CHANGE_SIGMA_AREA = 0.36  # lognormal; gives a coefficient of variation of about 0.35
CHANGE_SIGMA_MUNICIPALITY = 0.18
CHANGE_SIGMA_TEAM = 0.20
TEAM_TRANSFER_SHARE = 0.5
WORKER_TENURE_YEARS = 4.5
CLIENTS_PER_WORKER = (15.0, 35.0)
WARM_HANDOVER_RANGE = (0.35, 0.80)
HANDOVER_COVERAGE_RANGE = (0.50, 0.95)

MOVES_PER_YEAR = 0.6
PLANNED_MOVE_SHARE = 0.6
MUNICIPALITY_MOVES_PER_YEAR = 0.16
HOME_OUTSIDE_AREA_AT_START = 0.025

CONTACTS_PER_MONTH = 1.45
TWO_WAY_SHARE = 0.8
LOST_CONTACT_SHARE = 0.05

# Substitute care and the start of aftercare, by area.
SEAMLESS_START_RANGE = (0.66, 0.90)
NEVER_IN_AFTERCARE_RANGE = (0.10, 0.30)

# Plans, by area: days until a version is renewed (on average), share of periods without any.
PLAN_INTERVAL_RANGE = (290.0, 540.0)
NO_PLAN_RANGE = (0.03, 0.12)
CLOSING_PLAN_RANGE = (0.45, 0.85)

# Studies and main activity.
STUDY_INTERRUPTIONS_PER_YEAR = 0.20
ACTIVITY_SIGMA_MUNICIPALITY = 0.15

SUPPORT_PERSON_RANGE = (0.60, 1.40)  # links begun per aftercare period
NETWORK_MEETINGS_RANGE = (0.5, 1.6)  # a client-year
HEALTH_CHECK_RANGE = (0.50, 1.20)
REFERRALS_PER_YEAR = 0.85
RETURN_INFORMATION_RANGE = (0.45, 0.95)  # of the referrals to a municipality it tells the outcome

# What municipalities do, and of how many clients they know that they are clients.
REACHED_WHEN_NEET_RANGE = (0.20, 0.65)
LEISURE_SUPPORT_PER_YEAR = 0.22
KNOWN_TO_MUNICIPALITY_RANGE = (0.60, 0.95)
MUNICIPAL_COST_PER_CLIENT = 1_150.0

COST_PER_CLIENT_YEAR = 4_500.0
COST_SPREAD = (0.75, 1.30)
COST_GROWTH = 1.03  # a year, from the level of COST_YEAR
COST_YEAR = 2022

RESPONSE_RATE_RANGE = (0.20, 0.40)

VACANCY_RANGE = (0.04, 0.20)
SICKNESS_RANGE = (0.030, 0.075)

# Systems the suppliers export from. Everybody not named writes CSV in UTF-8 with commas.
WINDOWS_1252 = ("03", "06", "09", "12", "13", "16", "21")
QUOTED_FIELDS = ("09", "13")
PARQUET = ("04", "08", "19", "90")
XLSX = ("18", "20")
BOOLEAN_WORDS = {  # in CSV; Parquet and XLSX have booleans of their own
    "true/false": ("false", "true"),
    "1/0": ("0", "1"),
    "kyllä/ei": ("ei", "kyllä"),
}
ONE_ZERO = ("02", "07", "14", "16", "21")

BAD_ROW_EVERY = 2_000
BAD_ROW_OFFSET = 117  # so that even a table of some hundred rows has one


@dataclass(frozen=True)
class Municipality:
    """A mainland municipality with the number of people aged 18–22 at the end of 2019."""

    code: str
    area: str
    population: int
    last_day: str | None
    merged_into: str | None


@cache
def municipalities() -> tuple[Municipality, ...]:
    """All mainland municipalities of the period, merged ones included, by code."""
    with (FOLDER / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Municipality(
                row["municipality_code"],
                row["wellbeing_area_code"],
                int(row["population_18_22_2019"]),
                row["last_day"] or None,
                row["merged_into"] or None,
            )
            for row in csv.DictReader(file)
        )


@cache
def municipality_groups() -> dict[str, str]:
    """Municipality code -> group of the indicators; merged municipalities have none."""
    with (FOLDER / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        return {row["municipality_code"]: row["group_code"] for row in csv.DictReader(file) if row["group_code"]}


@cache
def peculiarities(scale: Scale) -> dict[str, dict[str, Any]]:
    """What is planted at that scale: name → ``what`` and where (see ``peculiarities.yml``)."""
    raw = yaml.safe_load((FOLDER / "peculiarities.yml").read_text(encoding="utf-8"))
    return {name: {"what": entry["what"], **entry[scale]} for name, entry in raw.items()}


def areas_with(scale: Scale, name: str) -> tuple[str, ...]:
    """Area codes of the suppliers that have the peculiarity ``name``."""
    entry = peculiarities(scale)[name]
    organisations = entry.get("organisations") or [entry["organisation"]]
    return tuple(str(organisation).removeprefix("hva-") for organisation in organisations)
