"""A made-up release that meets the contract of the published tables, for tests of the dashboards alone.

The real areas and municipalities, invented figures: all statuses occur, small municipalities are
hidden or too few, one area has a quarter that was not delivered. ``write_release(home)`` makes
``<home>/published/releases/<id>/aftercare.duckdb`` and the symlink ``current``.
Run as a file: ``python -m tests.browser.fake_release HOME``.
"""

from __future__ import annotations

import csv
import math
import random
import sys
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd

from quality.release import published_table
from quality.release.comparison import comparison_sql
from quality.release.funnel import funnel_sql

REPOSITORY = Path(__file__).resolve().parents[2]
REFERENCE = REPOSITORY / "ingest" / "reference"
SEEDS = REPOSITORY / "dbt_project" / "seeds"
NOTICE = "SYNTEETTINEN / SYNTETISK / SYNTHETIC: not about the real municipality"
RELEASE_ID = "2026-10-31-fake"

# id, variant, theme, name, variant name, unit, polarity, expected share or rate, municipal figures?
INDICATORS = [
    ("PER-01", "main", "base", "Jälkihuollon asiakkaat", "", "persons", "none", 0.0, True),
    (
        "JAT-01",
        "main",
        "continuity",
        "Vastuutyöntekijän vaihdokset / 1 000 asiakaspäivää",
        "",
        "per_1000_days",
        "lower",
        2.1,
        True,
    ),
    (
        "JAT-01",
        "without_structural",
        "continuity",
        "Vastuutyöntekijän vaihdokset / 1 000 asiakaspäivää",
        "ilman rakenteellisia vaihdoksia",
        "per_1000_days",
        "lower",
        1.7,
        True,
    ),
    (
        "JAT-01",
        "without_own_request",
        "continuity",
        "Vastuutyöntekijän vaihdokset / 1 000 asiakaspäivää",
        "ilman nuoren pyytämiä vaihdoksia",
        "per_1000_days",
        "lower",
        1.9,
        True,
    ),
    (
        "JAT-02",
        "main",
        "continuity",
        "Vähintään kaksi vastuutyöntekijän vaihdosta 12 kk:ssa",
        "",
        "share",
        "lower",
        0.17,
        True,
    ),
    (
        "JAT-04",
        "main",
        "continuity",
        "Päivät ilman nimettyä vastuusosiaalityöntekijää",
        "",
        "share",
        "lower",
        0.08,
        True,
    ),
    (
        "SAA-01",
        "main",
        "handover",
        "Saattaen tehdyt työntekijävaihdokset",
        "",
        "share",
        "higher",
        0.42,
        True,
    ),
    (
        "ASU-01",
        "main",
        "housing",
        "Asumisen vaihdokset / 1 000 asiakaspäivää",
        "",
        "per_1000_days",
        "lower",
        1.3,
        True,
    ),
    (
        "ASU-01",
        "unplanned",
        "housing",
        "Asumisen vaihdokset / 1 000 asiakaspäivää",
        "suunnittelemattomat",
        "per_1000_days",
        "lower",
        0.5,
        True,
    ),
    (
        "ASU-03",
        "main",
        "housing",
        "Soveltuvassa asunnossa asuvat",
        "",
        "share",
        "higher",
        0.71,
        True,
    ),
    (
        "ASU-06",
        "main",
        "housing",
        "Tuetun asumisen paikat / 100 asiakasta",
        "",
        "per_100",
        "higher",
        31.0,
        False,
    ),
    (
        "ASU-08",
        "main",
        "housing",
        "Vakaan asumisen osuus päivistä",
        "",
        "share",
        "higher",
        0.78,
        True,
    ),
]
UNIT_FI = {
    "share": "osuus, %",
    "per_1000_days": "tapahtumaa / 1 000 asiakaspäivää",
    "per_100": "paikkaa / 100 asiakasta",
    "persons": "henkilöä",
}
SCALE = {"share": 1.0, "per_1000_days": 1000.0, "per_100": 100.0, "persons": 1.0}
# Sizes that make the spread of denominators like the real one.
LARGE = {
    "Helsinki": 60000,
    "Espoo": 25000,
    "Tampere": 33000,
    "Vantaa": 20000,
    "Oulu": 25000,
    "Turku": 26000,
}
# Place in the tile map (row, column) and collaborative area of each wellbeing area.
PLACES = {
    "01": (6, 4, "01"),
    "02": (6, 3, "01"),
    "03": (6, 2, "01"),
    "04": (7, 3, "01"),
    "05": (5, 1, "04"),
    "06": (4, 1, "04"),
    "07": (5, 2, "03"),
    "08": (4, 2, "03"),
    "09": (4, 3, "01"),
    "10": (5, 3, "01"),
    "11": (5, 4, "01"),
    "12": (4, 4, "02"),
    "13": (3, 3, "02"),
    "14": (3, 4, "02"),
    "15": (3, 2, "02"),
    "16": (3, 1, "03"),
    "17": (2, 1, "04"),
    "18": (2, 2, "05"),
    "19": (2, 3, "05"),
    "20": (2, 4, "05"),
    "21": (1, 3, "05"),
    "90": (7, 2, "01"),
}
Z95, Z998 = 1.959963984540054, 3.090232306167813


