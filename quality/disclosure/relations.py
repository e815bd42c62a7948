"""Sums and bounds that hold between the counts of a candidate, found from places, dates and values.

No indicator is named: which sums hold is tested on all values. A kind of sum that nearly always
holds is taken as an equation everywhere, for an outsider would take it so; one that does not is
tested as a bound (a whole is at most the sum of its parts, a part at most the whole).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import scipy.sparse

from quality.disclosure.cells import DENOMINATOR, HALF, NUMERATOR, REST, Cells, Flags, Floats, Integers

# A kind of sum is believed when so few of its instances break it: of all, or of those that are not 0 = 0.
_BROKEN_OF_ALL, _BROKEN_OF_SOME = 0.03, 0.10
_BOUND_BROKEN = 0.02
# An area of so few municipalities may be the same people twice.
_FEW_MEMBERS = 2
_SAME_AREA = 0.5
_FEWEST_PAIRS = 20


@dataclass(frozen=True)
class Relations:
    """``least <= matrix @ change <= greatest`` for every change of the counts that an outsider cannot rule out.

    ``pairs``: (lesser, greater, in days) quantities of which one is never over the other (times the days of the
    period). ``sums_of_places``, ``sums_of_periods``: whole -> lists of its parts, for neighbourhoods.
    """

    matrix: scipy.sparse.csr_matrix
    columns: scipy.sparse.csc_matrix
    least: Floats
    greatest: Floats
    pairs: tuple[Integers, Integers, Flags]
    places: dict[int, list[Integers]]
    times: dict[int, list[Integers]]
    kinds: dict[str, int]


@dataclass
class _Builder:
    rows: int = 0
    entries: list[tuple[Integers, Integers, Floats]] = field(default_factory=list)
    least: list[Floats] = field(default_factory=list)
    greatest: list[Floats] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    # By count: whether it is of everything that there is in its place and time.
    complete: Flags = field(default_factory=lambda: np.empty(0, dtype=bool))

    def add(self, kind: str, row: Integers, count: Integers, factor: Floats, least: Floats, greatest: Floats) -> None:
        self.entries.append((row + self.rows, count, factor))
        self.least.append(least)
        self.greatest.append(greatest)
        self.rows += len(least)
        self.kinds[kind] = self.kinds.get(kind, 0) + len(least)


def _codes(spots: pd.DataFrame, columns: list[str]) -> Integers:
    return np.asarray(spots.groupby(columns, sort=False).ngroup(), dtype=np.int64)


def find_relations(cells: Cells, areas: pd.DataFrame) -> Relations:
    """Relations between the counts of ``cells``; ``areas``: the published table of areas."""
    spots = cells.spots
    place = _codes(spots, ["area_level", "area_code"])
    time = _codes(spots, ["period_type", "period"])
    category = _codes(spots, ["breakdown", "category"])
    builder = _Builder(complete=_complete_counts(cells))
    index = pd.Series(np.arange(len(spots)), index=pd.MultiIndex.from_arrays([place, time, category]))
    place_sums = _place_sums(spots.assign(place=place), areas)
    time_sums = _time_sums(spots.assign(time=time))
    for kind, sums in place_sums.items():
        _add_sums(builder, cells, kind, _instances(index, sums, 0, place))
    for kind, sums in time_sums.items():
        _add_sums(builder, cells, kind, _instances(index, sums, 1, time), in_time=True)
    for kind, sums in _category_sums(spots.assign(code=category)).items():
        _add_sums(builder, cells, kind, _instances(index, sums, 2, category))
    _add_rests(builder, cells)
    pairs = _ordered_pairs(cells)
    _add_close_pairs(builder, cells, pairs)
    row, count, factor = (np.concatenate([entry[part] for entry in builder.entries]) for part in range(3))
    matrix = scipy.sparse.coo_matrix((factor, (row, count)), shape=(builder.rows, cells.size)).tocsr()
    matrix.eliminate_zeros()
    return Relations(
        matrix,
        matrix.tocsc(),
        np.concatenate(builder.least),
        np.concatenate(builder.greatest),
        pairs,
        _members(place_sums),
        _members(time_sums),
        builder.kinds,
    )


Sums = list[tuple[int, Integers]]


def _members(sums: dict[str, Sums]) -> dict[int, list[Integers]]:
    """For each place or time the sums that it is in: arrays with the whole first."""
    found: dict[int, list[Integers]] = {}
    for one in sums.values():
        for whole, parts in one:
            together = np.concatenate([[whole], parts])
            for member in together:
                found.setdefault(int(member), []).append(together)
    return found


def _place_sums(spots: pd.DataFrame, areas: pd.DataFrame) -> dict[str, Sums]:
    places = spots.drop_duplicates("place")[["place", "area_level", "area_code"]]
    known = places.merge(areas[["area_level", "area_code", "parent_code", "group_code"]], how="left")
    by_level = {str(level): part for level, part in known.groupby("area_level")}
    found: dict[str, Sums] = {}
    for whole in by_level.get("country", known[:0])["place"].tolist():
        for level in ("collaborative_area", "wellbeing_area", "municipality_group", "municipality"):
            if level in by_level:
                found[f"country_of_{level}"] = [(int(whole), by_level[level]["place"].to_numpy())]
    for level, part_level, column in (
        ("collaborative_area", "wellbeing_area", "parent_code"),
        ("municipality_group", "municipality", "group_code"),
        ("wellbeing_area", "municipality", "parent_code"),
    ):
        wholes, parts = by_level.get(level), by_level.get(part_level)
        if wholes is None or parts is None:
            continue
        members = {code: part["place"].to_numpy() for code, part in parts.groupby(column)}
        for whole, code in zip(wholes["place"].tolist(), wholes["area_code"].tolist(), strict=True):
            if code not in members:
                continue
            if level == "wellbeing_area":
                if len(members[code]) <= _FEW_MEMBERS:
                    found[f"area_{code}_of_municipalities"] = [(int(whole), members[code])]
            else:
                found.setdefault(f"{level}_of_{part_level}", []).append((int(whole), members[code]))
    return found


def _time_sums(spots: pd.DataFrame) -> dict[str, Sums]:
    """Periods that are put together from whole shorter ones, and those that end with one (a stock)."""
    periods = spots.drop_duplicates("time")[["time", "period_type", "period_start", "period_end_exclusive", "days"]]
    found: dict[str, Sums] = {}
    kinds = {str(kind): part.sort_values("period_start") for kind, part in periods.groupby("period_type")}
    # Windows that overlap add up to nothing.
    disjoint = {
        kind: part
        for kind, part in kinds.items()
        if (part["period_start"].iloc[1:].to_numpy() >= part["period_end_exclusive"].iloc[:-1].to_numpy()).all()
    }
    for kind, wholes in kinds.items():
        for other, parts in disjoint.items():
            if kind == other:
                continue
            for time, start, end, days in zip(
                wholes["time"].tolist(),
                wholes["period_start"],
                wholes["period_end_exclusive"],
                wholes["days"].tolist(),
                strict=True,
            ):
                inside = parts[(parts["period_start"] >= start) & (parts["period_end_exclusive"] <= end)]
                if not len(inside) or inside["days"].sum() != days:
                    continue
                found.setdefault(f"{kind}_of_{other}", []).append((time, inside["time"].to_numpy()))
                if len(inside) > 1:
                    last = inside["time"].to_numpy()[-1:]
                    found.setdefault(f"{kind}_ends_with_{other}", []).append((time, last))
    return found


def _category_sums(spots: pd.DataFrame) -> dict[str, Sums]:
    codes = spots.drop_duplicates("code")[["code", "breakdown"]]
    total = codes.loc[codes["breakdown"] == "total", "code"]
    return {
        f"total_of_{breakdown}": [(int(total.to_numpy()[0]), part["code"].to_numpy())]
        for breakdown, part in codes.groupby("breakdown")
        if breakdown != "total" and len(total)
    }


def _instances(index: pd.Series, sums: Sums, axis: int, codes: Integers) -> list[tuple[Integers, list[Integers]]]:
    """For each sum: the whole's spots and for each part the spots that fit (-1: not published)."""
    frame = pd.DataFrame(index.index.to_list(), columns=[0, 1, 2])
    frame["spot"] = index.to_numpy()
    others = [one for one in (0, 1, 2) if one != axis]
    by_code = {int(str(code)): part.set_index(others)["spot"] for code, part in frame.groupby(axis)}
    found = []
    for whole, parts in sums:
        if whole not in by_code:
            continue
        wholes = by_code[whole]
        found.append(
            (
                wholes.to_numpy(),
                [
                    by_code[int(part)].reindex(wholes.index, fill_value=-1).to_numpy()
                    if int(part) in by_code
                    else np.full(len(wholes), -1)
                    for part in parts
                ],
            )
        )
    return found


