"""Teams, workers, who was responsible for whom, and how one handed over to the next.

A *post* is a chair in a team; workers follow each other on it. A client belongs to a post until
the worker leaves, the client is moved to another post, or another reason changes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import NO_DAY, OPEN, Days, Indexes, choose, generator
from ingest.synthetic.people import AREA_TRANSFER, YEAR, Periods, Places, Residences, Rows
from ingest.synthetic.settings import Scale

ROLES = ("VASTUU", "OHJAAJA", "MUU")
RESPONSIBLE, COUNSELLOR, OTHER_ROLE = range(3)
REASONS = (
    "UUSI",
    "LAHTENYT",
    "TIIMISIIRTO",
    "ASIAKASMAARA",
    "NUOREN_PYYNTO",
    "ORGANISAATIO",
    "MUU",
    "TUNTEMATON",
    "HUOLTAJAN_PYYNTO",
    "KUOLEMA",
    "POISSAOLO",
    "POISSAOLO_PALUU",
)
NO_REASON = -1
LEFT = REASONS.index("LAHTENYT")
TEAM_TRANSFER = REASONS.index("TIIMISIIRTO")
COVER, RETURN = REASONS.index("POISSAOLO"), REASONS.index("POISSAOLO_PALUU")
UNKNOWN_REASON = REASONS.index("TUNTEMATON")
HANDOVER_TYPES = ("YHTEISTAPAAMINEN", "PUHELU", "KIRJALLINEN", "EI_SIIRTOA")
UNKNOWN_WORKER = -1
_DAY_SPAN = 1 << 20


@dataclass(frozen=True)
class Assignments(Rows):
    """Assignments of workers to clients, each within one aftercare period."""

    period: Indexes
    worker: Indexes  # -1: not known
    role: npt.NDArray[np.int8]
    team: Indexes
    start: Days
    end: Days
    reason: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Handovers(Rows):
    """Recorded handovers between two responsible workers."""

    period: Indexes
    day: Days
    type: npt.NDArray[np.int8]
    from_worker: Indexes
    to_worker: Indexes
    present: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Changes(Rows):
    period: Indexes
    day: Days
    from_worker: Indexes
    to_worker: Indexes
    team: Indexes
    reason: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Staff:
    """Posts and the workers that follow each other on them, sorted by post and first day."""

    team_area: Indexes
    team_posts: list[Indexes]
    post_team: Indexes
    worker_post: Indexes
    worker_start: Days
    worker_end: Days
    worker_vacancy: Days  # days until the successor begins; negative: days together

    def at(self, post: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Indexes:
        """The worker on each post on each day (the latest to have begun)."""
        keys = self.worker_post.astype(np.int64) * _DAY_SPAN + self.worker_start
        wanted = post.astype(np.int64) * _DAY_SPAN + day
        return (np.searchsorted(keys, wanted, side="right") - 1).astype(np.int32)


def make_staff(
    random: np.random.Generator,
    clients_per_area: npt.NDArray[np.float64],
    per_worker: npt.NDArray[np.float64],
    tenure_years: npt.NDArray[np.float64],
    first_day: int,
    last_day: int,
) -> Staff:
    """Posts for the area's clients, about four to a team and never fewer than two teams."""
    team_area: list[int] = []
    team_posts: list[Indexes] = []
    post_team: list[int] = []
    for area, (clients, load) in enumerate(zip(clients_per_area, per_worker, strict=True)):
        posts = max(4, round(clients / load))
        for part in np.array_split(np.arange(posts), max(2, round(posts / 4))):
            team_posts.append((len(post_team) + np.arange(len(part))).astype(np.int32))
            post_team.extend([len(team_area)] * len(part))
            team_area.append(area)
    worker_post: list[int] = []
    worker_start: list[int] = []
    worker_end: list[int] = []
    vacancies: list[int] = []
    for post, team in enumerate(post_team):
        day = first_day - 3000
        while day <= last_day:
            tenure = 30 + int(random.exponential(tenure_years[team_area[team]] * YEAR))
            kind = random.random()
            vacancy = 0 if kind < 0.55 else int(random.integers(1, 61)) if kind < 0.85 else -int(random.integers(2, 21))
            worker_post.append(post)
            worker_start.append(day)
            worker_end.append(day + tenure - 1)
            vacancies.append(vacancy)
            day += tenure + vacancy
    return Staff(
        np.array(team_area, dtype=np.int32),
        team_posts,
        np.array(post_team, dtype=np.int32),
        np.array(worker_post, dtype=np.int32),
        np.array(worker_start, dtype=np.int32),
        np.array(worker_end, dtype=np.int32),
        np.array(vacancies, dtype=np.int32),
    )


