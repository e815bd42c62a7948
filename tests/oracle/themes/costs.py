"""Costs (KUS): euros of a year beside the clients whom they are about."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

import pandas as pd

from tests.oracle.facts import LARGE_LEVELS, LEVELS, PLACE, PLACED, Facts, Indicator, Span, Units, days_of

LINE = ["organisation", "service_code", "account_code", "year"]
DIRECT, APPORTIONED = "SUORA", "JYVITETTY"


def _years(span: Span) -> list[int]:
    return sorted({int(quarter[:4]) for quarter in span.quarters})


def _whole(amounts: pd.Series) -> float:
    """Euros of a line of the books, to the whole euro."""
    cents = sum((Decimal(str(amount)) for amount in amounts), Decimal(0))
    return float(cents.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _booked(facts: Facts, span: Span, kind: str) -> pd.DataFrame:
    """Rows of the span's years, each told of in its own year's delivery, of suppliers of a kind."""
    rows = facts.register.tables["cost_row"]
    rows = rows[rows["organisation"].str.startswith(kind)]
    of_year = rows["year"].astype("Int64").astype(str) == rows["period"]
    return rows[of_year & rows["year"].isin(_years(span)).astype(bool)].assign(
        account_code=rows["account_code"].fillna("")
    )


def _lines(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a line of the books and year: ``LINE`` and euros."""
    found = [(*line, _whole(part["amount_eur"])) for line, part in rows.groupby(LINE, sort=False)]
    return pd.DataFrame(found, columns=[*LINE, "euros"])


def _kus_01(facts: Facts, span: Span) -> pd.DataFrame:
    days = days_of(facts, span)
    lines = _lines(_booked(facts, span, "hva-"))
    costs = pd.DataFrame({"client": None, "area": lines["organisation"].str[4:], "municipality": "unknown"})
    return pd.concat(
        [
            days[PLACE].assign(x=0.0, t=days["at_risk"] / 365),
            costs.assign(x=lines["euros"], t=0.0),
        ],
        ignore_index=True,
    )


def _kus_02(method: str) -> Units:
    """Municipalities that book their costs in one way, and who lived in them in the year; no costs are booked ones."""

    def units(facts: Facts, span: Span) -> pd.DataFrame:
        rows = _booked(facts, span, "kunta-")
        rows = rows.assign(municipality=rows["organisation"].str[6:].map(facts.today))
        rows = rows[rows["municipality"].notna()]
        area_of = dict(zip(facts.residents["municipality"], facts.residents["area"], strict=True))
        other = rows[rows["method"] != DIRECT]
        apportioned = set(zip(other["municipality"], other["year"].astype(int), strict=True))

        def is_of_method(frame: pd.DataFrame) -> pd.Series:
            pairs = zip(frame["municipality"], frame["year"].astype(int), strict=True)
            return pd.Series(
                [(pair in apportioned) == (method == APPORTIONED) for pair in pairs], index=frame.index, dtype=bool
            )

        days = facts.days[facts.days["quarter"].isin(span.quarters)]
        people = days[["client", "municipality"]].assign(year=days["quarter"].str[:4].astype(int)).drop_duplicates()
        people = people[people["municipality"].isin(area_of)]
        counts = is_of_method(people).astype("int64")
        lines = _lines(rows[is_of_method(rows)])
        homes = lines["organisation"].str[6:].map(facts.today)
        return pd.concat(
            [
                people[["client", "municipality"]].assign(
                    area=people["municipality"].map(area_of), x=0.0, t=counts, record=counts, record_of=1
                ),
                pd.DataFrame(
                    {
                        "client": None,
                        "area": homes.map(area_of),
                        "municipality": homes,
                        "x": lines["euros"],
                        "t": 0,
                        "record": 0,
                        "record_of": 0,
                    }
                ),
            ],
            ignore_index=True,
        )

    return units


YEARS_OF_AREAS: dict[str, tuple[str, ...]] = {"year": LARGE_LEVELS, "pooled_3_years": LARGE_LEVELS}
YEARS: dict[str, tuple[str, ...]] = {"year": LEVELS, "pooled_3_years": LEVELS}

INDICATORS = (
    Indicator("KUS-01", "main", "ratio", _kus_01, YEARS_OF_AREAS, (*PLACED, "cost_row")),
    Indicator("KUS-02", "main", "ratio", _kus_02(DIRECT), YEARS, PLACED, municipal_sources=("cost_row",)),
    Indicator("KUS-02", "apportioned", "ratio", _kus_02(APPORTIONED), YEARS, PLACED, municipal_sources=("cost_row",)),
)
