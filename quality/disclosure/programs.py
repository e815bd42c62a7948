"""Programs that look for a change of a few counts with a wanted effect (HiGHS, scipy.optimize.milp)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize
import scipy.sparse

from quality.disclosure.alternatives import Alternatives, adjacent
from quality.disclosure.cells import Floats, Integers

_WHOLE = 1e-6
# A change that the rest of the rows rules out is tried again with these so often.
_TRIES = 5


@dataclass(frozen=True)
class Budget:
    """``seconds``: for one program in whole numbers. ``counts``: largest neighbourhood. ``gap``: how far from the
    best a covering may be."""

    seconds: float = 4.0
    counts: int = 10000
    gap: float = 0.05


class Neighbourhood:
    """The counts that may change, with every relation that touches them; all others stay as they are."""

    def __init__(self, alternatives: Alternatives, counts: Integers, budget: Budget) -> None:
        self.alternatives, self.counts, self.budget = alternatives, counts, budget
        cells, relations = alternatives.cells, alternatives.relations
        rows = adjacent(relations.columns, counts)
        self.matrix = relations.matrix[rows][:, counts].tocsr()
        self.least, self.greatest = relations.least[rows], relations.greatest[rows]
        # In ranges that its status leaves, or that hiding it would.
        self.low = np.where(alternatives.is_open[counts], alternatives.lower[counts], 0.0) - cells.value[counts]
        self.high = np.where(alternatives.is_open[counts], alternatives.upper[counts], np.inf) - cells.value[counts]
        self.programs = 0

    def position(self, count: int) -> int:
        """Place of a count in the neighbourhood."""
        return int(np.searchsorted(self.counts, count))

    def cheapest(self, count: int, by: float, cost: Floats) -> tuple[Floats, float] | None:
        """The change of least cost in which ``count`` changes by ``by``; None where there is none (in time).

        ``cost``: of a change by one, by counts of the neighbourhood; 0 for what is open already.
        """
        place = self.position(count)
        if not self.low[place] - _WHOLE <= by <= self.high[place] + _WHOLE:
            return None
        paid = np.flatnonzero(cost > 0)
        size, more = len(self.counts), len(paid)
        low, high = np.concatenate([self.low, np.zeros(more)]), np.concatenate([self.high, np.full(more, np.inf)])
        low[place] = high[place] = by
        # size-of-change >= change and >= -change for what costs something.
        ones, number = np.ones(more), np.arange(more)
        absolute = scipy.sparse.coo_matrix(
            (
                np.concatenate([ones, ones, ones, -ones]),
                (
                    np.concatenate([number, number, number + more, number + more]),
                    np.concatenate([size + number, paid, size + number, paid]),
                ),
            ),
            shape=(2 * more, size + more),
        )
        # second half: size - change >= 0, first half: size + change >= 0
        matrix = scipy.sparse.vstack(
            [scipy.sparse.hstack([self.matrix, scipy.sparse.csr_matrix((self.matrix.shape[0], more))]), absolute]
        ).tocsr()
        objective = np.concatenate([np.zeros(size), cost[paid]])
        return self._whole(
            objective,
            matrix,
            np.concatenate([self.least, np.zeros(2 * more)]),
            np.concatenate([self.greatest, np.full(2 * more, np.inf)]),
            low,
            high,
        )

    def stretched(self, places: Integers, up: np.ndarray, limit: Floats, weight: Floats) -> Floats | None:
        """A change of open counts in which as many as can be move by up to ``limit``, up or down."""
        size, more = len(self.counts), len(places)
        number = np.arange(more)
        sign = np.where(up, 1.0, -1.0)
        # gain <= sign x change, gain <= limit; the change earns no more than that.
        gains = scipy.sparse.coo_matrix(
            (
                np.concatenate([np.ones(more), -sign]),
                (np.tile(number, 2), np.concatenate([size + number, places])),
            ),
            shape=(more, size + more),
        )
        matrix = scipy.sparse.vstack(
            [scipy.sparse.hstack([self.matrix, scipy.sparse.csr_matrix((self.matrix.shape[0], more))]), gains]
        ).tocsr()
        found = self._whole(
            np.concatenate([np.zeros(size), -weight]),
            matrix,
            np.concatenate([self.least, np.full(more, -np.inf)]),
            np.concatenate([self.greatest, np.zeros(more)]),
            np.concatenate([self.low, np.full(more, -np.inf)]),
            np.concatenate([self.high, limit]),
        )
        return None if found is None else found[0]

    def _whole(
        self,
        objective: Floats,
        matrix: scipy.sparse.csr_matrix,
        least: Floats,
        greatest: Floats,
        low: Floats,
        high: Floats,
    ) -> tuple[Floats, float] | None:
        """Whole numbers: as the plain program has them, else by the whole-number one within its time."""
        size = len(self.counts)
        for _ in range(_TRIES):
            solution = None
            for whole in (0, 1):
                self.programs += 1
                done = scipy.optimize.milp(
                    objective,
                    integrality=np.concatenate([np.full(size, whole), np.zeros(len(low) - size)]),
                    bounds=scipy.optimize.Bounds(low, high),
                    constraints=scipy.optimize.LinearConstraint(matrix, least, greatest),
                    options={"time_limit": self.budget.seconds, "mip_rel_gap": self.budget.gap},
                )
                if done.x is None:
                    return None
                solution = done.x
                change = np.round(solution[:size])
                if np.abs(change - solution[:size]).max(initial=0.0) < 1e-4:
                    break
            else:
                return None
            # Relations that were too far off to be in the program.
            alternatives = self.alternatives
            alternatives.change[self.counts] = change
            lesser, greater, factor = alternatives.broken_pairs(self.counts[change != 0])
            alternatives.change[self.counts] = 0.0
            if not len(lesser):
                assert solution is not None
                return change, float(objective @ solution)
            rows, right = self._pair_rows(lesser, greater, factor, matrix.shape[1])
            matrix = scipy.sparse.vstack([matrix, rows]).tocsr()
            least = np.concatenate([least, np.full(len(right), -np.inf)])
            greatest = np.concatenate([greatest, right])
        return None

    def _pair_rows(
        self, lesser: Integers, greater: Integers, factor: Floats, width: int
    ) -> tuple[scipy.sparse.coo_matrix, Floats]:
        value = self.alternatives.cells.value
        row, column, entry = [], [], []
        for counts, sign in ((lesser, np.ones(len(lesser))), (greater, -factor)):
            place = np.searchsorted(self.counts, counts)
            inside = (place < len(self.counts)) & (self.counts[np.minimum(place, len(self.counts) - 1)] == counts)
            row.append(np.flatnonzero(inside))
            column.append(place[inside])
            entry.append(sign[inside])
        matrix = scipy.sparse.coo_matrix(
            (np.concatenate(entry), (np.concatenate(row), np.concatenate(column))), shape=(len(lesser), width)
        )
        return matrix, factor * value[greater] - value[lesser]
