"""What the indicators of the recomputation are made of: facts, periods, places, and how one is described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tests.oracle.reading import OPEN, Register, to_day
from tests.oracle.timeline import EITHER, ROLES

KEY_BREAK_SHARE = 0.4
KEY_BREAK_MINIMUM = 5

LEVELS = ("country", "collaborative_area", "wellbeing_area", "municipality_group", "municipality")
LARGE_LEVELS = ("country", "collaborative_area", "wellbeing_area")

COUNTED_ROLES = (*ROLES, EITHER)

PLACED = ("aftercare_period", "residence_spell")


@dataclass(frozen=True)
class Indicator:
    """One indicator and variant.

    ``statistic``: count, persons_per_1000 (residents), rate (per 1,000 days), share (Wilson), share_of_days, per_100,
    median, incidence (Aalen-Johansen at ``horizon`` days; ``complement``: of what has not ended by then),
    ratio (a plain one, without an interval).
    ``units``: makes the rows of one period (client, area, municipality, x, t and optional
    columns unknown, of, doubtful, record; group and persons: a delivered sum and how many it is of; for medians
    and incidences one row a value or wait, with its days and end: EVENT, another one that competes, or none)
    from the facts. ``record_of``, where given, is what ``record`` is a share of, instead of t.
    ``period_types``: each period type with the levels it is computed for. ``sources``: the tables that
    an area must have delivered; ``national_sources``: what Kela must have, ``municipal_sources``: what the home
    municipality must have, both in the key domain of the area where the table is about clients.
    ``compared_keys``: the table whose keys tell a change from none.
    ``look_back_quarters``: quarters before its own that a figure of a quarter needs; ``look_back_years``: years
    before its own that a figure of a year or of a block of years needs.
    """

    indicator_id: str
    variant: str
    statistic: str
    units: Callable[[Facts, Span], pd.DataFrame]
    period_types: Mapping[str, tuple[str, ...]]
    sources: tuple[str, ...]
    compared_keys: str | None = None
    look_back_quarters: int = 0
    look_back_years: int = 0
    horizon: int = 0
    complement: bool = False
    national_sources: tuple[str, ...] = ()
    municipal_sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Span:
    """A period of an indicator: first and last day, and the quarters of which it is made.

    ``stock_days``: the days on which stocks are taken (three of a block of three years).
    """

    type: str
    code: str
    start: int
    end: int
    quarters: tuple[str, ...]
    stock_quarters: tuple[str, ...]


@dataclass(frozen=True)
class Facts:
    """Everything counted, before places are rolled up.

    ``days``: client x quarter x place with sums of days; ``worker_days``: the same by role.
    ``stock``: client on the last day of a quarter. ``changes``, ``moves``: events. ``places``:
    supported housing by area and quarter. ``stays``: client, first, last (days, both counted) of at-risk days
    in a row with the same area, municipality, responsible worker (``VASTUU``, ``OHJAAJA``: key or None),
    ``housing_type``, ``housing_class`` and ``suitability``. ``register``: the delivered rows.
    ``residents``: aged 18-22, by municipality in force. ``today``: any mainland municipality code -> the one in force.
    """

    days: pd.DataFrame
    worker_days: pd.DataFrame
    stock: pd.DataFrame
    changes: pd.DataFrame
    moves: pd.DataFrame
    places: pd.DataFrame
    residents: pd.DataFrame
    stays: pd.DataFrame
    register: Register
    key_breaks: KeyBreaks
    today: dict[str, str]

    def broken_areas(self, table: str | None, span: Span) -> set[str]:
        """Areas whose supplier changed the keys of a table in the period."""
        return {
            organisation[4:]
            for (broken, organisation), quarters in self.key_breaks.quarters.items()
            if broken == table and quarters & set(span.quarters)
        }


Units = Callable[[Facts, Span], pd.DataFrame]


@dataclass(frozen=True)
class Geography:
    """Areas, municipalities and groups as they are today."""

    areas: tuple[str, ...]
    area_of: dict[str, str]  # municipality in force today, mainland -> its area
    group_of: dict[str, str]
    today: dict[str, str]  # any mainland code there was -> code in force today
    known_codes: frozenset[str]
    collaborative_of: dict[str, str]  # wellbeing area -> collaborative area
    last_day: dict[str, int]  # a municipality that is no more -> its last day, since 1970-01-01


class KeyBreaks:
    """Days on which a supplier's client system changed its worker or dwelling keys (rule 5)."""

    quarters: dict[tuple[str, str], set[str]]  # (table, supplier) -> quarters with a break

    def __init__(self, register: Register) -> None:
        self._life: dict[tuple[str, str], dict[str, tuple[int, int]]] = {}
        self._breaks: dict[tuple[str, str], set[int]] = {}
        for table, column in (
            ("worker_assignment", "worker_key"),
            ("housing_spell", "dwelling_key"),
        ):
            frame = register.tables[table]
            frame = frame[frame[column].notna()]
            for organisation, rows in frame.groupby("organisation"):
                last = rows["end_date"].where(rows["is_closed"], OPEN)
                life = (
                    pd.DataFrame({"first": rows["start_date"], "last": last})
                    .groupby(rows[column])
                    .agg({"first": "min", "last": "max"})
                )
                key = (table, str(organisation))
                self._life[key] = {str(name): (int(first), int(end)) for name, first, end in life.itertuples(name=None)}
                self._breaks[key] = _break_days(life["first"].to_numpy("int64"), life["last"].to_numpy("int64"))

        # The windows of one break overlap; the last of its days is the first of the new system.
        self.quarters = {
            key: {quarter_of(day) for day in days if day + 1 not in days} for key, days in self._breaks.items()
        }

    def __call__(self, table: str, organisation: str, old: str, new: str) -> bool:
        """Whether the old key ended and the new one began in one and the same break."""
        life = self._life.get((table, organisation), {})
        if old not in life or new not in life:
            return False
        ended, began = life[old][1], life[new][0]
        return any(
            day - 1 <= ended <= day + 5 and day <= began <= day + 6 for day in self._breaks[(table, organisation)]
        )


