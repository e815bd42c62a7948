"""The indicators from client days: sums by place and period, with intervals.

Plain on purpose: every figure is a sum over clients' days, made without the warehouse's SQL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ingest.contracts import CLIENT_KEY, code_lists, contracts
from tests.oracle import intervals, themes
from tests.oracle.facts import (
    COUNTED_ROLES,
    LARGE_LEVELS,
    LEVELS,
    PLACE,
    PLACED,
    Facts,
    Geography,
    Indicator,
    KeyBreaks,
    Span,
    Units,
    by_client,
    days_of,
    during,
    events,
    is_quarter_end,
    per_days,
    quarter_of,
    window_start,
    worker_days_of,
)
from tests.oracle.reading import OF_OTHERS, OPEN, Register, read_reference, read_register, to_day
from tests.oracle.timeline import EITHER, ROLES, UNKNOWN, ClientDays, World, follow
from tests.roll_up import reference as times

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "ingest" / "reference"
GROUPS = PROJECT / "dbt_project" / "seeds" / "seed_municipality_group.csv"
RESIDENTS = PROJECT / "dbt_project" / "seeds" / "seed_municipality.csv"
AREA_TABLE = PROJECT / "dbt_project" / "seeds" / "seed_wellbeing_area.csv"
COUNTRY = "FI"
ALAND = "91"
# Below this share of changes with any record, "no" cannot be told from "not recorded".
RECORDING_THRESHOLD = 0.6
POOLED_BLOCKS = ((2023, 2025),)
SUPPORTED_HOUSING_AGES = (16, 24)
# Statistics of values or waits; of shares and rates the sums are enough.
TIMES = ("median", "incidence")

COLUMNS = [
    "indicator_id",
    "variant",
    "area_level",
    "area_code",
    "period_type",
    "period",
    "numerator",
    "denominator",
    "value",
    "lower_95",
    "upper_95",
    "lower_998",
    "upper_998",
    "numerator_clients",
    "denominator_clients",
    "unknown_share",
    "record_share",
    "doubtful_share",
    "is_complete",
    "status_candidate",
    "is_series_break",
]


def compute(
    deliveries: Path | Iterable[Path],
    *,
    home_organisations: Iterable[str] | None = None,
    reference: Path = REFERENCE,
    groups: Path = GROUPS,
    cut_at_data_from: bool = True,
    only: Collection[str] | None = None,
) -> pd.DataFrame:
    """The indicators of a set of deliveries, one row an indicator x variant x place x period.

    ``deliveries``: an inbox (every ``manifest.json`` below it) or folders of single deliveries.
    ``home_organisations``: the area suppliers expected (``hva-05``); by default all 22.
    ``cut_at_data_from``: whether days before a supplier's ``data_from`` are no at-risk days
    (definitions.md 1: "covered"); the figures of those days are not delivered either way.

    ``only``: the ids of the indicators that are wanted.

    Shares are 0-1, JAT-01 and ASU-01 per 1,000 days, ASU-06 per 100. ``status_candidate`` is the
    status before any protection: not_delivered (all figures empty), not_recorded (figures kept
    for comparison) or shown. ``is_series_break``: the area's supplier changed its worker or
    dwelling keys in the period. Raises ``ValueError`` without any delivery.
    """
    geography = _geography(reference, groups)
    register = read_register(deliveries, geography.known_codes)
    if not register.data_until:
        raise ValueError(
            f"no aftercare periods among the deliveries in {deliveries}; expected folders "
            "<organisation>/<period>/<delivery_id> with a manifest.json each"
        )
    expected = {f"hva-{code}" for code in geography.areas} if home_organisations is None else set(home_organisations)
    facts, first_day = _facts(register, geography, cut_at_data_from)
    newest = max(register.data_until.values())
    rows: list[dict[str, Any]] = []
    for indicator in (*_nine_first(), *themes.INDICATORS):
        if only is not None and indicator.indicator_id not in only:
            continue
        for span in _spans(indicator.period_types, first_day, newest):
            covered = _covered(register, indicator, span, expected)
            homes = _covered_homes(register, indicator, span, covered, geography)
            rows += _cells(indicator, span, facts, geography, covered, expected, homes)
    return pd.DataFrame(rows, columns=COLUMNS)


# --- facts -----------------------------------------------------------------------------------


def _facts(register: Register, geography: Geography, cut_at_data_from: bool) -> tuple[Facts, int]:
    """Walk through every client's days. Also gives the first day of the figures."""
    tables = register.tables
    aftercare = tables["aftercare_period"].copy()
    if cut_at_data_from:
        begins = aftercare["organisation"].map(register.data_from).astype("float").fillna(-OPEN)
        aftercare["start_date"] = np.maximum(aftercare["start_date"].astype("float"), begins).astype("int64")
        aftercare = aftercare[aftercare["start_date"] <= aftercare["end_date"]]
    walked = {
        name: frame
        for name, frame in tables.items()
        if "client_key" in frame and not any(name in names for names in OF_OTHERS.values())
    }
    rows = {name: by_client(frame) for name, frame in walked.items()}
    rows["aftercare_period"] = by_client(aftercare)
    key_breaks = KeyBreaks(register)
    world = World(
        data_until=register.data_until,
        municipality_today=geography.today,
        housing={
            code: (attributes["housing_class"], attributes["default_suitability"])
            for code, attributes in code_lists()["housing_type"].attributes.items()
        },
        is_key_break=key_breaks,
    )
    collected: dict[str, list[Any]] = {
        "days": [],
        "worker_days": [],
        "stock": [],
        "changes": [],
        "moves": [],
        "stays": [],
    }
    for client in sorted(rows["aftercare_period"]):
        days = follow(
            client,
            aftercare=rows["aftercare_period"][client],
            residence=rows["residence_spell"].get(client, []),
            assignments=rows["worker_assignment"].get(client, []),
            handovers=rows["handover"].get(client, []),
            contacts=rows["contact"].get(client, []),
            housing=rows["housing_spell"].get(client, []),
            world=world,
        )
        if days is not None and days.day.size:
            _collect(days, collected)
    facts = Facts(
        days=pd.DataFrame(
            collected["days"],
            columns=[
                *["client", "quarter", "area", "municipality"],
                *["at_risk", "stable", "known"],
            ],
        ),
        worker_days=pd.DataFrame(
            collected["worker_days"],
            columns=["role", "client", "quarter", "area", "municipality", "at_risk", "gap", "doubtful"],
        ),
        stock=pd.DataFrame(
            collected["stock"],
            columns=[
                *["client", "quarter", "area", "municipality"],
                *["suitability", "all_12_months", *(f"changes_12_months_{role}" for role in COUNTED_ROLES)],
                *(f"doubtful_{role}" for role in COUNTED_ROLES),
            ],
        ),
        changes=pd.DataFrame(
            collected["changes"],
            columns=[
                *["role", "client", "quarter", "area", "municipality", "reason"],
                *["is_counted", "is_structural", "is_saattaen", "way", "has_record", "is_key_break"],
                *["kind", "gap_days", "overlap_days"],
            ],
        ),
        moves=pd.DataFrame(
            collected["moves"],
            columns=[
                *["client", "quarter", "area", "municipality", "reason"],
                *["is_unplanned", "is_key_break"],
            ],
        ),
        stays=pd.DataFrame(collected["stays"], columns=STAY_COLUMNS),
        register=register,
        places=_places(tables["supported_housing_capacity"]),
        residents=_residents(geography),
        key_breaks=key_breaks,
        today=geography.today,
    )
    at_risk_from = int(aftercare["start_date"].min()) if len(aftercare) else 0
    first_day = to_day(f"{pd.Timestamp(at_risk_from, unit='D').year}-01-01")
    known = [day for day in register.data_from.values() if day is not None]
    if len(known) == len(register.data_from):  # nobody goes back further
        first_day = max(first_day, min(known))
    return facts, first_day


