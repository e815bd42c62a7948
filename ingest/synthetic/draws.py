"""Draws that several themes need: habits of areas and teams, days within spells."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ingest.synthetic.days import OPEN, Days, Indexes
from ingest.synthetic.people import YEAR, Periods
from ingest.synthetic.workers import RESPONSIBLE, Assignments

DAY_SPAN = 1 << 20  # more than any day number: person * DAY_SPAN + day sorts by person, then day
NO_TEAM = -1


def habits(random: np.random.Generator, low: float, high: float, count: int) -> npt.NDArray[np.float64]:
    """One value for each of ``count`` areas, evenly spread from ``low`` to ``high`` and mixed."""
    return random.permutation(np.linspace(low, high, count))


def days_between(random: np.random.Generator, first: npt.NDArray[np.integer], last: npt.NDArray[np.integer]) -> Days:
    """A day from each ``first`` to ``last``, both included; ``first`` where ``last`` is earlier."""
    span = np.maximum(0, last - first) + 1
    return (first + np.floor(random.random(len(first)) * span)).astype(np.int32)


def after(random: np.random.Generator, day: npt.NDArray[np.integer], mean: npt.ArrayLike, most: int) -> Days:
    """A day after each day, exponentially late with the given mean in days, ``most`` at the latest."""
    wait = random.exponential(np.broadcast_to(np.asarray(mean, dtype=np.float64), len(day)))
    return (day + 1 + np.minimum(most - 1, wait)).astype(np.int32)


def events(
    random: np.random.Generator, yearly: npt.NDArray[np.float64], first: Days, last: Days
) -> tuple[Indexes, Days]:
    """Rows and days of events that come ``yearly`` times a year between ``first`` and ``last`` (included)."""
    number = random.poisson(yearly * np.maximum(0, last - first + 1) / YEAR)
    row = np.repeat(np.arange(len(first), dtype=np.int32), number)
    day = days_between(random, first[row], last[row])
    weekend = (day + 3) % 7 >= 5  # 1970-01-01 was a Thursday
    return row, np.where(weekend & (day - 2 >= first[row]), day - 2, day).astype(np.int32)


def first_days(periods: Periods, persons: int) -> Days:
    """First day of aftercare of each person."""
    first = np.full(persons, OPEN, dtype=np.int32)
    np.minimum.at(first, periods.person, periods.start)
    return first


def last_days(periods: Periods, persons: int) -> Days:
    """Last day of aftercare of each person."""
    last = np.zeros(persons, dtype=np.int32)
    np.maximum.at(last, periods.person, periods.end)
    return last


def first_periods(periods: Periods, persons: int) -> Indexes:
    """Row of the first aftercare period of each person."""
    order = np.lexsort((periods.start, periods.person))
    found = np.searchsorted(periods.person[order], np.arange(persons))
    return order[found].astype(np.int32)


def first_teams(assignments: Assignments, periods: int) -> Indexes:
    """Team of the first responsible worker of each period; ``NO_TEAM`` where there was none."""
    rows = np.flatnonzero(assignments.role == RESPONSIBLE)
    order = rows[np.lexsort((assignments.start[rows], assignments.period[rows]))]
    period, first = np.unique(assignments.period[order], return_index=True)
    team = np.full(periods, NO_TEAM, dtype=np.int32)
    team[period] = assignments.team[order[first]]
    return team


def team_factors(random: np.random.Generator, team: Indexes, sigma: float) -> npt.NDArray[np.float64]:
    """A lognormal factor of its own for each team, row by row; 1 without a team."""
    factor = random.lognormal(-0.5 * sigma**2, sigma, int(team.max()) + 2)
    return np.where(team == NO_TEAM, 1.0, factor[team])


def place_factors(random: np.random.Generator, count: int, sigma: float) -> npt.NDArray[np.float64]:
    """A lognormal factor with mean 1 for each of ``count`` municipalities."""
    return random.lognormal(-0.5 * sigma**2, sigma, count)
