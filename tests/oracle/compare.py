"""Holding results against expectations and against each other."""

from __future__ import annotations

import pandas as pd

from tests.oracle.cases.model import Expected

KEY = ["indicator_id", "variant", "area_level", "area_code", "period_type", "period"]


def figure(result: pd.DataFrame, expected: Expected) -> pd.Series:
    """The one row of ``result`` that an expectation is about; ``LookupError`` without it."""
    rows = result[
        (result["indicator_id"] == expected.indicator)
        & (result["variant"] == expected.variant)
        & (result["area_level"] == expected.level)
        & (result["area_code"] == expected.area)
        & (result["period"] == expected.period)
    ]
    if len(rows) != 1:
        raise LookupError(f"{len(rows)} rows instead of one for {expected}")
    return rows.iloc[0]


def differences(found: pd.DataFrame, oracle: pd.DataFrame, columns: list[str], tolerance: float = 1e-9) -> pd.DataFrame:
    """Cells in which two results differ: ``KEY``, ``column``, ``found``, ``oracle``.

    Numbers are equal within ``tolerance`` (relative, and absolute near zero); empty equals empty,
    and what only one side has counts as empty on the other.
    """
    both = oracle.merge(found, on=KEY, how="outer", suffixes=("_oracle", "_found"))
    reports = []
    for column in columns:
        left, right = both[f"{column}_oracle"], both[f"{column}_found"]
        if column.startswith(("is_", "status")):
            same = (left == right) | (left.isna() & right.isna())
        else:
            left, right = pd.to_numeric(left), pd.to_numeric(right)
            near = (left - right).abs() <= tolerance * (1 + left.abs())
            same = near | (left.isna() & right.isna())
        bad = both[~same.fillna(False).astype(bool)]
        reports.append(bad[KEY].assign(column=column, found=right.loc[bad.index], oracle=left.loc[bad.index]))
    return pd.concat(reports, ignore_index=True)
