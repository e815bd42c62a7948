"""Contacts with the young people, supported housing and its queue, and municipal rental housing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import NO_DAY, Days, Indexes, choose, generator
from ingest.synthetic.people import YEAR, People, Periods, Places, Residences, Rows
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import COUNSELLOR, RESPONSIBLE, UNKNOWN_WORKER, Assignments, home_at

CHANNELS = ("TAPAAMINEN", "KOTIKAYNTI", "PUHELIN", "VIDEO", "VIESTI")
OPERATORS = ("KUNTA", "HVA", "JARJESTO", "YRITYS")
QUEUE_STATUSES = ("JONO", "AVOIN", "ALKANUT", "EVATTY", "NUORI_PERUI", "RAUENNUT")
WAITING, OPEN_APPLICATION, BEGAN, REFUSED, WITHDRAWN, LAPSED = range(6)
NO_LIMIT = -1


@dataclass(frozen=True)
class Contacts(Rows):
    """Contacts, sorted by day."""

    period: Indexes
    worker: Indexes
    day: Days
    channel: npt.NDArray[np.int8]
    two_way: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Queue(Rows):
    """Applications for supported housing with everything that is to become of them."""

    period: Indexes
    municipality: Indexes
    applied: Days
    offered: Days  # -1: never
    began: Days  # -1: never
    settled: Days  # day of the final status
    final: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Units(Rows):
    """Supported-housing units."""

    area: Indexes
    municipality: Indexes
    places: Indexes
    age_from: Indexes
    age_to: Indexes
    operator: npt.NDArray[np.int8]


def make_contacts(
    people: People,
    periods: Periods,
    assignments: Assignments,
    scale: Scale,
    seed: int,
    first_day: int,
    last_day: int,
) -> Contacts:
    """Contacts of every aftercare period between the two days, with the worker who had them."""
    random = generator(seed, scale, "contacts")
    begin, finish = np.maximum(periods.start, first_day), np.minimum(periods.end, last_day)
    monthly = settings.CONTACTS_PER_MONTH * random.gamma(2.5, 1 / 2.5, len(begin))
    lost_from = people.lost_from[periods.person]
    expected = monthly * np.maximum(0, np.minimum(finish, lost_from) - begin + 1) / (YEAR / 12)
    expected += 0.06 * np.maximum(0, finish - np.maximum(begin, lost_from) + 1) / (YEAR / 12)
    number = random.poisson(expected)
    period = np.repeat(np.arange(len(begin), dtype=np.int32), number)
    share = random.random(len(period))
    until = np.maximum(begin, np.minimum(finish, lost_from))[period]
    # Nobody who is lost is met, but for the last tries of the workers.
    until = np.where(random.random(len(period)) < 0.03, finish[period], until)
    day = (begin[period] + np.floor(share * (until - begin[period] + 1))).astype(np.int32)
    weekend = (day + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    day = np.where(weekend & (day - 2 >= begin[period]), day - 2, day).astype(np.int32)

    responsible = _worker_on(assignments, RESPONSIBLE, period, day)
    counsellor = _worker_on(assignments, COUNSELLOR, period, day)
    who = random.random(len(period))
    worker = np.where(who < 0.56, responsible, counsellor)
    worker = np.where(worker == UNKNOWN_WORKER, np.maximum(responsible, counsellor), worker)
    worker = np.where(who > 0.985, UNKNOWN_WORKER, worker).astype(np.int32)
    two_way = random.random(len(period)) < np.where(day > lost_from[period], 0.15, settings.TWO_WAY_SHARE)
    channel = choose(random, [0.36, 0.14, 0.28, 0.07, 0.15], len(period)).astype(np.int8)
    order = np.lexsort((period, day))
    return Contacts(period, worker, day, channel, two_way).take(order)


def _worker_on(assignments: Assignments, role: int, period: Indexes, day: Days) -> Indexes:
    """The worker of that role whose assignment began last, if it is open on the day; else -1."""
    rows = assignments.take(assignments.role == role)
    rows = rows.take(np.lexsort((rows.start, rows.period)))
    keys = rows.period.astype(np.int64) * (1 << 20) + rows.start
    found = np.searchsorted(keys, period.astype(np.int64) * (1 << 20) + day, side="right") - 1
    valid = (found >= 0) & (rows.period[found] == period) & (rows.end[found] >= day)
    return np.where(valid, rows.worker[found], UNKNOWN_WORKER).astype(np.int32)


def make_units(places: Places, clients: npt.NDArray[np.float64], scale: Scale, seed: int) -> Units:
    """Units of each area with about 6–14 places for a hundred clients, mostly in its towns."""
    random = generator(seed, scale, "units")
    parts = []
    for area in range(len(places.areas)):
        wanted = clients[area] * random.uniform(0.06, 0.14)
        count = max(2, round(wanted / 7))
        size = np.maximum(1, random.poisson(wanted / count, count)).astype(np.int32)
        inside = np.flatnonzero(places.area_of == area)
        where = inside[choose(random, places.weight[inside], count)]
        parts.append(
            Units(
                np.full(count, area, dtype=np.int32),
                where.astype(np.int32),
                size,
                np.array([16, 18, NO_LIMIT], dtype=np.int32)[choose(random, [0.3, 0.5, 0.2], count)],
                np.array([21, 24, 29, NO_LIMIT], dtype=np.int32)[choose(random, [0.15, 0.4, 0.3, 0.15], count)],
                choose(random, [0.2, 0.3, 0.3, 0.2], count).astype(np.int8),
            )
        )
    return Units.join(parts)


def make_queue(
    places: Places,
    periods: Periods,
    residences: Residences,
    scale: Scale,
    seed: int,
    first_day: int,
    last_day: int,
) -> Queue:
    """Applications for supported housing, about one for ten client-years."""
    random = generator(seed, scale, "queue")
    begin, finish = np.maximum(periods.start, first_day), np.minimum(periods.end, last_day)
    number = random.poisson(0.10 * (finish - begin + 1) / YEAR)
    period = np.repeat(np.arange(len(begin), dtype=np.int32), number)
    applied = (begin[period] + np.floor(random.random(len(period)) * (finish - begin + 1)[period])).astype(np.int32)
    municipality = home_at(residences, periods.person[period], applied)
    wait = random.lognormal(0, 0.4, len(places.areas))[periods.area[period]] * 60
    offered = applied + 1 + np.minimum(700, random.exponential(wait)).astype(np.int32)
    final = np.array([BEGAN, REFUSED, WITHDRAWN, LAPSED])[choose(random, [0.66, 0.10, 0.16, 0.08], len(period))]
    declined = (final == WITHDRAWN) & (random.random(len(period)) < 0.5)
    has_offer = (final == BEGAN) | declined
    settled = offered + np.where(has_offer, random.integers(1, 30, len(period)), 0)
    queue = Queue(
        period,
        municipality,
        applied,
        np.where(has_offer, offered, NO_DAY).astype(np.int32),
        np.where(final == BEGAN, settled, NO_DAY).astype(np.int32),
        settled.astype(np.int32),
        final.astype(np.int8),
    )
    # One application of a client for a municipality a day, and none for an unknown place.
    identity = np.stack([periods.person[period], periods.area[period], municipality, applied])
    _, one = np.unique(identity, axis=1, return_index=True)
    queue = queue.take(np.sort(one))
    queue = queue.take(queue.municipality < places.known)
    return queue.take(np.lexsort((queue.period, queue.applied)))


def rental_figures(scale: Scale, seed: int, populations: npt.NDArray[np.int64], period: str) -> npt.NDArray[np.int64]:
    """Applications, offers and evictions of aftercare youth, one row a municipality."""
    random = generator(seed, scale, "rental", period)
    # About 40 clients among 1,000 young people; one in twenty applies in a quarter.
    applications = random.poisson(populations * 0.040 * 0.055)
    offers = random.binomial(applications, 0.55)
    evictions = random.poisson(populations * 0.040 * 0.0025)
    return np.stack([applications, offers, evictions], axis=1)
