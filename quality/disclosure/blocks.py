"""Neighbourhoods: sets of counts small enough to be solved, inside which a change can balance itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.sparse.csgraph import connected_components

from quality.disclosure.cells import Cells, Flags, Floats, Integers
from quality.disclosure.relations import Relations


@dataclass(frozen=True)
class Reach:
    """How far a neighbourhood goes: ``members`` of every sum of places beside the whole; which ``quantities``
    (own: that of the count; shared: with the denominator; all: everything of these indicators); ``steps`` through
    sums of periods."""

    members: int
    quantities: str
    steps: int
    # From the places reached first, so many of each further sum, and again.
    further: tuple[int, ...] = (3, 2)


# From near to far; the last takes in what there is.
REACHES = (
    Reach(4, "own", 1, ()),
    Reach(4, "own", 1, (2,)),
    Reach(8, "shared", 1),
    Reach(12, "shared", 2),
    Reach(400, "shared", 2),
    Reach(40, "all", 2),
)


class Blocks:
    """Finds neighbourhoods among the counts of ``cells``."""

    def __init__(self, cells: Cells, relations: Relations) -> None:
        self.cells, self.relations = cells, relations
        spots = cells.spots
        self.place = spots.groupby(["area_level", "area_code"], sort=False).ngroup().to_numpy()
        self.time = spots.groupby(["period_type", "period"], sort=False).ngroup().to_numpy()
        self.category = spots.groupby(["breakdown", "category"], sort=False).ngroup().to_numpy()
        shape = (self.place.max() + 1, self.time.max() + 1, self.category.max() + 1)
        self.at = np.full(shape, -1, dtype=np.int64)
        self.at[self.place, self.time, self.category] = np.arange(len(spots))
        self.breakdown = spots["breakdown"].to_numpy()
        self.series = len(cells.quantities) // 3
        self.indicator = np.array([name[0] for name in cells.quantities])
        self.near_categories = self._near_categories()
        self.nearness = self._nearness()

    def _nearness(self) -> Integers:
        """By spot: a number that is close for places of the same sums, finest sum first."""
        smallest: dict[int, int] = {}
        for place in set(self.place.tolist()):
            mine = [one for one in self.relations.places.get(place, []) if one[0] != place]
            smallest[place] = int(min(mine, key=len)[0]) if mine else place
        key = np.array([smallest[int(place)] * (len(smallest) + 1) + int(place) for place in self.place])
        return np.asarray(key, dtype=np.int64)

    def _near_categories(self) -> dict[int, Integers]:
        """The categories that add up with one: its own breakdown and the total."""
        first = {int(code): self.breakdown[np.flatnonzero(self.category == code)[0]] for code in set(self.category)}
        total = [code for code, name in first.items() if name == "total"]
        return {
            code: np.array(sorted({*total, *(one for one, other in first.items() if other == name)}))
            if name != "total"
            else np.array(sorted(first))
            for code, name in first.items()
        }

    def around(self, count: int, reach: Reach, cost: Floats, most: int) -> Integers:
        """Counts near ``count``: cheap siblings in the sums that it is in, at the times that add up with its own.

        ``cost``: by count, of one change; ``most``: no more counts than that (nearest places first).
        """
        spot = int(self.cells.spot[count])
        times = self._times(int(self.time[spot]), reach.steps)
        categories = self.near_categories[int(self.category[spot])]
        quantities = self._quantities(count, spot, reach.quantities)
        places = self._places(count, spot, times, reach, cost)
        while True:
            spots = self.at[np.ix_(places, times, categories)].ravel()
            counts = self.cells.grid[np.ix_(quantities, spots[spots >= 0])].ravel()
            counts = np.unique(counts[counts >= 0])
            counts = counts[np.isfinite(cost[counts])]
            if len(counts) <= most or len(places) <= 3:
                return np.union1d(counts, [count])
            places = places[: max(3, int(len(places) * most / len(counts)))]

    def _times(self, time: int, steps: int) -> Integers:
        found = {time}
        for _ in range(steps):
            for one in list(found):
                for together in self.relations.times.get(one, []):
                    found.update(int(member) for member in together)
        return np.array(sorted(found))

    def _quantities(self, count: int, spot: int, which: str) -> Integers:
        number = self.series
        own = np.flatnonzero(self.cells.grid[:, spot] == count)
        series = np.unique(own % number)
        is_denominator = bool(((own >= number) & (own < 2 * number)).any())
        if which == "own" and not is_denominator:
            return np.concatenate([series, series + 2 * number])
        # With a denominator everything that is a part of it.
        series = self._sharing(series, spot)
        if which == "all":
            series = np.flatnonzero(np.isin(self.indicator[:number], np.unique(self.indicator[series])))
        chosen = np.concatenate([series, series + number, series + 2 * number])
        if which == "own":
            return chosen
        # What holds these down moves too: the count that one of them may not exceed.
        lesser, greater, _ = self.relations.pairs
        for _ in range(2 if which == "all" else 1):
            more = np.concatenate([greater[np.isin(lesser, chosen)], lesser[np.isin(greater, chosen)]])
            if which != "all":
                more = more[self._is_tight(more, chosen, spot)]
            chosen = np.union1d(chosen, more)
            chosen = np.union1d(chosen, chosen[chosen < 2 * number] % number + 2 * number)
        return chosen

    def _sharing(self, series: Integers, spot: int) -> Integers:
        number = self.series
        below = self.cells.grid[number + series, spot]
        shared = np.isin(self.cells.grid[number : 2 * number, spot], below[below >= 0])
        return np.union1d(series, np.flatnonzero(shared))

    def _is_tight(self, others: Integers, chosen: Integers, spot: int) -> Flags:
        """Which of ``others`` are at this spot nearly as small or large as one of ``chosen``."""
        grid, value, needed = self.cells.grid[:, spot], self.cells.value, self.cells.needed
        mine = grid[chosen][grid[chosen] >= 0]
        theirs = grid[others]
        gap = np.abs(value[theirs][:, None] - value[mine][None, :]) if len(mine) else np.full((len(others), 1), np.inf)
        return np.asarray((theirs >= 0) & (gap.min(axis=1) < 2 * needed[theirs]))

    def _places(self, count: int, spot: int, times: Integers, reach: Reach, cost: Floats) -> Integers:
        """The own place and, sum by sum, the whole and the cheapest parts, then the same from those.

        Where nothing may be hidden nothing can change.
        """
        own, category = int(self.place[spot]), int(self.category[spot])
        quantity = int(np.flatnonzero(self.cells.grid[:, spot] == count)[0])
        counts = self.cells.grid[quantity, self.at[:, times, category]]
        counts = np.where(self.at[:, times, category] >= 0, counts, -1)
        price = np.where(counts >= 0, cost[counts], 0.0)
        movable = np.isfinite(price) & (counts >= 0)
        price = np.where(movable.any(axis=1), np.where(movable, price, 0.0).sum(axis=1), np.inf)
        here = np.where(counts >= 0, self.cells.value[counts], 0.0).max(axis=1)
        # Who has too little to give can only take.
        price = np.where(here < self.cells.needed[count], 2 * price + 1e-3, price)
        chosen = [own]
        frontier = [own]
        for width in (reach.members, *reach.further):
            reached: list[int] = []
            for place in frontier:
                for together in sorted(self.relations.places.get(place, []), key=len):
                    others = together[(together != place) & np.isfinite(price[together])]
                    if not len(others):
                        continue
                    cheap = others[np.argsort(price[others], kind="stable")][:width]
                    reached += [int(one) for one in cheap]
                    if np.isfinite(price[together[0]]):
                        reached.append(int(together[0]))
            known = set(chosen)
            frontier = [place for place in dict.fromkeys(reached) if place not in known]
            chosen += frontier
        return np.array(chosen)

    def open_blocks(self, is_open: Flags, most: int) -> list[Integers]:
        """Open counts that hang together, in pieces of at most ``most``."""
        part = self.relations.matrix.tocoo()
        rows, size = part.shape
        usable = is_open[part.col]
        graph = scipy.sparse.coo_matrix(
            (np.ones(int(usable.sum())), (part.row[usable], rows + part.col[usable])), shape=(rows + size, rows + size)
        )
        _, label = connected_components(graph, directed=False)
        label = label[rows:]
        members = np.flatnonzero(is_open)
        order = np.lexsort(
            (self.nearness[self.cells.spot[members]], self.indicator[self.cells.quantity[members]], label[members])
        )
        members = members[order]
        splits = np.flatnonzero(np.diff(label[members])) + 1
        found = []
        for block in np.split(members, splits):
            pieces = max(1, int(np.ceil(len(block) / most)))
            found += [np.sort(piece) for piece in np.array_split(block, pieces) if len(piece) > 1]
        return found
