"""Young people, their aftercare periods and their home municipalities.

Nothing here is about a real person: everything is drawn from the distributions in ``settings``.
Arrays of one dataclass run in parallel: element ``i`` of each belongs to row ``i``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import (
    OPEN,
    Days,
    Indexes,
    choose,
    day_number,
    generator,
    year_end,
    years_of,
)
from ingest.synthetic.settings import Scale

BURN_IN_START = day_number("2014-01-01")
STEP_DAYS = 14
YEAR = 365.25
# LsL 75 §: 21 until 2019, 25 until 2023, 23 from 2024 with a transition to 2024-06-30.
LIMIT_21_UNTIL = day_number("2019-12-31")
LIMIT_25_UNTIL = day_number("2023-12-31")
TRANSITION_UNTIL = day_number("2024-06-30")

OTHER_END_REASONS = ("OMA_PYYNTO", "EI_TARVETTA", "EI_YHTEYTTA", "KUOLEMA", "MAASTAMUUTTO", "MUU")
OTHER_END_WEIGHTS = (0.30, 0.34, 0.22, 0.015, 0.025, 0.10)
END_REASONS = (*OTHER_END_REASONS, "IKARAJA", "SIIRTO_ALUE")
AGE_LIMIT = END_REASONS.index("IKARAJA")
AREA_TRANSFER = END_REASONS.index("SIIRTO_ALUE")
REOPENED_REASONS = (0, 1, 2, 5)
LEGAL_BASES = ("HUOSTA", "HUOSTA_TV", "AVO", "KIIRE", "JALKI", "YKSIN", "HARKINTA")
LEGAL_BASIS_WEIGHTS = (0.50, 0.13, 0.22, 0.01, 0.02, 0.04, 0.08)
UNKNOWN_MUNICIPALITIES = ("198", "200")  # unknown; abroad


@dataclass(frozen=True)
class Rows:
    """Base of the dataclasses of parallel arrays."""

    def take(self, index: npt.NDArray[Any] | slice) -> Self:
        """The rows that an index, a mask or a slice names."""
        taken: dict[str, Any] = {field.name: getattr(self, field.name)[index] for field in fields(self)}
        return replace(self, **taken)

    def plus(self, other: Self) -> Self:
        """These rows, then the other's."""
        return self.join([self, other])

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one after the other; at least one part."""
        joined: dict[str, Any] = {
            field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)
        }
        return cls(**joined)


@dataclass(frozen=True)
class Places:
    """Areas and municipalities of the scale; the last two municipalities are 198 and 200."""

    areas: tuple[str, ...]
    area_share: npt.NDArray[np.float64]
    codes: tuple[str, ...]
    area_of: Indexes  # -1 for unknown places
    weight: npt.NDArray[np.float64]  # share of the country's young people; 0 for unknown places

    @property
    def known(self) -> int:
        """Number of municipalities that are real places."""
        return len(self.codes) - len(UNKNOWN_MUNICIPALITIES)


@dataclass(frozen=True)
class People:
    """Persons; ``birth`` is a day that no delivery shows."""

    birth: Days
    gender: npt.NDArray[np.int8]  # index into GENDERS
    language: npt.NDArray[np.int8]  # index into LANGUAGES
    first_child: Days
    lost_from: Days  # hardly any contact from this day on; OPEN for most


@dataclass(frozen=True)
class Periods(Rows):
    """Aftercare periods."""

    person: Indexes
    area: Indexes
    start: Days
    end: Days
    reason: npt.NDArray[np.int8]
    basis: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Residences(Rows):
    """Home municipality spells, sorted by person and start; the last one of a person is open."""

    person: Indexes
    municipality: Indexes
    start: Days
    end: Days


GENDERS = ("1", "2", "9")
LANGUAGES = ("fi", "sv", "se", "other", "unknown")


def make_places(scale: Scale, seed: int) -> Places:
    """The places of the scale with their shares of clients.

    An area's share is its share of the country's youth, times lognormal noise.
    """
    random = generator(seed, scale, "places")
    everywhere = settings.municipalities()
    areas = tuple(sorted({place.area for place in everywhere}))
    if scale == "small":
        areas = tuple(settings.SMALL_AREAS)
    chosen = [place for place in everywhere if place.area in areas]
    area_of = np.array([areas.index(place.area) for place in chosen], dtype=np.int32)
    youth = np.array([place.population for place in chosen], dtype=np.float64)
    weight = youth * random.lognormal(0, settings.MUNICIPALITY_WEIGHT_SIGMA, len(chosen))
    # Pertunmaa would have two clients in the whole country: more, so that the merger is seen.
    merged = settings.peculiarities(scale)["pertunmaa"]["municipality"]
    weight[[place.code for place in chosen].index(merged)] *= 2 if scale == "national" else 15
    share = np.asarray(np.bincount(area_of, youth, len(areas)), dtype=np.float64)
    share = share * random.lognormal(0, settings.AREA_WEIGHT_SIGMA, len(areas))
    if scale == "small":
        share = np.array(list(settings.SMALL_AREAS.values()))
    share /= share.sum()
    weight *= (share / np.bincount(area_of, weight, len(areas)))[area_of]
    unknown = len(UNKNOWN_MUNICIPALITIES)
    return Places(
        areas,
        share,
        (*(place.code for place in chosen), *UNKNOWN_MUNICIPALITIES),
        np.concatenate([area_of, np.full(unknown, -1, dtype=np.int32)]),
        np.concatenate([weight, np.zeros(unknown)]),
    )


def age_limit_end(
    random: np.random.Generator,
    birth: Days,
    area: Indexes,
    keeps_25: npt.NDArray[np.bool_],
    to_year_end: npt.NDArray[np.bool_],
) -> Days:
    """Last day before the age limit ends the right to aftercare, area by area.

    The duty ends at the latest on the birthday; some areas go on to the end of that year. The
    limit is never passed by the year in which it is reached.
    """

    def turning(age: int) -> Days:
        birthday = (birth + np.round(age * YEAR)).astype(np.int32)
        return np.where(to_year_end[area], year_end(years_of(birthday)), birthday - 1).astype(np.int32)

    turns_21, turns_23, turns_25 = turning(21), turning(23), turning(25)
    # The transition of 2024: most leave on its last day, the others during the half-year.
    early = random.integers(day_number("2024-01-01"), TRANSITION_UNTIL + 1, len(birth))
    leaves = np.where(random.random(len(birth)) < 0.75, early, TRANSITION_UNTIL)
    reached_23 = (birth + np.round(23 * YEAR)) <= TRANSITION_UNTIL
    after_2023 = np.where(reached_23, np.minimum(leaves, np.maximum(turns_25, LIMIT_25_UNTIL)), turns_23)
    after_2023 = np.where(keeps_25[area], turns_25, after_2023)
    limit = np.where(turns_25 <= LIMIT_25_UNTIL, turns_25, after_2023)
    return np.where(turns_21 <= LIMIT_21_UNTIL, turns_21, limit).astype(np.int32)


def _waiting_days(random: np.random.Generator, age: npt.NDArray[np.float64]) -> Days:
    """Days until the client leaves for another reason than age: oftener with the years."""
    from_age = np.array([0.0, 20.0, 21.5, 23.0])
    per_year = np.array([0.075, 0.155, 0.42, 1.30])
    left = random.exponential(1.0, len(age))  # what the cumulative hazard has still to reach
    years = np.zeros(len(age))
    for band, hazard in enumerate(per_year):
        until = from_age[band + 1] if band + 1 < len(from_age) else np.inf
        span = np.maximum(0.0, until - np.maximum(age, from_age[band]))
        spent = np.minimum(span, left / hazard)
        years += spent
        left = np.maximum(0.0, left - spent * hazard)
    return np.ceil(years * YEAR).clip(1, 20_000).astype(np.int32)


def make_people(
    places: Places, scale: Scale, seed: int, first_day: int, last_day: int
) -> tuple[People, Periods, Residences]:
    """Everybody with a day in aftercare between the two days (both included).

    New clients come in as many as the curve of the stock asks for. Before ``first_day`` there is
    a run-in from which the stock of that day is drawn.
    """
    random = generator(seed, scale, "people")
    keeps_25 = np.isin(places.areas, settings.areas_with(scale, "kept_age_limit_25"))
    to_year_end = random.random(len(places.areas)) < 0.3
    births: list[Days] = []
    homes: list[Indexes] = []
    batches: list[Periods] = []
    people_so_far = 0

    def enter(count: int, start: int, days: int) -> Periods:
        nonlocal people_so_far
        begin = random.integers(start, start + days, count).astype(np.int32)
        ages = np.array([16.0, 17.0, 18.0, 18.15, 19.0, 20.0])
        band = choose(random, [0.11, 0.22, 0.30, 0.22, 0.10, 0.05], count)
        width = np.array([1.0, 0.98, 0.1, 0.85, 1.0, 0.9])
        age = ages[band] + random.random(count) * width[band]
        birth = (begin - np.round(age * YEAR)).astype(np.int32)
        home = choose(random, places.weight, count).astype(np.int32)
        area = places.area_of[home]
        elsewhere = random.random(count) < settings.HOME_OUTSIDE_AREA_AT_START
        home = np.where(elsewhere, choose(random, places.weight, count), home).astype(np.int32)
        limit = age_limit_end(random, birth, area, keeps_25, to_year_end)
        other = begin + _waiting_days(random, age)
        reason = np.where(limit <= other, AGE_LIMIT, choose(random, OTHER_END_WEIGHTS, count))
        person = np.arange(people_so_far, people_so_far + count, dtype=np.int32)
        people_so_far += count
        births.append(birth)
        homes.append(home)
        first = Periods(
            person,
            area,
            begin,
            np.minimum(limit, other).astype(np.int32),
            reason.astype(np.int8),
            choose(random, LEGAL_BASIS_WEIGHTS, count).astype(np.int8),
        )
        return first.plus(_reopen(random, first, birth, keeps_25, to_year_end))

    target = settings.CLIENTS[scale]
    curve_days = np.array([day_number(day) for day, _ in settings.STOCK_CURVE])
    curve = np.array([value for _, value in settings.STOCK_CURVE])
    run_in = enter(
        int(target * 0.42 * (first_day - BURN_IN_START) / YEAR),
        BURN_IN_START,
        first_day - BURN_IN_START,
    )
    at_start = run_in.person[(run_in.start <= first_day) & (run_in.end >= first_day)]
    wanted = int(target * np.interp(first_day, curve_days, curve))
    kept = random.permutation(np.unique(at_start))[:wanted]
    batches.append(run_in.take(np.isin(run_in.person, kept)))
    most = max(1, int(target * 0.60 * STEP_DAYS / YEAR))  # nobody sees a third come in a month
    for day in range(first_day + 1, last_day + 1, STEP_DAYS):
        so_far = batches[0]
        middle = day + STEP_DAYS // 2
        stock = np.count_nonzero((so_far.start <= middle) & (so_far.end >= middle))
        missing = int(target * np.interp(middle, curve_days, curve)) - stock
        batches.append(enter(int(np.clip(missing, most // 4, most)), day, STEP_DAYS))
        batches = [Periods.join(batches)]
    periods = batches[0]
    periods = periods.take(periods.start <= last_day)
    birth, home = np.concatenate(births), np.concatenate(homes)

    used, person = np.unique(periods.person, return_inverse=True)
    periods = replace(periods, person=person.astype(np.int32))
    birth, home = birth[used], home[used]
    residences = _residences(random, places, periods, birth, home)
    periods = _transfers(random, places, periods, residences, birth, keeps_25, to_year_end)
    periods = periods.take((periods.end >= first_day) & (periods.start <= last_day))

    # Persons whose every period fell away (ended before the first day) are let go.
    used, person = np.unique(periods.person, return_inverse=True)
    periods = replace(periods, person=person.astype(np.int32))
    periods = periods.take(np.lexsort((periods.start, periods.person)))
    renumbered = np.full(len(birth), -1, dtype=np.int32)
    renumbered[used] = np.arange(len(used))
    residences = residences.take(renumbered[residences.person] >= 0)
    residences = replace(residences, person=renumbered[residences.person])
    return _describe(random, birth[used], periods), periods, residences


def _reopen(
    random: np.random.Generator,
    first: Periods,
    birth: Days,
    keeps_25: npt.NDArray[np.bool_],
    to_year_end: npt.NDArray[np.bool_],
) -> Periods:
    """Second periods of those who come back: some within 30 days, some after more than 90."""
    returns = np.isin(first.reason, REOPENED_REASONS) & (random.random(len(birth)) < 0.16)
    back, birth = first.take(returns), birth[returns]
    count = len(birth)
    gaps = np.array([[1, 30], [31, 90], [91, 500]])[choose(random, [0.35, 0.25, 0.40], count)]
    start = (back.end + 1 + random.integers(gaps[:, 0], gaps[:, 1] + 1)).astype(np.int32)
    limit = age_limit_end(random, birth, back.area, keeps_25, to_year_end)
    other = start + _waiting_days(random, (start - birth) / YEAR)
    reason = np.where(limit <= other, AGE_LIMIT, choose(random, OTHER_END_WEIGHTS, count)).astype(np.int8)
    again = replace(back, start=start, end=np.minimum(limit, other).astype(np.int32), reason=reason)
    return again.take(limit > start + 30)


def _residences(
    random: np.random.Generator, places: Places, periods: Periods, birth: Days, home: Indexes
) -> Residences:
    """Home municipalities from some years before aftercare (or birth) on."""
    count = len(birth)
    first = np.full(count, OPEN, dtype=np.int32)
    np.minimum.at(first, periods.person, periods.start)
    last = np.zeros(count, dtype=np.int32)
    np.maximum.at(last, periods.person, periods.end)
    moved_in = first - np.ceil(random.exponential(4 * YEAR, count)).astype(np.int32) - 1
    start = np.maximum(moved_in, birth).astype(np.int32)
    municipality = home.copy()
    no_place = random.random(count) < 0.004
    municipality[no_place] = places.known + random.integers(0, 2, int(no_place.sum()))
    moves_away = random.gamma(1.5, settings.MUNICIPALITY_MOVES_PER_YEAR / 1.5, count) + 1e-4
    person = np.arange(count, dtype=np.int32)
    clock = first.copy()  # moves before aftercare are not told
    parts = []
    study = places.weight[: places.known] ** 1.15  # cities draw
    by_area = [np.flatnonzero(places.area_of == area) for area in range(len(places.areas))]
    cumulative = np.cumsum(study)
    while len(person):
        clock = clock + np.ceil(random.exponential(YEAR / moves_away[person])).clip(1, 50_000).astype(np.int32)
        moves = clock < last[person] + 200
        parts.append(Residences(person, municipality, start, np.where(moves, clock - 1, OPEN).astype(np.int32)))
        person, clock, old = person[moves], clock[moves], municipality[moves]
        count = len(person)
        new = np.searchsorted(cumulative, random.random(count) * cumulative[-1]).clip(0, places.known - 1)
        stays = random.random(count) < 0.84
        old_area = places.area_of[old]
        for area, inside in enumerate(by_area):
            rows = np.flatnonzero(stays & (old_area == area))
            new[rows] = inside[choose(random, study[inside], len(rows))]
        away = random.random(count) < 0.02
        new[away] = places.known + random.integers(0, 2, int(away.sum()))
        # A draw of the same place becomes the next place in the list.
        same = new == old
        new[same] = (new[same] + 1) % places.known
        municipality, start = new.astype(np.int32), clock.astype(np.int32)
    spells = Residences.join(parts)
    return spells.take(np.lexsort((spells.start, spells.person)))


def _transfers(
    random: np.random.Generator,
    places: Places,
    periods: Periods,
    residences: Residences,
    birth: Days,
    keeps_25: npt.NDArray[np.bool_],
    to_year_end: npt.NDArray[np.bool_],
) -> Periods:
    """Split periods where a move takes the responsibility to another area.

    Others keep the old area (placement and study moves). A few are for some days in both.
    """
    first_of_person = np.concatenate([[True], residences.person[1:] != residences.person[:-1]])
    order = np.arange(len(residences.person)) - np.maximum.accumulate(
        np.where(first_of_person, np.arange(len(residences.person)), 0)
    )
    for step in range(1, int(order.max()) + 1):
        moves = residences.take(order == step)
        move_of = np.full(len(birth), -1, dtype=np.int64)
        move_of[moves.person] = np.arange(len(moves.person))
        row = np.flatnonzero(move_of[periods.person] >= 0)
        move = moves.take(move_of[periods.person[row]])
        to_area = places.area_of[move.municipality]
        date = move.start + random.integers(0, 60, len(row))
        happens = (
            (to_area >= 0)
            & (to_area != periods.area[row])
            & (date > periods.start[row] + 30)
            & (date < periods.end[row] - 30)
            & (random.random(len(row)) < 0.72)
        )
        row, to_area, date = row[happens], to_area[happens], date[happens].astype(np.int32)
        limit = age_limit_end(random, birth[periods.person[row]], to_area, keeps_25, to_year_end)
        reachable = limit > date + 30
        row, to_area, date, limit = (
            row[reachable],
            to_area[reachable],
            date[reachable],
            limit[reachable],
        )
        lag = np.array([1, 12, -9])[choose(random, [0.87, 0.09, 0.04], len(row))]  # next day, gap, both
        moved = periods.take(row)
        end = np.minimum(moved.end, limit).astype(np.int32)
        reason = np.where(limit < moved.end, AGE_LIMIT, moved.reason).astype(np.int8)
        arrived = replace(moved, area=to_area, start=(date + lag).astype(np.int32), end=end, reason=reason)
        periods.end[row] = date
        periods.reason[row] = AREA_TRANSFER
        periods = periods.plus(arrived)
    return periods


def _describe(random: np.random.Generator, birth: Days, periods: Periods) -> People:
    count = len(birth)
    last = np.zeros(count, dtype=np.int32)
    first = np.full(count, OPEN, dtype=np.int32)
    np.maximum.at(last, periods.person, periods.end)
    np.minimum.at(first, periods.person, periods.start)
    child = birth + np.round((18 + random.exponential(22, count)) * YEAR)
    lost = first + np.round(random.random(count) * (last - first))
    is_lost = random.random(count) < settings.LOST_CONTACT_SHARE
    return People(
        birth,
        choose(random, [0.52, 0.465, 0.015], count).astype(np.int8),
        choose(random, [0.80, 0.05, 0.004, 0.126, 0.02], count).astype(np.int8),
        np.minimum(child, OPEN).astype(np.int32),
        np.where(is_lost, lost, OPEN).astype(np.int32),
    )
