"""Least and greatest whole value of counts, by HiGHS (scipy.optimize.milp).

Cells whose bounds are already narrow need no solver. For the rest, programs that stretch many
counts at once give possible tables; a count seen far apart in two of them is safe. What is left is
looked at one by one, first near the cell (the sums around it alone prove that a range is narrow; a
possible table that is changed around it alone proves that it is wide), then in all sums together.
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
# Rounds of stretching in which less than this share is news, one after the other, end it.
_FRUITLESS_SHARE, _FRUITLESS_ROUNDS = 0.02, 3
_MOST_ROUNDS = 40
# Stretching need not be best: any possible table will do.
_GAP = 0.02
# A solver's whole number.
_WHOLE = 1e-5


@dataclass(frozen=True)
class SolverLimits:
    """``narrow``: ranges of fractions below so many times the needed width are solved in whole numbers.

    ``seconds``: for one whole-number program; what is not decided then is *undecided*, never safe.
    ``near_rows``: how many sums around a cell make its neighbourhood.
    """

    narrow: float = 2.0
    seconds: float = 10.0
    near_rows: int = 60


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
        self.all_columns = system.matrix.tocsc()
        self.place = np.full(system.size, -1)
        self.rng = np.random.default_rng(20230101)

    def component(self, members: Integers) -> None:
        """Decide every target among ``members``, which share no row with other open counts."""
        rows = np.unique(self.all_columns[:, members].indices)
        matrix = self.system.matrix[rows]
        fixed = self.lower.copy()
        fixed[members] = 0.0
        known = matrix @ fixed
        self.matrix = matrix[:, members].tocsr()
        self.columns = self.matrix.tocsc()
        self.row_least = self.system.least[rows] - known
        self.row_greatest = self.system.greatest[rows] - known
        self.low, self.high = self.lower[members], self.upper[members]
        self.place[members] = np.arange(len(members))
        self.local = self.place[self.targets]
        open_targets = np.flatnonzero((self.local >= 0) & ~self.is_narrow)
        # Smallest and largest value seen in a possible table, of fractions and of whole numbers.
        self.seen = (np.full(len(members), np.inf), np.full(len(members), -np.inf))
        self.whole_seen = (np.full(len(members), np.inf), np.full(len(members), -np.inf))
        self.table: Floats | None = None
        try:
            for target in self._stretch(open_targets):
                self._one(int(target))
        except _InfeasibleError:
            self.is_undecided[open_targets] = ~self.is_narrow[open_targets]
        self.place[members] = -1

    def _is_safe(self, targets: Integers) -> Flags:
        """Seen wide enough: in whole numbers, or so wide in fractions that these do not matter."""
        place, needed, floor = self.local[targets], self.needed[targets], self.floor[targets]
        whole = width(self.whole_seen[0][place], self.whole_seen[1][place], floor)
        any_table = width(self.seen[0][place], self.seen[1][place], floor)
        return (whole >= needed) | (any_table >= needed * self.limits.narrow)

    # ---- many at once ---------------------------------------------------------------------------

    def _stretch(self, targets: Integers) -> Integers:
        """Possible tables with as many targets as can be at their low and high ends; those not yet safe."""
        judged = targets[np.isfinite(self.needed[targets])]
        exact = np.setdiff1d(targets, judged)
        # Fractions are quick; what they leave needs tables in whole numbers.
        for whole in (False, True):
            fruitless = 0
            for number in range(_MOST_ROUNDS):
                if not len(judged) or fruitless >= _FRUITLESS_ROUNDS:
                    break
                up = np.zeros(len(judged), dtype=bool) if number == 0 else self.rng.random(len(judged)) < 0.5
                self._stretch_once(judged, up, whole)
                left = judged[~self._is_safe(judged)]
                is_news = len(judged) - len(left) >= max(1, _FRUITLESS_SHARE * len(judged))
                fruitless = 0 if is_news else fruitless + 1
                judged = left
        return np.concatenate([judged, exact])

    def _any_table(self) -> None:
        """Some possible table in whole numbers, if one is found in time."""
        if self.table is None:
            table, _, _ = self._solve(
                np.zeros(len(self.low)), self.matrix, self.row_least, self.row_greatest, self.low, self.high, whole=True
            )
            if table is not None:
                self._remember(np.round(table))

    def _part(self, counts: Integers) -> tuple[scipy.sparse.csr_matrix, Floats, Floats, Floats]:
        """Sums that touch ``counts``, less what the others have in the possible table; that table's rest."""
        assert self.table is not None
        touched = np.unique(self.columns[:, counts].indices)
        rest = self.table.copy()
        rest[counts] = 0.0
        matrix = self.matrix[touched]
        known = matrix @ rest
        return matrix[:, counts].tocsr(), self.row_least[touched] - known, self.row_greatest[touched] - known, rest

    def _stretch_once(self, targets: Integers, up: Flags, whole: bool) -> None:
        """Those that go up earn nothing beyond what is enough, so that they leave room to the others."""
        count, place = len(self.low), self.local[targets]
        high = place[up]
        size = len(high)
        beyond = scipy.sparse.coo_matrix(
            (
                np.concatenate([np.ones(size), -np.ones(size)]),
                (np.tile(np.arange(size), 2), np.concatenate([high, count + np.arange(size)])),
            ),
            shape=(size, count + size),
        )
        padded = scipy.sparse.hstack([self.matrix, scipy.sparse.csr_matrix((self.matrix.shape[0], size))])
        weight = (0.5 + self.rng.random(len(targets))) / np.maximum(self.needed[targets], 1.0)
        objective = np.zeros(count + size)
        objective[high] = -weight[up]
        objective[count:] = weight[up]
        objective[place[~up]] = weight[~up]
        seen = (self.whole_seen if whole else self.seen)[0][high]
        start = np.maximum(np.where(np.isfinite(seen), seen, self.low[high]), self.floor[targets][up])
        enough = self.needed[targets][up] * (1.0 if whole else self.limits.narrow)
        found, _, _ = self._solve(
            objective,
            scipy.sparse.vstack([padded, beyond]).tocsr(),
            np.concatenate([self.row_least, np.full(size, -np.inf)]),
            np.concatenate([self.row_greatest, start + enough]),
            np.concatenate([self.low, np.zeros(size)]),
            np.concatenate([self.high, np.full(size, np.inf)]),
            whole=whole,
            gap=_GAP,
        )
        if found is not None:
            self._remember(np.round(found[:count]) if whole else found[:count])

    def _remember(self, table: Floats) -> None:
        np.minimum(self.seen[0], table, out=self.seen[0])
        np.maximum(self.seen[1], table, out=self.seen[1])
        rounded = np.round(table)
        if np.abs(rounded - table).max(initial=0.0) < _WHOLE and self._fits(rounded):
            self.table = rounded
            np.minimum(self.whole_seen[0], rounded, out=self.whole_seen[0])
            np.maximum(self.whole_seen[1], rounded, out=self.whole_seen[1])

    def _fits(self, table: Floats) -> bool:
        value = self.matrix @ table
        return bool(
            (value >= self.row_least - TOLERANCE).all()
            and (value <= self.row_greatest + TOLERANCE).all()
            and (table >= self.low).all()
            and (table <= self.high).all()
        )

    # ---- one by one ------------------------------------------------------------------------------

    def _one(self, target: int) -> None:
        one = np.array([target])
        place = int(self.local[target])
        is_judged = bool(np.isfinite(self.needed[target]))
        if is_judged:
            if self._is_safe(one)[0]:
                return
            if self.matrix.shape[0] > self.limits.near_rows:
                near = self._near(place)
                if self._is_narrow_near(target, place, near) or self._is_wide_near(target, place, near):
                    return
        self._narrow_down(target, place, whole=False)
        if is_judged and self._width(target) < self.needed[target]:
            self.is_narrow[target] = True
        elif not (is_judged and self._is_safe(one)[0]):
            self._narrow_down(target, place, whole=True)
            self.is_narrow[target] = self._width(target) < self.needed[target]
            self.is_undecided[target] &= not self.is_narrow[target] and not self._is_safe(one)[0]

    def _near(self, place: int) -> Integers:
        """Rows around a count: its own, those of the counts in them, and so on."""
        rows: Integers = np.empty(0, dtype=np.int64)
        counts = np.array([place])
        while len(rows) < self.limits.near_rows:
            # A sum over the whole country would bring in everything; it comes last.
            more = np.setdiff1d(np.unique(self.columns[:, counts].indices), rows)
            if not len(more):
                break
            lengths = np.diff(self.matrix.indptr)[more]
            more = more[np.argsort(lengths, kind="stable")][: max(self.limits.near_rows - len(rows), 0)]
            rows = np.concatenate([rows, more])
            counts = np.unique(self.matrix[more].indices)
        return np.unique(rows)

    def _is_narrow_near(self, target: int, place: int, rows: Integers) -> bool:
        """Only the sums near by: what they allow contains what all allow."""
        counts = np.unique(self.matrix[rows].indices)
        matrix = self.matrix[rows][:, counts]
        for whole in (False, True):
            for sign in (1.0, -1.0):
                objective = np.where(counts == place, sign, 0.0)
                _, found, _ = self._solve(
                    objective, matrix, self.row_least[rows], self.row_greatest[rows],
                    self.low[counts], self.high[counts], whole=whole,
                )  # fmt: skip
                self._tighten(target, sign, found)
            if self._width(target) < self.needed[target]:
                self.is_narrow[target] = True
                return True
            if self._width(target) >= self.needed[target] * self.limits.narrow:
                break
        return False

    def _is_wide_near(self, target: int, place: int, rows: Integers) -> bool:
        """Only the counts near by change, all others stay as in a possible table: what is seen is possible."""
        self._any_table()
        if self.table is None:
            return False
        counts = np.unique(self.matrix[rows].indices)
        for sign in (1.0, -1.0):
            matrix, least, greatest, rest = self._part(counts)
            found, _, _ = self._solve(
                np.where(counts == place, sign, 0.0), matrix, least - _WHOLE, greatest + _WHOLE,
                self.low[counts], self.high[counts], whole=True,
            )  # fmt: skip
            if found is not None:
                rest[counts] = np.round(found)
                self._remember(rest)
        return bool(self._is_safe(np.array([target]))[0])

    def _width(self, target: int) -> float:
        return float(self.greatest[target] - max(self.least[target], self.floor[target]))

    def _tighten(self, target: int, sign: float, found: float) -> None:
        if sign > 0:
            self.least[target] = max(self.least[target], np.ceil(found - TOLERANCE))
        else:
            self.greatest[target] = min(self.greatest[target], np.floor(-found + TOLERANCE))

    def _narrow_down(self, target: int, place: int, *, whole: bool) -> None:
        for sign in (1.0, -1.0):
            objective = np.zeros(len(self.low))
            objective[place] = sign
            table, found, is_sharp = self._solve(
                objective, self.matrix, self.row_least, self.row_greatest, self.low, self.high, whole=whole
            )
            if table is not None:
                self._remember(table)
            self._tighten(target, sign, found)
            self.is_undecided[target] |= whole and not is_sharp

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
        gap: float = 0.0,
    ) -> tuple[Floats | None, float, bool]:
        """A best table if one was found, a proven bound of the objective, and whether it is sharp."""
        self.programs += 1
        self.whole_programs += whole
        done = scipy.optimize.milp(
            objective,
            integrality=np.full(len(low), 1 if whole else 0),
            bounds=scipy.optimize.Bounds(low, high),
            constraints=scipy.optimize.LinearConstraint(matrix, least, greatest) if matrix.shape[0] else None,
            options={"time_limit": self.limits.seconds, "mip_rel_gap": gap} if whole else {},
        )
        if done.status == 2:
            raise _InfeasibleError
        if done.status == 0:
            return done.x, float(done.fun), True
        bound = done.get("mip_dual_bound")
        return done.x, (float(bound) if bound is not None else -np.inf), False
