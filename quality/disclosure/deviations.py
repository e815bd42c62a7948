"""The deviation programs: changes of counts that leave everything shown as it is, at the least cost (HiGHS).

The rest of a share (denominator less numerator) follows from the other two, so it is no variable: a change of a
count carries those of its rests with it, and every equation of that kind holds by itself. One program has the
numerators and denominators of a series; all other counts stay as they are. The solver keeps its last basis, so
that asking for the next count costs a few steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np
import scipy.sparse

from quality.disclosure.alternatives import Alternatives
from quality.disclosure.cells import DENOMINATOR, NUMERATOR, REST, Cells, Flags, Floats, Integers
from quality.disclosure.relations import Relations

_WHOLE = 1e-6
_ENTRY = 1e-9
# A change that relations which looked too far off rule out is tried again with these so often.
_TRIES = 6


@dataclass(frozen=True)
class Budget:
    """``seconds``: for one program in whole numbers, where that in fractions does not do. ``gap``: how far from the
    best that may be. ``counts``: the largest program of several series."""

    seconds: float = 1.0
    gap: float = 0.1
    counts: int = 6000


class _Solver(highspy.Highs):
    """Without the banner that switching the callbacks of ``highspy.Highs`` on prints: output is for other programs."""

    def __init__(self) -> None:
        super(highspy.Highs, self).__init__()
        self.setOptionValue("output_flag", False)


class Deviations:
    """Changes of single counts with what they carry along; columns are counts (those of rests are empty).

    ``effect``: counts × counts, what a change by one changes. ``sums``: relations × counts. ``publishers``: counts ×
    rows that would tell of the change. ``carriers``: of each rest its numerator and denominator, -1 for none.
    """

    def __init__(self, cells: Cells, relations: Relations) -> None:
        size = cells.size
        self.cells, self.relations = cells, relations
        self.is_rest = cells.quantity >= 2 * len(cells.quantities) // 3
        rows = np.flatnonzero(cells.count_of[REST] >= 0)
        rest, above, below = (cells.count_of[what][rows] for what in (REST, NUMERATOR, DENOMINATOR))
        self.carriers = np.full((size, 2), -1, dtype=np.int64)
        self.carriers[rest, 0], self.carriers[rest, 1] = above, below
        own = np.flatnonzero(~self.is_rest)
        one = np.ones(len(rest))
        effect = scipy.sparse.coo_matrix(
            (
                np.concatenate([np.ones(len(own)), -one, one]),
                (np.concatenate([own, rest, rest]), np.concatenate([own, above, below])),
            ),
            shape=(size, size),
        ).tocsc()
        effect.eliminate_zeros()
        self.effect = effect
        sums = (relations.matrix @ effect).tocsc()
        sums.data[np.abs(sums.data) < _ENTRY] = 0.0
        sums.eliminate_zeros()
        self.sums = sums
        self.publishers = (cells.publishes @ abs(effect)).T.tocsr()


class Program:
    """Changes of ``variables`` (counts, sorted) within every relation that touches them."""

    def __init__(self, system: Deviations, alternatives: Alternatives, variables: Integers, budget: Budget) -> None:
        self.system, self.alternatives, self.variables, self.budget = system, alternatives, variables, budget
        self.size = len(variables)
        self.programs = 0
        value = system.cells.value
        self.effect = system.effect[:, variables].tocsr()
        entries = np.diff(self.effect.indptr)
        # A rest that two of the variables carry is a row; what one carries bounds that one.
        self.pairs = np.flatnonzero(entries > 1)
        alone = np.flatnonzero(entries == 1)
        at = self.effect.indptr[alone]
        self._counts, self._owner, self._sign = alone, self.effect.indices[at], self.effect.data[at]
        self._now = value[alone]
        self._pair_now = value[self.pairs]
        self.publishers = system.publishers[variables]
        sums = system.sums[:, variables].tocsr()
        touched = np.flatnonzero(np.diff(sums.indptr))
        sums = sums[touched]
        least, greatest = system.relations.least[touched], system.relations.greatest[touched]
        single = np.diff(sums.indptr) == 1
        self._static_low, self._static_high = np.full(self.size, -np.inf), np.full(self.size, np.inf)
        owner = sums.indices[sums.indptr[:-1][single]]
        factor = sums.data[sums.indptr[:-1][single]]
        with np.errstate(invalid="ignore"):
            first, second = least[single] / factor, greatest[single] / factor
        np.maximum.at(self._static_low, owner, np.where(factor > 0, first, second))
        np.minimum.at(self._static_high, owner, np.where(factor > 0, second, first))
        self._rows = int((~single).sum())
        matrix = scipy.sparse.vstack([sums[~single], self.effect[self.pairs]])
        both = scipy.sparse.hstack([matrix, -matrix]).tocsc()
        self._open_solver(both, least[~single], greatest[~single])

    def _open_solver(self, matrix: scipy.sparse.csc_matrix, least: Floats, greatest: Floats) -> None:
        """Columns: increases of the variables, then their decreases."""
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = matrix.shape[1], matrix.shape[0]
        program.col_cost_ = np.zeros(2 * self.size)
        program.col_lower_ = np.zeros(2 * self.size)
        program.col_upper_ = np.zeros(2 * self.size)
        program.row_lower_ = np.concatenate([least, np.full(len(self.pairs), -np.inf)])
        program.row_upper_ = np.concatenate([greatest, np.full(len(self.pairs), np.inf)])
        program.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        program.a_matrix_.start_ = matrix.indptr.astype(np.int32)
        program.a_matrix_.index_ = matrix.indices.astype(np.int32)
        program.a_matrix_.value_ = matrix.data.astype(float)
        self._solver = _Solver()
        for option, chosen in (
            ("threads", 1),
            ("parallel", "off"),
            ("solver", "simplex"),
            ("mip_rel_gap", self.budget.gap),
        ):
            self._solver.setOptionValue(option, chosen)
        self._solver.passModel(program)
        self._columns = np.arange(2 * self.size, dtype=np.int32)
        self._pair_rows = np.arange(self._rows, self._rows + len(self.pairs), dtype=np.int32)

    def room(self, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """How far each variable may go down and up, and each rest that two carry; ``low``, ``high``: by count."""
        least, greatest = self._static_low.copy(), self._static_high.copy()
        down, up = low[self._counts] - self._now, high[self._counts] - self._now
        raised = self._sign > 0
        np.maximum.at(least, self._owner, np.where(raised, down, -up))
        np.minimum.at(greatest, self._owner, np.where(raised, up, -down))
        return (
            np.minimum(np.ceil(least - _WHOLE), 0.0),
            np.maximum(np.floor(greatest + _WHOLE), 0.0),
            low[self.pairs] - self._pair_now,
            high[self.pairs] - self._pair_now,
        )

    def place(self, count: int) -> tuple[int, float]:
        """Where a count is: the variable that it is or that alone carries it, and its sign; -1 for nowhere, and for a
        rest that two carry -2 less its row."""
        start, end = self.effect.indptr[count], self.effect.indptr[count + 1]
        if end - start == 0:
            return -1, 0.0
        if end - start == 1:
            return int(self.effect.indices[start]), float(self.effect.data[start])
        return -2 - int(np.searchsorted(self.pairs, count)), 1.0

    def solve(
        self,
        room: tuple[Floats, Floats, Floats, Floats],
        cost_up: Floats,
        cost_down: Floats,
        fixed: tuple[int, float] | None = None,
    ) -> Floats | None:
        """The change of least cost, in whole numbers; None where there is none (in time).

        ``fixed``: a place (see ``place``) and its change.
        """
        for _ in range(_TRIES):
            found = self._solve(room, cost_up, cost_down, fixed)
            if found is None or not self._restrict(found):
                return found
            down, up, *pairs = room
            room = (np.maximum(down, self._static_low), np.minimum(up, self._static_high), pairs[0], pairs[1])
        return None

    def _solve(
        self,
        room: tuple[Floats, Floats, Floats, Floats],
        cost_up: Floats,
        cost_down: Floats,
        fixed: tuple[int, float] | None,
    ) -> Floats | None:
        down, up, pair_low, pair_high = room
        upper = np.concatenate([up, -down])
        lower = np.zeros(2 * self.size)
        if fixed is not None:
            place, by = fixed
            if place >= 0:
                if not down[place] <= by <= up[place]:
                    return None
                lower[place] = upper[place] = max(by, 0.0)
                lower[self.size + place] = upper[self.size + place] = max(-by, 0.0)
            else:
                row = -2 - place
                if not pair_low[row] <= by <= pair_high[row]:
                    return None
                pair_low, pair_high = pair_low.copy(), pair_high.copy()
                pair_low[row] = pair_high[row] = by
        solver = self._solver
        solver.changeColsBounds(len(self._columns), self._columns, lower, upper)
        solver.changeColsCost(len(self._columns), self._columns, np.concatenate([cost_up, cost_down]))
        if len(self.pairs):
            # Not in the library's stub.
            solver.changeRowsBounds(len(self._pair_rows), self._pair_rows, pair_low, pair_high)  # type: ignore[attr-defined]
        found = self._run()
        if found is None:
            return None
        change = np.round(found)
        if np.abs(found - change).max(initial=0.0) < _WHOLE:
            return change
        return self._run_whole()

    def _restrict(self, found: Floats) -> bool:
        """Whether the change turns round two counts that the program does not hold against each other; from now on
        each of them keeps to its half of what lies between them (to all of it where the other cannot change)."""
        counts, moved = self.change(found)
        alternatives, value = self.alternatives, self.system.cells.value
        alternatives.change[counts] = moved
        lesser, greater, factor = alternatives.broken_pairs(counts)
        alternatives.change[counts] = 0.0
        if not len(lesser):
            return False
        slack = np.maximum(factor * value[greater] - value[lesser], 0.0)
        low, has_low = self._find(lesser)
        high, has_high = self._find(greater)
        slack = np.where(has_low & has_high, slack / 2, slack)
        np.minimum.at(self._static_high, low[has_low], np.floor(slack[has_low]))
        np.maximum.at(self._static_low, high[has_high], -np.floor((slack / factor)[has_high]))
        return True

    def _find(self, counts: Integers) -> tuple[Integers, Flags]:
        place = np.minimum(np.searchsorted(self.variables, counts), self.size - 1)
        return place, np.asarray(self.variables[place] == counts)

    def _run(self) -> Floats | None:
        self.programs += 1
        self._solver.run()
        status = self._solver.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kTimeLimit):
            if status not in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
                self._solver.clearSolver()
            return None
        solution = self._solver.getSolution()
        if not solution.value_valid:
            return None
        values = np.array(solution.col_value)
        return values[: self.size] - values[self.size :]

    def _run_whole(self) -> Floats | None:
        count = len(self._columns)
        self._solver.setOptionValue("time_limit", self._solver.getRunTime() + self.budget.seconds)
        self._solver.changeColsIntegrality(count, self._columns, np.full(count, 1, dtype=np.uint8))
        found = self._run()
        self._solver.changeColsIntegrality(count, self._columns, np.zeros(count, dtype=np.uint8))
        self._solver.setOptionValue("time_limit", np.inf)
        self._solver.clearSolver()
        return None if found is None else np.round(found)

    def change(self, found: Floats) -> tuple[Integers, Floats]:
        """All counts that change, and by how much."""
        moved = self.effect @ found
        counts = np.flatnonzero(moved)
        return counts, moved[counts]

    def is_open(self, is_open: Flags) -> Flags:
        """Variables of which no shown row tells a change; ``is_open``: by count."""
        closed = (abs(self.effect).T @ (~is_open).astype(float)) > 0
        return np.asarray(~closed)