def _break_days(first: np.ndarray, last: np.ndarray) -> set[int]:
    breaks = set()
    ends = np.unique(last[last < OPEN])
    # Only days with an end near them can be a break; every such day is looked at.
    for day in sorted({int(end) - shift for end in ends for shift in range(-1, 6)}):
        active = int(((first <= day - 1) & (last >= day - 1)).sum())
        ended = int(((last >= day - 1) & (last <= day + 5)).sum())
        began = int(((first >= day) & (first <= day + 6)).sum())
        if active >= KEY_BREAK_MINIMUM and min(ended, began) > KEY_BREAK_SHARE * active:
            breaks.add(day)
    return breaks


_QUARTERS: dict[int, str] = {}


def quarter_of(day: int) -> str:
    if day not in _QUARTERS:
        date = pd.Timestamp(day, unit="D")
        _QUARTERS[day] = f"{date.year}Q{date.quarter}"
    return _QUARTERS[day]


def is_quarter_end(day: int) -> bool:
    return quarter_of(day) != quarter_of(day + 1)


def window_start(day: int) -> int:
    """First day of the twelve months that end on the last day of a quarter."""
    following = pd.Timestamp(day + 1, unit="D")
    return to_day(following - pd.DateOffset(years=1))


PLACE = ["client", "area", "municipality"]


def during(frame: pd.DataFrame, span: Span) -> pd.DataFrame:
    return frame[frame["quarter"].isin(span.quarters)]


def days_of(facts: Facts, span: Span) -> pd.DataFrame:
    return during(facts.days, span).groupby(PLACE, as_index=False).sum(numeric_only=True)


def events(frame: pd.DataFrame, **sums: pd.Series) -> pd.DataFrame:
    """Events summed by client and place; ``sums``: name -> 0/1 or boolean of each event."""
    columns = {name: values.astype("int64") for name, values in sums.items()}
    return frame[PLACE].assign(**columns).groupby(PLACE, as_index=False).sum()


def worker_days_of(facts: Facts, span: Span, role: str) -> pd.DataFrame:
    of_role = facts.worker_days[facts.worker_days["role"] == role]
    return during(of_role, span).groupby(PLACE, as_index=False).sum(numeric_only=True)


def per_days(days: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Events beside the days at risk in the same place."""
    units = days.merge(events, on=PLACE, how="left").fillna({"x": 0})
    return units.assign(t=units["at_risk"], of=units["at_risk"])


def by_client(frame: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """Rows as dictionaries by client; missing cells are ``None``."""
    found: dict[str, list[dict[str, Any]]] = {}
    plain = frame.astype(object).where(frame.notna(), None)
    for row in plain.to_dict("records"):
        found.setdefault(str(row["client_key"]), []).append({str(name): value for name, value in row.items()})
    return found