def _add_sums(
    builder: _Builder,
    cells: Cells,
    kind: str,
    instances: list[tuple[Integers, list[Integers]]],
    *,
    in_time: bool = False,
) -> None:
    number = 2 * len(cells.quantities) // 3
    for quantity in range(number):
        # Who is not in the table may count for nothing: whether such a sum holds is tested apart.
        found: dict[str, tuple[list[int], list[Integers]]] = {kind: ([], []), f"{kind}_in_part": ([], [])}
        for spots, parts in instances:
            whole = cells.grid[quantity, spots]
            part = np.stack([np.where(one >= 0, cells.grid[quantity, one], -1) for one in parts])
            # Where a count stands for another quantity as well, its own sum is enough.
            usable = (whole >= 0) & (cells.quantity[whole] == quantity)
            complete = usable & (part >= 0).all(axis=0)
            wholes, members = found[kind]
            wholes += [int(one) for one in whole[complete]]
            members += list(part[:, complete].T)
            if in_time:
                continue
            wholes, members = found[f"{kind}_in_part"]
            for one in np.flatnonzero(usable & ~complete & (part >= 0).any(axis=0)):
                wholes.append(int(whole[one]))
                members.append(part[part[:, one] >= 0, one])
        for name, (wholes, members) in found.items():
            if wholes:
                _add_sum(builder, cells, name, np.array(wholes), members, in_time)


