"""Other tables that fit everything published: the proof that a hidden count is not known.

A change of whole numbers that leaves every shown count and every sum as it is makes another table
that an outsider cannot tell from the true one. A count that is far enough apart in two such tables is
safe, and stays so however much more is hidden. Every change is checked before it counts.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import scipy.sparse

from quality.disclosure.cells import Cells, Flags, Floats, Integers, StatusRanges
from quality.disclosure.relations import Relations

_TOLERANCE = 1e-6
Compressed: TypeAlias = scipy.sparse.csr_matrix | scipy.sparse.csc_matrix
# Rows with these publish no count.
NOT_TOLD = ("hidden", "too_few")


class Alternatives:
    """What is hidden, and how far apart each count is in the tables found so far.

    ``status``: by row. ``is_open``: by count, no shown row publishes it. ``lowest``, ``highest``: by count, over
    all tables that were checked.
    """

    def __init__(self, cells: Cells, relations: Relations, may_hide: Flags, is_known: Flags | None = None) -> None:
        """``may_hide``, ``is_known`` (shown by an earlier release): by row."""
        self.cells, self.relations, self.may_hide = cells, relations, may_hide
        self.is_known = np.zeros(len(may_hide), dtype=bool) if is_known is None else is_known
        self.status = cells.table["status"].to_numpy(dtype=object).copy()
        self.lowest, self.highest = cells.value.copy(), cells.value.copy()
        self.publishers = cells.publishes.tocsc()
        self.change = np.zeros(cells.size)
        self.lower, self.upper = np.zeros(cells.size), np.full(cells.size, np.inf)
        self._ranges = StatusRanges(cells)
        self._ranges.narrow(np.flatnonzero(self.status == "too_few"), self.lower, self.upper)
        self._tellers = np.asarray(cells.publishes.T @ (self.tells() | self.is_known).astype(float))
        self.is_open = self._tellers == 0
        self._days = cells.spots["days"].to_numpy(dtype=float)
        self._stands_for = self._quantities()
        self.tables = 0

    def tells(self) -> Flags:
        """Rows that publish their counts. Nobody knows a municipality whose area has not delivered; that a larger place
        has not delivered says that it counts for nothing."""
        lacking = (self.status == "not_delivered") & (self.cells.table["area_level"] == "municipality").to_numpy()
        return ~np.isin(self.status, NOT_TOLD) & ~lacking

    def _quantities(self) -> Flags:
        """Lines of the grid × quantities: whether a count of the quantity stands anywhere in the line."""
        grid = self.cells.grid
        found = np.zeros((len(grid), len(grid)), dtype=bool)
        for line, counts in enumerate(grid):
            found[line, np.unique(self.cells.quantity[counts[counts >= 0]])] = True
        return found

    def publishers_of(self, counts: Integers) -> Integers:
        """Rows that would tell one of the counts were they shown."""
        return np.unique(adjacent_all(self.publishers, counts)).astype(np.int64)

    def hide(self, rows: Integers) -> Integers:
        """Hide rows; those that were not hidden before."""
        new = rows[(self.status[rows] != "hidden") & self.may_hide[rows]]
        told = new[~np.isin(self.status[new], NOT_TOLD) & ~self.is_known[new]]
        few = new[self.status[new] == "too_few"]
        self.status[new] = "hidden"
        if len(few):
            freed = np.unique(adjacent_all(self.cells.publishes, few))
            self.lower[freed], self.upper[freed] = 0.0, np.inf
            rows = self.publishers_of(freed)
            self._ranges.narrow(rows[self.status[rows] == "too_few"], self.lower, self.upper)
        counts = adjacent_all(self.cells.publishes, told)
        np.subtract.at(self._tellers, counts, 1.0)
        self.is_open[counts] = self._tellers[counts] == 0
        return new

    def pending(self) -> Integers:
        """Counts that hidden rows must keep and that are not yet proven to be wide enough."""
        hidden = (self.status == "hidden").astype(float)
        wanted = (self.cells.is_target.T @ hidden) > 0
        return np.flatnonzero(wanted & self.is_open & ~self.is_safe())

    def is_safe(self) -> Flags:
        """By count: whether the range seen is wide enough for one who is counted."""
        width = self.highest - np.maximum(self.lowest, self.cells.floor)
        return np.asarray(width >= self.cells.needed)

    def is_proven(self, count: int) -> bool:
        """``is_safe`` of one count."""
        width = self.highest[count] - max(self.lowest[count], self.cells.floor[count])
        return bool(width >= self.cells.needed[count])

    def broken(self, counts: Integers, change: Floats) -> str:
        """Why the change is not possible; empty when it is. ``change``: by ``counts``, whole numbers."""
        if not self.is_open[counts].all():
            return "a count that is shown would change"
        value = self.cells.value[counts] + change
        if (value < self.lower[counts] - _TOLERANCE).any() or (value > self.upper[counts] + _TOLERANCE).any():
            return "a count leaves its range"
        rows = np.unique(adjacent_all(self.relations.columns, counts))
        self.change[counts] = change
        moved = self.relations.matrix[rows] @ self.change
        is_possible = (moved >= self.relations.least[rows] - _TOLERANCE).all() and (
            moved <= self.relations.greatest[rows] + _TOLERANCE
        ).all()
        pairs = len(self.broken_pairs(counts)[0])
        self.change[counts] = 0.0
        return "" if is_possible and not pairs else "a relation is broken"

    def broken_pairs(self, counts: Integers) -> tuple[Integers, Integers, Floats]:
        """Counts (lesser, greater, factor) that ``self.change`` turns round though the truth does not."""
        moved: Flags = np.asarray(self._stands_for[:, np.unique(self.cells.quantity[counts])].any(axis=1))
        touched = moved[self.relations.pairs[0]] | moved[self.relations.pairs[1]]
        lesser, greater, in_days = (part[touched] for part in self.relations.pairs)
        spots = np.unique(self.cells.spot[counts])
        left, right = self.cells.grid[lesser][:, spots], self.cells.grid[greater][:, spots]
        factor = np.where(in_days[:, None], self._days[spots][None, :], 1.0)
        value = self.cells.value
        given = (left >= 0) & (right >= 0)
        truly = value[left] <= factor * value[right] + _TOLERANCE
        then = value[left] + self.change[left] <= factor * (value[right] + self.change[right]) + _TOLERANCE
        wrong = given & truly & ~then
        return left[wrong], right[wrong], factor[wrong]

    def accept(self, counts: Integers, change: Floats) -> bool:
        """Count a change in, and its mirror image where that is possible too; False when it is not possible."""
        change = np.round(change)
        counts, change = counts[change != 0], change[change != 0]
        if not len(counts) or self.broken(counts, change):
            return False
        self._remember(counts, change)
        if not self.broken(counts, -change):
            self._remember(counts, -change)
        return True

    def _remember(self, counts: Integers, change: Floats) -> None:
        self.tables += 1
        value = self.cells.value[counts] + change
        self.lowest[counts] = np.minimum(self.lowest[counts], value)
        self.highest[counts] = np.maximum(self.highest[counts], value)


def adjacent_all(matrix: Compressed, chosen: Integers) -> Integers:
    """Columns of the rows (rows of the columns) ``chosen`` of a compressed sparse matrix, one after the other."""
    start, content = matrix.indptr, matrix.indices
    if not len(chosen):
        return np.empty(0, dtype=np.int64)
    lengths = start[chosen + 1] - start[chosen]
    total = int(lengths.sum())
    offset = np.repeat(start[chosen] - np.concatenate([[0], np.cumsum(lengths)[:-1]]), lengths)
    return np.asarray(content[offset + np.arange(total)])


def adjacent(matrix: Compressed, chosen: Integers) -> Integers:
    """Rows of the columns (columns of the rows) ``chosen``, each once."""
    return np.unique(adjacent_all(matrix, np.asarray(chosen))).astype(np.int64)
