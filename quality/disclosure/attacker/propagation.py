"""What every sum alone says about its members, passed on until nothing changes.

Cheap and always right, never sharp: a range that is narrow here is narrow; a wide one is looked at
by the solver. Most of what a careless release gives away falls already here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quality.disclosure.attacker.system import TOLERANCE, Flags, Floats, Integers, System

# Bounds that creep (x <= y - 1, y <= x) end here; the solver takes what is left.
_ROUNDS = 200


@dataclass(frozen=True)
class Bounds:
    """Least and greatest of each count; the row that gave each bound, -1 for none.

    ``contradicted``: rows that nothing can fulfil, which were left out.
    """

    lower: Floats
    upper: Floats
    lower_row: Integers
    upper_row: Integers
    contradicted: Integers


def propagate(system: System) -> Bounds:
    """Bounds of every count. Rows that contradict the others are left out and named, not believed."""
    contradicted: list[int] = []
    kept = np.arange(len(system.least))
    while True:
        found, broken = _propagate(system, kept)
        if not len(broken):
            return Bounds(*found, np.array(sorted(contradicted), dtype=np.int64))
        contradicted.extend(int(row) for row in broken)
        kept = np.setdiff1d(kept, broken)


def _propagate(system: System, kept: Integers) -> tuple[tuple[Floats, Floats, Integers, Integers], Integers]:
    lower, upper = system.lower.copy(), system.upper.copy()
    lower_row = np.full(system.size, -1)
    upper_row = np.full(system.size, -1)
    part = system.matrix[kept].tocoo()
    row, count, factor = part.row, part.col, part.data
    least, greatest = system.least[kept], system.greatest[kept]
    none = np.empty(0, dtype=np.int64)
    for _ in range(_ROUNDS):
        smallest = np.where(factor > 0, factor * lower[count], factor * upper[count])
        largest = np.where(factor > 0, factor * upper[count], factor * lower[count])
        rest_least, sum_least = _without_each(row, smallest, len(least))
        rest_greatest, sum_greatest = _without_each(row, largest, len(least))
        impossible = (sum_least > greatest + TOLERANCE) | (sum_greatest < least - TOLERANCE)
        if impossible.any():
            return (lower, upper, lower_row, upper_row), kept[np.flatnonzero(impossible)]
        at_most = (greatest[row] - rest_least) / factor
        at_least = (least[row] - rest_greatest) / factor
        new_upper = np.floor(np.where(factor > 0, at_most, at_least) + TOLERANCE)
        new_lower = np.ceil(np.where(factor > 0, at_least, at_most) - TOLERANCE)
        raised = _improve(lower, lower_row, count, row, new_lower, np.greater, kept)
        lowered = _improve(upper, upper_row, count, row, new_upper, np.less, kept)
        crossed = np.flatnonzero(lower > upper)
        if len(crossed):
            blamed = np.unique(np.concatenate([lower_row[crossed], upper_row[crossed]]))
            return (lower, upper, lower_row, upper_row), blamed[blamed >= 0]
        if not (raised or lowered):
            break
    return (lower, upper, lower_row, upper_row), none


def _without_each(row: Integers, value: Floats, rows: int) -> tuple[Floats, Floats]:
    """For each entry the sum of its row's other values, infinite if one of them is; and each row's sum."""
    infinite = np.isinf(value)
    sign = np.sign(value[infinite][0]) if infinite.any() else 1.0
    finite = np.where(infinite, 0.0, value)
    total = np.bincount(row, finite, minlength=rows)
    unbounded = np.bincount(row, infinite.astype(float), minlength=rows)
    others_unbounded = unbounded[row] - infinite > 0
    rest = np.where(others_unbounded, sign * np.inf, total[row] - finite)
    return rest, np.where(unbounded > 0, sign * np.inf, total)


def _improve(
    bound: Floats, origin: Integers, count: Integers, row: Integers, new: Floats, better: np.ufunc, kept: Integers
) -> bool:
    improving: Flags = better(new, bound[count]) & np.isfinite(new)
    if not improving.any():
        return False
    chosen = np.flatnonzero(improving)
    # The best one last, so that it is what stays.
    order = np.argsort(new[chosen] if better is np.greater else -new[chosen], kind="stable")
    chosen = chosen[order]
    bound[count[chosen]] = new[chosen]
    origin[count[chosen]] = kept[row[chosen]]
    return True