def _add_sum(
    builder: _Builder, cells: Cells, kind: str, whole: Integers, members: list[Integers], in_time: bool
) -> None:
    size = len(whole)
    lengths = np.array([len(one) for one in members])
    number = np.repeat(np.arange(size), lengths)
    part = np.concatenate(members)
    total = np.bincount(number, cells.value[part], minlength=size)
    largest = np.zeros(size)
    np.maximum.at(largest, number, cells.value[part])
    some = (total > 0) | (cells.value[whole] > 0)
    broken = np.abs(cells.value[whole] - total) > HALF
    # A year has no more places than each of its quarters, but may have fewer.
    certain = np.ones(size, dtype=bool)
    if in_time:
        complete = builder.complete
        certain = complete[whole] & (np.bincount(number, ~complete[part], minlength=size) == 0)
    tested = max(int(certain.sum()), 1)
    limit = 1 - _SAME_AREA if kind.startswith("area_") else _BROKEN_OF_SOME
    failed = int((broken & certain).sum())
    believed = failed <= _BROKEN_OF_ALL * tested or failed <= limit * int((some & certain).sum())
    # Sums over time of complete figures hold one by one, whatever the others do.
    equation = certain & (np.ones(size, dtype=bool) if believed else (~broken & some & in_time))
    if "_ends_with_" in kind and not believed:
        return
    if equation.any():
        place = np.cumsum(equation) - 1
        kept = equation[number]
        zero = np.zeros(int(equation.sum()))
        builder.add(
            kind,
            np.concatenate([place[equation], place[number[kept]]]),
            np.concatenate([whole[equation], part[kept]]),
            np.concatenate([np.ones(len(zero)), -np.ones(int(kept.sum()))]),
            zero,
            zero,
        )
    above = cells.value[whole] > total + HALF
    if not equation.all() and (believed or above.sum() <= _BOUND_BROKEN * size):
        bound = ~equation & ~above
        place = np.cumsum(bound) - 1
        kept = bound[number]
        count = int(bound.sum())
        builder.add(
            f"{kind} (at most)",
            np.concatenate([place[bound], place[number[kept]]]),
            np.concatenate([whole[bound], part[kept]]),
            np.concatenate([np.ones(count), -np.ones(int(kept.sum()))]),
            np.full(count, -np.inf),
            (total - cells.value[whole])[bound],
        )
    below = largest > cells.value[whole] + HALF
    if not believed and below.sum() <= _BOUND_BROKEN * size:
        kept = (certain & ~equation & ~below)[number]
        _add_at_most(builder, cells, f"{kind} (at least)", part[kept], whole[number[kept]], np.ones(int(kept.sum())))


def _complete_counts(cells: Cells) -> Flags:
    complete = np.ones(cells.size, dtype=bool)
    table = cells.table
    partial = ~table["is_complete"].astype(bool) | table["status"].isin(["not_delivered", "not_applicable"])
    for what in (NUMERATOR, DENOMINATOR):
        counts = cells.count_of[what][partial.to_numpy()]
        complete[counts[counts >= 0]] = False
    return complete


def _add_at_most(
    builder: _Builder, cells: Cells, kind: str, lesser: Integers, greater: Integers, factor: Floats
) -> None:
    size = len(lesser)
    builder.add(
        kind,
        np.tile(np.arange(size), 2),
        np.concatenate([lesser, greater]),
        np.concatenate([np.ones(size), -factor]),
        np.full(size, -np.inf),
        np.maximum(factor * cells.value[greater] - cells.value[lesser], 0.0),
    )


