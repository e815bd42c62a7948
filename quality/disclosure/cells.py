"""The release candidate as counts: what every cell publishes, and what its status leaves open.

A cell (row) publishes a numerator and mostly a denominator; a share of a part also tells the rest.
Counts that are the same in every cell (a denominator that several indicators share) are one count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse

from quality.disclosure.primary import AMOUNT_RULES, CELL_RULES

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Greatest less least possible value of a hidden count, in persons.
WIDTH = 4.0
NUMERATOR, DENOMINATOR, REST = "numerator", "denominator", "rest"
# Counts are one and the same when they are equal in this share of the cells where either is not 0.
SAME_SHARE = 0.97
_FEWEST_TESTS = 10
# Whole counts come as doubles.
HALF = 0.5
_DAYS_BELOW = ("byar", "wilson_clustered")


@dataclass
class Cells:
    """Rows (``table``: one a cell) and the counts behind them.

    By count: ``value``; ``quantity`` (number of the series and quantity, see ``quantities``); ``spot``
    (place × time × category, number); ``needed`` width and ``floor`` (what one who is counted knows).
    ``count_of``: quantity -> count of each row, -1 for none. ``publishes``: rows × counts, what a row
    that is shown tells. ``is_target``: rows × counts, what a hidden row must keep.
    ``grid``: count by quantity and spot, -1 for none.
    """

    table: pd.DataFrame
    value: Floats
    quantity: Integers
    spot: Integers
    needed: Floats
    floor: Floats
    count_of: dict[str, Integers]
    publishes: scipy.sparse.csr_matrix
    is_target: scipy.sparse.csr_matrix
    grid: Integers
    quantities: list[tuple[str, str, str]]
    spots: pd.DataFrame

    @property
    def size(self) -> int:
        """Number of counts."""
        return len(self.value)


def read_cells(table: pd.DataFrame) -> Cells:
    """Counts of the candidate's rows.

    ``table``: the candidate's columns with ``status`` and ``unit``; its order is kept. What is not delivered
    counts for nothing in larger places.
    """
    table = table.reset_index(drop=True).copy()
    table["days"] = (pd.to_datetime(table["period_end_exclusive"]) - pd.to_datetime(table["period_start"])).dt.days
    table["spot"] = table.groupby(
        ["area_level", "area_code", "period_type", "period", "breakdown", "category"], sort=False
    ).ngroup()
    series = table.groupby(["indicator_id", "variant"], sort=False).ngroup().to_numpy()
    names = table.drop_duplicates(["indicator_id", "variant"])[["indicator_id", "variant"]]
    series_names = list(names.itertuples(index=False, name=None))
    size, number = len(table), len(series_names)
    quantities = [(*name, what) for what in (NUMERATOR, DENOMINATOR, REST) for name in series_names]
    numerator = np.nan_to_num(table["numerator"].to_numpy(dtype=float))
    denominator = table["denominator"].to_numpy(dtype=float)
    has_denominator = ~np.isnan(denominator)
    has_rest = has_denominator & (table["unit"] == "share").to_numpy()
    empty = table["status"].isin(["not_delivered", "not_applicable"]).to_numpy() & (
        table["area_level"].ne("municipality").to_numpy() | table["status"].eq("not_applicable").to_numpy()
    )
    numerator = np.where(empty, 0.0, np.round(numerator))
    denominator = np.where(empty, 0.0, np.round(np.nan_to_num(denominator)))
    spots = int(table["spot"].max()) + 1 if size else 0
    grid = np.full((3 * number, spots), -1, dtype=np.int64)
    spot = table["spot"].to_numpy()
    parts = (
        (NUMERATOR, np.ones(size, dtype=bool), numerator),
        (DENOMINATOR, has_denominator, denominator),
        (REST, has_rest, denominator - numerator),
    )
    values, of_quantity, of_spot = [], [], []
    start = 0
    count_of = {}
    for place, (what, chosen, value) in enumerate(parts):
        rows = np.flatnonzero(chosen)
        ids = np.full(size, -1, dtype=np.int64)
        ids[rows] = start + np.arange(len(rows))
        start += len(rows)
        grid[place * number + series[rows], spot[rows]] = ids[rows]
        values.append(value[rows])
        of_quantity.append(place * number + series[rows])
        of_spot.append(spot[rows])
        count_of[what] = ids
    value = np.concatenate(values)
    delivered = np.zeros(spots, dtype=bool)
    usable = table["status"].isin(["shown", "hidden", "too_few", "not_recorded"]).to_numpy()
    delivered[spot[usable]] = True
    same = _same_counts(grid, value, 2 * number)
    for what in (NUMERATOR, DENOMINATOR, REST):
        known = count_of[what] >= 0
        count_of[what] = np.where(known, same[count_of[what]], -1)
    grid = np.where(grid >= 0, same[grid], -1)
    quantity: Integers = np.concatenate(of_quantity).astype(np.int64)
    of_spots: Integers = np.concatenate(of_spot).astype(np.int64)
    needed, floor = _needed(table, count_of, len(value))
    cells = Cells(
        table,
        value,
        quantity,
        of_spots,
        needed,
        floor,
        count_of,
        _incidence(count_of, size, len(value)),
        _incidence(_targets(table, count_of), size, len(value)),
        grid,
        quantities,
        table.drop_duplicates("spot").set_index("spot").sort_index()[
            [
                "area_level", "area_code", "period_type", "period", "period_start", "period_end_exclusive",
                "breakdown", "category", "days",
            ]
        ],
    )  # fmt: skip
    _add_remainders(cells)
    return cells


def _same_counts(grid: Integers, value: Floats, quantities: int) -> Integers:
    """For each count the one that stands for it."""
    same = np.arange(len(value), dtype=np.int64)
    full = np.where(grid >= 0, value[grid], np.nan)
    taken = np.zeros(quantities, dtype=bool)
    for left in range(quantities):
        if taken[left]:
            continue
        for right in range(left + 1, quantities):
            if taken[right]:
                continue
            both = ~np.isnan(full[left]) & ~np.isnan(full[right]) & ((full[left] != 0) | (full[right] != 0))
            tests = int(both.sum())
            equal = both & (full[left] == full[right])
            if tests >= _FEWEST_TESTS and equal.sum() >= SAME_SHARE * tests:
                taken[right] = True
                merged = (grid[left] >= 0) & (grid[right] >= 0) & (full[left] == full[right])
                same[grid[right][merged]] = same[grid[left][merged]]
    return same


def _targets(table: pd.DataFrame, count_of: dict[str, Integers]) -> dict[str, Integers]:
    """Of a share of persons the others are as confidential as those counted."""
    rest = np.where((table["interval_method"] == "wilson").to_numpy(), count_of[REST], -1)
    return {NUMERATOR: count_of[NUMERATOR], DENOMINATOR: count_of[DENOMINATOR], REST: rest}


def _incidence(count_of: dict[str, Integers], rows: int, counts: int) -> scipy.sparse.csr_matrix:
    row = np.concatenate([np.flatnonzero(ids >= 0) for ids in count_of.values()])
    count = np.concatenate([ids[ids >= 0] for ids in count_of.values()])
    matrix = scipy.sparse.coo_matrix((np.ones(len(row)), (row, count)), shape=(rows, counts)).tocsr()
    matrix.data[:] = 1.0
    return matrix


def _needed(table: pd.DataFrame, count_of: dict[str, Integers], counts: int) -> tuple[Floats, Floats]:
    """Width that each count needs: days are measured in those of one person over the whole country, euros in a
    share of the sum.

    Where that is not known a person has all days of the period.
    """
    method = table["interval_method"]
    country = table[table["area_level"] == "country"]
    time = ["period_type", "period"]
    is_persons = (country["unit"] == "persons") & (country["numerator"] > 0)
    people = country[is_persons].groupby(time)["numerator"].max().rename("people").reset_index()
    needed, floor = np.full(counts, WIDTH), np.ones(counts)
    for what, methods in (
        (NUMERATOR, ("wilson_clustered",)),
        (DENOMINATOR, _DAYS_BELOW),
        (REST, ("wilson_clustered",)),
    ):
        column = DENOMINATOR if what == REST else what
        whole = country.merge(people, on=time, how="left")
        same = ["indicator_id", "variant", *time, "breakdown", "category"]
        whole["unit_days"] = np.ceil(whole[column] / whole["people"])
        unit = table[[*same, "days"]].merge(whole[[*same, "unit_days"]], on=same, how="left")
        unit_days = unit["unit_days"].where(unit["unit_days"] > 0, unit["days"]).clip(lower=1).to_numpy(dtype=float)
        if what != DENOMINATOR:
            unit_days = np.maximum(unit_days, 1.0)
        rows = np.flatnonzero(method.isin(methods).to_numpy() & (count_of[what] >= 0))
        np.maximum.at(needed, count_of[what][rows], WIDTH * unit_days[rows])
        floor[count_of[what][rows]] = 0.0
    # Of euros: as much as would tell the sum to within the precision of its class.
    for name, rule in AMOUNT_RULES.items():
        rows = np.flatnonzero((table["cell_class"] == name).to_numpy() & (count_of[NUMERATOR] >= 0))
        amount = np.abs(np.nan_to_num(table["numerator"].to_numpy(dtype=float)))[rows]
        np.maximum.at(needed, count_of[NUMERATOR][rows], np.ceil(rule.precision * amount))
        floor[count_of[NUMERATOR][rows]] = 0.0
    return needed, floor


def _add_remainders(cells: Cells) -> None:
    """A shown share of the unknown tells the base: denominator = (1 − unknown_share) × base."""
    table = cells.table
    share = table["unknown_share"].to_numpy(dtype=float)
    below = cells.count_of[DENOMINATOR]
    found: list[tuple[Integers, Integers]] = []
    number = len(cells.quantities) // 3
    series = table.groupby(["indicator_id", "variant"], sort=False).ngroup().to_numpy()
    spot = table["spot"].to_numpy()
    for own in range(number):
        rows = np.flatnonzero((series == own) & (below >= 0) & (share > 0) & (share < 1))
        if len(rows) < _FEWEST_TESTS:
            continue
        base = cells.value[below[rows]] / (1 - share[rows])
        for other in range(2 * number):
            count = cells.grid[other, spot[rows]]
            given = (count >= 0) & (count != below[rows]) & (cells.value[below[rows]] > 0)
            if given.sum() < _FEWEST_TESTS:
                continue
            fits = np.abs(base[given] - cells.value[count[given]]) < HALF
            if fits.mean() >= SAME_SHARE:
                found.append((rows[given], count[given]))
    if not found:
        return
    row, count = (np.concatenate([pair[part] for pair in found]) for part in (0, 1))
    more = scipy.sparse.coo_matrix((np.ones(len(row)), (row, count)), shape=cells.publishes.shape).tocsr()
    cells.publishes = (cells.publishes + more).tocsr()
    cells.publishes.data[:] = 1.0


class StatusRanges:
    """What the status of a row and the published thresholds leave open of its counts.

    A row that is too small to say has a denominator between two thresholds and hides no small count.
    """

    def __init__(self, cells: Cells) -> None:
        table = cells.table
        self.cells = cells
        given = {
            field: table["cell_class"].map({name: float(getattr(rule, field)) for name, rule in CELL_RULES.items()})
            for field in ("small_count", "least_persons", "least_for_all", "least_reliable")
        }
        rule = {field: values.astype(float).to_numpy() for field, values in given.items()}
        persons = (table["interval_method"] == "wilson").to_numpy()
        days = np.where(table["interval_method"].isin(_DAYS_BELOW), table["days"], 1.0)
        self._least = np.where(persons, rule["least_for_all"], rule["least_persons"])
        self._greatest = np.where(persons, rule["least_reliable"] - 1.0, (rule["least_reliable"] - 1.0) * days)
        self._some = rule["small_count"] + 1.0

    def narrow(self, rows: Integers, lower: Floats, upper: Floats) -> None:
        """Narrow ``lower`` and ``upper`` (by count) by what ``rows``, all too small to say, leave open."""
        cells = self.cells
        rows = rows[~np.isnan(self._some[rows])]
        below = cells.count_of[DENOMINATOR][rows]
        rows, below = rows[below >= 0], below[below >= 0]
        np.maximum.at(lower, below, np.minimum(self._least[rows], cells.value[below]))
        np.minimum.at(upper, below, np.maximum(self._greatest[rows], cells.value[below]))
        for what in (NUMERATOR, REST):
            count = cells.count_of[what][rows]
            given, count = rows[count >= 0], count[count >= 0]
            is_none = cells.value[count] == 0
            np.minimum.at(upper, count[is_none], 0.0)
            some = count[~is_none]
            np.maximum.at(lower, some, np.minimum(cells.value[some], self._some[given[~is_none]]))