def _reference(name: str) -> list[dict[str, str]]:
    """Rows of one of the project's reference tables."""
    with (REFERENCE / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def _wilson(x: float, n: float, z: float) -> tuple[float, float]:
    centre, half = 2 * x + z * z, z * math.sqrt(z * z + 4 * x * (1 - x / n))
    return (centre - half) / (2 * (n + z * z)), (centre + half) / (2 * (n + z * z))


def _byar(x: float, t: float, z: float, scale: float) -> tuple[float, float]:
    low = x * (1 - 1 / (9 * x) - z / (3 * math.sqrt(x))) ** 3 if x else 0.0
    high = (x + 1) * (1 - 1 / (9 * (x + 1)) + z / (3 * math.sqrt(x + 1))) ** 3
    return low / t * scale, high / t * scale


def _areas() -> pd.DataFrame:
    rows: list[dict[str, object]] = [
        {
            "area_code": "FI",
            "area_level": "country",
            "name_fi": "Koko maa",
            "name_sv": "Hela landet",
            "name_en": "Whole country",
        }
    ]
    rng = random.Random(1)
    for area in _reference("wellbeing_areas.csv"):
        if area["code"] == "91":
            continue  # Åland has a law of its own
        tile_row, tile_column, collaborative = PLACES[area["code"]]
        rows.append(
            {
                "area_code": area["code"],
                "area_level": "wellbeing_area",
                "name_fi": area["name_fi"],
                "name_sv": area["name_sv"],
                "name_en": area["name_en"],
                "short_name_fi": area["short_name_fi"],
                "short_name_sv": area["short_name_sv"],
                "short_name_en": area["short_name_fi"],
                "parent_code": f"YTA-{collaborative}",
                "tile_row": tile_row,
                "tile_column": tile_column,
            }
        )
    for number in range(1, 13):
        rows.append(
            {
                "area_code": f"KR-{number:02d}",
                "area_level": "municipality_group",
                "name_fi": f"Kuntaryhmä {number}",
                "parent_code": "FI",
            }
        )
    for number, town in enumerate(_reference("municipalities.csv")):
        if town["wellbeing_area_code"] == "91" or town["merged_into"]:
            continue
        rows.append(
            {
                "area_code": town["code"],
                "area_level": "municipality",
                "name_fi": town["name_fi"],
                "name_sv": town["name_sv"],
                "name_en": town["name_fi"],
                "parent_code": town["wellbeing_area_code"],
                "group_code": f"KR-{number % 12 + 1:02d}",
                "youth": LARGE.get(town["name_fi"], rng.lognormvariate(6, 1)),
            }
        )
    frame = pd.DataFrame(rows)
    for language in ("sv", "en"):
        frame[f"name_{language}"] = frame[f"name_{language}"].fillna(frame["name_fi"])
    for language in ("fi", "sv", "en"):
        frame[f"short_name_{language}"] = frame[f"short_name_{language}"].fillna(frame[f"name_{language}"])
    frame["valid_from"] = date(2023, 1, 1)
    frame["valid_to"] = None
    return frame


def _periods() -> list[tuple[str, str, date, date]]:
    periods = []
    for year in range(2021, 2027):
        for quarter in range(1, 5):
            if (2021, 4) <= (year, quarter) <= (2026, 3):
                start = date(year, 3 * quarter - 2, 1)
                after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
                periods.append(("quarter", f"{year}Q{quarter}", start, after - timedelta(days=1)))
    for year in range(2022, 2026):
        periods.append(("year", str(year), date(year, 1, 1), date(year, 12, 31)))
    periods.append(("pooled_3_years", "2023-2025", date(2023, 1, 1), date(2025, 12, 31)))
    return periods


def _values(areas: pd.DataFrame) -> pd.DataFrame:
    rng = random.Random(20261031)
    rows = []
    national_youth = areas["youth"].sum()
    weight = {("country", "FI"): 1.0}
    for area in areas.itertuples():
        if area.area_level == "municipality":
            share = area.youth / national_youth
            weight[("municipality", area.area_code)] = share
            for key in (
                ("wellbeing_area", area.parent_code),
                ("municipality_group", area.group_code),
            ):
                weight[key] = weight.get(key, 0.0) + share
    effect = {key: 0.0 if key[0] == "country" else rng.gauss(0, 0.22) for key in weight}
    for indicator_id, variant, *_, unit, _polarity, expected, municipal in INDICATORS:
        for period_type, period, start, end in _periods():
            if indicator_id == "JAT-02" and period_type == "quarter":
                if start < date(2022, 7, 1):
                    continue
                period_type, days = "rolling_12_months", 365
            else:
                days = (end - start).days + 1
            for (level, code), share in weight.items():
                below_area = level in ("municipality", "municipality_group")
                if below_area and (not municipal or period_type not in ("year", "pooled_3_years")):
                    continue
                clients = 12000 * share * (1 + 0.55 * days / 365)
                factor = math.exp(effect[(level, code)] + rng.gauss(0, 0.04))
                row = {
                    "indicator_id": indicator_id,
                    "variant": variant,
                    "area_level": level,
                    "area_code": code,
                    "period_type": period_type,
                    "period": period,
                    "period_start": start,
                    "period_end": end,
                    "breakdown": "total",
                    "category": "total",
                    "status": "shown",
                    "is_complete": True,
                    "is_series_break": code == "08" and period == "2024Q1",
                    "coverage": 0.98,
                    "unknown_share": 0.02,
                    "record_share": 0.97,
                    "doubtful_share": 0.01,
                }
                if unit == "share":
                    n = round(clients * (0.6 if indicator_id == "SAA-01" else 1))
                    p = min(0.97, expected * factor)
                    x = sum(rng.random() < p for _ in range(n)) if n < 300 else round(n * p)
                    small = min(x, n - x)
                elif unit == "persons":
                    n, x = 0, round(clients)
                    small = x
                else:
                    n = round(12000 * share * days) if unit == "per_1000_days" else round(clients)
                    mean = n * expected * factor / SCALE[unit]
                    x = max(0, round(rng.gauss(mean, math.sqrt(mean)))) if mean else 0
                    small = x
                if code == "19" and period == "2024Q4":
                    row |= {"status": "not_delivered", "is_complete": False, "coverage": 0.0}
                elif code == "12" and indicator_id == "SAA-01":
                    row |= {"status": "not_recorded"}
                elif 0 < small < 5 or (unit != "persons" and n < 5):
                    row |= {"status": "hidden"}
                elif unit != "persons" and clients < 20:
                    row |= {"status": "too_few"}
                elif unit == "persons":
                    row |= {"numerator": float(x), "value": float(x)}
                else:
                    scale = SCALE[unit]
                    limits = (
                        (_wilson(x, n, Z95), _wilson(x, n, Z998))
                        if unit == "share"
                        else (_byar(x, n, Z95, scale), _byar(x, n, Z998, scale))
                    )
                    row |= {
                        "numerator": float(x),
                        "denominator": float(n),
                        "value": x / n * scale,
                        "lower_95": limits[0][0],
                        "upper_95": limits[0][1],
                        "lower_998": limits[1][0],
                        "upper_998": limits[1][1],
                    }
                if row["status"] not in ("shown", "not_recorded"):
                    row |= dict.fromkeys(("unknown_share", "record_share", "doubtful_share"))
                rows.append(row)
    frame = pd.DataFrame(rows)
    frame["trend"] = None
    return frame


def _indicators() -> pd.DataFrame:
    themes = {
        "base": "Perusjoukko",
        "continuity": "Jatkuvuus",
        "handover": "Saattaen vaihto",
        "housing": "Asuminen",
    }
    rows = []
    for indicator_id, variant, theme, name, variant_name, unit, polarity, *_ in INDICATORS:
        row: dict[str, object] = {
            "indicator_id": indicator_id,
            "variant": variant,
            "theme": theme,
            "unit": unit,
            "polarity": polarity,
            "responsible": "area",
            "duty": None,
            "period_types": "quarter, year",
            "cell_class": "C1",
            "interval_method": "wilson",
            "method_version": "1",
            "source_tables": "client",
            "law": "LsL 75 §",
        }
        for language in ("fi", "sv", "en"):
            row |= {
                f"theme_{language}": themes[theme],
                f"name_{language}": name,
                f"variant_name_{language}": variant_name or "kaikki",
                f"definition_{language}": f"{name}: keksitty määritelmä koetta varten, jossa on "
                "tavallinen määrä sanoja, jotta kortin asettelu näkyy.",
                f"numerator_{language}": "Jaksolle sattuneet tapahtumat",
                f"denominator_{language}": "Asiakaspäivät, jolloin jälkihuolto oli voimassa",
                f"interpretation_{language}": "Pienempi luku kertoo pysyvämmästä suhteesta.",
                f"limits_{language}": "Kirjaamatta jääneet vaihdokset puuttuvat luvusta.",
                f"what_you_can_do_{language}": "Sovi varahenkilöstä ja vaihtotapaamisesta.",
                f"unit_{language}": UNIT_FI[unit],
            }
        rows.append(row)
    return pd.DataFrame(rows)


def _coverage(areas: pd.DataFrame) -> pd.DataFrame:
    rng = random.Random(7)
    codes = areas.loc[areas["area_level"] == "wellbeing_area", "area_code"]
    tables = (
        "client",
        "aftercare_period",
        "worker_assignment",
        "handover",
        "housing_spell",
        "contact",
        "residence_spell",
        "supported_housing_capacity",
        "supported_housing_queue",
    )
    rows = []
    for code in codes:
        for table in tables:
            for period_type, period, _, end, *_ in _periods():
                if period_type != "quarter":
                    continue
                missing = (code == "19" and period == "2024Q4") or (code == "12" and table == "handover")
                rows.append(
                    {
                        "organisation": f"hva-{code}",
                        "table_name": table,
                        "period": period,
                        "period_type": "quarter",
                        "due_date": end + timedelta(days=45),
                        "delivered": not missing,
                        "nothing_to_report": False,
                        "version": None if missing else 1,
                        "rows": None if missing else rng.randint(100, 2000),
                        "quarantined": None if missing else rng.randint(0, 3),
                        "is_late": code == "10" and period == "2025Q3",
                    }
                )
    return pd.DataFrame(rows)


def _release() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "release_id": RELEASE_ID,
                "data_kind": "synthetic",
                "protection": "primary only",
                "created_at": datetime(2026, 10, 31, 6),
                "code_version": "0",
                "input_hash": "fake",
                "data_until": date(2026, 9, 30),
            }
        ]
    )


