"""The form in which a supplier's tables are handed to the writers of files, and which there are.

A table is a mapping from column name to values: text as an Arrow string array, days and whole
numbers as int32 (``-1`` is empty), decimals as float64 (NaN is empty), booleans as int8 (1, 0,
``-1`` is empty). Which columns there are is the contract's say; ``check_columns`` fails when the
two differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.contracts import Contract, contract
from ingest.periods import Period
from ingest.synthetic.days import NO_DAY, day_number

Values: TypeAlias = Any  # pa.StringArray, or a numpy array as told above
Table = dict[str, Values]
# What an area delivers for each type of period.
AREA_TABLES = (
    "client",
    "residence_spell",
    "aftercare_period",
    "worker_assignment",
    "handover",
    "housing_spell",
    "contact",
    "supported_housing_capacity",
    "supported_housing_queue",
    "plan",
    "plan_party",
    "plan_action",
    "network_meeting",
    "support_person",
    "referral",
    "activity_spell",
    "workforce_quarter",
)
AREA_HALF_YEAR_TABLES = ("survey_wave", "survey_response")
AREA_YEAR_TABLES = ("placement", "health_check", "cost_row")
# What a municipality delivers; only some of them those about single clients.
MUNICIPAL_TABLES = (
    "rental_housing",
    "employment_service_spell_count",
    "education_enrolment_count",
    "leisure_support_count",
    "cost_row",
)
LINKED_TABLES = ("employment_service_spell", "education_enrolment", "leisure_support")
KELA_TABLES = ("benefit_month",)
MADE_TABLES = frozenset(
    (*AREA_TABLES, *AREA_HALF_YEAR_TABLES, *AREA_YEAR_TABLES, *MUNICIPAL_TABLES, *LINKED_TABLES, *KELA_TABLES)
)


class GeneratorOutOfDateError(RuntimeError):
    """A contract has a column or table that the generator does not make; names it."""


def check_columns(table: str, columns: Mapping[str, Values]) -> Contract:
    """The contract of the table. Raises ``GeneratorOutOfDateError`` when columns differ from it."""
    wanted = contract(table)
    missing = [name for name in wanted.column_names if name not in columns]
    unknown = [name for name in columns if name not in wanted.column_names]
    if missing or unknown:
        raise GeneratorOutOfDateError(
            f"{table}: the contract and the synthetic generator differ: "
            f"not generated: {', '.join(missing) or 'none'}; "
            f"not in the contract: {', '.join(unknown) or 'none'}. "
            "Make the column in ingest/synthetic."
        )
    return wanted


def labels(codes: tuple[str, ...], index: npt.NDArray[np.integer]) -> pa.StringArray:
    """Codes by index; ``-1`` is empty."""
    return pa.array(codes, pa.string()).take(pa.array(index, mask=np.asarray(index) < 0))


def known_at(start: npt.NDArray[np.int32], day: int) -> int:
    """How many rows, sorted by start, have begun by a day."""
    return int(np.searchsorted(start, day, side="right"))


def ended(end: npt.NDArray[np.int32], day: int) -> npt.NDArray[np.int32]:
    """Days up to the given one; later ones have not happened yet and are empty."""
    return np.where(end <= day, end, NO_DAY).astype(np.int32)


def within(days: npt.NDArray[np.int32], period: Period) -> slice:
    """The rows, sorted by day, that lie in a period."""
    start, stop = np.searchsorted(days, [day_number(period.start), day_number(period.end_exclusive)])
    return slice(int(start), int(stop))


def first_of_each(*columns: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Positions of the first row of each combination, in the order of the rows."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), dtype=bool)
    new[:1] = True
    for values in columns:
        ordered = values[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    return np.sort(order[new])


def row_count(table: Table) -> int:
    """Number of rows of a table."""
    return len(next(iter(table.values())))