def _add_rests(builder: _Builder, cells: Cells) -> None:
    rows = np.flatnonzero(cells.count_of[REST] >= 0)
    size = len(rows)
    builder.add(
        "rest",
        np.tile(np.arange(size), 3),
        np.concatenate([cells.count_of[what][rows] for what in (DENOMINATOR, NUMERATOR, REST)]),
        np.concatenate([np.ones(size), -np.ones(size), -np.ones(size)]),
        np.zeros(size),
        np.zeros(size),
    )


def _ordered_pairs(cells: Cells) -> tuple[Integers, Integers, Flags]:
    """Quantities of which one is never over the other, tested on every spot where both are published."""
    number = 2 * len(cells.quantities) // 3
    grid = cells.grid[:number]
    full = np.where(grid >= 0, cells.value[grid], np.nan)
    days = cells.spots["days"].to_numpy(dtype=float)
    state = cells.table["status"].isin(["not_delivered", "not_applicable"]) | ~cells.table["is_complete"].astype(bool)
    spoilt = np.zeros(len(days), dtype=bool)
    spoilt[cells.table.loc[state, "spot"].unique()] = True
    full[:, spoilt] = np.nan
    days_like = np.zeros(number, dtype=bool)
    needed = np.where(grid >= 0, cells.needed[grid], 0.0).max(axis=1)
    days_like[:] = needed > 4.0
    found: list[tuple[int, int, bool]] = []
    # A quantity that another one stands for everywhere needs no pairs of its own.
    own = np.array(
        [
            (cells.quantity[line[line >= 0]] == number_).mean() > 0.5 if (line >= 0).any() else False
            for number_, line in enumerate(grid)
        ]
    )
    for left in np.flatnonzero(own):
        for right in np.flatnonzero(own):
            # Of two indicators only the base of one may by definition be a part of what the other counts.
            same = cells.quantities[left][0] == cells.quantities[right][0]
            if left == right or not (same or cells.quantities[left][2] == DENOMINATOR):
                continue
            both = ~np.isnan(full[left]) & ~np.isnan(full[right]) & (full[left] + full[right] > 0)
            if both.sum() < _FEWEST_PAIRS or (full[left][both] > 0).sum() < _FEWEST_PAIRS:
                continue
            if (full[left][both] <= full[right][both]).all():
                found.append((int(left), int(right), False))
            elif (
                days_like[left] and not days_like[right] and (full[left][both] <= full[right][both] * days[both]).all()
            ):
                found.append((int(left), int(right), True))
    return _shortest(
        np.array([one[0] for one in found], dtype=np.int64),
        np.array([one[1] for one in found], dtype=np.int64),
        np.array([one[2] for one in found], dtype=bool),
    )


def _shortest(lesser: Integers, greater: Integers, in_days: Flags) -> tuple[Integers, Integers, Flags]:
    """Without the pairs that follow from two others (two that are always equal stay)."""
    plain = set(zip(lesser[~in_days].tolist(), greater[~in_days].tolist(), strict=True))
    between: dict[int, set[int]] = {}
    for low, high in plain:
        if (high, low) not in plain:
            between.setdefault(low, set()).add(high)
    kept = [
        bool(days)
        or (high, low) in plain
        or not any(high in between.get(middle, ()) for middle in between.get(low, ()) if middle != high)
        for low, high, days in zip(lesser.tolist(), greater.tolist(), in_days.tolist(), strict=True)
    ]
    return lesser[kept], greater[kept], in_days[kept]


def _movable_spots(cells: Cells) -> Flags:
    """Spots with anything that is, or could be, hidden."""
    found = np.zeros(len(cells.spots), dtype=bool)
    state = cells.table["status"].isin(["not_delivered", "not_applicable"])
    found[cells.table.loc[~state, "spot"].unique()] = True
    return found


def _add_close_pairs(builder: _Builder, cells: Cells, pairs: tuple[Integers, Integers, Flags]) -> None:
    """Pairs that a change of a few persons could turn round; the others are looked at when a table is tried."""
    days = cells.spots["days"].to_numpy(dtype=float)
    is_movable = _movable_spots(cells)
    for lesser, greater, in_days in zip(*pairs, strict=True):
        left, right = cells.grid[lesser], cells.grid[greater]
        usable = (left >= 0) & (right >= 0) & (left != right) & is_movable
        left, right = left[usable], right[usable]
        factor = days[usable] if in_days else np.ones(len(left))
        slack = factor * cells.value[right] - cells.value[left]
        close = (slack >= 0) & (slack < 2 * np.maximum(cells.needed[left], factor * cells.needed[right]))
        if close.any():
            _add_at_most(builder, cells, "at_most", left[close], right[close], factor[close])
