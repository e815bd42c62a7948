"""Support persons, network meetings, health checks and referrals of those in aftercare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.activity import STUDY, Activities
from ingest.synthetic.days import OPEN, Days, Indexes, choose, generator
from ingest.synthetic.draws import after, days_between, events, habits, place_factors, team_factors
from ingest.synthetic.people import YEAR, People, Periods, Places, Residences, Rows
from ingest.synthetic.plans import CLOSING, NEEDS, Plans
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import home_at

RELATIONS = ("SIJAISVANHEMPI", "OMAOHJAAJA", "SUKULAINEN", "YSTAVA_AIKUINEN", "VAPAAEHTOINEN", "AMMATILLINEN")
CHECK_TYPES = ("SIJAISHUOLTO_ALKU", "VUOSI", "JALKIHUOLTO", "SUUN", "OPISKELU")
YEARLY, AFTERCARE_CHECK, DENTAL, STUDENT = 1, 2, 3, 4
CHECK_STATUSES = ("TEHTY", "EI_TARVETTA", "KIELTAYTYI", "EI_TEHTY")
REFERRAL_STATUSES = ("AVOIN", "JONO", "ALKANUT", "EVATTY", "NUORI_PERUI", "RAUENNUT")
OPEN_REFERRAL, IN_QUEUE, BEGAN, REFUSED, WITHDRAWN, LAPSED = range(6)
# Service, how often, usual days until it begins, whether a municipality gives it.
_SERVICES = (
    ("ASUNTO", 0.12, 48, True),
    ("TUETTU_ASUMINEN", 0.05, 60, False),
    ("OPPILAITOS", 0.08, 34, True),
    ("OPISKELUHUOLTO", 0.06, 14, True),
    ("OHJAAMO", 0.10, 10, True),
    ("TYOLLISYYS", 0.10, 16, True),
    ("TYOPAJA", 0.09, 26, True),
    ("ETSIVA", 0.05, 9, True),
    ("NUORISOTYO", 0.03, 12, True),
    ("LIIKUNTA_KULTTUURI", 0.03, 20, True),
    ("MIELENTERVEYS", 0.10, 32, False),
    ("PAIHDE", 0.05, 22, False),
    ("TERVEYSKESKUS", 0.04, 14, False),
    ("AIKUISSOSIAALITYO", 0.03, 15, False),
    ("KELA", 0.04, 12, False),
    ("VELKANEUVONTA", 0.03, 30, True),
)
SERVICES = tuple(row[0] for row in _SERVICES)
_WEIGHTS = np.array([row[1] for row in _SERVICES])
_USUAL_DAYS = np.array([row[2] for row in _SERVICES], dtype=np.float64)
_MUNICIPAL = np.array([row[3] for row in _SERVICES])
# Where somebody is sent who goes on needing help when aftercare ends.
_ONWARD = np.array([SERVICES.index(name) for name in ("AIKUISSOSIAALITYO", "TYOLLISYYS", "MIELENTERVEYS", "ASUNTO")])


@dataclass(frozen=True)
class Supporters(Rows):
    """Links to support persons, sorted by ``told``."""

    period: Indexes
    number: Indexes  # of the support person
    relation: npt.NDArray[np.int8]
    start: Days
    end: Days
    told: Days
    confirmed_every: Days  # 0: never confirmed


@dataclass(frozen=True)
class Meetings(Rows):
    """Network meetings, sorted by day."""

    period: Indexes
    day: Days
    present: npt.NDArray[np.bool_]
    parties: Indexes


@dataclass(frozen=True)
class Checks(Rows):
    """Health checks made or found not to be made, sorted by day; one of a kind a day and person."""

    period: Indexes
    day: Days
    type: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Referrals(Rows):
    """Referrals with everything that is to become of them, sorted by day."""

    period: Indexes
    day: Days
    service: npt.NDArray[np.int8]
    municipality: Indexes  # -1: not told
    began: Days  # OPEN: never, or nothing is known
    settled: Days  # day of the final status; OPEN: never told
    final: npt.NDArray[np.int8]


def make_supporters(places: Places, periods: Periods, team: Indexes, scale: Scale, seed: int) -> Supporters:
    """Named adults: many known from substitute care, others found in aftercare."""
    random = generator(seed, scale, "support persons")
    areas = len(places.areas)
    known = habits(random, *settings.SUPPORT_PERSON_RANGE, areas)
    # Some areas have no place for it in their client system.
    known[: max(1, areas // 11)] *= 0.25
    known = random.permutation(known)
    expected = known[periods.area] * team_factors(random, team, 0.15) * 1.15
    number = random.poisson(expected)
    period = np.repeat(np.arange(len(expected), dtype=np.int32), number)
    count = len(period)
    relation = choose(random, [0.22, 0.16, 0.20, 0.16, 0.12, 0.14], count)
    begin, finish = periods.start[period], periods.end[period]
    from_before = (relation <= 3) & (random.random(count) < 0.75)
    start = np.where(
        from_before, begin - random.integers(1, 2500, count), days_between(random, begin, np.minimum(finish, OPEN))
    )
    start = np.where(~from_before, np.minimum(start, after(random, begin, 240, 3000)), start)
    lasting = np.where(relation >= 4, 420, 1900)
    end = np.where(
        random.random(count) < 0.25, OPEN, np.maximum(start, begin) + 20 + random.exponential(lasting)
    ).astype(np.int32)
    every = np.where(random.random(count) < 0.12, 0, random.integers(60, 170, count))
    links = Supporters(
        period,
        np.arange(count, dtype=np.int32),
        relation.astype(np.int8),
        start.astype(np.int32),
        end,
        np.maximum(start, begin).astype(np.int32),
        every.astype(np.int32),
    )
    links = links.take(links.start <= finish)
    # Volunteers and professionals support several.
    shared = links.relation >= 4
    links.number[shared] = links.number[shared] // 6 * 6
    # Nobody is named twice to the same person from the same day on.
    _, one = np.unique(np.stack([periods.person[links.period], links.number, links.start]), axis=1, return_index=True)
    links = links.take(np.sort(one))
    return links.take(np.lexsort((links.number, links.period, links.told)))


def make_meetings(
    places: Places, periods: Periods, team: Indexes, scale: Scale, seed: int, first_day: int, last_day: int
) -> Meetings:
    """Network meetings, oftener in some areas and teams."""
    random = generator(seed, scale, "network meetings")
    areas = len(places.areas)
    yearly = habits(random, *settings.NETWORK_MEETINGS_RANGE, areas)[periods.area]
    yearly = yearly * team_factors(random, team, 0.2) * random.gamma(2.0, 0.5, len(yearly))
    period, day = events(random, yearly, np.maximum(periods.start, first_day), np.minimum(periods.end, last_day))
    present = random.random(len(day)) < habits(random, 0.78, 0.97, areas)[periods.area[period]]
    parties = np.minimum(9, 1 + random.poisson(1.7, len(day)))
    meetings = Meetings(period, day, present, parties.astype(np.int32))
    return meetings.take(np.lexsort((period, day)))


def make_checks(
    places: Places,
    people: People,
    periods: Periods,
    activities: Activities,
    scale: Scale,
    seed: int,
    first_day: int,
    last_day: int,
) -> Checks:
    """Health checks: yearly before 18, in aftercare and of students after it; teeth apart."""
    random = generator(seed, scale, "health checks")
    habit = habits(random, *settings.HEALTH_CHECK_RANGE, len(places.areas))[periods.area]
    begin, finish = np.maximum(periods.start, first_day), np.minimum(periods.end, last_day)
    parts = []
    for type_, yearly in ((YEARLY, 1.3), (AFTERCARE_CHECK, 1.0), (DENTAL, 0.75), (STUDENT, 0.55)):
        period, day = events(random, yearly * habit, begin, finish)
        person = periods.person[period]
        minor = day < people.birth[person] + round(18 * YEAR)
        fits = np.ones(len(day), dtype=np.bool_)
        if type_ == YEARLY:
            fits = minor
        elif type_ == AFTERCARE_CHECK:
            fits = ~minor
        elif type_ == STUDENT:
            fits = activities.kind_at(person, day) == STUDY
        status = choose(random, [0.80, 0.03, 0.09, 0.08], len(day)).astype(np.int8)
        parts.append(Checks(period, day, np.full(len(day), type_, dtype=np.int8), status).take(fits))
    checks = Checks.join(parts)
    identity = np.stack([periods.person[checks.period], periods.area[checks.period], checks.type, checks.day])
    _, one = np.unique(identity, axis=1, return_index=True)
    checks = checks.take(np.sort(one))
    return checks.take(np.lexsort((checks.type, checks.period, checks.day)))


def make_referrals(
    places: Places,
    periods: Periods,
    residences: Residences,
    plans: Plans,
    scale: Scale,
    seed: int,
    last_day: int,
) -> Referrals:
    """Referrals all through aftercare, and onward ones of those who need help when it ends."""
    random = generator(seed, scale, "referrals")
    areas, towns = len(places.areas), len(places.codes)
    yearly = settings.REFERRALS_PER_YEAR * habits(random, 0.7, 1.3, areas)[periods.area]
    yearly = yearly * random.gamma(2.0, 0.5, len(yearly))
    period, day = events(random, yearly, periods.start, np.minimum(periods.end, last_day))
    service = choose(random, _WEIGHTS, len(day))
    ending = plans.period[(plans.type == CLOSING) & (plans.need == NEEDS.index("yes"))]
    ending = ending[random.random(len(ending)) < habits(random, 0.55, 0.92, areas)[periods.area[ending]]]
    last = periods.end[ending]
    onward_day = days_between(random, np.maximum(periods.start[ending], last - 60), last)
    onward = _ONWARD[choose(random, [0.46, 0.22, 0.18, 0.14], len(ending))]
    period, day = np.concatenate([period, ending]), np.concatenate([day, onward_day])
    service = np.concatenate([service, onward]).astype(np.int8)
    count, area = len(day), periods.area[period]

    home = home_at(residences, periods.person[period], day)
    elsewhere = random.random(count) < 0.05
    target = np.where(elsewhere, choose(random, places.weight, count), home).astype(np.int32)
    municipal = _MUNICIPAL[service]
    # How fast a municipality is, how often it says what became of a referral: habits of its own.
    pace = np.where(municipal, place_factors(random, towns, 0.45)[target], random.lognormal(0, 0.3, areas)[area])
    answers = np.where(municipal, random.uniform(*settings.RETURN_INFORMATION_RANGE, towns)[target], 0.9)
    wait = 1 + np.minimum(500, random.gamma(1.6, 1 / 1.6, count) * _USUAL_DAYS[service] * pace)
    final = np.array([BEGAN, REFUSED, WITHDRAWN, LAPSED])[choose(random, [0.74, 0.07, 0.11, 0.08], count)]
    settled = day + np.where(final == BEGAN, wait, random.integers(3, 120, count)).astype(np.int32)
    told = random.random(count) < answers
    says_where = (municipal | (random.random(count) < 0.2)) & (random.random(count) > 0.02)
    referrals = Referrals(
        period.astype(np.int32),
        day.astype(np.int32),
        service.astype(np.int8),
        np.where(says_where, target, -1).astype(np.int32),
        np.where(told & (final == BEGAN), settled, OPEN).astype(np.int32),
        np.where(told, settled, OPEN).astype(np.int32),
        final.astype(np.int8),
    )
    return referrals.take(np.lexsort((referrals.service, referrals.period, referrals.day)))
