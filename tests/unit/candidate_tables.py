"""Small release candidates, made cell by cell, and an outsider who tries every table there is."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

CLASS_SMALL = 4


def _period(period: str) -> tuple[str, date, date]:
    if "-" in period:
        first, last = (int(year) for year in period.split("-"))
        return "pooled_3_years", date(first, 1, 1), date(last + 1, 1, 1)
    year = int(period[:4])
    if "Q" in period:
        quarter = int(period[-1])
        start = date(year, 3 * quarter - 2, 1)
        return "quarter", start, date(year + (quarter == 4), (3 * quarter) % 12 + 1, 1)
    return "year", date(year, 1, 1), date(year + 1, 1, 1)


@dataclass
class Candidate:
    """Rows of a candidate; ``places``: (level, code, parent, group)."""

    places: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)

    def place(self, level: str, code: str, parent: str | None = None, group: str | None = None) -> None:
        self.places.append((level, code, parent, group))

    def cell(
        self,
        place: str,
        period: str,
        numerator: int,
        denominator: int | None = None,
        *,
        indicator: str = "TST-01",
        variant: str = "main",
        method: str = "wilson",
        status: str | None = None,
        category: str = "total",
        breakdown: str | None = None,
    ) -> None:
        """A count without ``denominator``, else a share. Hidden where a count or the rest is 1 to 4."""
        level, code = place.split(":")
        kind, start, end = _period(period)
        small = [numerator, *([] if denominator is None else [denominator, denominator - numerator])]
        if status is None:
            status = "hidden" if any(1 <= one <= CLASS_SMALL for one in small) else "shown"
        self.rows.append(
            {
                "indicator_id": indicator,
                "variant": variant,
                "area_level": level,
                "area_code": code,
                "period_type": kind,
                "period": period,
                "period_start": pd.Timestamp(start),
                "period_end_exclusive": pd.Timestamp(end),
                "breakdown": breakdown or ("total" if category == "total" else "sex"),
                "category": category,
                "numerator": float(numerator),
                "denominator": float("nan") if denominator is None else float(denominator),
                "numerator_clients": numerator,
                "denominator_clients": denominator or numerator,
                "interval_method": "none" if denominator is None else method,
                "unit": "persons" if denominator is None else ("share" if method == "wilson" else "per_1000_days"),
                "cell_class": "C1",
                "is_complete": True,
                "unknown_share": float("nan"),
                "status": status,
            }
        )

    def frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows)

    def areas(self) -> pd.DataFrame:
        return pd.DataFrame(self.places, columns=["area_level", "area_code", "parent_code", "group_code"])


def possible_ranges(
    shown: dict[str, int], hidden: list[str], sums: list[tuple[str, list[str]]], most: int
) -> dict[str, tuple[int, int]]:
    """Least and greatest value of every hidden count, by trying all whole numbers up to ``most``."""
    ranges: dict[str, tuple[int, int]] = {}
    for values in itertools.product(range(most + 1), repeat=len(hidden)):
        table = shown | dict(zip(hidden, values, strict=True))
        if all(table[whole] == sum(table[part] for part in parts) for whole, parts in sums):
            for name, value in zip(hidden, values, strict=True):
                low, high = ranges.get(name, (value, value))
                ranges[name] = (min(low, value), max(high, value))
    return ranges
