"""Leaving substitute care: whether aftercare follows, with a plan, and with the same worker or a warm transfer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from tests.oracle.facts import LEVELS, PLACED, Facts, Indicator, Span, Units, by_client, quarter_of
from tests.oracle.themes.continuity import runs_of
from tests.oracle.themes.population import birth_year_in
from tests.oracle.themes.supported_housing import in_force
from tests.oracle.timeline import HANDOVER_DAYS, HANDOVER_HEADLINE_DAYS, UNKNOWN, Run

YEARS = {"year": LEVELS, "pooled_3_years": LEVELS}
IN_CARE = ("HUOSTA", "HUOSTA_TV")
OPEN_CARE_DAYS = 183
LEAST_AGE = 16
AFTER_DAYS = 90
PLANS = ("ITSENAISTYMINEN", "JALKIHUOLTO")

Row = dict[str, Any]


def endings(facts: Facts) -> list[Row]:
    """Ends of entitling care at 16 or over: client, area, municipality, last (day), until (last delivered day)."""
    cache = facts.register.__dict__.setdefault("_endings", [])
    if not cache:
        cache += _endings(facts)
    return cache


def _endings(facts: Facts) -> list[Row]:
    rows = facts.register.tables["placement"]
    rows = rows[rows["legal_basis"] != "JALKI"].sort_values(["start_date", "end_date", "placement_key"])
    told = birth_year_in(facts)
    homes = _homes(facts)
    found = []
    for client, placements in by_client(rows).items():
        for care in _runs_of_care(placements):
            last = max(care, key=lambda row: (row["end_date"], row["start_date"], row["placement_key"]))
            open_care = [row for row in care if row["legal_basis"] == "AVO" and row["child_alone"]]
            days = sum(row["end_date"] - row["start_date"] + 1 for row in open_care)
            is_entitling = days >= OPEN_CARE_DAYS or any(row["legal_basis"] in IN_CARE for row in care)
            is_over = all(row["is_closed"] for row in care) and last["end_reason"] != "SIIRTO"
            born = told.get(str(client))
            if not (is_entitling and is_over and born):
                continue
            if int(quarter_of(last["end_date"])[:4]) - born[-1][1] < LEAST_AGE:
                continue
            found.append(
                {
                    "client": str(client),
                    "area": last["organisation"][4:],
                    "municipality": _home_on(homes.get(str(client), []), last["end_date"]),
                    "last": last["end_date"],
                    "until": last["data_until"],
                }
            )
    return found


def _runs_of_care(placements: list[Row]) -> list[list[Row]]:
    """Placements at most a day apart, or of which the former ended in a transfer, are one."""
    found: list[list[Row]] = []
    for row in placements:
        is_same = found and (
            row["start_date"] <= max(other["end_date"] for other in found[-1]) + 1
            or found[-1][-1]["end_reason"] == "SIIRTO"
        )
        if is_same:
            found[-1].append(row)
        else:
            found.append([row])
    return found


def _homes(facts: Facts) -> dict[str, list[tuple[int, int, str]]]:
    spells = facts.register.tables["residence_spell"]
    municipality = in_force(spells["municipality"])
    found: dict[str, list[tuple[int, int, str]]] = {}
    for client, first, last, code in zip(
        spells["client_key"], spells["start_date"], spells["end_date"], municipality, strict=True
    ):
        found.setdefault(client, []).append((int(first), int(last), code))
    return found


def _home_on(spells: list[tuple[int, int, str]], day: int) -> str:
    """Rule 11: of the spells that hold the day the one that began last, then the smaller code."""
    held = [(-first, code) for first, last, code in spells if first <= day <= last]
    return min(held)[1] if held else UNKNOWN


def _units(
    judged: Callable[[Facts, list[Row]], list[tuple[int, int]]], seen_days: int, *, is_recorded: bool = False
) -> Units:
    """``judged``: 1 or 0 for each ending, and whether there is any record, where that is asked."""

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        rows = [row for row in endings(facts) if span.start <= row["last"] <= span.end]
        rows = [row for row in rows if row["until"] - row["last"] >= seen_days]
        judgement = judged(facts, rows)
        found = [
            (row["client"], row["area"], row["municipality"], x, 1, *([record] if is_recorded else []))
            for row, (x, record) in zip(rows, judgement, strict=True)
        ]
        return pd.DataFrame(found, columns=["client", "area", "municipality", "x", "t", *["record"] * is_recorded])

    return units


def _stays_of(facts: Facts) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for client, first, last in facts.stays[["client", "first", "last"]].itertuples(index=False):
        found.setdefault(client, []).append((first, last))
    return found


def _in_aftercare_by(days: int) -> Callable[[Facts, list[Row]], list[int]]:
    """Whether an at-risk day lies among the first ``days`` days after care."""

    def judged(facts: Facts, rows: list[Row]) -> list[int]:
        stays = _stays_of(facts)
        return [
            int(any(first <= row["last"] + days and last > row["last"] for first, last in stays.get(row["client"], [])))
            for row in rows
        ]

    return judged


def _has_plan(facts: Facts, rows: list[Row]) -> list[int]:
    plans = facts.register.tables["plan"]
    plans = plans[plans["plan_type"].isin(PLANS)]
    found = []
    by_client = {str(client): of_client for client, of_client in plans.groupby("client_key")}
    for row in rows:
        mine, day = by_client.get(row["client"]), row["last"] + 1
        if mine is None:
            found.append(0)
            continue
        is_valid = (mine["valid_from"] <= day) & (mine["valid_to"].isna() | (mine["valid_to"].fillna(day) >= day))
        found.append(int(is_valid.fillna(False).astype(bool).any()))
    return found


def _plain(judged: Callable[[Facts, list[Row]], list[int]]) -> Callable[[Facts, list[Row]], list[tuple[int, int]]]:
    return lambda facts, rows: [(x, 1) for x in judged(facts, rows)]


def _both(facts: Facts, rows: list[Row]) -> list[int]:
    return [x * y for x, y in zip(_in_aftercare_by(1)(facts, rows), _has_plan(facts, rows), strict=True)]


def _practised(facts: Facts, rows: list[Row]) -> list[tuple[int, int]]:
    """Housing practice done by the last day of care; any action of before the end, undated ones by their plan."""
    actions = by_client(facts.register.tables["plan_action"])
    plans = facts.register.tables["plan"]
    begun = dict(zip(zip(plans["organisation"], plans["plan_key"], strict=True), plans["valid_from"], strict=True))
    found = []
    for row in rows:
        before = []
        for action in actions.get(row["client"], []):
            day = action["date"]
            known_by = begun.get((action["organisation"], action["plan_key"])) if day is None else day
            if known_by is not None and known_by <= row["last"]:
                before.append(action)
        done = [
            action
            for action in before
            if (action["action_code"], action["status"]) == ("ASUMISHARJOITTELU", "TEHTY")
            and action["date"] is not None
        ]
        found.append((int(bool(done)), int(bool(before))))
    return found


def _worker_on(runs: list[Run], day: int) -> Run | None:
    """Rule 4: of the runs open on a day the one that began first, then the smaller key."""
    held = [run for run in runs if run.start <= day <= run.end]
    return min(held, key=lambda run: (run.start, run.organisation, run.worker)) if held else None


def _transfer(which: str) -> Callable[[Facts, list[Row]], list[tuple[int, int]]]:
    def judged(facts: Facts, rows: list[Row]) -> list[tuple[int, int]]:
        records = by_client(facts.register.tables["handover"])
        clients = set(facts.register.tables["aftercare_period"]["client_key"])
        found = []
        for row in rows:
            mine = records.get(row["client"], []) if row["client"] in clients else []
            runs = runs_of(facts).get((row["client"], "VASTUU"), []) if row["client"] in clients else []
            old, new = _worker_on(runs, row["last"]), _worker_on(runs, row["last"] + AFTER_DAYS)
            is_same = old is not None and new is not None and old.worker == new.worker
            is_saattaen = (
                old is not None
                and new is not None
                and any(_is_joint_meeting(record, old, new, max(old.end + 1, new.start)) for record in mine)
            )
            window = (row["last"] - HANDOVER_DAYS, row["last"] + AFTER_DAYS)
            has_record = any(window[0] <= record["handover_date"] <= window[1] for record in mine)
            value = {"any": is_same or is_saattaen, "same": is_same, "saattaen": is_saattaen and not is_same}[which]
            found.append((int(value), int(is_same or is_saattaen or has_record)))
        return found

    return judged


def _is_joint_meeting(record: Row, old: Run, new: Run, change: int) -> bool:
    return (
        record["handover_type"] == "YHTEISTAPAAMINEN"
        and bool(record["client_present"])
        and (record["from_worker_key"], record["to_worker_key"]) == (old.worker, new.worker)
        and change - HANDOVER_DAYS <= record["handover_date"] <= change + HANDOVER_HEADLINE_DAYS
    )


CARE = (*PLACED, "client", "placement")
TRANSFER = (*CARE, "handover", "worker_assignment")

INDICATORS: tuple[Indicator, ...] = (
    Indicator("PER-02", "main", "share", _units(_plain(_in_aftercare_by(90)), AFTER_DAYS), YEARS, CARE),
    *(
        Indicator("SAA-02", variant, "share", _units(_plain(judged), 1), YEARS, (*CARE, "plan"))
        for variant, judged in (("main", _both), ("without_gap", _in_aftercare_by(1)), ("plan_valid", _has_plan))
    ),
    Indicator(
        "ASU-07", "main", "share", _units(_practised, 0, is_recorded=True), YEARS, (*CARE, "plan", "plan_action")
    ),
    *(
        Indicator(
            "SAA-03",
            variant,
            "share",
            _units(_transfer(which), AFTER_DAYS, is_recorded=True),
            YEARS,
            TRANSFER,
            "worker_assignment",
        )
        for variant, which in (("main", "any"), ("same_worker", "same"), ("saattaen", "saattaen"))
    ),
)
