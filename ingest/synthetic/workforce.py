"""Staff of each team on the count day: posts held and vacant, clients, leavers and sick days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from ingest.periods import Period
from ingest.synthetic import settings
from ingest.synthetic.days import Indexes, day_number, generator
from ingest.synthetic.draws import habits
from ingest.synthetic.people import YEAR, People, Periods, Places
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import UNKNOWN_WORKER, Assignments, Staff

_WORKING_DAYS_PER_YEAR = 223  # without holidays and leave
LIMIT_35_UNTIL = day_number("2023-12-31")  # LsL 13 b §: 35 clients in 2022 and 2023, 30 from 2024


@dataclass(frozen=True)
class Counted:
    """Teams of one area on one day, one row a team (each has workers of one role)."""

    team: Indexes
    role: npt.NDArray[np.int8]
    workers: Indexes
    fte: npt.NDArray[np.float64]
    vacant: npt.NDArray[np.float64]
    leavers: npt.NDArray[np.float64]
    sick_days: npt.NDArray[np.float64]
    working_days: npt.NDArray[np.float64]
    clients_under_18: Indexes
    clients_18_over: Indexes
    over_limit: Indexes


def count_day(quarter: Period) -> date:
    """THL's count day (second Tuesday of April or October), else the last day of the quarter."""
    first = quarter.start
    if first.month in (4, 10):
        return first + timedelta(days=(1 - first.weekday()) % 7 + 7)
    return quarter.last_day


class Workforce:
    """Counts of the teams that the assignments are made to."""

    def __init__(
        self,
        places: Places,
        people: People,
        periods: Periods,
        assignments: Assignments,
        staff: Sequence[Staff],
        scale: Scale,
        seed: int,
    ) -> None:
        random = generator(seed, scale, "workforce")
        areas = len(places.areas)
        firsts = np.cumsum([0, *(len(role.team_area) for role in staff)])[:-1]
        self._team = np.concatenate(
            [role.post_team[role.worker_post] + first for role, first in zip(staff, firsts, strict=True)]
        )
        self._start = np.concatenate([role.worker_start for role in staff])
        self._end = np.concatenate([role.worker_end for role in staff])
        self._role = np.repeat(np.arange(len(staff), dtype=np.int8), [len(role.team_area) for role in staff])
        self._team_area = np.concatenate([role.team_area for role in staff])
        self._part = random.choice([1.0, 0.9, 0.8, 0.6], len(self._team), p=[0.78, 0.06, 0.12, 0.04])
        self._posts = np.concatenate([np.bincount(role.post_team, minlength=len(role.team_area)) for role in staff])
        self._vacancy = habits(random, *settings.VACANCY_RANGE, areas)[self._team_area]
        sick = habits(random, *settings.SICKNESS_RANGE, areas)[self._team_area]
        self._sick = sick * random.lognormal(-0.03, 0.25, len(sick))
        self._periods, self._people, self._assignments = periods, people, assignments
        self._assigned_area = periods.area[assignments.period]
        self._scale, self._seed, self._areas = scale, seed, places.areas

    def counted(self, area: int, quarter: Period) -> Counted:
        """The teams of an area on the quarter's count day; leavers and absence of the whole quarter."""
        day, last = day_number(count_day(quarter)), day_number(quarter.last_day)
        first, teams = day_number(quarter.start), len(self._team_area)
        random = generator(self._seed, self._scale, "workforce", self._areas[area], quarter.code)
        present = (self._start <= day) & (self._end >= day)
        left = (self._end >= first) & (self._end <= last)
        workers = np.bincount(self._team[present], minlength=teams)
        fte = np.bincount(self._team[present], self._part[present], teams)
        leavers = np.bincount(self._team[left], self._part[left], teams)
        under, over, above = self._clients(area, day, teams)
        own = np.flatnonzero((self._team_area == area) & ((workers > 0) | (under + over > 0)))
        vacant = random.binomial(np.maximum(1, self._posts[own]), self._vacancy[own])
        vacant = vacant + np.maximum(0, self._posts[own] - workers[own])
        working = fte[own] * _WORKING_DAYS_PER_YEAR / YEAR * (last - first + 1)
        sick = working * self._sick[own] * random.gamma(4.0, 0.25, len(own))
        return Counted(
            own.astype(np.int32),
            self._role[own],
            workers[own].astype(np.int32),
            np.round(fte[own], 2),
            np.round(vacant.astype(np.float64), 2),
            np.round(leavers[own], 2),
            np.round(np.minimum(sick, 0.6 * working), 1),
            np.round(working, 1),
            under[own].astype(np.int32),
            over[own].astype(np.int32),
            np.minimum(above, workers)[own].astype(np.int32),
        )

    def _clients(self, area: int, day: int, teams: int) -> tuple[Indexes, Indexes, Indexes]:
        """Per team: clients under 18, clients of 18 and over, workers above the limit."""
        rows, periods = self._assignments, self._periods
        row = np.flatnonzero(
            (self._assigned_area == area)
            & (rows.start <= day)
            & (rows.end >= day)
            & (periods.start[rows.period] <= day)
            & (periods.end[rows.period] >= day)
        )
        person = periods.person[rows.period[row]]
        pairs = np.unique(rows.team[row].astype(np.int64) * len(self._people.birth) + person)
        team, client = np.divmod(pairs, len(self._people.birth))
        adult = day >= self._people.birth[client] + round(18 * YEAR)
        known = rows.worker[row] != UNKNOWN_WORKER
        held = np.unique(rows.worker[row][known].astype(np.int64) * len(self._people.birth) + person[known])
        worker, load = np.unique(held // len(self._people.birth), return_counts=True)
        limit = 35 if day <= LIMIT_35_UNTIL else 30
        counts = (team[~adult], team[adult], self._team[worker[load > limit]])
        under, over, above = (np.bincount(of, minlength=teams).astype(np.int32) for of in counts)
        return under, over, above
