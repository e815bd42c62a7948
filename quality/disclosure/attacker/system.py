"""Linear knowledge about whole, non-negative counts: what each may be, and which sums hold between them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import scipy.sparse

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# Published figures are doubles; a sum of whole counts that misses by more than this is not that sum.
TOLERANCE = 0.01


@dataclass(frozen=True)
class System:
    """``least <= matrix @ x <= greatest`` and ``lower <= x <= upper``, x whole.

    ``matrix``: rows x counts. ``relation``: for each row the name of the kind of sum it is.
    """

    lower: Floats
    upper: Floats
    matrix: scipy.sparse.csr_matrix
    least: Floats
    greatest: Floats
    relation: npt.NDArray[np.str_]

    @property
    def size(self) -> int:
        """Number of counts."""
        return len(self.lower)

    def without(self, rows: Integers) -> System:
        """The same knowledge less some of its rows."""
        kept = np.setdiff1d(np.arange(len(self.least)), rows)
        return System(
            self.lower, self.upper, self.matrix[kept], self.least[kept], self.greatest[kept], self.relation[kept]
        )


@dataclass
class SystemBuilder:
    """Collects counts and relations, whole tables at a time."""

    _lower: list[Floats] = field(default_factory=list)
    _upper: list[Floats] = field(default_factory=list)
    _size: int = 0
    _rows: int = 0
    _entries: list[tuple[Integers, Integers, Floats]] = field(default_factory=list)
    _least: list[Floats] = field(default_factory=list)
    _greatest: list[Floats] = field(default_factory=list)
    _relation: list[npt.NDArray[np.str_]] = field(default_factory=list)

    def add_counts(self, lower: Floats, upper: Floats) -> Integers:
        """Ids of new counts with what is known of each."""
        ids = np.arange(self._size, self._size + len(lower))
        self._lower.append(np.asarray(lower, dtype=float))
        self._upper.append(np.asarray(upper, dtype=float))
        self._size += len(lower)
        return ids

    def add_relation(
        self, name: str, row: Integers, count: Integers, factor: Floats, least: Floats, greatest: Floats
    ) -> None:
        """Rows numbered from 0 in ``row``: sum of factor x count lies between ``least`` and ``greatest``."""
        if not len(least):
            return
        self._entries.append((np.asarray(row) + self._rows, np.asarray(count), np.asarray(factor, dtype=float)))
        self._least.append(np.asarray(least, dtype=float))
        self._greatest.append(np.asarray(greatest, dtype=float))
        self._relation.append(np.full(len(least), name, dtype=f"<U{len(name)}"))
        self._rows += len(least)

    def build(self) -> System:
        """Everything collected; a count that stands twice in one row is added up."""
        empty: list[Floats] = [np.empty(0)]
        row, count, factor = (
            np.concatenate([np.asarray(entry[part]) for entry in self._entries] or empty) for part in range(3)
        )
        matrix = scipy.sparse.coo_matrix(
            (factor, (row.astype(np.int64), count.astype(np.int64))), shape=(self._rows, self._size)
        ).tocsr()
        return System(
            np.concatenate(self._lower or empty),
            np.concatenate(self._upper or empty),
            matrix,
            np.concatenate(self._least or empty),
            np.concatenate(self._greatest or empty),
            np.concatenate(self._relation or [np.empty(0, dtype="<U1")]),
        )