def _collect(days: ClientDays, collected: dict[str, list[Any]]) -> None:
    """Sum one client's days by quarter and place, and note stocks and events."""
    quarter = np.array([quarter_of(day) for day in days.day.tolist()], dtype=object)
    sums: dict[tuple[str, str, str], list[int]] = {}
    worker_sums: dict[tuple[str, str, str, str], list[int]] = {}
    for position in range(days.day.size):
        where = (quarter[position], days.area[position], days.municipality[position])
        found = sums.setdefault(where, [0, 0, 0])
        housing_class = days.housing_class[position]
        found[0] += 1
        found[1] += housing_class == "stable"
        found[2] += housing_class in ("stable", "unstable", "homeless")
        for role in COUNTED_ROLES:
            of_role = worker_sums.setdefault((role, *where), [0, 0, 0])
            of_role[0] += 1
            of_role[1] += bool(days.is_gap[role][position])
            of_role[2] += bool(days.is_doubtful[role][position])
    collected["days"] += [(days.client, *place, *found) for place, found in sums.items()]
    collected["worker_days"] += [(role, days.client, *place, *found) for (role, *place), found in worker_sums.items()]

    counted = {
        role: [change.day for change in days.changes if change.is_counted and change.role == role]
        for role in COUNTED_ROLES
    }
    all_days = set(days.day.tolist())
    for position, day in enumerate(days.day.tolist()):
        if not is_quarter_end(day):
            continue
        start = window_start(day)
        window = range(start, day + 1)
        collected["stock"].append(
            (
                days.client,
                quarter[position],
                days.area[position],
                days.municipality[position],
                days.suitability[position],
                all(d in all_days for d in window),
                *(sum(start <= d <= day for d in counted[role]) for role in COUNTED_ROLES),
                *(bool(days.is_doubtful[role][position]) for role in COUNTED_ROLES),
            )
        )
    collected["stays"] += _stays(days)
    for change in days.changes:
        collected["changes"].append(
            (
                change.role,
                days.client,
                quarter[change.position],
                days.area[change.position],
                days.municipality[change.position],
                change.new.reason,
                change.is_counted,
                change.is_structural,
                change.is_saattaen,
                change.way,
                change.has_record,
                change.is_key_break,
                change.kind,
                change.gap_days,
                change.overlap_days,
            )
        )
    for move in days.moves:
        collected["moves"].append(
            (
                days.client,
                quarter[move.position],
                days.area[move.position],
                days.municipality[move.position],
                move.reason,
                move.planned is not None and not move.planned,
                move.is_key_break,
            )
        )