def make_work(
    places: Places,
    periods: Periods,
    residences: Residences,
    scale: Scale,
    seed: int,
    first_day: int,
    last_day: int,
) -> tuple[Assignments, Handovers, list[Staff]]:
    """All assignments and handovers, with the staff of each role.

    Worker and team numbers are counted through the roles, so none is in two.
    """
    random = generator(seed, scale, "work")
    areas = len(places.areas)
    on_a_day = np.bincount(periods.area, np.minimum(periods.end, last_day) - np.maximum(periods.start, first_day) + 1)
    clients = np.resize(on_a_day, areas) / (last_day - first_day + 1)
    home = home_at(residences, periods.person, np.maximum(periods.start, first_day))
    area_factor = random.lognormal(-0.5 * settings.CHANGE_SIGMA_AREA**2, settings.CHANGE_SIGMA_AREA, areas)
    place_factor = random.lognormal(-0.02, settings.CHANGE_SIGMA_MUNICIPALITY, len(places.codes))
    frailty = random.gamma(6.0, 1 / 6.0, len(periods.person))
    gaps = random.uniform(0.15, 0.50, areas)

    staff: list[Staff] = []
    parts: list[Assignments] = []
    changes: list[_Changes] = []
    first_worker = first_team = 0
    for role, load, yearly in (
        (
            RESPONSIBLE,
            random.uniform(*settings.CLIENTS_PER_WORKER, areas),
            settings.WORKER_CHANGES_PER_YEAR,
        ),
        (COUNSELLOR, random.uniform(18, 30, areas), 0.40),
        (OTHER_ROLE, np.full(areas, 120.0), 0.15),
    ):
        people = make_staff(random, clients, load, settings.WORKER_TENURE_YEARS / area_factor, first_day, last_day)
        share = (1.0, 0.85, 0.04)[role]
        rows = np.flatnonzero(random.random(len(periods.person)) < share).astype(np.int32)
        # Leaving workers make about 1 / tenure of the changes; the rest belongs to the client.
        team_factor = random.lognormal(-0.02, settings.CHANGE_SIGMA_TEAM, len(people.team_area))
        rate = max(0.05, yearly - 1 / settings.WORKER_TENURE_YEARS) * area_factor[periods.area] * place_factor[home]
        transfer = settings.TEAM_TRANSFER_SHARE * yearly / max(0.05, yearly - 1 / settings.WORKER_TENURE_YEARS)
        assigned, changed = _follow(
            random,
            people,
            periods,
            rows,
            home,
            1.28 * rate * frailty,
            team_factor,
            min(0.85, transfer),
            gaps,
        )
        if role == RESPONSIBLE:
            assigned = _absences(random, people, assigned, periods, last_day)
        assigned = replace(
            assigned,
            role=np.full(len(assigned.period), role, dtype=np.int8),
            worker=assigned.worker + np.int32(first_worker),
            team=assigned.team + np.int32(first_team),
        )
        parts.append(assigned)
        changes.append(changed)
        staff.append(people)
        first_worker += len(people.worker_post)
        first_team += len(people.team_area)
    handovers = _handovers(random, places, periods, changes[RESPONSIBLE], scale)
    assignments = Assignments.join(parts)
    assignments = _blemishes(random, places, assignments, periods, scale)
    return assignments.take(assignments.end >= first_day), handovers, staff


