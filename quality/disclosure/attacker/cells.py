"""Published cells as counts: what each row says of its numerator and denominator, status included."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from quality.disclosure.attacker.figures import Z, events_behind_rate, smallest_base, total_behind_share
from quality.disclosure.attacker.knowledge import KEY, PLACE, Knowledge
from quality.disclosure.attacker.reading import Release
from quality.disclosure.attacker.system import Flags, Floats, Integers

QUANTITIES = ("numerator", "denominator")
# A kind of relation is believed when at most this share of the instances that can be tested breaks it.
BELIEVED = 0.01


@dataclass(frozen=True)
class Cells:
    """One row per cell in ``table`` (row number = position). By quantity:

    ``count``: id of the count (-1: has none); one denominator may serve many rows.
    ``known``: its value, or NaN; ``is_tested``: shown by this very release, so fit to test relations on.
    ``lower``/``upper``: bounds by count id.
    """

    table: pd.DataFrame
    count: dict[str, Integers]
    known: dict[str, Floats]
    is_tested: dict[str, Flags]
    lower: Floats
    upper: Floats


def read_cells(release: Release, knowledge: Knowledge, earlier: pd.DataFrame | None = None) -> Cells:
    """Counts of a release; ``earlier`` (numerator, denominator by row) fills in what was shown before."""
    table = _described(release)
    known = {quantity: table[quantity].to_numpy(dtype=float, copy=True) for quantity in QUANTITIES}
    tested = {quantity: (table["status"] == "shown").to_numpy() & ~np.isnan(known[quantity]) for quantity in QUANTITIES}
    _open_intervals(table, known)
    if earlier is not None:
        for quantity in QUANTITIES:
            fill = np.isnan(known[quantity])
            known[quantity][fill] = earlier[quantity].to_numpy(dtype=float)[fill]
    is_count = table["is_count"].to_numpy()
    empty = _empty(table)
    for quantity in QUANTITIES:
        nothing = empty & ~(is_count & (quantity == "denominator"))
        known[quantity][nothing] = 0.0
        tested[quantity] |= nothing
    size = len(table)
    numerator = np.arange(size)
    denominator = np.where(is_count, -1, size + _shared(table, known["denominator"], tested["denominator"], knowledge))
    total = size + (int(denominator.max()) - size + 1 if (~is_count).any() else 0)
    lower, upper = np.zeros(total), np.full(total, np.inf)
    _by_status(table, numerator, denominator, lower, upper, release.protection, knowledge)
    for quantity, ids in (("numerator", numerator), ("denominator", denominator)):
        given = ~np.isnan(known[quantity]) & (ids >= 0)
        lower[ids[given]] = upper[ids[given]] = np.round(known[quantity][given])
    # A denominator shown in one row is known in all.
    shared = denominator >= 0
    fixed = np.full(size, np.nan)
    fixed[shared] = np.where(
        lower[denominator[shared]] == upper[denominator[shared]], lower[denominator[shared]], np.nan
    )
    known["denominator"] = np.where(np.isnan(known["denominator"]), fixed, known["denominator"])
    return Cells(table, {"numerator": numerator, "denominator": denominator}, known, tested, lower, upper)


def _described(release: Release) -> pd.DataFrame:
    columns = ["indicator_id", "variant", "unit", "interval_method", "cell_class"]
    about = release.indicators[[column for column in columns if column in release.indicators]].copy()
    if "variant" not in about:
        about["variant"] = "main"
    for column in ("unit", "interval_method", "cell_class"):
        if column not in about:
            about[column] = ""
    table = release.values.merge(about.drop_duplicates(["indicator_id", "variant"]), on=columns[:2], how="left")
    table["is_count"] = (table["unit"] == "persons") & table["denominator"].isna()
    # A share of persons or changes; a share of days; a rate over days.
    table["is_share"] = table["unit"] == "share"
    table["days_below"] = table["interval_method"].isin(["byar", "wilson_clustered"])
    table["days_above"] = table["interval_method"] == "wilson_clustered"
    table["days"] = (table["period_end"] - table["period_start"]).dt.days + 1
    table["is_complete"] = table["is_complete"].fillna(False).astype(bool) if "is_complete" in table else True
    return table


def _open_intervals(table: pd.DataFrame, known: dict[str, Floats]) -> None:
    """Counts behind limits and values that stand without their counts."""
    open_rows = np.flatnonzero(
        (np.isnan(known["numerator"]) | (np.isnan(known["denominator"]) & ~table["is_count"]))
        & (table["value"].notna() | table["lower_95"].notna() | table["lower_998"].notna())
    )
    for row in open_rows:
        cell = table.iloc[row]
        value = None if pd.isna(cell["value"]) else float(cell["value"])
        if cell["is_count"]:
            known["numerator"][row] = np.nan if value is None else value
            continue
        for confidence in Z:
            low, high = cell[f"lower_{confidence}"], cell[f"upper_{confidence}"]
            if pd.isna(low) or pd.isna(high):
                continue
            if cell["interval_method"] == "wilson":
                total = total_behind_share(float(low), float(high), value, confidence)
                if total:
                    part = value
                    if part is None:
                        z = Z[confidence]
                        part = ((low + high) * (total + z * z) - z * z) / (2 * total)
                    known["denominator"][row], known["numerator"][row] = total, round(part * total)
            elif cell["interval_method"] == "byar" and value is not None:
                events = events_behind_rate(value, float(low), float(high), confidence)
                if events is not None:
                    known["numerator"][row] = events
                    if value:
                        known["denominator"][row] = round(events * 1000 / value)
            if not np.isnan(known["numerator"][row]):
                break


def _shared(table: pd.DataFrame, value: Floats, tested: Flags, knowledge: Knowledge) -> Integers:
    """A number for each denominator; the same where rows have one in common.

    Variants of an indicator do; indicators of ``shared_denominators`` do where both are complete.
    What the shown figures speak against is not believed.
    """
    own = table["indicator_id"]
    common = own.map(knowledge.shared_denominators)
    state = table["status"].isin(["not_delivered", "not_applicable"])
    trusted = common.notna() & table["is_complete"] & ~state
    name = own.where(~trusted, common)
    for attempt in (name, own, own + "/" + table["variant"]):
        keys = pd.concat([attempt.rename("name"), table[list(PLACE)]], axis=1)
        group = keys.groupby(list(keys.columns), sort=False, dropna=False).ngroup().to_numpy()
        shown = tested & ~np.isnan(value)
        spread = pd.Series(value[shown]).groupby(group[shown]).agg(["min", "max", "size"])
        spread = spread[spread["size"] > 1]
        broken = (spread["max"] - spread["min"] > 0.5).sum()
        if broken <= BELIEVED * len(spread):
            return np.asarray(group, dtype=np.int64)
    return np.arange(len(table))


def _empty(table: pd.DataFrame) -> Flags:
    """Areas that count for nothing in larger ones: not delivered, or under a law of their own."""
    is_area = (table["area_level"] == "wellbeing_area").to_numpy()
    return (table["status"].isin(["not_applicable", "not_delivered"]).to_numpy()) & (
        is_area | (table["status"] == "not_applicable").to_numpy()
    )


def _by_status(
    table: pd.DataFrame,
    numerator: Integers,
    denominator: Integers,
    lower: Floats,
    upper: Floats,
    protection: str,
    knowledge: Knowledge,
) -> None:
    """What the status alone says, given the published thresholds."""
    status = table["status"].to_numpy()
    for name, rule in knowledge.classes.items():
        here = (table["cell_class"] == name).to_numpy()
        if protection.startswith("primary only"):
            # Nothing else hides a count of persons than being small.
            small = here & (status == "hidden") & table["is_count"].to_numpy()
            lower[numerator[small]], upper[numerator[small]] = 1.0, float(rule.small_count)
        persons = here & (table["interval_method"] == "wilson").to_numpy() & (denominator >= 0)
        few = persons & (status == "too_few")
        lower[denominator[few]] = np.maximum(lower[denominator[few]], rule.least_for_all)
        upper[denominator[few]] = np.minimum(upper[denominator[few]], rule.least_reliable - 1)
        others = here & ~persons & (status == "too_few") & (denominator >= 0)
        length = np.where(table["days_below"], table["days"], 1.0)
        lower[denominator[others]] = np.maximum(lower[denominator[others]], rule.least_persons)
        upper[denominator[others]] = np.minimum(
            upper[denominator[others]], (rule.least_reliable - 1) * length[others].astype(float)
        )
        enough = persons & (status == "not_recorded")
        lower[denominator[enough]] = np.maximum(lower[denominator[enough]], rule.least_reliable)
    # A share of an unknown base tells what the base is a multiple of.
    for column in ("record_share", "unknown_share"):
        given = table[column].notna().to_numpy() & (status != "shown") & (denominator >= 0)
        for row in np.flatnonzero(given & (table["interval_method"] == "wilson").to_numpy()):
            base = smallest_base(float(table[column].iloc[row]))
            if base:
                count = denominator[row]
                lower[count] = base * np.ceil(max(lower[count], 1.0) / base)


def key_of(table: pd.DataFrame, row: int) -> dict[str, Any]:
    """The cell's key, for a finding."""
    return {name: str(table[name].iloc[row]) for name in KEY}
