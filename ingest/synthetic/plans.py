"""Client plans: versions, who recorded them together, and what was agreed and done."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.activity import NEET, STUDY, WORKSHOP, Activities
from ingest.synthetic.days import NO_DAY, OPEN, Days, Indexes, choose, generator
from ingest.synthetic.draws import after, days_between, first_periods, habits, team_factors
from ingest.synthetic.people import END_REASONS, Periods, Places, Rows
from ingest.synthetic.placements import DISCRETIONARY
from ingest.synthetic.settings import Scale

PLAN_TYPES = ("ITSENAISTYMINEN", "JALKIHUOLTO", "PAATTAMINEN")
INDEPENDENT_LIVING, AFTERCARE_PLAN, CLOSING = range(3)
NEEDS = ("yes", "no", "unknown")
NOT_TOLD = -1
SECTORS = (
    "NUORI",
    "SOSIAALI",
    "TERVEYS",
    "KOULUTUS",
    "TYOLLISYYS",
    "ASUMINEN",
    "NUORISOTYO",
    "KELA",
    "JARJESTO",
    "LAHEINEN",
)
_SECTOR_SHARES = np.array([0.95, 0.90, 0.14, 0.15, 0.12, 0.13, 0.05, 0.04, 0.05, 0.15])
ACTIONS = ("ASUMISHARJOITTELU", "TALOUSTAIDOT", "OPINTOTUKI", "TYOELAMA", "TERVEYS", "VERKOSTO", "OIKEUDET")
HOUSING_PRACTICE, STUDIES, WORK = 0, 2, 3
# How often each is agreed upon: in the plan for independent living, in aftercare, at its end.
_ACTION_SHARES = np.array(
    [
        [0.60, 0.20, 0.18, 0.06, 0.10, 0.18, 0.25],
        [0.04, 0.10, 0.20, 0.17, 0.08, 0.28, 0.46],
        [0.01, 0.03, 0.04, 0.07, 0.06, 0.06, 0.22],
    ]
)
ACTION_STATUSES = ("SUUNNITELTU", "KESKEN", "TEHTY", "PERUTTU")
PLANNED, UNDER_WAY, DONE, CANCELLED = range(4)
_NO_CLOSING_PLAN = tuple(END_REASONS.index(reason) for reason in ("KUOLEMA", "MAASTAMUUTTO", "SIIRTO_ALUE"))


@dataclass(frozen=True)
class Plans(Rows):
    """Plan versions, sorted by ``told``: the day from which the supplier knows client and version."""

    period: Indexes
    type: npt.NDArray[np.int8]
    start: Days
    end: Days
    review: Days  # OPEN: never after the making
    present: npt.NDArray[np.bool_]
    view: npt.NDArray[np.int8]
    need: npt.NDArray[np.int8]
    told: Days


@dataclass(frozen=True)
class Parties(Rows):
    """Who recorded a plan version together; in the order of the plans."""

    plan: Indexes
    sector: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Actions(Rows):
    """What was agreed in a plan version; in the order of the plans. Days after the period: never."""

    plan: Indexes
    code: npt.NDArray[np.int8]
    begun: Days
    settled: Days
    final: npt.NDArray[np.int8]


def make_plans(
    places: Places,
    periods: Periods,
    team: Indexes,
    activities: Activities,
    scale: Scale,
    seed: int,
) -> tuple[Plans, Parties, Actions]:
    """Every plan version of every aftercare period, from before it to its end."""
    random = generator(seed, scale, "plans")
    areas = len(places.areas)
    kept = _kept_up(random, areas, periods, team)
    parts = [_independent_living(random, areas, periods, kept), kept, _closing(random, areas, periods)]
    plans = Plans.join(parts)
    plans = _with_people(random, areas, periods, team, plans)
    plans = replace(plans, told=np.maximum(plans.start, periods.start[plans.period]).astype(np.int32))
    plans = plans.take(plans.end >= plans.start)
    plans = plans.take(np.lexsort((plans.type, plans.period, plans.told)))
    return plans, _parties(random, areas, periods, plans), _actions(random, areas, periods, activities, plans)


def _version(period: Indexes, type_: int, start: Days, end: Days) -> Plans:
    count = len(period)
    return Plans(
        period,
        np.full(count, type_, dtype=np.int8),
        start.astype(np.int32),
        end.astype(np.int32),
        np.full(count, OPEN, dtype=np.int32),
        np.zeros(count, dtype=np.bool_),
        np.full(count, NOT_TOLD, dtype=np.int8),
        np.full(count, NOT_TOLD, dtype=np.int8),
        start.astype(np.int32),
    )


def _kept_up(random: np.random.Generator, areas: int, periods: Periods, team: Indexes) -> Plans:
    """Versions of the aftercare plan: renewed by the habit of area and team, or let lapse."""
    interval = habits(random, *settings.PLAN_INTERVAL_RANGE, areas)[periods.area] * team_factors(random, team, 0.12)
    without = habits(random, *settings.NO_PLAN_RANGE, areas)[periods.area]
    fixed_term = (habits(random, 0, 1, areas) < 0.3)[periods.area]
    row = np.flatnonzero(random.random(len(periods.person)) >= without).astype(np.int32)
    begin = periods.start[row]
    early = random.random(len(row)) < 0.58
    start = np.where(early, begin - random.integers(0, 45, len(row)), after(random, begin, 38, 250)).astype(np.int32)
    parts = []
    alive = start <= periods.end[row]
    row, start = row[alive], start[alive]
    while len(row):
        wait = np.maximum(40, interval[row] * random.gamma(5.0, 1 / 5.0, len(row))).astype(np.int32)
        following = start + wait
        finish = periods.end[row]
        renewed = following <= finish
        closed = np.where(random.random(len(row)) < 0.7, finish, OPEN)
        end = np.where(renewed, following - 1, np.maximum(closed, start))
        end = np.where(fixed_term[row], np.minimum(end, start + 364), end)
        version = _version(row, AFTERCARE_PLAN, start, end)
        review = days_between(random, start + wait // 3, start + (wait * 5) // 6)
        reviewed = (random.random(len(row)) < 0.42) & (review <= np.minimum(finish, end))
        parts.append(replace(version, review=np.where(reviewed, review, OPEN).astype(np.int32)))
        row, start = row[renewed], following[renewed].astype(np.int32)
    return Plans.join(parts)


def _independent_living(random: np.random.Generator, areas: int, periods: Periods, kept: Plans) -> Plans:
    """The plan made in substitute care, mostly valid until the plan of aftercare replaces it."""
    share = habits(random, 0.45, 0.90, areas)
    first = first_periods(periods, int(periods.person.max()) + 1)
    has = (random.random(len(first)) < share[periods.area[first]]) & (periods.basis[first] != DISCRETIONARY)
    row = first[has]
    start = (periods.start[row] - random.integers(40, 500, len(row))).astype(np.int32)
    replaced = np.full(len(periods.person), OPEN, dtype=np.int32)
    np.minimum.at(replaced, kept.period, kept.start)
    until = np.minimum(replaced[row] - 1, periods.start[row] + 180)
    until = np.where(random.random(len(row)) < 0.85, until, periods.start[row] - 1)
    return _version(row.astype(np.int32), INDEPENDENT_LIVING, start, np.maximum(until, start).astype(np.int32))


def _closing(random: np.random.Generator, areas: int, periods: Periods) -> Plans:
    """The plan for the end, with whether the young person goes on needing a service."""
    share = habits(random, *settings.CLOSING_PLAN_RANGE, areas)[periods.area]
    share = np.where(periods.reason == END_REASONS.index("EI_YHTEYTTA"), 0.4 * share, share)
    row = np.flatnonzero(
        (random.random(len(share)) < share) & ~np.isin(periods.reason, _NO_CLOSING_PLAN) & (periods.end < OPEN)
    ).astype(np.int32)
    start = np.maximum(periods.start[row], periods.end[row] - random.integers(2, 90, len(row))).astype(np.int32)
    plan = _version(row, CLOSING, start, np.maximum(periods.end[row], start))
    need = choose(random, [0.46, 0.38, 0.11, 0.05], len(row))
    return replace(plan, need=np.where(need == 3, NOT_TOLD, need).astype(np.int8))


def _with_people(random: np.random.Generator, areas: int, periods: Periods, team: Indexes, plans: Plans) -> Plans:
    """Whether the young person was there and their own view was written down."""
    area = periods.area[plans.period]
    presence = habits(random, 0.74, 0.95, areas)[area] * np.minimum(
        1.04, team_factors(random, team, 0.06)[plans.period]
    )
    present = random.random(len(area)) < np.minimum(0.985, presence)
    viewed = random.random(len(area)) < np.where(present, habits(random, 0.70, 0.96, areas)[area], 0.15)
    view = np.where(random.random(len(area)) < 0.03, NOT_TOLD, viewed)
    return replace(plans, present=present, view=view.astype(np.int8))


def _parties(random: np.random.Generator, areas: int, periods: Periods, plans: Plans) -> Parties:
    habit = np.stack([random.lognormal(-0.06, 0.35, areas) for _ in SECTORS], axis=1)
    habit[:, :2] = 1
    share = np.minimum(0.97, habit[periods.area[plans.period]] * _SECTOR_SHARES)
    share[:, 0] = np.where(plans.present, share[:, 0], 0.03)
    took_part = random.random(share.shape, dtype=np.float32) < share
    plan, sector = np.nonzero(took_part)
    return Parties(plan.astype(np.int32), sector.astype(np.int8))


def _actions(
    random: np.random.Generator, areas: int, periods: Periods, activities: Activities, plans: Plans
) -> Actions:
    """Support for studies for those who study, for working life for those outside; the rest for anybody."""
    habit = np.stack([random.lognormal(-0.03, 0.25, areas) for _ in ACTIONS], axis=1)
    share = habit[periods.area[plans.period]] * _ACTION_SHARES[plans.type]
    doing = activities.kind_at(periods.person[plans.period], plans.told)
    share[:, STUDIES] *= np.where(doing == STUDY, 2.3, 0.5)
    share[:, WORK] *= np.where(np.isin(doing, NEET) | (doing == WORKSHOP), 2.4, 0.5)
    plan, code = np.nonzero(random.random(share.shape, dtype=np.float32) < np.minimum(0.95, share))
    count = len(plan)
    begun = after(random, plans.start[plan], 30, 300)
    settled = after(random, begun, 60, 500)
    final = choose(random, [0.07, 0.13, 0.71, 0.09], count)
    # Practice before leaving care is done before it; the rest stops when aftercare does.
    before = (plans.type[plan] == INDEPENDENT_LIVING) & (code == HOUSING_PRACTICE) & (random.random(count) < 0.85)
    leaving = periods.start[periods_of(plans, plan)] - 2
    settled = np.where(before, days_between(random, plans.start[plan] + 3, leaving), settled)
    begun = np.where(before, np.minimum(begun, settled), begun)
    finish = periods.end[periods_of(plans, plan)]
    never = (final == PLANNED) | (begun > finish)
    unsettled = never | (final == UNDER_WAY) | (settled > finish)
    return Actions(
        plan.astype(np.int32),
        code.astype(np.int8),
        np.where(never, OPEN, begun).astype(np.int32),
        np.where(unsettled, OPEN, settled).astype(np.int32),
        final.astype(np.int8),
    )


def periods_of(plans: Plans, plan: npt.NDArray[np.integer]) -> Indexes:
    """Aftercare period of each plan version named."""
    return plans.period[plan]


def status_at(actions: Actions, day: int) -> tuple[npt.NDArray[np.int8], Days]:
    """Status of each action on a day, and the day on which it began (``NO_DAY`` while only planned)."""
    settled = actions.settled <= day
    begun = actions.begun <= day
    status = np.select([settled, begun], [actions.final, UNDER_WAY], PLANNED).astype(np.int8)
    since = np.select([settled, begun], [actions.settled, actions.begun], NO_DAY)
    return status, since.astype(np.int32)
