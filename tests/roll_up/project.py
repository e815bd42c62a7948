"""A copy of the dbt project with made-up indicators of every kind of figure, on made-up contributions.

Three areas in two collaborative areas, some clients known to two of them, eight quarters. The models
that read deliveries are replaced by what they would say if everybody had delivered.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from orchestration.versions import DBT_PROJECT

AREAS = {"07": ("109", "165"), "08": ("837", "020"), "15": ("179", "182")}
QUARTERS = [f"{year}Q{number}" for year in (2024, 2025) for number in (1, 2, 3, 4)]
SEX = ("male", "female", "unknown")

# id: aggregation, interval method, time basis, further meta
INDICATORS = {
    "TST-01": ("ratio", "byar_dispersed", "flow", {"scale": 1000}),
    "TST-02": ("ratio", "wilson_clustered", "flow", {}),
    "TST-03": ("count", "none", "flow", {}),
    "TST-04": ("median", "order_statistic", "stock", {}),
    "TST-05": ("kaplan_meier", "km_log_log", "flow", {"event_codes": ["PLACE"]}),
    "TST-06": ("cumulative_incidence", "aj_log_log", "flow", {"event_codes": ["NAMED"], "horizons": [14, 30]}),
}
TIMES = ("TST-04", "TST-05", "TST-06")


def contributions(seed: int = 20251124) -> pd.DataFrame:
    """Made-up contributions: one row per indicator, unit, place and quarter."""
    rng = np.random.default_rng(seed)
    rows = []
    for client in range(1, 121):
        area = list(AREAS)[client % 3]
        for number, quarter in enumerate(QUARTERS):
            # Every tenth client moves from one area to another in the middle of 2025.
            here = list(AREAS)[(client + 1) % 3] if client % 10 == 0 and number > 5 else area
            place = {
                "unit_key": client,
                "wellbeing_area_code": here,
                "municipality_code": AREAS[here][client // 3 % 2],
                "period": quarter,
                "sex": SEX[min(client % 7 // 3, 2)],
            }
            days = int(rng.integers(1, 93))
            rows.append(place | {"indicator_id": "TST-01", "numerator": int(rng.poisson(0.4)), "denominator": days})
            rows.append(
                place | {"indicator_id": "TST-02", "numerator": int(rng.integers(0, days + 1)), "denominator": days}
            )
            if rng.random() < 0.5:
                rows.append(place | {"indicator_id": "TST-03", "numerator": 1, "denominator": 0})
            wait = place | {"numerator": 1, "denominator": 1}
            rows.append(wait | {"indicator_id": "TST-04", "duration_days": int(rng.integers(0, 900))})
            for indicator, event, other, scale in (("TST-05", "PLACE", "OTHER", 60), ("TST-06", "NAMED", "ENDED", 20)):
                if rng.random() < 0.4:
                    end = rng.choice([event, event, event, other, None])
                    rows.append(
                        wait
                        | {
                            "indicator_id": indicator,
                            "duration_days": int(rng.exponential(scale)),
                            "event_code": end,
                        }
                    )
    return pd.DataFrame(rows)


def write(target: Path, rows: pd.DataFrame) -> list[str]:
    """Write the project below ``target``; the names of its indicator models."""
    shutil.copytree(DBT_PROJECT, target, ignore=shutil.ignore_patterns("target", "logs"))
    models = target / "models"
    shutil.rmtree(models / "indicators")
    rows.to_csv(target / "seeds" / "seed_made_up.csv", index=False)
    settings = yaml.safe_load((target / "dbt_project.yml").read_text(encoding="utf-8"))
    settings["seeds"]["aftercare"]["seed_made_up"] = {
        "+column_types": {
            "wellbeing_area_code": "varchar", "municipality_code": "varchar", "duration_days": "double",
            "event_code": "varchar",
        }
    }  # fmt: skip
    (target / "dbt_project.yml").write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    periods = " union all ".join(_period_rows())
    replaced = {
        "intermediate/int_period": periods,
        "intermediate/int_client_attribute": (
            "select cast(unit_key as integer) as client_id, period as quarter, 'unknown' as age_group, max(sex) as sex,"
            " 'unknown' as language_group, 'unknown' as time_since_care, 'unknown' as placement_type"
            " from {{ ref('seed_made_up') }} group by unit_key, period"
        ),
        "roll_up/int_indicator_coverage": (
            "select meta.indicator_id, area.wellbeing_area_code, cast(null as varchar) as municipality_code,"
            " period.period_type, period.period, true as is_covered from {{ ref('indicator_meta') }} as meta"
            " cross join {{ ref('seed_wellbeing_area') }} as area"
            " cross join {{ ref('int_period') }} as period where area.wellbeing_area_code <> '91'"
        ),
    }
    for name, sql in replaced.items():
        (models / f"{name}.sql").write_text(sql, encoding="utf-8")
    for file in models.rglob("*.yml"):
        _without_tests(file)
    return [_write_indicator(models / "indicators" / "made_up", name) for name in INDICATORS]


def _period_rows() -> list[str]:
    rows = []
    for quarter in QUARTERS:
        year, number = int(quarter[:4]), int(quarter[5])
        start, end = (
            pd.Timestamp(year, number * 3 - 2, 1),
            pd.Timestamp(year, number * 3 - 2, 1) + pd.DateOffset(months=3),
        )
        rows.append(("quarter", quarter, start, end))
    rows += [("year", str(year), pd.Timestamp(year, 1, 1), pd.Timestamp(year + 1, 1, 1)) for year in (2024, 2025)]
    return [
        f"select '{kind}' as period_type, '{name}' as period, date '{start:%Y-%m-%d}' as period_start, "
        f"date '{end:%Y-%m-%d}' as period_end_exclusive, date '{start:%Y-%m-%d}' as window_start"
        for kind, name, start, end in rows
    ]


def _without_tests(file: Path) -> None:
    """The replaced models have no inputs that unit tests could fill."""
    raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    if raw and raw.pop("unit_tests", None):
        file.write_text(yaml.safe_dump(raw, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _write_indicator(folder: Path, indicator: str) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    name = f"ind_{indicator.lower().replace('-', '_')}"
    aggregation, method, basis, more = INDICATORS[indicator]
    meta = {
        "indicator_id": indicator, "aggregation": aggregation, "scale": 1, "interval_method": method,
        "base_period": "quarter", "time_basis": basis, "period_types": ["quarter", "year"],
        "levels": ["country", "wellbeing_area", "municipality"], "breakdowns": ["sex"], "cell_class": "C1",
        "worker_action": False, "counts_persons": True, "minimum_record_share": None, "key_break": None,
        "source_tables": ["aftercare_period"],
    }  # fmt: skip
    model = {"name": name, "description": "Made up. One row per unit.", "config": {"meta": meta | more}}
    (folder / f"{name}.yml").write_text(yaml.safe_dump({"version": 2, "models": [model]}), encoding="utf-8")
    (folder / f"{name}.sql").write_text(
        "with made_up as (select *, unit_key as client_id, period as quarter from {{ ref('seed_made_up') }}"
        f" where indicator_id = '{indicator}')\n"
        f"{{{{ contribution('{indicator}', 'made_up', 'numerator', 'denominator',"
        " duration_days='duration_days', event_code='event_code') }}",
        encoding="utf-8",
    )
    return name
