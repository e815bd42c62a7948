"""Protection of a whole release candidate: primary statuses in, final statuses and a report out."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from quality.disclosure.alternatives import Alternatives
from quality.disclosure.cells import DENOMINATOR, NUMERATOR, Cells, Floats, read_cells
from quality.disclosure.covering import Covering, row_cost
from quality.disclosure.deviations import Budget
from quality.disclosure.relations import Relations, find_relations

KEY = ("indicator_id", "variant", "area_level", "area_code", "period_type", "period", "breakdown", "category")
FULL = "full"
_DELIVERED = ("shown", "hidden", "too_few", "not_recorded")
_NAIVE_LIMIT = 5


@dataclass(frozen=True)
class RuleOutcome:
    """How a rule does: hidden cells, and the share of clients in cells that stay shown."""

    hidden: int
    share_of_clients_shown: float


@dataclass(frozen=True)
class ProtectionReport:
    """Restricted. ``unprotected``: counts for which nothing was found within the budget; ``already_out``: cells that
    are hidden now though an earlier release shows them; ``secondary`` counts cells that showed a figure."""

    cells: int
    primary: int
    secondary: int
    kept_from_before: int
    already_out: int
    unprotected: int
    relations: int
    tables: int
    programs: int
    cpu_seconds: float
    full: RuleOutcome
    primary_only: RuleOutcome
    small_counts_only: RuleOutcome
    never_one_alone: RuleOutcome

    @property
    def is_finished(self) -> bool:
        """Whether every hidden count is proven to be uncertain enough."""
        return self.unprotected == 0

    def as_dict(self) -> dict[str, Any]:
        """For a file in the restricted home."""
        return asdict(self)


@dataclass(frozen=True)
class Protected:
    """``status``: of each row of the candidate, in its order; ``places``: where nothing was found (restricted)."""

    status: pd.Series
    report: ProtectionReport
    places: tuple[str, ...]


def protect(
    candidate: pd.DataFrame,
    areas: pd.DataFrame,
    earlier: pd.DataFrame | None = None,
    *,
    budget: Budget | None = None,
    progress: Callable[[str], None] | None = None,
) -> Protected:
    """Hide what else must be hidden.

    ``candidate``: columns of the release candidate with the primary ``status`` and the indicator's ``unit``.
    ``areas``: the published areas. ``earlier``: key and ``status`` of the cells of an earlier release: what was hidden
    stays so, and what was shown is known whatever is hidden now.
    """
    started = time.process_time()
    table = candidate.reset_index(drop=True).copy()
    primary = table["status"].copy()
    before = _before(table, earlier)
    stays = (before == "hidden") & table["status"].isin(["shown", "too_few", "not_recorded"])
    table.loc[stays, "status"] = "hidden"
    is_known = (before == "shown").to_numpy()
    cells = read_cells(table)
    relations = find_relations(cells, areas)
    may_hide = table["status"].isin(_DELIVERED).to_numpy() & ~is_known
    alternatives = Alternatives(cells, relations, may_hide, is_known)
    covering = Covering(cells, relations, alternatives, budget, progress)
    covering.run()
    status = pd.Series(alternatives.status, index=candidate.index, name="status")
    hidden = (status == "hidden").to_numpy()
    small, alone = _naive(cells, relations)
    report = ProtectionReport(
        cells=len(table),
        primary=int((primary == "hidden").sum()),
        secondary=int((hidden & (primary == "shown").to_numpy()).sum()),
        kept_from_before=int(stays.sum()),
        already_out=int((is_known & hidden).sum()),
        unprotected=len(covering.gave_up),
        relations=int(relations.matrix.shape[0]),
        tables=alternatives.tables,
        programs=covering.programs,
        cpu_seconds=round(time.process_time() - started, 1),
        full=_outcome(table, hidden),
        primary_only=_outcome(table, (primary == "hidden").to_numpy()),
        small_counts_only=_outcome(table, small),
        never_one_alone=_outcome(table, alone),
    )
    return Protected(status, report, tuple(_place(cells, count) for count in sorted(covering.gave_up)))


def _before(table: pd.DataFrame, earlier: pd.DataFrame | None) -> pd.Series:
    if earlier is None:
        return pd.Series("", index=table.index)
    found = table[list(KEY)].merge(earlier[[*KEY, "status"]], on=list(KEY), how="left")["status"]
    return found.fillna("").set_axis(table.index)


def _outcome(table: pd.DataFrame, hidden: np.ndarray) -> RuleOutcome:
    people = table["denominator_clients"].where(table["denominator"].notna(), table["numerator_clients"])
    people = np.nan_to_num(people.to_numpy(dtype=float))
    delivered = table["status"].isin(["shown", "hidden"]).to_numpy()
    total = float(people[delivered].sum())
    shown = float(people[delivered & ~hidden].sum())
    return RuleOutcome(int(hidden.sum()), round(shown / total, 4) if total else 0.0)


def _naive(cells: Cells, relations: Relations) -> tuple[np.ndarray, np.ndarray]:
    """Rows hidden by "fewer than five", and with "never one alone in a sum" besides."""
    table = cells.table
    delivered = table["status"].isin(_DELIVERED).to_numpy()
    below = cells.count_of[DENOMINATOR]
    small = _is_small(cells.value[cells.count_of[NUMERATOR]])
    small |= (below >= 0) & _is_small(np.where(below >= 0, cells.value[below], 0.0))
    small &= delivered
    alone = small.copy()
    price = row_cost(cells)
    row_of = np.full(cells.size, -1, dtype=np.int64)
    row_of[cells.count_of[NUMERATOR][::-1]] = np.arange(len(table))[::-1]
    sums = np.flatnonzero((relations.least == 0) & (relations.greatest == 0))
    matrix = relations.matrix[sums]
    for _ in range(10):
        is_hidden = np.zeros(cells.size)
        is_hidden[cells.count_of[NUMERATOR][alone]] = 1.0
        lonely = np.flatnonzero((abs(matrix) @ is_hidden).round() == 1)
        more = set()
        for one in lonely:
            rows = row_of[matrix.indices[matrix.indptr[one] : matrix.indptr[one + 1]]]
            if (rows < 0).any():
                continue
            rows = rows[delivered[rows] & ~alone[rows]]
            if len(rows):
                more.add(int(rows[np.argmin(price[rows])]))
        if not more:
            break
        alone[list(more)] = True
    return small, alone


def _is_small(value: Floats) -> np.ndarray:
    return np.asarray((value > 0) & (value < _NAIVE_LIMIT))


def _place(cells: Cells, count: int) -> str:
    spot = cells.spots.iloc[cells.spot[count]]
    return ", ".join(
        [
            *cells.quantities[cells.quantity[count]],
            spot["area_level"],
            spot["area_code"],
            spot["period"],
            spot["category"],
        ]
    )
