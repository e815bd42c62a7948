"""Small made releases for the attacker: true counts, of which a test hides some."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pandas as pd

Z = {"95": 1.959963984540054, "998": 3.090232306167813}
PERIODS = {
    "2024": ("year", "2024-01-01", "2024-12-31"),
    "2025": ("year", "2025-01-01", "2025-12-31"),
    **{
        f"{year}Q{quarter}": (
            "quarter",
            f"{year}-{3 * quarter - 2:02}-01",
            f"{year}-{3 * quarter:02}-{30 if quarter in (2, 3) else 31}",
        )
        for year in (2024, 2025)
        for quarter in (1, 2, 3, 4)
    },
    "R2024Q4": ("rolling_12_months", "2024-01-01", "2024-12-31"),
    "R2025Q1": ("rolling_12_months", "2024-04-01", "2025-03-31"),
}
# unit, interval method
INDICATORS = {
    "ASU-03": ("share", "wilson"),
    "SAA-01": ("share", "wilson"),
    "TST-01": ("share", "wilson"),
    "JAT-01": ("per_1000_days", "byar"),
    "JAT-04": ("share", "wilson_clustered"),
    "PER-01": ("persons", "none"),
}
FIGURES = ("numerator", "denominator", "value", "lower_95", "upper_95", "lower_998", "upper_998")
_TEXT = (
    "indicator_id", "variant", "area_level", "area_code", "period_type", "period", "breakdown", "category",
    "status", "trend",
)  # fmt: skip


def wilson(x: float, n: float, confidence: str) -> tuple[float, float]:
    """Limits of x of n, as the statistics say."""
    z = Z[confidence]
    spread = z * math.sqrt(z * z + 4 * x * (1 - x / n))
    return (2 * x + z * z - spread) / (2 * (n + z * z)), (2 * x + z * z + spread) / (2 * (n + z * z))


class MadeRelease:
    """Rows of ``indicator_value`` with their true figures until ``write`` blanks what is not shown."""

    def __init__(self, protection: str = "secondary") -> None:
        self.protection = protection
        self.rows: list[dict[str, object]] = []
        self.areas: list[dict[str, object]] = [_area("country", "FI")]
        self.peers: list[tuple[str, str]] = []
        self.left_open: list[tuple[int, tuple[str, ...]]] = []

    def area(self, level: str, code: str, parent: str | None = "FI", group: str | None = None) -> None:
        self.areas.append(_area(level, code, parent, group))

    def cell(
        self,
        indicator: str,
        place: str,
        period: str,
        n: float,
        d: float | None = None,
        status: str = "shown",
        *,
        variant: str = "main",
        category: str = "total",
        open_figures: Iterable[str] = (),
        **extra: object,
    ) -> dict[str, object]:
        """``place`` is level:code, as in municipality:091; ``open_figures`` stay whatever the status."""
        level, code = place.split(":")
        kind, start, end = PERIODS[period]
        unit, interval = INDICATORS[indicator]
        row: dict[str, object] = {
            "indicator_id": indicator, "variant": variant, "area_level": level, "area_code": code,
            "period_type": kind, "period": period.lstrip("R"), "period_start": start, "period_end": end,
            "breakdown": "total" if category == "total" else "sex", "category": category,
            "numerator": float(n), "denominator": None if d is None else float(d), "status": status,
            "value": float(n) if d is None else float(n) / d * (1000 if unit == "per_1000_days" else 1),
            "is_complete": True, "coverage": 1.0, "unknown_share": None, "record_share": None,
            "doubtful_share": None, "trend": None,
        }  # fmt: skip
        for confidence in Z:
            low, high = wilson(n, d, confidence) if d is not None and interval == "wilson" else (None, None)
            row[f"lower_{confidence}"], row[f"upper_{confidence}"] = low, high
        row |= extra
        row["open"] = tuple(open_figures)
        self.rows.append(row)
        return row

    def table(
        self, indicator: str, period: str, shares: dict[str, tuple[float, float | None]], hidden: Iterable[str] = ()
    ) -> None:
        """The country as the sum of its ``shares`` (place -> numerator, denominator)."""
        below = [d for _, d in shares.values() if d is not None]
        self.cell(indicator, "country:FI", period, sum(n for n, _ in shares.values()), sum(below) if below else None)
        for place, (n, d) in shares.items():
            self.cell(indicator, place, period, n, d, "hidden" if place in hidden else "shown")

    def write(self, folder: Path, *, every_format: bool = False) -> Path:
        """Parquet, and with ``every_format`` CSV and DuckDB too, as a release has them."""
        folder.mkdir(parents=True)
        values = []
        for row in self.rows:
            kept = {name: value for name, value in row.items() if name != "open"}
            if row["status"] != "shown":
                for name in (*FIGURES, "unknown_share", "record_share", "doubtful_share"):
                    if name not in row["open"]:  # type: ignore[operator]
                        kept[name] = None
            values.append(kept)
        tables = {
            "indicator_value": _typed(pd.DataFrame(values)),
            "indicator": pd.DataFrame(
                [
                    (one, variant, *INDICATORS[one], "C0" if one == "PER-01" else "C1")
                    for one, variant in sorted({(str(row["indicator_id"]), str(row["variant"])) for row in self.rows})
                ],
                columns=["indicator_id", "variant", "unit", "interval_method", "cell_class"],
            ),
            "area": pd.DataFrame(self.areas),
            "release": pd.DataFrame([{"release_id": folder.name, "protection": self.protection}]),
        }
        if self.peers:
            tables["area_peer"] = pd.DataFrame(self.peers, columns=["area_code", "peer_code"])
        target = f"attach '{folder / 'aftercare.duckdb'}' as target" if every_format else "attach ':memory:' as target"
        with duckdb.connect() as connection:
            connection.execute(target)
            connection.execute("create schema target.published")
            for name, frame in tables.items():
                connection.register("frame", frame)
                casts = ", ".join(f"cast({column} as {_type(column)}) as {column}" for column in frame.columns)
                connection.execute(f"create table target.published.{name} as select {casts} from frame")
                connection.unregister("frame")
                files = {f"{name}.parquet": "format parquet"}
                if every_format:
                    files[f"{name}_SYNTHETIC.csv"] = "header"
                for file, options in files.items():
                    connection.execute(f"copy (from target.published.{name}) to '{folder / file}' ({options})")
        return folder


def _area(level: str, code: str, parent: str | None = None, group: str | None = None) -> dict[str, object]:
    return {"area_level": level, "area_code": code, "parent_code": parent, "group_code": group, "valid_to": None}


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.astype({name: object for name in frame.columns})


def _type(column: str) -> str:
    if column in _TEXT or column.endswith(("_code", "_id", "level", "unit", "method", "class", "protection")):
        return "varchar"
    if column in {"period_start", "period_end", "valid_to"}:
        return "date"
    return "boolean" if column == "is_complete" else "double"
