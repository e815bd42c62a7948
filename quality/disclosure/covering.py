"""Secondary protection: hide what else must be hidden, so that every hidden count is uncertain enough.

Series by series: first many hidden counts are proven safe at once, by tables in which as many as can be are moved.
For each that is left the cheapest change that moves it enough is looked for; the cells that must move with it are
hidden, and that change is its proof, and mostly theirs. What a series alone cannot balance is looked for together
with those that hold it down, and what even that does not find costs the cells beside it, then those above it. Nothing
is ever shown again, so it ends: each step proves a count, hides more, or gives up one count, which is reported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from quality.disclosure.alternatives import Alternatives, adjacent_all
from quality.disclosure.cells import WIDTH, Cells, Flags, Floats, Integers
from quality.disclosure.deviations import Budget, Deviations, Program
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
_FRUITLESS_SHARE, _FRUITLESS_ROUNDS, _MOST_ROUNDS = 0.03, 2, 25
# What was hidden for some proves others: tables for many are looked for again after so many.
_AGAIN = 8
# Reward of a step towards what is wanted, where the whole way is not possible.
_REWARD = 1e6
_NAUGHT = 1e-9


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
        self.budget = budget or Budget()
        self.say = progress or (lambda text: None)
        self.system = Deviations(cells, relations)
        self.series = len(cells.quantities) // 3
        self.price, self.is_movable = self._prices()
        self.rng = np.random.default_rng(20230101)
        self.gave_up: set[int] = set()
        self.hard: set[int] = set()
        self.widened = 0
        self._programs: dict[frozenset[int], Program] = {}

    @property
    def programs(self) -> int:
        """Programs solved."""
        return sum(one.programs for one in self._programs.values())

    def run(self) -> None:
        """Until every count that a hidden row must keep is proven, or given up."""
        number = 0
        while True:
            pending = self._left()
            number += 1
            self.say(f"round {number}: {len(pending):,} counts to protect")
            if not len(pending):
                return
            easy = pending[~np.isin(pending, list(self.hard))]
            if len(easy):
                of_series = self.cells.quantity[easy] % self.series
                for one in np.unique(of_series):
                    self._cover(self._program(frozenset([int(one)])), easy[of_series == one])
                continue
            for count in self._ordered(pending):
                if not self.alternatives.is_proven(int(count)):
                    self._protect_hard(int(count))

    def _left(self) -> Integers:
        pending = self.alternatives.pending()
        return pending[~np.isin(pending, list(self.gave_up))]

    def _ordered(self, pending: Integers) -> Integers:
        """Coarse places first: what they hide helps the finer ones."""
        rows = self.cells.spots["area_level"].map(LEVEL_COST).fillna(1.0).to_numpy()[self.cells.spot[pending]]
        return pending[np.lexsort((pending, self.cells.quantity[pending], -rows))]

    # ---- programs ---------------------------------------------------------------------------------

    def _prices(self) -> tuple[Floats, Flags]:
        """What hiding each row costs, and which counts may change at all: nobody may hide what stands in an earlier
        release, and what was not delivered stays as it is."""
        alternatives = self.alternatives
        status = alternatives.status
        price = row_cost(self.cells) * np.where(np.isin(status, ("too_few", "not_recorded")), NO_FIGURE_COST, 1.0)
        open_already = ~alternatives.tells()
        price[open_already & (status != "too_few")] = 0.0
        forbidden = (~open_already & ~alternatives.may_hide) | alternatives.is_known
        delivered = ~np.isin(status, ("not_delivered", "not_applicable"))
        closed = (self.system.publishers @ forbidden.astype(float)) > 0
        given = (self.system.publishers @ delivered.astype(float)) > 0
        return price, np.asarray(given & ~closed & ~self.system.is_rest)

    def _program(self, series: frozenset[int]) -> Program:
        if series not in self._programs:
            lines = np.array(sorted(series))
            counts = self.cells.grid[np.concatenate([lines, lines + self.series])].ravel()
            counts = np.unique(counts[counts >= 0])
            self._programs[series] = Program(
                self.system, self.alternatives, counts[self.is_movable[counts]], self.budget
            )
        return self._programs[series]

    def _cost(self, program: Program) -> Floats:
        price = program.publishers @ self.price
        return np.asarray(price * WIDTH / self.cells.needed[program.variables])

    # ---- many at once -----------------------------------------------------------------------------

    def _cover(self, program: Program, pending: Integers) -> None:
        pending = self._stretch(program, self._ordered(pending))
        since = 0
        while len(pending):
            count, pending = int(pending[0]), pending[1:]
            if self.alternatives.is_proven(count):
                continue
            if not self._protect(program, count):
                self.hard.add(count)
                continue
            since += 1
            if since % _AGAIN == 0:
                pending = self._stretch(program, pending, rounds=2)

    def _stretch(self, program: Program, judged: Integers, rounds: int = _MOST_ROUNDS) -> Integers:
        """Tables in which as many as can be of ``judged`` move as far as they need; those that are left."""
        alternatives = self.alternatives
        judged = judged[~alternatives.is_safe()[judged]]
        where = np.array([self._stretchable(program, int(count)) for count in judged]).reshape(-1, 3)
        is_open = program.is_open(alternatives.is_open)
        down, up, *pairs = program.room(alternatives.lower, alternatives.upper)
        down, up = np.where(is_open, down, 0.0), np.where(is_open, up, 0.0)
        fruitless = 0
        for number in range(rounds):
            if not len(judged) or fruitless >= _FRUITLESS_ROUNDS:
                break
            above, below = self._steps(judged)
            rises = np.ones(len(judged), dtype=bool) if number == 0 else self.rng.random(len(judged)) < 0.7
            rises |= np.isinf(below)
            limit = np.where(rises, above, below)
            # A rest that two counts carry goes up with the one or down with the other.
            second = (where[:, 2] >= 0) & (self.rng.random(len(judged)) < 0.5)
            place = np.where(second, where[:, 2], where[:, 0]).astype(np.int64)
            sign = np.where(second, 1.0, where[:, 1]) * np.where(rises, 1.0, -1.0)
            # Few can rise at once where the sum is small: the favoured ones change from round to round.
            weight = (0.05 + self.rng.exponential(size=len(judged)) ** 2) / np.maximum(limit, 1.0)
            cost_up, cost_down = np.zeros(program.size), np.zeros(program.size)
            low, high = down.copy(), up.copy()
            usable = place >= 0
            place, toward = place[usable], sign[usable]
            cost_up[place], cost_down[place] = -weight[usable] * toward, weight[usable] * toward
            least, greatest = np.where(toward > 0, -np.inf, -limit[usable]), np.where(toward > 0, limit[usable], np.inf)
            low[place], high[place] = np.maximum(low[place], least), np.minimum(high[place], greatest)
            found = program.solve((low, high, pairs[0], pairs[1]), cost_up, cost_down)
            if found is None:
                break
            alternatives.accept(*program.change(found))
            left = ~alternatives.is_safe()[judged]
            news = len(judged) - int(left.sum())
            fruitless = 0 if news >= max(1, _FRUITLESS_SHARE * len(judged)) else fruitless + 1
            judged, where = judged[left], where[left]
        return judged

    def _stretchable(self, program: Program, count: int) -> tuple[int, float, int]:
        """The variable that moves a count, its sign, and a second one that raises it (-1 for none)."""
        place, sign = program.place(count)
        if place >= -1:
            return place, sign, -1
        above, below = self.system.carriers[count]
        return program.place(int(above))[0], -1.0, program.place(int(below))[0]

    def _steps(self, counts: Integers) -> tuple[Floats, Floats]:
        """How far each must go up, or down (infinite: down is not enough), to be proven."""
        cells, alternatives = self.cells, self.alternatives
        value, floor, needed = cells.value[counts], cells.floor[counts], cells.needed[counts]
        above = np.maximum(alternatives.lowest[counts], floor) + needed - value
        least = alternatives.highest[counts] - needed
        below = np.where(least >= floor, value - least, np.inf)
        return np.ceil(above), np.ceil(below)

    # ---- one by one -------------------------------------------------------------------------------

    def _hide(self, rows: Integers) -> None:
        self.price[self.alternatives.hide(rows)] = 0.0

    def _protect(self, program: Program, count: int) -> bool:
        """Hide what the cheapest change that proves ``count`` needs; False when the program has none."""
        place, sign = program.place(count)
        if place == -1:
            return False
        room = program.room(np.zeros(self.cells.size), np.full(self.cells.size, np.inf))
        cost = self._cost(program)
        above, below = (float(step[0]) for step in self._steps(np.array([count])))
        best: Floats | None = None
        for by in (above, -below):
            if np.isinf(by):
                continue
            found = program.solve(room, cost, cost, (place, sign * by))
            if found is not None and (best is None or cost @ np.abs(found) < cost @ np.abs(best)):
                best = found
            if best is not None and cost @ np.abs(best) < _NAUGHT:
                break
        if best is not None:
            return self._take(program, best) and self.alternatives.is_proven(count)
        if place < 0:
            return False
        # As far up as it goes, and the rest of the way down.
        down, up, *pairs = room
        reward = np.zeros(program.size)
        reward[place] = _REWARD * sign
        down, up = down.copy(), up.copy()
        if sign > 0:
            up[place] = min(up[place], above)
        else:
            down[place] = max(down[place], -above)
        found = program.solve((down, up, pairs[0], pairs[1]), cost - reward, cost + reward)
        if found is None or not self._take(program, found):
            return False
        below = float(self._steps(np.array([count]))[1][0])
        if np.isinf(below):
            return self.alternatives.is_proven(count)
        cost = self._cost(program)
        found = program.solve(room, cost, cost, (place, -sign * below))
        return found is not None and self._take(program, found) and self.alternatives.is_proven(count)

    def _take(self, program: Program, found: Floats) -> bool:
        """Hide what a change needs and count it in."""
        counts, change = program.change(found)
        if not len(counts):
            return False
        self._hide(self.alternatives.publishers_of(counts))
        return self.alternatives.accept(counts, change)

    # ---- what a series alone does not do ----------------------------------------------------------

    def _protect_hard(self, count: int) -> None:
        for series in self._company(count):
            if self._protect(self._program(series), count):
                return
        for rows in self._wider(count):
            self.widened += 1
            self._hide(rows)
            for series in self._company(count):
                if self._protect(self._program(series), count):
                    return
        self.gave_up.add(count)

    def _company(self, count: int) -> Iterator[frozenset[int]]:
        """Series that may have to move together with that of ``count``: itself, those that hold it down where it is,
        those that share its denominator, and then what holds these down."""
        cells, number = self.cells, self.series
        spot = int(cells.spot[count])
        grid, value, needed = cells.grid[: 2 * number, spot], cells.value, cells.needed
        lesser, greater, in_days = self.relations.pairs
        factor = np.where(in_days, float(cells.spots["days"].iloc[spot]), 1.0)
        slack = factor * value[grid[greater]] - value[grid[lesser]]
        reach = 2 * np.maximum(needed[grid[lesser]], factor * needed[grid[greater]])
        tight = (grid[lesser] >= 0) & (grid[greater] >= 0) & (slack >= 0) & (slack < reach)
        found = {int(cells.quantity[count]) % number}
        yield frozenset(found)
        for _ in range(3):
            lines = np.array(sorted(found))
            below = grid[number + lines]
            mine = np.concatenate([lines, number + lines])
            mine = np.union1d(mine, np.flatnonzero(np.isin(grid, grid[mine][grid[mine] >= 0])))
            more = found | {int(one) for one in np.flatnonzero(np.isin(grid[number:], below[below >= 0]))}
            more |= {int(one) % number for one in mine}
            near = tight & (np.isin(lesser, mine) | np.isin(greater, mine))
            more |= {int(one) % number for one in (*lesser[near], *greater[near])}
            if more == found or self._size(more) > self.budget.counts:
                return
            found = more
            yield frozenset(found)

    def _size(self, series: set[int]) -> int:
        lines = np.array(sorted(series))
        counts = self.cells.grid[np.concatenate([lines, lines + self.series])]
        counts = np.unique(counts[counts >= 0])
        return int(self.is_movable[counts].sum())

    def _wider(self, count: int) -> Iterator[Integers]:
        """Rows to hide, ever more: the counts in the sums of ``count``, those in the sums of these, the whole series,
        all series that share its denominator."""
        alternatives, matrix = self.alternatives, self.relations.matrix
        counts = np.array([count])
        for _ in range(2):
            rows = np.unique(adjacent_all(self.relations.columns, counts))
            counts = np.unique(adjacent_all(matrix, rows))
            yield alternatives.publishers_of(counts)
        table = self.cells.table
        own = self.cells.quantities[self.cells.quantity[count]]
        same = (table["indicator_id"] == own[0]) & (table["variant"] == own[1])
        yield np.flatnonzero(same.to_numpy())
        yield alternatives.publishers_of(np.unique(adjacent_all(self.cells.publishes, np.flatnonzero(same.to_numpy()))))


def row_cost(cells: Cells) -> Floats:
    """Cost of hiding each row."""
    table = cells.table
    cost = table["area_level"].map(LEVEL_COST).fillna(1.0).to_numpy(dtype=float)
    cost = cost * table["period_type"].map(PERIOD_COST).fillna(1.0).to_numpy(dtype=float)
    cost = cost * np.where(table["breakdown"] == "total", 1.0, CATEGORY_COST)
    people = np.nan_to_num(table["denominator_clients"].to_numpy(dtype=float))
    return np.asarray(cost * np.sqrt(1.0 + people))