def write_release(home: Path) -> Path:
    """Write the made-up release below ``home`` and point ``published/current`` at it.

    Returns the path of the DuckDB file. Same content at every call.
    """
    release = home / "published" / "releases" / RELEASE_ID
    release.mkdir(parents=True, exist_ok=True)
    file = release / "aftercare.duckdb"
    file.unlink(missing_ok=True)
    areas = _areas()
    frames = {
        "indicator": _indicators(),
        "area": areas,
        "breakdown_category": pd.read_csv(SEEDS / "seed_breakdown_category.csv", dtype={"category": str}),
        "indicator_value": _values(areas),
        "delivery_coverage": _coverage(areas),
        "release": _release(),
        "release_change": pd.DataFrame(),
    }
    with duckdb.connect(str(file)) as connection:
        connection.execute("create schema published")
        for name, frame in frames.items():
            table = published_table(name)
            frame = frame.assign(data_notice=NOTICE).reindex(columns=list(table.column_names))
            columns = ", ".join(f'"{column.name}" {column.type}' for column in table.columns)
            connection.register("frame", frame)
            connection.execute(f"create table published.{name} ({columns})")
            connection.execute(f"insert into published.{name} by name select * from frame")
            connection.unregister("frame")
        notice = f"'{NOTICE}' as data_notice"
        connection.execute(f"create table published.indicator_comparison as {comparison_sql('published', notice)}")
        connection.execute(f"create table published.indicator_funnel as {funnel_sql('published', notice)}")
    link = home / "published" / "current"
    link.unlink(missing_ok=True)
    link.symlink_to(Path("releases") / RELEASE_ID)
    return file


if __name__ == "__main__":
    sys.stdout.write(f"{write_release(Path(sys.argv[1]))}\n")
