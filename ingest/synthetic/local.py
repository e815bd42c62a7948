"""What municipalities give young people in aftercare: employment services and leisure support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.activity import NEET, UNEMPLOYED, WORKSHOP, Activities
from ingest.synthetic.days import Days, Indexes, choose, generator
from ingest.synthetic.draws import DAY_SPAN, after, events, first_days, last_days, place_factors
from ingest.synthetic.people import People, Periods, Places, Residences, Rows
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import home_at

EMPLOYMENT_SERVICES = ("OHJAAMO", "TYOPAJA", "ETSIVA", "TYOLLISYYS")
OHJAAMO, TYOPAJA, ETSIVA, TYOLLISYYS = range(4)
LEISURE_KINDS = ("AVUSTUS", "KORTTI", "RYHMA")
GRANT, CARD, GROUP = range(3)
SHORTEST_NEET_DAYS = 30


@dataclass(frozen=True)
class Employment(Rows):
    """Spells in employment services, sorted by start; one of a kind at a time for each person."""

    person: Indexes
    service: npt.NDArray[np.int8]
    municipality: Indexes
    start: Days
    end: Days


@dataclass(frozen=True)
class Leisure(Rows):
    """Support for hobbies, sorted by day; one of a kind a day and person."""

    person: Indexes
    municipality: Indexes
    day: Days
    kind: npt.NDArray[np.int8]
    cents: npt.NDArray[np.int64]  # -1: no amount


def make_employment(
    places: Places,
    people: People,
    periods: Periods,
    residences: Residences,
    activities: Activities,
    scale: Scale,
    seed: int,
) -> Employment:
    """Workshop spells as the activities have them, and those outside work and study who were reached."""
    random = generator(seed, scale, "employment services")
    count = len(people.birth)
    first, last = first_days(periods, count), last_days(periods, count)
    rows = activities.take(
        (np.isin(activities.kind, NEET) & (activities.end - activities.start >= SHORTEST_NEET_DAYS))
        | (activities.kind == WORKSHOP)
    )
    home = home_at(residences, rows.person, rows.start)
    reach = random.uniform(*settings.REACHED_WHEN_NEET_RANGE, len(places.codes))
    in_workshop = (rows.kind == WORKSHOP) & (random.random(len(home)) < 0.92)
    reached = ~(rows.kind == WORKSHOP) & (random.random(len(home)) < reach[home])
    registered = (rows.kind == UNEMPLOYED) & (random.random(len(home)) < 0.5)
    parts = []
    for service, chosen in ((TYOPAJA, in_workshop), (OHJAAMO, reached), (TYOLLISYYS, registered)):
        row = np.flatnonzero(chosen)
        start = rows.start[row] if service == TYOPAJA else after(random, rows.start[row], 45, 500)
        end = rows.end[row] if service == TYOPAJA else np.minimum(rows.end[row] + 40, after(random, start, 210, 1500))
        kind = np.full(len(row), service, dtype=np.int8)
        if service == OHJAAMO:
            kind = np.array([OHJAAMO, ETSIVA, TYOPAJA])[choose(random, [0.52, 0.33, 0.15], len(row))].astype(np.int8)
        parts.append(Employment(rows.person[row], kind, home[row], start.astype(np.int32), end.astype(np.int32)))
    spells = Employment.join(parts)
    spells = spells.take(
        (spells.end >= spells.start)
        & (spells.start <= last[spells.person])
        & (spells.end >= first[spells.person])
        & (spells.municipality < places.known)
    )
    order = np.lexsort((spells.start, spells.service, spells.person))
    spells = spells.take(order)
    # Who is in a service does not enter it a second time.
    group = spells.person.astype(np.int64) * len(EMPLOYMENT_SERVICES) + spells.service
    furthest = np.maximum.accumulate(group * DAY_SPAN + spells.end)
    inside = np.zeros(len(group), dtype=np.bool_)
    inside[1:] = (group[1:] == group[:-1]) & (furthest[:-1] >= group[1:] * DAY_SPAN + spells.start[1:])
    spells = spells.take(~inside)
    return spells.take(np.lexsort((spells.person, spells.start)))


def make_leisure(
    places: Places, periods: Periods, residences: Residences, scale: Scale, seed: int, first_day: int, last_day: int
) -> Leisure:
    """Grants, cards and groups, by the habit of the municipality."""
    random = generator(seed, scale, "leisure")
    begin, finish = np.maximum(periods.start, first_day), np.minimum(periods.end, last_day)
    home = home_at(residences, periods.person, begin)
    yearly = settings.LEISURE_SUPPORT_PER_YEAR * place_factors(random, len(places.codes), 0.6)[home]
    period, day = events(random, yearly, begin, finish)
    person = periods.person[period]
    municipality = home_at(residences, person, day)
    kind = choose(random, [0.35, 0.40, 0.25], len(day)).astype(np.int8)
    euros = np.where(kind == GRANT, random.gamma(4.0, 40.0, len(day)), random.choice([30, 45, 60, 80], len(day)))
    cents = np.where(kind == GROUP, -1, np.round(euros * 100)).astype(np.int64)
    support = Leisure(person, municipality, day, kind, cents).take(municipality < places.known)
    _, one = np.unique(np.stack([support.person, support.day, support.kind]), axis=1, return_index=True)
    support = support.take(np.sort(one))
    return support.take(np.lexsort((support.person, support.day)))