STAY_COLUMNS = [
    "client",
    "first",
    "last",
    "area",
    "municipality",
    *ROLES,
    "housing_type",
    "housing_class",
    "suitability",
]


def _stays(days: ClientDays) -> list[tuple[Any, ...]]:
    """Days in a row on which everything is the same, as one row."""
    found: list[tuple[Any, ...]] = []
    what = zip(
        days.area,
        days.municipality,
        *(days.worker[role] for role in ROLES),
        days.housing_type,
        days.housing_class,
        days.suitability,
        strict=True,
    )
    for day, same in zip(days.day.tolist(), what, strict=True):
        if found and found[-1][3:] == same and found[-1][2] == day - 1:
            found[-1] = (days.client, found[-1][1], day, *same)
        else:
            found.append((days.client, day, day, *same))
    return found


def _places(capacity: pd.DataFrame) -> pd.DataFrame:
    """Places of units open to ages 16-24, by delivering area and quarter."""
    lowest, highest = SUPPORTED_HOUSING_AGES
    begins_in_time = capacity["age_from"].fillna(lowest) <= highest
    ends_late_enough = capacity["age_to"].fillna(highest) >= lowest
    open_to_them = capacity[begins_in_time & ends_late_enough]
    return pd.DataFrame(
        {
            "area": open_to_them["organisation"].str[4:],
            "quarter": open_to_them["period"],
            "places": open_to_them["places"].astype("float"),
        }
    )


def _residents(geography: Geography) -> pd.DataFrame:
    """Residents aged 18-22 of each mainland municipality, a merged one's with those of its successor."""
    table = read_reference(RESIDENTS)
    today = table["municipality_code"].map(geography.today)
    numbers = table["population_18_22_2019"].astype("int64").groupby(today).sum()
    return pd.DataFrame(
        {
            "area": [geography.area_of[code] for code in numbers.index],
            "municipality": numbers.index,
            "t": numbers.values,
        }
    )


# --- periods and coverage --------------------------------------------------------------------


