"""Population: how long aftercare lasts, and why it ends."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import LEVELS, PLACED, Facts, Indicator, Span, Units, quarter_of
from tests.oracle.reading import to_day

YEARS = {"year": LEVELS, "pooled_3_years": LEVELS}
# Rule 15: the limit, until when it was in force, and until when it was kept for those beyond the next one.
AGE_LIMITS = ((21, "2019-12-31", None), (25, "2023-12-31", "2024-06-30"), (23, "9999-12-31", None))
LEFT_THE_COUNTRY_OR_DIED = ("KUOLEMA", "MAASTAMUUTTO")


def municipality_on(facts: Facts, rows: pd.DataFrame, day: str) -> pd.DataFrame:
    """Rows (``client``, a column with a day) with the client's municipality of that day; without one left out."""
    stays = facts.stays[["client", "first", "last", "municipality"]]
    both = rows.merge(stays, on="client")
    return both[(both["first"] <= both[day]) & (both[day] <= both["last"])]


def periods(facts: Facts) -> pd.DataFrame:
    """Aftercare periods as delivered, cut at the last delivered day: client, area, first and last day, reason."""
    rows = facts.register.tables["aftercare_period"]
    return pd.DataFrame(
        {
            "client": rows["client_key"],
            "area": rows["organisation"].str[4:],
            "begin": rows["start_date"].astype("int64"),
            "end_day": rows["end_date"].astype("int64"),
            "is_closed": rows["is_closed"].astype(bool),
            "reason": rows["end_reason"],
            "entitled_until": rows["entitlement_end_date"],
        }
    )


def _per_03(reasons: tuple[str, ...] | None) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        begun = periods(facts)
        begun = municipality_on(facts, begun[begun["begin"].between(span.start, span.end)], "begin")
        reason = begun["reason"].where(begun["reason"].notna(), "MUU")
        asked = pd.Series(True, index=begun.index) if reasons is None else reason.isin(reasons)
        end = asked.map({True: "EVENT", False: "OTHER"}).astype(object).where(begun["is_closed"], None)
        days = begun["end_day"] - begun["begin"] + 1
        return begun[["client", "area", "municipality"]].assign(x=1, t=1, days=days, end=end)

    return units


def _entitled_until(birth_year: int, day: int) -> int:
    """Last day of entitlement of somebody born in a year, by the limits in force on a day."""
    date = pd.Timestamp(day, unit="D")
    in_force = next(number for number, (_, until, _) in enumerate(AGE_LIMITS) if str(date.date()) <= until)
    last = to_day(f"{birth_year + AGE_LIMITS[in_force][0]}-12-31")
    for limit, _, kept_until in AGE_LIMITS[:in_force]:
        if kept_until is not None:
            last = max(last, min(to_day(kept_until), to_day(f"{birth_year + limit}-12-31")))
    return last


def birth_year_in(facts: Facts) -> dict[str, list[tuple[str, int]]]:
    """Quarters and years of birth that were told of each client; of two areas the smaller one's word."""
    found: dict[str, dict[str, tuple[str, int]]] = {}
    rows = facts.register.tables["client"]
    told = zip(rows["client_key"], rows["period"], rows["organisation"], rows["birth_year"], strict=True)
    for client, quarter, organisation, year in told:
        before = found.setdefault(client, {}).get(quarter)
        if before is None or organisation < before[0]:
            found[client][quarter] = (organisation, int(year))
    return {
        client: sorted((quarter, year) for quarter, (_, year) in by_quarter.items())
        for client, by_quarter in found.items()
    }


def newest(told: list[tuple[str, int]], quarter: str) -> int | None:
    """What was told last up to a quarter, before the first time what was told then."""
    until = [year for when, year in told if when <= quarter]
    return until[-1] if until else told[0][1] if told else None


def _per_04(reasons: tuple[str, ...]) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        ended = periods(facts)
        ended = ended[ended["is_closed"] & ended["end_day"].between(span.start, span.end)]
        ended = ended[~ended["reason"].isin(LEFT_THE_COUNTRY_OR_DIED)]
        told = birth_year_in(facts)
        found = []
        for row in municipality_on(facts, ended, "end_day").to_dict("records"):
            day = int(row["end_day"])
            born = newest(told.get(str(row["client"]), []), quarter_of(day))
            until = row["entitled_until"]
            if pd.isna(until):
                until = None if born is None else _entitled_until(born, day)
            asked = row["reason"] in reasons
            is_unknown = pd.isna(row["reason"]) or (asked and until is None)
            counted = asked and until is not None and day < until
            found.append((row["client"], row["area"], row["municipality"], int(counted), 1, int(is_unknown), 1))
        return pd.DataFrame(found, columns=["client", "area", "municipality", "x", "t", "unknown", "of"])

    return units


REASONS: dict[str, tuple[str, ...]] = {
    "age_limit": ("IKARAJA",),
    "no_need": ("EI_TARVETTA",),
    "own_request": ("OMA_PYYNTO",),
    "lost_contact": ("EI_YHTEYTTA",),
    "other_area": ("SIIRTO_ALUE",),
    "other_reason": ("MAASTAMUUTTO", "KUOLEMA", "MUU"),
}

INDICATORS: tuple[Indicator, ...] = (
    *(
        Indicator("PER-03", variant, "incidence", _per_03(None), YEARS, PLACED, horizon=horizon, complement=True)
        for variant, horizon in (("main", 365), ("within_730_days", 730))
    ),
    *(
        Indicator("PER-03", name, "incidence", _per_03(reasons), YEARS, PLACED, horizon=horizon)
        for variant, reasons in REASONS.items()
        for name, horizon in ((variant, 365), (f"{variant}_within_730_days", 730))
    ),
    *(
        Indicator("PER-04", variant, "share", _per_04(reasons), YEARS, (*PLACED, "client"))
        for variant, reasons in (
            ("main", ("EI_YHTEYTTA", "OMA_PYYNTO")),
            ("lost_contact", ("EI_YHTEYTTA",)),
            ("own_request", ("OMA_PYYNTO",)),
        )
    ),
)
