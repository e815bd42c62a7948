"""Placements in substitute care, of those who came into aftercare and of those who never did."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import Days, Indexes, choose, generator
from ingest.synthetic.draws import days_between, first_periods, habits
from ingest.synthetic.people import LEGAL_BASES, YEAR, People, Periods, Places, Rows
from ingest.synthetic.settings import Scale

PLACEMENT_TYPES = ("SIJAISPERHE", "LAHEISPERHE", "AMMATILLINEN", "LAITOS", "ERITYIS", "OMA_ASUNTO", "MUU")
PLACEMENT_TYPE_WEIGHTS = (0.30, 0.08, 0.12, 0.38, 0.04, 0.06, 0.02)
PLACEMENT_END_REASONS = ("TAYSI_IKA", "KOTIUTUS", "ITSENAISTYMINEN", "SIIRTO", "MUU")
CAME_OF_AGE, HOME, INDEPENDENT, TRANSFER, OTHER_END = range(5)
OPEN_CARE, EMERGENCY, AFTERCARE, DISCRETIONARY = (
    LEGAL_BASES.index(code) for code in ("AVO", "KIIRE", "JALKI", "HARKINTA")
)
ENTITLING_OPEN_CARE_DAYS = 183
FIRST_AGE_TOLD = 16


@dataclass(frozen=True)
class Placements(Rows):
    """Placements; ``person`` goes on after those in aftercare with those who never came there."""

    person: Indexes
    area: Indexes
    start: Days
    end: Days
    told: Days  # the supplier tells of it from this day on
    type: npt.NDArray[np.int8]
    basis: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    alone: npt.NDArray[np.int8]  # 1, 0, or -1 for not recorded


@dataclass(frozen=True)
class NeverIn(Rows):
    """Young people whose entitling placement ended and who never came into aftercare."""

    birth: Days
    area: Indexes
    home: Indexes
    gender: npt.NDArray[np.int8]
    language: npt.NDArray[np.int8]
    end: Days  # last day of the placement


def make_placements(
    places: Places, people: People, periods: Periods, scale: Scale, seed: int, first_day: int, last_day: int
) -> tuple[Placements, NeverIn]:
    """Placements of people of 16 and over; of those never in aftercare what ended from ``first_day`` on.

    The last placement of most ends on the day before aftercare begins or on that day, by the area's
    habit; of some up to 90 days earlier, and of a few longer ago.
    """
    random = generator(seed, scale, "placements")
    count = len(people.birth)
    first = periods.take(first_periods(periods, count))
    seamless = habits(random, *settings.SEAMLESS_START_RANGE, len(places.areas))[first.area]
    chance = random.random(count)
    gap = np.where(
        chance < seamless,
        random.integers(0, 2, count),
        np.where(
            chance < seamless + 0.93 * (1 - seamless), random.integers(2, 91, count), random.integers(91, 400, count)
        ),
    )
    end = (first.start - gap).astype(np.int32)
    short = first.basis == DISCRETIONARY
    none = short & (random.random(count) < 0.5)
    basis = np.where(np.isin(first.basis, (AFTERCARE, DISCRETIONARY)), OPEN_CARE, first.basis).astype(np.int8)
    basis = np.where(basis == EMERGENCY, OPEN_CARE, basis).astype(np.int8)
    of_clients = _last_placements(random, people.birth, np.arange(count, dtype=np.int32), first.area, end, basis, short)
    of_clients = of_clients.take(~none)

    never = _never_in(random, places, periods, first_day, last_day)
    number = (count + np.arange(len(never.birth))).astype(np.int32)
    never_basis = choose(random, [0.36, 0.10, 0.48, 0.0, 0.0, 0.06], len(number)).astype(np.int8)
    of_others = _last_placements(
        random, never.birth, number, never.area, never.end, never_basis, np.zeros(len(number), dtype=np.bool_)
    )
    last = of_clients.plus(of_others)
    births = np.concatenate([people.birth, never.birth])
    placements = last.plus(_earlier(random, last, births)).plus(_as_aftercare(random, first))
    told = np.maximum(placements.start, births[placements.person] + round(FIRST_AGE_TOLD * YEAR))
    placements = replace(placements, told=told.astype(np.int32))
    placements = placements.take(placements.end >= placements.told)
    return placements.take(np.lexsort((placements.person, placements.told))), never


def _never_in(random: np.random.Generator, places: Places, periods: Periods, first_day: int, last_day: int) -> NeverIn:
    """By area, so many that its share of entitling endings without aftercare is the assumed one."""
    began = np.bincount(periods.area[periods.start > first_day], minlength=len(places.areas))
    share = habits(random, *settings.NEVER_IN_AFTERCARE_RANGE, len(places.areas))
    area = np.repeat(np.arange(len(places.areas), dtype=np.int32), random.poisson(began * share / (1 - share)))
    count = len(area)
    end = random.integers(first_day, last_day + 1, count).astype(np.int32)
    # Most came of age; the others went home at 16 or 17.
    age = np.where(random.random(count) < 0.62, 18.0, 16.1 + 1.8 * random.random(count))
    birth = (end - np.round(age * YEAR) + (age == 18)).astype(np.int32)
    home = np.zeros(count, dtype=np.int32)
    for number in range(len(places.areas)):
        inside = np.flatnonzero(places.area_of == number)
        rows = np.flatnonzero(area == number)
        home[rows] = inside[choose(random, places.weight[inside], len(rows))]
    return NeverIn(
        birth,
        area,
        home,
        choose(random, [0.55, 0.435, 0.015], count).astype(np.int8),
        choose(random, [0.80, 0.05, 0.004, 0.126, 0.02], count).astype(np.int8),
        end,
    )


def _last_placements(
    random: np.random.Generator,
    birth: Days,
    person: Indexes,
    area: Indexes,
    end: Days,
    basis: npt.NDArray[np.int8],
    short: npt.NDArray[np.bool_],
) -> Placements:
    """The placement that ends on ``end``; ``short`` ones last less than half a year."""
    count = len(person)
    in_open_care = basis == OPEN_CARE
    length = np.where(in_open_care, 190 + random.exponential(250, count), 60 + random.exponential(1000, count))
    length = np.where(short, random.integers(20, ENTITLING_OPEN_CARE_DAYS - 1, count), length).astype(np.int32)
    start = np.maximum(end - length, birth + 30).astype(np.int32)
    adult = (end - birth) / YEAR >= 17.95
    young = np.where(random.random(count) < 0.75, HOME, INDEPENDENT)
    reason = np.where(adult, CAME_OF_AGE, young)
    reason = np.where(random.random(count) < 0.04, OTHER_END, reason)
    alone = np.where(in_open_care, random.random(count) < np.where(short, 0.8, 0.96), -1)
    return Placements(
        person,
        area,
        start,
        end,
        start,
        choose(random, PLACEMENT_TYPE_WEIGHTS, count).astype(np.int8),
        basis,
        reason.astype(np.int8),
        alone.astype(np.int8),
    )


def _earlier(random: np.random.Generator, last: Placements, births: Days) -> Placements:
    """The placement before it in another place, a day or none in between; some began in an emergency."""
    had = (random.random(len(last.person)) < 0.45) & (last.start - births[last.person] > 400)
    later = last.take(had)
    count = len(later.person)
    end = (later.start - 1).astype(np.int32)
    emergency = random.random(count) < 0.25
    length = np.where(emergency, random.integers(5, 60, count), 30 + random.exponential(500, count)).astype(np.int32)
    start = np.maximum(end - length, births[later.person] + 20).astype(np.int32)
    return replace(
        later,
        start=start,
        end=end,
        type=choose(random, PLACEMENT_TYPE_WEIGHTS, count).astype(np.int8),
        basis=np.where(emergency, EMERGENCY, later.basis).astype(np.int8),
        reason=np.full(count, TRANSFER, dtype=np.int8),
        alone=np.where(emergency, -1, later.alone).astype(np.int8),
    )


def _as_aftercare(random: np.random.Generator, first: Periods) -> Placements:
    """Those who stay on in the place as aftercare: a placement of its own that entitles to nothing."""
    stays = (random.random(len(first.person)) < 0.11) | (first.basis == AFTERCARE)
    rows = first.take(stays)
    count = len(rows.person)
    until = days_between(random, rows.start + 30, np.minimum(rows.end, rows.start + 900))
    return Placements(
        rows.person,
        rows.area,
        rows.start,
        np.minimum(until, np.maximum(rows.end, rows.start)).astype(np.int32),
        rows.start,
        choose(random, PLACEMENT_TYPE_WEIGHTS, count).astype(np.int8),
        np.full(count, AFTERCARE, dtype=np.int8),
        choose(random, [0.0, 0.1, 0.6, 0.1, 0.2], count).astype(np.int8),
        np.full(count, -1, dtype=np.int8),
    )
