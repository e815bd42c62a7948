"""Workforce (JAK): sums of what areas told of their teams on the quarter's count day."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.oracle.facts import LARGE_LEVELS, Facts, Indicator, Span, Units
from tests.oracle.timeline import UNKNOWN

TEAM = ["organisation", "team_key", "role"]
NUMBERS = ["n_workers", "fte", "vacancies_fte", "leavers_fte", "sick_days", "working_days"]
COUNTS = ["clients_u18", "clients_18p", "n_over_limit"]


def _told(facts: Facts, quarters: tuple[str, ...]) -> pd.DataFrame:
    """One row per team, role and quarter: the first day that was counted in it."""
    rows = facts.register.tables["workforce_quarter"]
    rows = rows[rows["period"].isin(quarters)].sort_values("count_date", kind="stable")
    rows = rows.drop_duplicates([*TEAM, "period"])
    numbers = {name: pd.to_numeric(rows[name], errors="coerce").astype("float") for name in (*NUMBERS, *COUNTS)}
    return rows[[*TEAM, "period"]].assign(**numbers)


def _rows(teams: pd.DataFrame, x: pd.Series, t: pd.Series, is_known: pd.Series | None = None) -> pd.DataFrame:
    """Teams as rows of no client; one that is not known is in neither line."""
    known = pd.Series(True, index=teams.index) if is_known is None else is_known
    found = pd.DataFrame(
        {
            "client": None,
            "area": teams["organisation"].str[4:],
            "municipality": UNKNOWN,
            "group": teams["team_key"] + teams["role"],
            "x": x.where(known, 0.0),
            "t": t.where(known, 0.0),
            "persons": teams["n_workers"],
        }
    )
    if is_known is not None:
        found = found.assign(of=teams["n_workers"], unknown=teams["n_workers"].where(~known, 0.0))
    return found


def _clients_per_worker(clients: Callable[[pd.DataFrame], pd.Series]) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        teams = _told(facts, span.stock_quarters)
        teams = teams[teams["role"] == "VASTUU"]
        return _rows(teams, clients(teams), teams["fte"])

    return units


def _above_the_limit(facts: Facts, span: Span) -> pd.DataFrame:
    teams = _told(facts, span.stock_quarters)
    teams = teams[teams["role"] == "VASTUU"]
    return _rows(teams, teams["n_over_limit"], teams["n_workers"])


def _leavers(facts: Facts, span: Span) -> pd.DataFrame:
    """Who left in the four quarters, beside who is there at their end; closed teams have nobody."""
    told = _told(facts, span.quarters)
    left = told.groupby(TEAM)["leavers_fte"].agg(["sum", "count", "size"]).reset_index()
    now = told[told["period"].isin(span.stock_quarters)][[*TEAM, "n_workers", "fte"]]
    teams = left.merge(now, on=TEAM, how="left").fillna({"n_workers": 0.0, "fte": 0.0})
    return _rows(teams, teams["sum"], teams["fte"], teams["count"] == teams["size"])


def _sick_days(facts: Facts, span: Span) -> pd.DataFrame:
    teams = _told(facts, span.quarters)
    return _rows(
        teams, teams["sick_days"], teams["working_days"], teams["sick_days"].notna() & teams["working_days"].notna()
    )


def _vacant(facts: Facts, span: Span) -> pd.DataFrame:
    teams = _told(facts, span.stock_quarters)
    vacant = teams["vacancies_fte"]
    return _rows(teams, vacant, teams["fte"] + vacant, vacant.notna())


QUARTER: dict[str, tuple[str, ...]] = {"quarter": LARGE_LEVELS}
ROLLING: dict[str, tuple[str, ...]] = {"rolling_12_months": LARGE_LEVELS}
SOURCE = ("workforce_quarter",)

INDICATORS = (
    Indicator(
        "JAK-01", "main", "ratio", _clients_per_worker(lambda t: t["clients_u18"] + t["clients_18p"]), QUARTER, SOURCE
    ),
    Indicator("JAK-01", "under_18", "ratio", _clients_per_worker(lambda t: t["clients_u18"]), QUARTER, SOURCE),
    Indicator("JAK-01", "adult", "ratio", _clients_per_worker(lambda t: t["clients_18p"]), QUARTER, SOURCE),
    Indicator("JAK-02", "main", "share", _above_the_limit, QUARTER, SOURCE),
    Indicator("JAK-03", "main", "ratio", _leavers, ROLLING, SOURCE),
    Indicator("JAK-04", "main", "ratio", _sick_days, {**QUARTER, "year": LARGE_LEVELS}, SOURCE),
    Indicator("JAK-05", "main", "ratio", _vacant, QUARTER, SOURCE),
)
