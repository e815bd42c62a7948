"""Where the young people live: dwellings, moves, temporary stays and homelessness."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import OPEN, Days, Indexes, choose, generator
from ingest.synthetic.people import YEAR, People, Periods, Places, Residences, Rows
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import home_at

# How often each type is the first home (of minors, of adults) and the home moved to (by minors, by
# plan, without a plan). Temporary stays are drawn apart.
_TYPES = (
    ("OMA_VUOKRA", 0.000, 0.200, 0.020, 0.480, 0.300),
    ("OPISKELIJA", 0.000, 0.050, 0.020, 0.170, 0.060),
    ("OMISTUS", 0.000, 0.004, 0.000, 0.010, 0.002),
    ("VANHEMMAT", 0.240, 0.150, 0.380, 0.080, 0.200),
    ("SIJAISPERHE", 0.330, 0.200, 0.160, 0.010, 0.020),
    ("TUETTU", 0.110, 0.200, 0.200, 0.160, 0.090),
    ("TUKIPERHE", 0.020, 0.020, 0.020, 0.020, 0.010),
    ("YHTEISOLLINEN", 0.250, 0.080, 0.160, 0.020, 0.030),
    ("ALIVUOKRA", 0.000, 0.020, 0.000, 0.030, 0.070),
    ("TUTTAVAN_LUONA", 0.005, 0.015, 0.015, 0.003, 0.115),
    ("TILAPAINEN_MAJOITUS", 0.000, 0.005, 0.003, 0.001, 0.030),
    ("ASUNNOTON", 0.000, 0.003, 0.002, 0.000, 0.024),
    ("VARUSMIES", 0.000, 0.000, 0.000, 0.000, 0.000),
    ("VANKILA", 0.000, 0.000, 0.000, 0.000, 0.000),
    ("SAIRAALA", 0.000, 0.000, 0.000, 0.000, 0.000),
    ("ULKOMAAT", 0.000, 0.003, 0.000, 0.006, 0.006),
    ("MUU", 0.010, 0.010, 0.010, 0.010, 0.018),
    ("TUNTEMATON", 0.035, 0.045, 0.010, 0.015, 0.035),
)
HOUSING_TYPES = tuple(row[0] for row in _TYPES)
_START_MINOR, _START_ADULT, _MOVE_MINOR, _MOVE_PLANNED, _MOVE_UNPLANNED = (
    np.array([row[column] for row in _TYPES], dtype=np.float64) for column in range(1, 6)
)
OWN_HOME = (0, 1, 2)
PARENTS, SUPPORTED = 3, 5
HOMELESS = (9, 10, 11)
ARMY, PRISON, HOSPITAL = 12, 13, 14
ABROAD, UNKNOWN_TYPE = 15, 17
MOVE_REASONS = (
    "ITSENAISTYMINEN",
    "OPINNOT_TYO",
    "PARISUHDE",
    "PAREMPI",
    "VUOKRAVELKA",
    "HAIRIO",
    "TUEN_PAATTYMINEN",
    "ERO",
    "MUU",
    "TUNTEMATON",
)
SUITABILITIES = ("SOVELTUVA", "EI_SOVELTUVA", "TUNTEMATON")
NOTHING = -1
NO_DWELLING = -1


@dataclass(frozen=True)
class Housing(Rows):
    """Dwelling spells, in no particular order."""

    person: Indexes
    dwelling: Indexes  # -1: not known
    municipality: Indexes
    type: npt.NDArray[np.int8]
    suitability: npt.NDArray[np.int8]
    start: Days
    end: Days
    reason: npt.NDArray[np.int8]
    planned: npt.NDArray[np.int8]  # 1, 0, or -1 for not recorded
    confirmed_every: Days  # 0: never confirmed


def make_housing(
    places: Places,
    people: People,
    periods: Periods,
    residences: Residences,
    scale: Scale,
    seed: int,
) -> tuple[Housing, int]:
    """All dwelling spells and the number of dwellings that have been numbered."""
    random = generator(seed, scale, "housing")
    count = len(people.birth)
    first = np.full(count, OPEN, dtype=np.int32)
    np.minimum.at(first, periods.person, periods.start)
    last = np.zeros(count, dtype=np.int32)
    np.maximum.at(last, periods.person, periods.end)
    area = np.zeros(count, dtype=np.int32)
    area[periods.person[::-1]] = periods.area[::-1]
    # Residence moves come with a move of home; sorted keys find the next one.
    residence_key = residences.person.astype(np.int64) * (1 << 20) + residences.start + (1 << 19)

    yearly = settings.MOVES_PER_YEAR * random.lognormal(0, 0.15, len(places.areas))[area]
    yearly = 0.58 * yearly * random.gamma(3.0, 1 / 3.0, count) + 0.02
    person = np.arange(count, dtype=np.int32)
    parents_home = person.copy()  # the dwellings 0 … count-1 are the parents' homes
    dwellings = count
    age = (first - people.birth) / YEAR
    type_ = np.where(age < 18, choose(random, _START_MINOR, count), choose(random, _START_ADULT, count))
    had_own = np.isin(type_, OWN_HOME)
    start = (first - np.ceil(random.exponential(500, count)).astype(np.int32)).astype(np.int32)
    dwelling = np.where(type_ == PARENTS, parents_home, dwellings + person)
    dwellings += count
    dwelling = _hidden_dwelling(random, dwelling, type_)
    reason = np.full(count, NOTHING, dtype=np.int8)
    planned = np.full(count, NOTHING, dtype=np.int8)
    clock = first.copy()
    parts: list[Housing] = []
    while len(person):
        rate = yearly[person] * np.select(
            [np.isin(type_, HOMELESS), type_ == UNKNOWN_TYPE, type_ == SUPPORTED],
            [4.5, 2.5, 1.2],
            1.0,
        )
        rate = np.where(np.isin(type_, HOMELESS), np.maximum(rate, 3.0), rate)
        by_chance = clock + 1 + random.exponential(YEAR / rate).clip(0, 50_000).astype(np.int32)
        following = np.searchsorted(residence_key, person.astype(np.int64) * (1 << 20) + clock + 1 + (1 << 19))
        following = np.minimum(following, len(residences.person) - 1)
        relocates = (residences.person[following] == person) & (residences.start[following] > clock)
        with_residence = np.where(relocates, residences.start[following], OPEN)
        with_residence = np.where(random.random(len(person)) < 0.9, with_residence, OPEN)
        move_day = np.minimum(by_chance, with_residence).astype(np.int32)
        moves = move_day <= last[person]
        parts.append(
            _spell(
                random,
                places,
                residences,
                person,
                dwelling,
                type_,
                start,
                np.where(moves, move_day - 1, OPEN).astype(np.int32),
                reason,
                planned,
            )
        )
        person, move_day, old_type, old_dwelling = (
            person[moves],
            move_day[moves],
            type_[moves],
            dwelling[moves],
        )
        count = len(person)
        age = (move_day - people.birth[person]) / YEAR
        is_planned = random.random(count) < settings.PLANNED_MOVE_SHARE
        type_ = np.where(is_planned, choose(random, _MOVE_PLANNED, count), choose(random, _MOVE_UNPLANNED, count))
        type_ = np.where(age < 17.8, choose(random, _MOVE_MINOR, count), type_)
        # A contract of one's own in the supported home where one lives: no move, a new type.
        stays = (old_type == SUPPORTED) & (random.random(count) < 0.08) & (old_dwelling != NO_DWELLING)
        type_ = np.where(stays, 0, type_)
        dwelling = np.where(type_ == PARENTS, person, dwellings + np.arange(count))
        dwellings += count
        dwelling = np.where(stays, old_dwelling, _hidden_dwelling(random, dwelling, type_)).astype(np.int32)
        first_own = np.isin(type_, OWN_HOME) & ~had_own[person] & (random.random(count) < 0.92)
        had_own[person[np.isin(type_, OWN_HOME)]] = True
        is_planned = is_planned | first_own
        reason = np.where(
            is_planned,
            np.array([1, 2, 3, 8])[choose(random, [0.25, 0.22, 0.40, 0.13], count)],
            np.array([4, 5, 6, 7, 8, 9])[choose(random, [0.22, 0.13, 0.27, 0.18, 0.12, 0.08], count)],
        )
        reason = np.where(first_own, 0, reason).astype(np.int8)
        planned = np.where(random.random(count) < 0.03, NOTHING, is_planned).astype(np.int8)
        planned = np.where(first_own, 1, planned).astype(np.int8)
        start, clock = move_day, move_day
    spells = Housing.join(parts)
    lost = people.lost_from[spells.person] < spells.start + 400
    spells = replace(spells, confirmed_every=np.where(lost, 0, spells.confirmed_every).astype(np.int32))
    return _temporary_stays(random, people, first, last, spells), dwellings


def _hidden_dwelling(
    random: np.random.Generator, dwelling: npt.NDArray[np.integer], type_: npt.NDArray[np.integer]
) -> Indexes:
    """Dwellings that nobody can name: unknown ones, most of the homeless, a few others."""
    hidden = (type_ == UNKNOWN_TYPE) | (np.isin(type_, (9, 11)) & (random.random(len(type_)) < 0.8))
    hidden |= random.random(len(type_)) < 0.008
    return np.where(hidden, NO_DWELLING, dwelling).astype(np.int32)


def _spell(
    random: np.random.Generator,
    places: Places,
    residences: Residences,
    person: Indexes,
    dwelling: Indexes,
    type_: npt.NDArray[np.integer],
    start: Days,
    end: Days,
    reason: npt.NDArray[np.int8],
    planned: npt.NDArray[np.int8],
) -> Housing:
    count = len(person)
    municipality = home_at(residences, person, start)
    elsewhere = random.random(count) < 0.04
    municipality = np.where(elsewhere, choose(random, places.weight, count), municipality)
    municipality = np.where(type_ == ABROAD, len(places.codes) - 1, municipality).astype(np.int32)
    judged = random.random(count) < 0.12
    verdict = choose(random, [0.80, 0.15, 0.05], count)
    verdict = np.where(np.isin(type_, HOMELESS), 1, verdict)
    suitability = np.where(judged & (type_ != UNKNOWN_TYPE), verdict, NOTHING).astype(np.int8)
    every = np.where(random.random(count) < 0.08, 0, random.integers(45, 150, count)).astype(np.int32)
    return Housing(
        person,
        dwelling,
        municipality,
        type_.astype(np.int8),
        suitability,
        start,
        end,
        reason,
        planned,
        every,
    )


def _temporary_stays(random: np.random.Generator, people: People, first: Days, last: Days, spells: Housing) -> Housing:
    """Army, prison and hospital: beside the home that is kept, or between leaving it and return."""
    count = len(people.birth)
    man = people.gender == 0
    draws = random.random(count)
    kinds = np.select([man & (draws < 0.11), draws < 0.12, draws < 0.16], [ARMY, PRISON, HOSPITAL], NOTHING).astype(
        np.int8
    )
    length = np.select(
        [kinds == ARMY, kinds == PRISON],
        [
            np.array([165, 255, 347])[random.integers(0, 3, count)],
            30 + random.exponential(150, count).astype(np.int32),
        ],
        2 + random.exponential(40, count).astype(np.int32),
    )
    come_of_age = people.birth + round(18.2 * YEAR)
    begin = np.maximum(first, come_of_age) + (random.random(count) * (last - first)).astype(np.int32)
    finish = begin + length - 1
    happens = (kinds != NOTHING) & (finish < last)
    inside = (
        happens[spells.person] & (spells.start + 3 < begin[spells.person]) & (spells.end > finish[spells.person] + 3)
    )
    row = np.flatnonzero(inside)
    person = spells.person[row]
    stay = replace(
        spells.take(row),
        dwelling=np.full(len(row), NO_DWELLING, dtype=np.int32),
        type=kinds[person],
        suitability=np.full(len(row), NOTHING, dtype=np.int8),
        start=begin[person].astype(np.int32),
        end=finish[person].astype(np.int32),
        reason=np.full(len(row), 8, dtype=np.int8),
        planned=np.where(kinds[person] == ARMY, 1, 0).astype(np.int8),
    )
    left = random.random(len(row)) < 0.5
    again = replace(spells.take(row), start=(finish[person] + 1).astype(np.int32)).take(left)
    spells.end[row[left]] = begin[person[left]] - 1
    return spells.plus(stay).plus(again)
