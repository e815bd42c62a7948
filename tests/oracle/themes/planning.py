"""Plans: in force and reviewed, made together, with the young person."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACE, PLACED, Facts, Indicator, Span, quarter_of
from tests.oracle.windows import on_day, open_clients, table

BY_QUARTER = {"quarter": LARGE_LEVELS, "year": LEVELS, "pooled_3_years": LEVELS}


def _suu_01(facts: Facts, span: Span) -> pd.DataFrame:
    """In aftercare for 30 days; a plan in force on the last day, made or reviewed at most 365 days before."""
    clients = open_clients(facts, span)
    clients = clients[clients["in_a_row"] >= 30]
    pairs = clients[["client", "quarter", "end"]].merge(table(facts, "plan"), on="client")
    in_force = (pairs["valid_from"] <= pairs["end"]) & (pairs["valid_to"].fillna(10**6) >= pairs["end"])
    pairs = pairs[in_force.astype(bool)]
    recent = pairs["end"] - 365 <= pairs["valid_from"]
    recent |= ((pairs["end"] - 365 <= pairs["review_date"]) & (pairs["review_date"] <= pairs["end"])).fillna(False)
    good = pairs[recent.astype(bool)].groupby(["client", "quarter"]).size().rename("plans").reset_index()
    found = clients.merge(good, on=["client", "quarter"], how="left")
    return found[PLACE].assign(x=found["plans"].notna().astype("int64"), t=1)


def _plans(facts: Facts, span: Span) -> pd.DataFrame:
    """Plans made or reviewed on an at-risk day, once a quarter, at the place of the last such day in it."""
    plans = table(facts, "plan")
    made = plans.assign(day=plans["valid_from"])
    reviewed = plans[plans["review_date"].notna()].assign(day=plans["review_date"])
    acts = on_day(facts, pd.concat([made, reviewed], ignore_index=True), "day")
    acts = acts[(acts["day"] >= span.start) & (acts["day"] <= span.end)]
    acts = acts.assign(quarter=[quarter_of(int(day)) for day in acts["day"]])
    acts = acts.sort_values("day").drop_duplicates(["organisation", "plan_key", "quarter"], keep="last")
    parties = facts.register.tables["plan_party"]
    is_client = parties["sector"] == "NUORI"
    counted = (
        parties.assign(young=is_client.astype("int64"), others=(~is_client).astype("int64"))
        .groupby(["organisation", "plan_key"], as_index=False)[["young", "others"]]
        .sum()
    )
    return acts.merge(counted, on=["organisation", "plan_key"], how="left").reset_index(drop=True)


def _suu_02(facts: Facts, span: Span) -> pd.DataFrame:
    plans = _plans(facts, span)
    there = (plans["young"] > 0) | plans["client_present"].astype(bool)
    return plans[PLACE].assign(
        x=(there & (plans["others"] >= 2)).astype("int64"), t=1, record=plans["others"].notna().astype("int64")
    )


def _osa_02(facts: Facts, span: Span) -> pd.DataFrame:
    plans = _plans(facts, span)
    there = plans["client_present"].astype(bool)
    view = plans["client_view_recorded"]
    return plans[PLACE].assign(
        x=(there & view.fillna(False).astype(bool)).astype("int64"),
        t=1,
        of=1,
        unknown=(there & view.isna()).astype("int64"),
    )


INDICATORS = (
    Indicator("SUU-01", "main", "share", _suu_01, BY_QUARTER, (*PLACED, "plan")),
    Indicator("SUU-02", "main", "share", _suu_02, BY_QUARTER, (*PLACED, "plan", "plan_party")),
    Indicator("OSA-02", "main", "share", _osa_02, BY_QUARTER, (*PLACED, "plan")),
)
