"""The experience survey (OSA, INF-01): answers of respondents whom nothing links to clients."""

from __future__ import annotations

import pandas as pd

from tests.oracle.facts import LARGE_LEVELS, Facts, Indicator, Span, Units
from tests.oracle.timeline import UNKNOWN

ITEMS = {
    "OSA-01": "KUULTU",
    "OSA-04": "SAMA_TYONTEKIJA",
    "OSA-05": "LUOTTAMUS",
    "OSA-06": "VAIKUTTAA",
    "OSA-07": "TULEVAISUUS",
    "OSA-08": "TURVA",
    "OSA-09": "HYODYLLINEN",
    "OSA-10": "OMA_KIELI",
    "INF-01": "YMMARRETTAVA_TIETO",
}
AGREES = (4, 5)


def _half_years(span: Span) -> list[str]:
    """The half-years that a period is made of."""
    return sorted({f"{quarter[:4]}H{1 if quarter[-1] in '12' else 2}" for quarter in span.quarters})


def _answers(item: str) -> Units:
    def units(facts: Facts, span: Span) -> pd.DataFrame:
        rows = facts.register.tables["survey_response"]
        rows = rows[(rows["item_code"] == item) & rows["period"].isin(_half_years(span))]
        # Only equal versions of the instrument: the newest of each half-year.
        newest = rows.groupby("period")["instrument"].max()
        counts = rows["instrument"] == rows["period"].map(newest)
        agrees = rows["value"].isin(AGREES) & counts
        return pd.DataFrame(
            {
                "client": None,
                "area": rows["organisation"].str[4:],
                "municipality": UNKNOWN,
                "group": rows["respondent_key"],
                "x": agrees.astype("int64"),
                "t": counts.astype("int64"),
                "persons": 1,
                "of": 1,
                "unknown": (~counts).astype("int64"),
            }
        )

    return units


def _response_rate(facts: Facts, span: Span) -> pd.DataFrame:
    rows = facts.register.tables["survey_wave"]
    rows = rows[rows["period"].isin(_half_years(span))]
    return pd.DataFrame(
        {
            "client": None,
            "area": rows["organisation"].str[4:],
            "municipality": UNKNOWN,
            "group": rows["wave"],
            "x": rows["responded"].astype("int64"),
            "t": rows["invited"].astype("int64"),
            "persons": rows["responded"].astype("int64"),
        }
    )


PERIODS: dict[str, tuple[str, ...]] = {"half_year": LARGE_LEVELS, "year": LARGE_LEVELS}

INDICATORS = (
    *(Indicator(code, "main", "share", _answers(item), PERIODS, ("survey_response",)) for code, item in ITEMS.items()),
    Indicator("OSA-03", "main", "share", _response_rate, PERIODS, ("survey_wave",)),
)