def _spans(period_types: Mapping[str, tuple[str, ...]], first_day: int, newest: int) -> list[Span]:
    """All periods of the wanted types that lie between the two days (both included)."""
    quarters = [
        quarter
        for quarter in pd.period_range(pd.Timestamp(first_day, unit="D"), pd.Timestamp(newest, unit="D"), freq="Q")
        if to_day(quarter.start_time) >= first_day and to_day(quarter.end_time) <= newest
    ]
    last_year = max((q.year for q in quarters if q.quarter == 4), default=0)
    found = []
    for quarter in quarters:
        end = to_day(quarter.end_time)
        code = str(quarter)
        if "quarter" in period_types:
            found.append(Span("quarter", code, to_day(quarter.start_time), end, (code,), (code,)))
        if "rolling_12_months" in period_types:
            twelve = tuple(str(quarter - back) for back in (3, 2, 1, 0))
            start = to_day((quarter - 3).start_time)
            found.append(Span("rolling_12_months", code, start, end, twelve, (code,)))
    for year, half in sorted({(q.year, (q.quarter + 1) // 2) for q in quarters}):
        inside = tuple(str(q) for q in quarters if q.year == year and (q.quarter + 1) // 2 == half)
        if "half_year" in period_types and len(inside) == 2:
            start, end = to_day(pd.Period(inside[0]).start_time), to_day(pd.Period(inside[1]).end_time)
            found.append(Span("half_year", f"{year}H{half}", start, end, inside, inside[-1:]))
    for year in range(pd.Timestamp(first_day, unit="D").year, pd.Timestamp(newest, unit="D").year):
        start, end = to_day(f"{year}-08-01"), to_day(f"{year + 1}-07-31")
        if "school_year" in period_types and first_day <= start and end <= newest:
            found.append(Span("school_year", f"{year}-{year + 1}", start, end, (), ()))
    blocks = [("year", year, year) for year in sorted({q.year for q in quarters})]
    blocks += [("pooled_3_years", first, last) for first, last in POOLED_BLOCKS]
    for kind, first_year, final_year in blocks:
        start, end = to_day(f"{first_year}-01-01"), to_day(f"{final_year}-12-31")
        is_seen = final_year <= last_year and (kind != "year" or start >= first_day)
        if kind not in period_types or not is_seen:
            continue
        years = range(first_year, final_year + 1)
        code = str(first_year) if kind == "year" else f"{first_year}-{final_year}"
        inside = tuple(f"{year}Q{number}" for year in years for number in range(1, 5))
        found.append(Span(kind, code, start, end, inside, tuple(f"{y}Q4" for y in years)))
    return found


def _look_back_start(indicator: Indicator, span: Span) -> int:
    """First day that a figure of the period looks at."""
    if span.type == "quarter":
        return to_day((pd.Period(span.code) - indicator.look_back_quarters).start_time)
    if span.type in ("year", "pooled_3_years"):
        return to_day(f"{int(span.code[:4]) - indicator.look_back_years}-01-01")
    return span.start


def _covered(register: Register, indicator: Indicator, span: Span, expected: set[str]) -> set[str]:
    """Codes of the areas that delivered every source table for the whole period and what it looks back to."""
    start = _look_back_start(indicator, span)
    return {
        organisation[4:]
        for organisation in expected
        if all(register.is_covered(organisation, table, start, span.end) for table in indicator.sources)
        and all(
            register.is_covered("kela", table, start, span.end) and _can_link(register, organisation, ["kela"], table)
            for table in indicator.national_sources
        )
    }


def _can_link(register: Register, area: str, others: list[str], table: str) -> bool:
    """Whether rows about clients that others delivered are found under the area's keys (rule 17)."""
    if not any(column.key_of == CLIENT_KEY for column in contracts()[table].columns):
        return True
    domains = [register.coverage[area, "aftercare_period"].key_domains]
    domains += [register.coverage[other, table].key_domains for other in others if (other, table) in register.coverage]
    return len(set().union(*domains)) == 1


def _covered_homes(
    register: Register, indicator: Indicator, span: Span, covered: set[str], geography: Geography
) -> set[tuple[str, str]] | None:
    """Areas and home municipalities of whose clients everything was delivered; None: it does not depend on the home.

    A municipality that merged into another had to deliver until its last day.
    """
    if not indicator.municipal_sources:
        return None
    start = _look_back_start(indicator, span)
    codes: dict[str, list[tuple[str, int]]] = {}
    for code, today in geography.today.items():
        last = min(span.end, geography.last_day.get(code, span.end))
        if last >= start:
            codes.setdefault(today, []).append((f"kunta-{code}", last))
    delivered = {
        municipality
        for municipality in geography.area_of
        if all(
            register.is_covered(organisation, table, start, last)
            for table in indicator.municipal_sources
            for organisation, last in codes.get(municipality, [])
        )
    }
    return {
        (area, municipality)
        for area in covered
        for municipality in delivered
        if all(
            _can_link(register, f"hva-{area}", [organisation for organisation, _ in codes[municipality]], table)
            for table in indicator.municipal_sources
        )
    }


# --- units of each indicator -----------------------------------------------------------------


def _per_01(facts: Facts, span: Span) -> pd.DataFrame:
    return days_of(facts, span)[PLACE].assign(x=1, t=0)


def _per_01_by_residents(facts: Facts, span: Span) -> pd.DataFrame:
    """The clients, and the residents as rows of no client."""
    return pd.concat([_per_01(facts, span), facts.residents.assign(client=None, x=0)], ignore_index=True)


def _jat_01(which: Callable[[pd.DataFrame], pd.Series], role: str = "VASTUU") -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        changes = during(facts.changes[facts.changes["role"] == role], span)
        counted = changes["is_counted"].astype(bool) & which(changes)
        return per_days(worker_days_of(facts, span, role), events(changes, x=counted))

    return units


def _jat_02(role: str = "VASTUU", *, throughout: bool = True) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        stock = facts.stock[facts.stock["quarter"].isin(span.stock_quarters)]
        if throughout:
            stock = stock[stock["all_12_months"].astype(bool)]
        return stock[PLACE].assign(x=(stock[f"changes_12_months_{role}"] >= 2).astype("int64"), t=1)

    return units


def _jat_04(role: str = "VASTUU") -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        days = worker_days_of(facts, span, role)
        return days.assign(x=days["gap"], t=days["at_risk"], of=days["at_risk"])

    return units


def _saa_01(ways: tuple[str, ...] = ("before", "soon_after"), role: str = "VASTUU") -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        changes = during(facts.changes[facts.changes["role"] == role], span)
        eligible = changes["is_counted"].astype(bool) & (changes["reason"] != "KUOLEMA")
        return events(
            changes,
            x=eligible & changes["way"].isin(ways),
            t=eligible,
            record=eligible & changes["has_record"].astype(bool),
        )

    return units


def _asu_01(only_unplanned: bool) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        moves = during(facts.moves, span)
        counted = ~moves["is_key_break"].astype(bool) & (moves["reason"] != "ITSENAISTYMINEN")
        if only_unplanned:
            counted &= moves["is_unplanned"].astype(bool)
        found = per_days(days_of(facts, span), events(moves, x=counted))
        return found.assign(unknown=found["at_risk"] - found["known"])

    return units


def _asu_03(facts: Facts, span: Span) -> pd.DataFrame:
    stock = facts.stock[facts.stock["quarter"].isin(span.stock_quarters)]
    return stock[PLACE].assign(
        x=(stock["suitability"] == "SOVELTUVA").astype("int64"),
        t=1,
        of=1,
        unknown=(stock["suitability"] == "TUNTEMATON").astype("int64"),
    )


def _asu_06(facts: Facts, span: Span) -> pd.DataFrame:
    """Clients on the last day; and the places, as rows of no client."""
    clients = facts.stock[facts.stock["quarter"].isin(span.stock_quarters)]
    places = facts.places[facts.places["quarter"].isin(span.stock_quarters)]
    return pd.concat(
        [
            clients[PLACE].assign(x=0.0, t=1),
            pd.DataFrame(
                {
                    "client": None,
                    "area": places["area"],
                    "municipality": UNKNOWN,
                    "x": places["places"],
                    "t": 0,
                }
            ),
        ],
        ignore_index=True,
    )


def _asu_08(facts: Facts, span: Span) -> pd.DataFrame:
    days = days_of(facts, span)
    return days.assign(
        x=days["stable"],
        t=days["known"],
        of=days["at_risk"],
        unknown=days["at_risk"] - days["known"],
    )


WORKER = (*PLACED, "worker_assignment")
OF_WORKERS: dict[str, Any] = {"sources": WORKER, "compared_keys": "worker_assignment"}
OF_HANDOVERS = OF_WORKERS | {"sources": (*WORKER, "handover")}
HOUSING = (*PLACED, "housing_spell")


def _nine_first() -> list[Indicator]:
    both = {"quarter": LARGE_LEVELS, "year": LEVELS}
    pooled = {**both, "pooled_3_years": LEVELS}
    rolling = {"rolling_12_months": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}

    def every(changes: pd.DataFrame) -> pd.Series:
        return pd.Series(True, index=changes.index)

    def not_structural(changes: pd.DataFrame) -> pd.Series:
        return ~changes["is_structural"].astype(bool)

    def not_own_request(changes: pd.DataFrame) -> pd.Series:
        return changes["reason"] != "NUOREN_PYYNTO"

    return [
        Indicator("PER-01", "main", "count", _per_01, both, PLACED),
        Indicator("PER-01", "per_1000_residents", "persons_per_1000", _per_01_by_residents, both, PLACED),
        Indicator("JAT-01", "main", "rate", _jat_01(every), pooled, **OF_WORKERS),
        Indicator("JAT-01", "without_structural", "rate", _jat_01(not_structural), pooled, **OF_WORKERS),
        Indicator(
            "JAT-01", "without_own_request", "rate", _jat_01(not_own_request), pooled, WORKER, "worker_assignment"
        ),
        Indicator("JAT-01", "counsellor", "rate", _jat_01(every, "OHJAAJA"), pooled, **OF_WORKERS),
        Indicator("JAT-01", "either", "rate", _jat_01(every, EITHER), pooled, **OF_WORKERS),
        Indicator("JAT-02", "main", "share", _jat_02(), rolling, **OF_WORKERS),
        Indicator(
            "JAT-02", "open_on_last_day", "share", _jat_02(throughout=False), rolling, WORKER, "worker_assignment"
        ),
        Indicator("JAT-02", "counsellor", "share", _jat_02("OHJAAJA"), rolling, **OF_WORKERS),
        Indicator("JAT-02", "either", "share", _jat_02(EITHER), rolling, **OF_WORKERS),
        Indicator("JAT-04", "main", "share_of_days", _jat_04(), pooled, WORKER),
        Indicator("JAT-04", "counsellor", "share_of_days", _jat_04("OHJAAJA"), pooled, WORKER),
        Indicator("JAT-04", "either", "share_of_days", _jat_04(EITHER), pooled, WORKER),
        Indicator("SAA-01", "main", "share", _saa_01(), pooled, **OF_HANDOVERS),
        *(
            Indicator("SAA-01", way, "share", _saa_01((way,)), pooled, **OF_HANDOVERS)
            for way in ("before", "soon_after", "late", "remote", "without_client")
        ),
        Indicator(
            "SAA-01", "counsellor", "share", _saa_01(role="OHJAAJA"), pooled, (*WORKER, "handover"), "worker_assignment"
        ),
        Indicator(
            "SAA-01", "either", "share", _saa_01(role=EITHER), pooled, (*WORKER, "handover"), "worker_assignment"
        ),
        Indicator("ASU-01", "main", "rate", _asu_01(False), pooled, HOUSING, "housing_spell"),
        Indicator("ASU-01", "unplanned", "rate", _asu_01(True), pooled, HOUSING, "housing_spell"),
        Indicator("ASU-03", "main", "share", _asu_03, pooled, HOUSING),
        Indicator(
            "ASU-06",
            "main",
            "per_100",
            _asu_06,
            {"quarter": LARGE_LEVELS},
            ("aftercare_period", "supported_housing_capacity"),
        ),
        Indicator("ASU-08", "main", "share_of_days", _asu_08, pooled, HOUSING),
    ]


# --- roll-up ---------------------------------------------------------------------------------


def _cells(
    indicator: Indicator,
    span: Span,
    facts: Facts,
    geography: Geography,
    covered: set[str],
    expected: set[str],
    homes: set[tuple[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """One row for every place of every level at which the indicator has this kind of period."""
    units = indicator.units(facts, span)
    units = units[units["area"].isin(covered)]
    if homes is not None:
        pairs = zip(units["area"], units["municipality"], strict=True)
        units = units[np.array([pair in homes for pair in pairs], dtype=bool)]
    all_covered = {organisation[4:] for organisation in expected} <= covered
    rows = []
    for level in indicator.period_types[span.type]:
        by_place = _sums_by_place(units, _places_of_level(level, units, geography))
        for code, members in _all_places(level, geography).items():
            complete = members <= covered if level != "country" else all_covered
            if code == UNKNOWN:
                complete = all_covered
            if level in ("wellbeing_area", "municipality") and code != UNKNOWN:
                is_delivered = complete
            else:
                is_delivered = bool(members & covered if members else covered)
            if homes is not None:
                own = _own_homes(level, code, members, expected, geography)
                complete = bool(own) and own <= homes
                is_delivered = bool({home for home in homes if home[0] in members} if _is_large(level) else own & homes)
            row: dict[str, Any] = dict.fromkeys(COLUMNS)
            row |= {
                "indicator_id": indicator.indicator_id,
                "variant": indicator.variant,
                "area_level": level,
                "area_code": code,
                "period_type": span.type,
                "period": span.code,
                "is_complete": bool(complete and is_delivered),
                "status_candidate": "shown" if is_delivered else "not_delivered",
                "is_series_break": level == "wellbeing_area"
                and code in facts.broken_areas(indicator.compared_keys, span),
            }
            if is_delivered:
                row |= _figures(indicator, by_place.get(code))
            rows.append(row)
    return rows


def _is_large(level: str) -> bool:
    return level in LARGE_LEVELS


def _own_homes(
    level: str, code: str, members: set[str], expected: set[str], geography: Geography
) -> set[tuple[str, str]]:
    """Municipalities that a place is made of, each with its own area."""
    if level == "municipality":
        return {(geography.area_of[code], code)} if code != UNKNOWN else set()
    if level == "municipality_group":
        return {(area, town) for town, area in geography.area_of.items() if geography.group_of.get(town) == code}
    wanted = {organisation[4:] for organisation in expected} if level == "country" else members
    return {(area, town) for town, area in geography.area_of.items() if area in wanted}


def _places_of_level(level: str, units: pd.DataFrame, geography: Geography) -> pd.Series:
    if level == "country":
        return pd.Series(COUNTRY, index=units.index)
    if level == "collaborative_area":
        return units["area"].map(geography.collaborative_of)
    if level == "wellbeing_area":
        return units["area"]
    if level == "municipality":
        return units["municipality"]
    return units["municipality"].map(geography.group_of).fillna(UNKNOWN)


def _all_places(level: str, geography: Geography) -> dict[str, set[str]]:
    """Code of every place of a level -> the areas it lies in (empty: anywhere)."""
    if level == "country":
        return {COUNTRY: set(geography.areas)}
    if level == "collaborative_area":
        return {
            whole: {area for area in geography.areas if geography.collaborative_of[area] == whole}
            for whole in {geography.collaborative_of[area] for area in geography.areas}
        }
    if level == "wellbeing_area":
        return {code: {code} for code in geography.areas}
    if level == "municipality":
        return {**{code: {area} for code, area in geography.area_of.items()}, UNKNOWN: set()}
    groups: dict[str, set[str]] = {}
    for municipality, group in geography.group_of.items():
        if municipality in geography.area_of:
            groups.setdefault(group, set()).add(geography.area_of[municipality])
    return {**groups, UNKNOWN: set()} if groups else {}


@dataclass(frozen=True)
class Sums:
    """What the rows of one place add up to. ``client_x``, ``client_t``: sums of each client there, a client who
    lived in two places of it being one. ``units``: the rows themselves."""

    x: float
    t: float
    parts: dict[str, float]
    client_x: np.ndarray
    client_t: np.ndarray
    all_units: pd.DataFrame
    positions: np.ndarray

    @property
    def units(self) -> pd.DataFrame:
        return self.all_units.iloc[self.positions]


def _sums_by_place(units: pd.DataFrame, places: pd.Series) -> dict[str, Sums]:
    """Sums of every place that has rows. Rows of no client (None) are nobody's."""
    known = places.notna().to_numpy()
    if not known.all():
        units, places = units[known], places[known]
    if units.empty:
        return {}
    place, codes = pd.factorize(places)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(codes) + 1))
    client = pd.factorize(units["client"])[0]
    columns = {
        name: units[name].to_numpy("float64")
        for name in ("x", "t", "of", "unknown", "doubtful", "record", "record_of")
        if name in units
    }
    found = {}
    for number, code in enumerate(codes):
        rows = order[starts[number] : starts[number + 1]]
        person = client[rows]
        _, own = np.unique(person[person >= 0], return_inverse=True)
        of_persons = rows[person >= 0]
        found[str(code)] = Sums(
            float(columns["x"][rows].sum()),
            float(columns["t"][rows].sum()),
            {name: float(np.nansum(values[rows])) for name, values in columns.items() if name not in ("x", "t")},
            np.bincount(own, columns["x"][of_persons]),
            np.bincount(own, columns["t"][of_persons]),
            units,
            rows,
        )
    return found


def _figures(indicator: Indicator, sums: Sums | None) -> dict[str, Any]:
    """Value, intervals and shares of one cell; of no rows, nothing."""
    if sums is None:
        nothing = None if indicator.statistic == "count" else 0.0
        empty = {"numerator": 0.0, "denominator": nothing}
        return {**empty, "numerator_clients": 0, "denominator_clients": 0}
    x, t = sums.x, sums.t
    if indicator.statistic in ("count", "persons_per_1000"):
        x = float(len(sums.client_x))
    persons = t if indicator.statistic == "persons_per_1000" else (sums.client_t > 0).sum()
    figures: dict[str, Any] = {
        "numerator": x,
        "denominator": None if indicator.statistic == "count" else t,
        "numerator_clients": int((sums.client_x > 0).sum()),
        "denominator_clients": int(persons),
    }
    if "persons" in sums.all_units:
        figures |= _persons_of_groups(sums.units)
    of = sums.parts.get("of", 0.0)
    for share, part in (("unknown_share", "unknown"), ("doubtful_share", "doubtful")):
        if of and part in sums.parts:
            figures[share] = sums.parts[part] / of
    if indicator.statistic in TIMES:
        return figures | _times(indicator, sums.units)
    if "record_of" in sums.parts:
        figures["record_share"] = sums.parts["record"] / sums.parts["record_of"]
    elif t and "record" in sums.parts:
        figures["record_share"] = sums.parts["record"] / t
        if figures["record_share"] < RECORDING_THRESHOLD:
            figures["status_candidate"] = "not_recorded"
    if t and indicator.statistic != "count":
        scale = {"rate": 1000.0, "persons_per_1000": 1000.0, "per_100": 100.0}.get(indicator.statistic, 1.0)
        figures["value"] = x / t * scale
        figures |= _limits(indicator.statistic, x, t, sums)
    return figures


def _persons_of_groups(units: pd.DataFrame) -> dict[str, int]:
    """Persons behind delivered sums: a group is as large as it was at most, and counts where it has a part."""
    groups = units.groupby(["area", "group"]).agg({"x": "sum", "t": "sum", "persons": "max"})
    return {
        "numerator_clients": int(groups.loc[groups["x"] > 0, "persons"].sum()),
        "denominator_clients": int(groups.loc[groups["t"] > 0, "persons"].sum()),
    }


def _times(indicator: Indicator, units: pd.DataFrame) -> dict[str, Any]:
    """Figures of values or waits, one a row (``days``, ``end``): of persons at most as many as waits have ended."""
    days = units["days"].astype("float").tolist()
    clients = int(units["client"].nunique())
    figures: dict[str, Any] = {"denominator": float(len(units)), "denominator_clients": clients}
    if indicator.statistic == "median":
        found = times.median(days)
        figures |= {"numerator": float(len(units)), "numerator_clients": clients}
    else:
        ends = [None if pd.isna(end) else str(end) for end in units["end"]]
        ended = sum(end == "EVENT" and day <= indicator.horizon for end, day in zip(ends, days, strict=True))
        found = times.incidence(days, ends, "EVENT", indicator.horizon)
        if indicator.complement:
            unseen = sum(end is None and day < indicator.horizon for end, day in zip(ends, days, strict=True))
            ended = len(units) - unseen - ended
            mirrored = {"lower": "upper", "upper": "lower"}
            found = {
                "_".join(mirrored.get(part, part) for part in name.split("_")): 1 - value
                for name, value in found.items()
            }
        figures |= {"numerator": float(ended), "numerator_clients": min(clients, ended)}
    return figures | {name: None if math.isnan(value) else value for name, value in found.items()}


def _limits(statistic: str, x: float, t: float, sums: Sums) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, (z, alpha) in intervals.LEVELS.items():
        if statistic in ("rate", "persons_per_1000"):
            lower, upper = (limit / t * 1000 for limit in intervals.poisson(int(x), alpha, z))
        elif statistic == "share":
            lower, upper = intervals.wilson(x, t, z)
        elif statistic == "share_of_days":
            has_days = sums.client_t > 0
            of_clients = sums.client_x[has_days].tolist(), sums.client_t[has_days].tolist()
            lower, upper = intervals.share_of_days(*of_clients, z)
        else:
            continue
        found[f"lower_{name}"], found[f"upper_{name}"] = lower, upper
    return found


def _geography(reference: Path, groups: Path) -> Geography:
    municipalities = read_reference(reference / "municipalities.csv")
    areas = read_reference(reference / "wellbeing_areas.csv")["code"]
    merged = dict(zip(municipalities["code"], municipalities["merged_into"], strict=True))
    area_of = {
        code: area
        for code, area in zip(
            municipalities["code"],
            municipalities["wellbeing_area_code"],
            strict=True,
        )
        if area != ALAND
    }
    today = {code: merged[code] or code for code in area_of}
    ended = zip(municipalities["code"], municipalities["valid_to"], strict=True)
    group_of: dict[str, str] = {}
    if groups.exists():
        table = read_reference(groups)
        group_of = dict(zip(table["municipality_code"], table["group_code"], strict=True))
    return Geography(
        areas=tuple(sorted(code for code in areas if code != ALAND)),
        area_of={code: area for code, area in area_of.items() if today[code] == code},
        group_of=group_of,
        today=today,
        known_codes=frozenset(merged),
        collaborative_of={
            row["wellbeing_area_code"]: f"YTA-{row['collaborative_area_code']}"
            for row in read_reference(AREA_TABLE).to_dict("records")
            if row["wellbeing_area_code"] != ALAND
        },
        last_day={code: to_day(last) for code, last in ended if last},
    )