def home_at(residences: Residences, person: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Indexes:
    """Home municipality (index) of each person on each day; the first known one before that."""
    keys = residences.person.astype(np.int64) * _DAY_SPAN + residences.start + _DAY_SPAN // 2
    wanted = person.astype(np.int64) * _DAY_SPAN + day + _DAY_SPAN // 2
    row = np.searchsorted(keys, wanted, side="right") - 1
    first = np.searchsorted(residences.person, person, side="left")
    return residences.municipality[np.maximum(row, first)]


def _other_post(random: np.random.Generator, staff: Staff, team: Indexes, post: Indexes) -> Indexes:
    """Another post of the same team for each row (the same one in a team of one)."""
    sizes = np.array([len(posts) for posts in staff.team_posts])
    firsts = np.array([posts[0] for posts in staff.team_posts])
    size = sizes[team]
    step = 1 + (random.random(len(team)) * np.maximum(size - 1, 0)).astype(np.int32)
    return (firsts[team] + (post - firsts[team] + np.where(size > 1, step, 0)) % size).astype(np.int32)


def _any_post(random: np.random.Generator, staff: Staff, team: Indexes) -> Indexes:
    sizes = np.array([len(posts) for posts in staff.team_posts])
    firsts = np.array([posts[0] for posts in staff.team_posts])
    return (firsts[team] + (random.random(len(team)) * sizes[team]).astype(np.int32)).astype(np.int32)


def _other_team(random: np.random.Generator, staff: Staff, team: Indexes) -> Indexes:
    """Another team of the same area for each row."""
    area_size = np.bincount(staff.team_area)
    area_first = np.searchsorted(staff.team_area, np.arange(len(area_size)))
    area = staff.team_area[team]
    step = 1 + (random.random(len(team)) * (area_size[area] - 1)).astype(np.int32)
    return (area_first[area] + (team - area_first[area] + step) % area_size[area]).astype(np.int32)


def _follow(
    random: np.random.Generator,
    staff: Staff,
    periods: Periods,
    rows: Indexes,
    home: Indexes,
    rate: npt.NDArray[np.float64],
    team_factor: npt.NDArray[np.float64],
    transfer_share: float,
    gap_share: npt.NDArray[np.float64],
) -> tuple[Assignments, _Changes]:
    """Follow each period from worker to worker until it ends."""
    area_size = np.bincount(staff.team_area, minlength=int(periods.area.max()) + 1)
    area_first = np.searchsorted(staff.team_area, np.arange(len(area_size)))
    area = periods.area[rows]
    # A municipality has a team of its own that gets most of its clients.
    own = (home[rows] * 7919 + 13) % area_size[area]
    anywhere = (random.random(len(rows)) * area_size[area]).astype(np.int32)
    team = (area_first[area] + np.where(random.random(len(rows)) < 0.7, own, anywhere)).astype(np.int32)
    post = _any_post(random, staff, team)
    start = periods.start[rows].copy()
    kind = random.random(len(rows))
    # Some workers were there before aftercare began; some were named only later.
    before = kind < 0.30
    carried = start - random.integers(20, 700, len(rows))
    late = (kind > 0.88) & (periods.reason[rows] != AREA_TRANSFER)
    named = start + 1 + np.minimum(80, random.exponential(16, len(rows))).astype(np.int32)
    start = np.where(late, named, start).astype(np.int32)
    worker = staff.at(post, start)
    start = np.where(before, np.maximum(carried, staff.worker_start[worker]), start).astype(np.int32)
    start = np.maximum(start, periods.start[rows] - 700)
    clock = np.maximum(start, periods.start[rows] - 30)
    reason = np.zeros(len(rows), dtype=np.int8)
    alive = start <= periods.end[rows]
    state = [rows, post, worker, start, clock, reason]
    rows, post, worker, start, clock, reason = (array[alive] for array in state)
    spells: list[Assignments] = []
    changes: list[_Changes] = []
    while len(rows):
        team = staff.post_team[post]
        end = periods.end[rows]
        own_day = (
            clock + 1 + random.exponential(YEAR / (rate[rows] * team_factor[team])).clip(0, 50_000).astype(np.int32)
        )
        left_day = np.maximum(staff.worker_end[worker] + 1, clock + 1)
        leaves = left_day <= own_day
        change = np.where(leaves, left_day, own_day).astype(np.int32)
        goes_on = change <= end
        old_end = np.where(goes_on, change - 1, end)

        count = len(rows)
        why = np.where(
            random.random(count) < transfer_share,
            TEAM_TRANSFER,
            3 + choose(random, [0.28, 0.17, 0.22, 0.14, 0.12, 0.05, 0.02], count),
        )
        why = np.where(leaves, LEFT, why).astype(np.int8)
        successor = leaves & (random.random(count) < 0.75)
        moved = ~leaves & (why == TEAM_TRANSFER)
        new_team = np.where(moved, _other_team(random, staff, team), team).astype(np.int32)
        other = _other_post(random, staff, team, post)
        new_post = np.where(moved, _any_post(random, staff, new_team), np.where(successor, post, other)).astype(
            np.int32
        )
        chance = random.random(count)
        gap = np.where(
            chance < gap_share[periods.area[rows]],
            1 + np.minimum(59, random.exponential(22, count)),
            0,
        )
        gap = np.where(chance > 0.90, -random.integers(1, 30, count), gap)  # both for some days
        gap = np.where(successor, staff.worker_vacancy[worker], gap).astype(np.int32)
        new_start = np.maximum(change + gap, start + 1)
        new_worker = staff.at(new_post, np.maximum(new_start, change))
        same = new_worker == worker  # in a team of one nobody else is there: the worker stays
        goes_on = goes_on & ~same
        cut = same & (change <= end)
        old_end = np.where(cut, end, old_end).astype(np.int32)
        spells.append(
            Assignments(
                rows,
                worker,
                np.zeros(count, np.int8),
                team.astype(np.int32),
                start,
                old_end,
                reason,
            )
        )
        named_again = goes_on & (new_start <= end)
        changes.append(
            _Changes(
                rows[named_again],
                np.maximum(new_start, change)[named_again],
                worker[named_again],
                new_worker[named_again],
                team[named_again],
                why[named_again],
            )
        )
        state = [
            rows,
            new_post,
            new_worker,
            new_start.astype(np.int32),
            np.maximum(new_start, change),
            why,
        ]
        rows, post, worker, start, clock, reason = (array[named_again] for array in state)
    return Assignments.join(spells), _Changes.join(changes)


def _absences(
    random: np.random.Generator,
    staff: Staff,
    assigned: Assignments,
    periods: Periods,
    last_day: int,
) -> Assignments:
    """Leave and sickness: a colleague covers, then the worker comes back (A–B–A).

    Mostly the assignment is closed and opened again; in one of five it goes on beside the cover.
    Most absences are 5–30 days, some longer.
    """
    for _ in range(2):
        workers = len(staff.worker_post)
        longer = random.random(workers) < 0.15
        length = np.where(longer, random.integers(31, 121, workers), random.integers(5, 31, workers))
        tenure = np.minimum(staff.worker_end, last_day) - staff.worker_start
        first = staff.worker_start + (random.random(workers) * np.maximum(tenure, 1)).astype(np.int32)
        last = first + length - 1
        happens = random.random(workers) < np.minimum(0.9, tenure / YEAR * 0.2)
        begin, finish = first[assigned.worker], last[assigned.worker]
        inside = (assigned.start + 5 < begin) & (finish + 5 < assigned.end) & happens[assigned.worker]
        row = np.flatnonzero(inside & (random.random(len(inside)) < 0.8))
        post = _other_post(random, staff, assigned.team[row], staff.worker_post[assigned.worker[row]])
        cover_worker = staff.at(post, begin[row])
        differs = cover_worker != assigned.worker[row]
        row, cover_worker = row[differs], cover_worker[differs]
        covered = assigned.take(row)
        cover = replace(
            covered,
            worker=cover_worker,
            start=begin[row].astype(np.int32),
            end=finish[row].astype(np.int32),
            reason=np.full(len(row), COVER, dtype=np.int8),
        )
        closed = random.random(len(row)) < 0.8
        back = replace(
            covered,
            start=(finish[row] + 1).astype(np.int32),
            reason=np.full(len(row), RETURN, dtype=np.int8),
        ).take(closed)
        assigned.end[row[closed]] = begin[row[closed]] - 1
        assigned = assigned.plus(cover).plus(back)
    return assigned


def _handovers(
    random: np.random.Generator, places: Places, periods: Periods, changes: _Changes, scale: Scale
) -> Handovers:
    """What was recorded of the changes: how many by the area's habit, how well by area and team."""
    areas = len(places.areas)
    coverage = random.permutation(np.linspace(*settings.HANDOVER_COVERAGE_RANGE, areas))
    warm = random.permutation(np.linspace(*settings.WARM_HANDOVER_RANGE, areas))
    for name in settings.areas_with(scale, "no_handovers"):
        coverage[places.areas.index(name)] = 0
    area = periods.area[changes.period]
    team_logit = random.normal(0, 0.35, int(changes.team.max()) + 1)
    chance = 1 / (1 + np.exp(-(np.log(warm / (1 - warm))[area] + team_logit[changes.team])))
    count = len(changes.period)
    type_ = np.where(random.random(count) < chance, 0, 1 + choose(random, [0.35, 0.45, 0.20], count))
    offset = np.round(random.normal(-3, 9, count)).clip(-45, 45).astype(np.int32)
    offset = np.where(random.random(count) < 0.06, random.integers(15, 31, count), offset)
    present = np.where(
        type_ == 0,
        random.random(count) < 0.96,
        random.random(count) < np.array([0, 0.8, 0.05, 0.0])[type_],
    )
    unknown = random.random(count) < 0.015
    records = Handovers(
        changes.period,
        (changes.day + offset).astype(np.int32),
        type_.astype(np.int8),
        np.where(unknown, UNKNOWN_WORKER, changes.from_worker).astype(np.int32),
        changes.to_worker,
        present,
    )
    recorded = random.random(count) < coverage[area]
    # The young person's death or move abroad stops everything: no record after the period.
    inside = records.day <= periods.end[records.period]
    return records.take(recorded & inside)


def _blemishes(
    random: np.random.Generator,
    places: Places,
    assigned: Assignments,
    periods: Periods,
    scale: Scale,
) -> Assignments:
    """What registers look like: unknown workers, missing reasons, assignments nobody closed."""
    count = len(assigned.period)
    unknown = random.random(count) < 0.012
    worker = np.where(unknown, UNKNOWN_WORKER, assigned.worker).astype(np.int32)
    reason = np.where(unknown & (assigned.reason != COVER), UNKNOWN_REASON, assigned.reason).astype(np.int8)
    reason = np.where((random.random(count) < 0.05) & (reason != COVER), NO_REASON, reason).astype(np.int8)
    leaky = [places.areas.index(name) for name in settings.areas_with(scale, "unclosed_assignments")]
    forgets = np.isin(periods.area[assigned.period], leaky) & (assigned.end < periods.end[assigned.period])
    forgets &= (random.random(count) < 0.12) & (assigned.reason != COVER) & ~unknown
    ever = random.random(count) < 0.5
    end = np.where(forgets, np.where(ever, OPEN, periods.end[assigned.period]), assigned.end).astype(np.int32)
    # Some one-day assignments, so that the edge is there.
    short = (random.random(count) < 0.002) & (assigned.role == OTHER_ROLE)
    end = np.where(short, assigned.start, end).astype(np.int32)
    cleaned = replace(assigned, worker=worker, reason=reason, end=end)
    identity = np.lexsort((cleaned.start, cleaned.role, cleaned.worker, periods.person[cleaned.period]))
    columns: tuple[npt.NDArray[Any], ...] = (
        periods.person[cleaned.period],
        cleaned.worker,
        cleaned.role,
        cleaned.start,
    )
    new = np.ones(count, dtype=bool)
    for position, values in enumerate(columns):
        ordered = values[identity]
        same = ordered[1:] == ordered[:-1]
        new[1:] = ~same if position == 0 else new[1:] | ~same
    keep = np.zeros(count, dtype=bool)
    keep[identity] = new
    return cleaned.take(keep & (cleaned.end >= cleaned.start) & (cleaned.start > NO_DAY))
