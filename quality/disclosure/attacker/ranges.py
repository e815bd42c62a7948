"""Least and greatest whole value of counts, by HiGHS (scipy.optimize.milp).

Cells whose bounds are already narrow need no solver. For the rest, programs that stretch many
counts at once give possible tables; a count seen far apart in two of them is safe. Only what is
left is solved one by one, and in whole numbers only where the range is narrow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.sparse
from scipy.sparse.csgraph import connected_components

from quality.disclosure.attacker.propagation import Bounds, propagate
from quality.disclosure.attacker.system import TOLERANCE, Flags, Floats, Integers, System

# Nobody is counted more often than this: more days than the country has clients in a block of years.
_MOST = 1e8
# Rounds of stretching without enough news before the rest is solved one by one.
_FRUITLESS_SHARE = 0.05
_MOST_ROUNDS = 60


@dataclass(frozen=True)
class SolverLimits:
    """``narrow``: ranges below this (in needed units of 4: twice what is safe) are solved in whole numbers.

    ``seconds``: for one whole-number program; what is not decided then is *undecided*, never safe.
    """

    narrow: float = 8.0
    seconds: float = 10.0


@dataclass(frozen=True)
class Ranges:
    """For each target: proven bounds, whether they are proven narrow, whether nothing could be proven.

    ``least``/``greatest`` contain every possible value; for a target that is neither ``is_narrow``
    nor ``is_undecided`` they need not be sharp.
    """

    least: Floats
    greatest: Floats
    is_narrow: Flags
    is_undecided: Flags
    bounds: Bounds
    programs: int
    whole_programs: int


class _InfeasibleError(Exception):
    pass


def width(least: Floats, greatest: Floats, floor: Floats) -> Floats:
    """Width of the range for one who knows that the count is at least ``floor``."""
    return greatest - np.maximum(least, floor)


def find_ranges(
    system: System,
    targets: Integers,
    needed: Floats,
    floor: Floats,
    limits: SolverLimits | None = None,
    progress: Callable[[str], None] | None = None,
) -> Ranges:
    """Ranges of ``targets`` as far as needed to say of each whether its width is at least ``needed``.

    With ``needed`` infinite every range is exact. ``floor``: see ``width``.
    """
    limits = limits or SolverLimits()
    bounds = propagate(system)
    system = system.without(bounds.contradicted)
    search = _Search(system, bounds, targets, needed, floor, limits)
    pending = np.flatnonzero(~search.is_narrow)
    for number, members in enumerate(_components(system, bounds, targets[pending])):
        search.component(members)
        if progress and number % 100 == 99:
            progress(f"{number + 1} parts solved, {search.programs} programs")
    return Ranges(
        search.least,
        search.greatest,
        search.is_narrow,
        search.is_undecided,
        bounds,
        search.programs,
        search.whole_programs,
    )


def _components(system: System, bounds: Bounds, wanted: Integers) -> list[Integers]:
    """Sets of open counts that hang together and hold a wanted one."""
    is_open = bounds.upper > bounds.lower
    part = system.matrix.tocoo()
    usable = is_open[part.col]
    rows, size = system.matrix.shape
    graph = scipy.sparse.coo_matrix(
        (np.ones(int(usable.sum())), (part.row[usable], rows + part.col[usable])), shape=(rows + size, rows + size)
    )
    _, label = connected_components(graph, directed=False)
    label = label[rows:]
    chosen = np.unique(label[wanted[is_open[wanted]]])
    members = np.flatnonzero(is_open & np.isin(label, chosen))
    order = np.argsort(label[members], kind="stable")
    members = members[order]
    splits = np.flatnonzero(np.diff(label[members])) + 1
    return [piece for piece in np.split(members, splits) if len(piece)]


class _Search:
    def __init__(
        self, system: System, bounds: Bounds, targets: Integers, needed: Floats, floor: Floats, limits: SolverLimits
    ) -> None:
        self.system, self.limits = system, limits
        self.targets, self.needed, self.floor = targets, needed, floor
        self.lower = np.maximum(bounds.lower, -_MOST)
        self.upper = np.minimum(bounds.upper, _MOST)
        self.least, self.greatest = self.lower[targets].copy(), self.upper[targets].copy()
        self.is_narrow = width(self.least, self.greatest, floor) < needed
        # With nothing to be safe from (needed infinite) every range is wanted exactly.
        self.is_narrow &= np.isfinite(needed) | (self.least == self.greatest)
        self.is_undecided = np.zeros(len(targets), dtype=bool)
        self.programs = self.whole_programs = 0
        self.columns = system.matrix.tocsc()
        self.place = np.full(system.size, -1)
        self.rng = np.random.default_rng(20230101)

    def component(self, members: Integers) -> None:
        """Decide every target among ``members``, which share no row with other open counts."""
        rows = np.unique(self.columns[:, members].indices)
        matrix = self.system.matrix[rows]
        fixed = self.lower.copy()
        fixed[members] = 0.0
        known = matrix @ fixed
        self.matrix = matrix[:, members].tocsr()
        self.row_least = self.system.least[rows] - known
        self.row_greatest = self.system.greatest[rows] - known
        self.low, self.high = self.lower[members], self.upper[members]
        self.place[members] = np.arange(len(members))
        local = self.place[self.targets]
        open_targets = np.flatnonzero((local >= 0) & ~self.is_narrow)
        self.local = local
        # Smallest and largest value seen in a possible table.
        self.seen_least = np.full(len(members), np.inf)
        self.seen_greatest = np.full(len(members), -np.inf)
        try:
            left = self._stretch(open_targets)
            for target in left:
                self._exact(int(target))
        except _InfeasibleError:
            self.is_undecided[open_targets] = True
        self.place[members] = -1

    # ---- many at once ---------------------------------------------------------------------------

    def _undecided(self, targets: Integers) -> Integers:
        place = self.local[targets]
        seen = width(self.seen_least[place], self.seen_greatest[place], self.floor[targets])
        with np.errstate(invalid="ignore"):
            safe = seen >= self.needed[targets] * (self.limits.narrow / 4.0)
        return targets[~safe]

    def _stretch(self, targets: Integers) -> Integers:
        """Possible tables with as many targets as can be at their low and high ends; those not yet safe."""
        finite = targets[np.isfinite(self.needed[targets])]
        exact = np.setdiff1d(targets, finite)
        count = len(self.low)
        for number in range(_MOST_ROUNDS):
            if len(finite) < 3:
                break
            up = np.zeros(len(finite), dtype=bool) if number == 0 else self.rng.random(len(finite)) < 0.5
            place = self.local[finite]
            enough = self.needed[finite] * (self.limits.narrow / 4.0) + self.floor[finite]
            # x <= low + enough + beyond: going further up than that earns nothing.
            high = place[up]
            extra = scipy.sparse.coo_matrix(
                (
                    np.concatenate([np.ones(len(high)), -np.ones(len(high))]),
                    (np.tile(np.arange(len(high)), 2), np.concatenate([high, count + np.arange(len(high))])),
                ),
                shape=(len(high), count + len(high)),
            )
            matrix = scipy.sparse.vstack(
                [scipy.sparse.hstack([self.matrix, scipy.sparse.csr_matrix((self.matrix.shape[0], len(high)))]), extra]
            ).tocsr()
            weight = (0.5 + self.rng.random(len(finite))) / np.maximum(self.needed[finite], 1.0)
            objective = np.zeros(count + len(high))
            objective[high] = -weight[up]
            objective[count:] = weight[up]
            objective[place[~up]] = weight[~up]
            at_least = np.concatenate([self.row_least, np.full(len(high), -np.inf)])
            start = np.where(np.isfinite(self.seen_least[high]), self.seen_least[high], self.low[high])
            at_most = np.concatenate([self.row_greatest, start + enough[up]])
            self._solve(
                objective,
                matrix,
                at_least,
                at_most,
                np.concatenate([self.low, np.zeros(len(high))]),
                np.concatenate([self.high, np.full(len(high), np.inf)]),
            )
            left = self._undecided(finite)
            fruitless = len(finite) - len(left) < max(1, _FRUITLESS_SHARE * len(finite))
            finite = left
            if fruitless and number >= 2:
                break
        return np.concatenate([finite, exact])

    # ---- one by one ------------------------------------------------------------------------------

    def _exact(self, target: int) -> None:
        one = np.array([target])
        if np.isfinite(self.needed[target]) and not len(self._undecided(one)):
            return
        place = int(self.local[target])
        self._narrow_down(target, place, whole=False)
        if self._width(target) < self.needed[target] and np.isfinite(self.needed[target]):
            self.is_narrow[target] = True
            return
        narrow = self._width(target) < self.needed[target] * (self.limits.narrow / 4.0)
        if narrow or not np.isfinite(self.needed[target]):
            self._narrow_down(target, place, whole=True)
            self.is_narrow[target] = self._width(target) < self.needed[target]

    def _width(self, target: int) -> float:
        return float(self.greatest[target] - max(self.least[target], self.floor[target]))

    def _narrow_down(self, target: int, place: int, *, whole: bool) -> None:
        objective = np.zeros(len(self.low))
        objective[place] = 1.0
        found, is_sharp = self._solve_here(objective, whole)
        self.least[target] = max(self.least[target], np.ceil(found - TOLERANCE))
        found, also_sharp = self._solve_here(-objective, whole)
        self.greatest[target] = min(self.greatest[target], np.floor(-found + TOLERANCE))
        if whole and not (is_sharp and also_sharp):
            self.is_undecided[target] = True

    def _solve_here(self, objective: Floats, whole: bool) -> tuple[float, bool]:
        return self._solve(objective, self.matrix, self.row_least, self.row_greatest, self.low, self.high, whole=whole)

    def _solve(
        self,
        objective: Floats,
        matrix: scipy.sparse.csr_matrix,
        least: Floats,
        greatest: Floats,
        low: Floats,
        high: Floats,
        *,
        whole: bool = False,
    ) -> tuple[float, bool]:
        """The optimum, or the best proven bound of it and False; what was seen is remembered."""
        self.programs += 1
        self.whole_programs += whole
        done = scipy.optimize.milp(
            objective,
            integrality=np.full(len(low), 1 if whole else 0),
            bounds=scipy.optimize.Bounds(low, high),
            constraints=scipy.optimize.LinearConstraint(matrix, least, greatest) if matrix.shape[0] else None,
            options={"time_limit": self.limits.seconds, "mip_rel_gap": 0.0} if whole else {},
        )
        if done.status == 2:
            raise _InfeasibleError
        if done.x is not None:
            seen = done.x[: len(self.low)]
            self.seen_least = np.minimum(self.seen_least, seen)
            self.seen_greatest = np.maximum(self.seen_greatest, seen)
        if done.status == 0:
            return float(done.fun), True
        bound = done.get("mip_dual_bound")
        return (float(bound) if bound is not None else -np.inf), False
