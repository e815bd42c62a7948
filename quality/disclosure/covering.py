"""Secondary protection: hide what else must be hidden, so that every hidden count is uncertain enough.

First many hidden counts are proven safe at once, by tables in which as many as can be are moved. For each
that is left the cheapest change that moves it enough is looked for among its neighbours; the cells
that must move with it are hidden. That change is its proof, and mostly theirs. Nothing is ever shown
again, so it ends: each step proves a count, hides more, or gives up one count, which is reported.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from quality.disclosure.alternatives import Alternatives
from quality.disclosure.blocks import REACHES, Blocks
from quality.disclosure.cells import WIDTH, Cells, Floats, Integers
from quality.disclosure.programs import Budget, Neighbourhood
from quality.disclosure.relations import Relations

# What it costs to hide a cell: large and coarse cells matter to more readers.
LEVEL_COST = {
    "municipality": 1.0,
    "municipality_group": 4.0,
    "wellbeing_area": 10.0,
    "collaborative_area": 15.0,
    "country": 80.0,
}
PERIOD_COST = {"quarter": 0.7, "rolling_12_months": 0.7, "year": 1.0, "school_year": 1.0, "pooled_3_years": 1.5}
CATEGORY_COST = 0.4
# A cell that shows no figure loses little by being hidden.
NO_FIGURE_COST = 0.05
# One table at once proves many; rounds in which less than this share is news, one after the other, end it.
_FRUITLESS_SHARE, _FRUITLESS_ROUNDS, _MOST_ROUNDS = 0.01, 3, 60
# Small pieces first: a program grows faster than what it proves.
_PIECES = (400, 2500)


class Covering:
    """Protects ``alternatives``; ``gave_up``: counts that nothing within the budget protects."""

    def __init__(
        self,
        cells: Cells,
        relations: Relations,
        alternatives: Alternatives,
        budget: Budget | None = None,
        progress: Callable[[str], None] | None = None,
    ) -> None:
        self.cells, self.relations, self.alternatives = cells, relations, alternatives
        self.blocks = Blocks(cells, relations)
        self.budget = budget or Budget()
        self.say = progress or (lambda text: None)
        self.row_cost = row_cost(cells)
        self.price = self.row_cost
        self.cost = self._first_cost()
        self.rng = np.random.default_rng(20230101)
        self.gave_up: set[int] = set()
        self.programs = 0
        self.by_reach = [0] * len(REACHES)

    def run(self) -> None:
        """Until every count that a hidden row must keep is proven, or given up."""
        number = 0
        while True:
            number += 1
            self._stretch()
            pending = self._left()
            self.say(f"round {number}: {len(pending):,} counts to protect")
            if not len(pending):
                return
            for done, count in enumerate(self._ordered(pending)):
                if done and done % 250 == 0:
                    self.say(f"  {done:,} looked at, {self.programs:,} programs, {len(self._left()):,} left")
                if not self.alternatives.is_proven(count):
                    self._protect(int(count))

    def _left(self) -> Integers:
        pending = self.alternatives.pending()
        return pending[~np.isin(pending, list(self.gave_up))]

    def _ordered(self, pending: Integers) -> Integers:
        """Coarse places first: what they hide helps the finer ones."""
        rows = self.cells.spots["area_level"].map(LEVEL_COST).fillna(1.0).to_numpy()[self.cells.spot[pending]]
        return pending[np.lexsort((pending, self.cells.quantity[pending], -rows))]

    # ---- many at once -----------------------------------------------------------------------------

    def _stretch(self) -> None:
        for most in _PIECES:
            self._stretch_pieces(most)

    def _stretch_pieces(self, most: int) -> None:
        alternatives = self.alternatives
        pending = self._left()
        for piece in self.blocks.open_blocks(alternatives.is_open, most):
            judged = np.intersect1d(piece, pending)
            if not len(judged):
                continue
            near = Neighbourhood(alternatives, piece, self.budget)
            fruitless = 0
            for number in range(_MOST_ROUNDS):
                if not len(judged) or fruitless >= _FRUITLESS_ROUNDS:
                    break
                up = np.ones(len(judged), dtype=bool) if number == 0 else self.rng.random(len(judged)) < 0.7
                above, below = self._steps(judged)
                up |= np.isinf(below)
                limit = np.where(up, above, below)
                # Few can rise at once where the sum is small: the favoured ones change from round to round.
                weight = (0.05 + self.rng.exponential(size=len(judged)) ** 2) / np.maximum(limit, 1.0)
                change = near.stretched(np.searchsorted(piece, judged), up, limit, weight)
                if change is None:
                    break
                alternatives.accept(piece, change)
                left = judged[~alternatives.is_safe()[judged]]
                news = len(judged) - len(left)
                fruitless = 0 if news >= max(1, _FRUITLESS_SHARE * len(judged)) else fruitless + 1
                judged = left
            self.programs += near.programs

    def _steps(self, counts: Integers) -> tuple[Floats, Floats]:
        """How far each must go up, or down (infinite: down is not enough), to be proven."""
        cells, alternatives = self.cells, self.alternatives
        value, floor, needed = cells.value[counts], cells.floor[counts], cells.needed[counts]
        above = np.maximum(alternatives.lowest[counts], floor) + needed - value
        least = alternatives.highest[counts] - needed
        below = np.where(least >= floor, value - least, np.inf)
        return np.ceil(above), np.ceil(below)

    # ---- one by one -------------------------------------------------------------------------------

    def _first_cost(self) -> Floats:
        """Of a change by one, by count: what must be hidden for it. Infinite: a row may not be hidden."""
        status = self.alternatives.status
        price = np.where(np.isin(status, ("too_few", "not_recorded")), NO_FIGURE_COST, 1.0)
        open_already = ~self.alternatives.tells()
        price[open_already & (status != "too_few")] = 0.0
        self.price = self.row_cost * price
        forbidden = (~open_already & ~self.alternatives.may_hide) | self.alternatives.is_known
        total = self.cells.publishes.T @ np.where(forbidden, 0.0, self.price)
        closed = (self.cells.publishes.T @ forbidden.astype(float)) > 0
        # The rest of a share moves with what is paid for already.
        total[self.cells.quantity >= 2 * self.blocks.series] = 0.0
        return np.asarray(np.where(closed, np.inf, total * WIDTH / self.cells.needed))

    def _hide(self, rows: Integers) -> None:
        new = self.alternatives.hide(rows)
        for row in new:
            counts = self.cells.publishes.indices[
                self.cells.publishes.indptr[row] : self.cells.publishes.indptr[row + 1]
            ]
            counts = counts[self.cost[counts] > 0]
            self.cost[counts] = np.maximum(self.cost[counts] - self.price[row] * WIDTH / self.cells.needed[counts], 0.0)
            self.cost[counts[self.cost[counts] < 1e-9]] = 0.0
            self.price[row] = 0.0

    def _protect(self, count: int) -> None:
        cost = self.cost
        for place, reach in enumerate(REACHES):
            counts = self.blocks.around(count, reach, cost, self.budget.counts)
            near = Neighbourhood(self.alternatives, counts, self.budget)
            near.low, near.high = -self.cells.value[counts], np.full(len(counts), np.inf)
            closed = np.isinf(cost[counts])
            near.low[closed] = near.high[closed] = 0.0
            own = np.where(closed, 0.0, cost[counts])
            above, below = (float(step[0]) for step in self._steps(np.array([count])))
            best: tuple[Floats, float] | None = None
            for by in (above, -below):
                if np.isinf(by):
                    continue
                found = near.cheapest(count, by, own)
                if found is not None and (best is None or found[1] < best[1]):
                    best = found
                if best is not None and best[1] < 1e-6:
                    break
            self.programs += near.programs
            if best is None:
                continue
            change = best[0]
            moved = counts[change != 0]
            self._hide(self.alternatives.publishers_of(moved))
            if self.alternatives.accept(counts, change) and self.alternatives.is_proven(count):
                self.by_reach[place] += 1
                return
        self.gave_up.add(count)


def row_cost(cells: Cells) -> Floats:
    """Cost of hiding each row."""
    table = cells.table
    cost = table["area_level"].map(LEVEL_COST).fillna(1.0).to_numpy(dtype=float)
    cost = cost * table["period_type"].map(PERIOD_COST).fillna(1.0).to_numpy(dtype=float)
    cost = cost * np.where(table["breakdown"] == "total", 1.0, CATEGORY_COST)
    people = np.nan_to_num(table["denominator_clients"].to_numpy(dtype=float))
    return np.asarray(cost * np.sqrt(1.0 + people))
