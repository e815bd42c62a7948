"""The attack on a release: what an outsider can work out of the published files.

For every hidden count the least and the greatest value that fits everything published. Safe is a
count whose range is at least ``WIDTH`` wide, also for one who knows to be counted in it (and so
that it is not 0). Counts of days are measured in days of a person (the country's mean): a range of
four days would still tell how many people there are.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from quality.disclosure.attacker.cells import Cells, key_of, read_cells
from quality.disclosure.attacker.earlier import revisions, shown_earlier, status_changes
from quality.disclosure.attacker.figures import smallest_base
from quality.disclosure.attacker.knowledge import Knowledge, public_knowledge
from quality.disclosure.attacker.propagation import Bounds
from quality.disclosure.attacker.ranges import Ranges, SolverLimits, find_ranges
from quality.disclosure.attacker.reading import Release, file_weaknesses, read_release
from quality.disclosure.attacker.relations import Relations
from quality.disclosure.attacker.report import (
    CONFIDENTIAL,
    RECOVERED,
    RULE,
    SEVERITIES,
    SOFT,
    UNDECIDED,
    AttackReport,
    Finding,
)
from quality.disclosure.attacker.system import Floats, System, SystemBuilder

# Greatest less least possible count, in persons: below that a hidden count is as good as published.
WIDTH = 4.0
# A coverage with a base of at most this tells how few clients it was computed from.
_SMALL_BASE = 20


def attack(
    release: Path,
    previous: Path | None = None,
    *,
    limits: SolverLimits | None = None,
    progress: Callable[[str], None] | None = None,
) -> AttackReport:
    """Attack the published files in the folder ``release``, with those of ``previous`` at hand.

    Raises ``NoReleaseError`` when a folder holds no release. Reads nothing but the two folders.
    """
    started = time.perf_counter()
    say = progress or (lambda text: None)
    knowledge = public_knowledge()
    published = read_release(release)
    findings = file_weaknesses(release)
    before = None
    if previous is not None:
        before = shown_earlier(published.values, read_release(previous).values)
    cells = read_cells(published, knowledge, before)
    builder = SystemBuilder()
    builder.add_counts(cells.lower, cells.upper)
    relations = Relations(published, cells, knowledge, builder)
    relations.add_all()
    targets = _targets(cells, builder, knowledge)
    system = builder.build()
    say(f"{len(cells.table):,} cells, {len(targets):,} hidden counts, {len(system.least):,} relations between them")
    ranges = find_ranges(
        system,
        targets["count"].to_numpy(dtype=np.int64),
        targets["needed"].to_numpy(dtype=float),
        targets["floor"].to_numpy(dtype=float),
        limits,
        say,
    )
    findings += _narrow(cells, targets, ranges, system, knowledge)
    if before is not None:
        findings += status_changes(cells, before, knowledge)
        findings += revisions(cells, before, relations.sums, knowledge)
    findings += _telling_shares(cells, knowledge)
    findings += [
        Finding(
            "near_area", SOFT, **key_of(cells.table, row), quantity="numerator", relations=("area_of_municipalities",),
            note=f"the area has {members} of its municipalities published beside it: nearly the same people",
            least=guess, greatest=guess,
        )
        for row, members, guess in relations.near
    ]  # fmt: skip
    order = {severity: number for number, severity in enumerate(SEVERITIES)}
    findings.sort(key=lambda one: (order[one.severity], one.kind, one.place()))
    contradicted = Counter(str(system.relation[row]) for row in ranges.bounds.contradicted)
    return AttackReport(
        release_id=published.release_id,
        protection=published.protection,
        cells=len(cells.table),
        hidden=int(_is_hidden(cells.table).sum()),
        judged=len(targets),
        findings=tuple(findings),
        relations=tuple(relations.uses),
        contradicted=dict(contradicted),
        programs=ranges.programs,
        whole_programs=ranges.whole_programs,
        seconds=time.perf_counter() - started,
    )


def _is_hidden(table: pd.DataFrame) -> pd.Series:
    return table["status"].str.startswith("hidden")


def _targets(cells: Cells, builder: SystemBuilder, knowledge: Knowledge) -> pd.DataFrame:
    """Hidden counts to judge: ``count`` (id), ``row``, ``quantity``, ``needed``, ``floor``, ``unit``.

    A denominator that another row shows is not hidden; one that many rows hide is judged once.
    """
    table = cells.table
    hidden = np.flatnonzero(_is_hidden(table).to_numpy())
    unit = {quantity: _day_unit(cells, quantity) for quantity in ("numerator", "denominator")}
    parts = []
    # Known already: from a figure left open, or from an earlier release (both have findings of their own).
    above = hidden[np.isnan(cells.known["numerator"][hidden])]
    parts.append(pd.DataFrame({"count": cells.count["numerator"][above], "row": above, "quantity": "numerator"}))
    below = hidden[cells.count["denominator"][hidden] >= 0]
    below = below[np.isnan(cells.known["denominator"][below])]
    parts.append(
        pd.DataFrame(
            {"count": cells.count["denominator"][below], "row": below, "quantity": "denominator"}
        ).drop_duplicates("count")
    )
    # The others of a share of persons: with a complement of 1 to 4 they are what is confidential.
    rest = above[(table["interval_method"].to_numpy()[above] == "wilson") & (cells.count["denominator"][above] >= 0)]
    size = len(rest)
    complement = builder.add_counts(np.zeros(size), np.full(size, np.inf))
    builder.add_relation(
        "complement",
        np.tile(np.arange(size), 3),
        np.concatenate([cells.count["denominator"][rest], cells.count["numerator"][rest], complement]),
        np.concatenate([np.ones(size), -np.ones(size), -np.ones(size)]),
        np.zeros(size),
        np.zeros(size),
    )
    parts.append(pd.DataFrame({"count": complement, "row": rest, "quantity": "complement"}))
    targets = pd.concat([part for part in parts if len(part)] or parts, ignore_index=True)
    rows = targets["row"].to_numpy(dtype=np.int64)
    in_days = np.where(
        targets["quantity"] == "denominator", table["days_below"].to_numpy()[rows], table["days_above"].to_numpy()[rows]
    ).astype(bool)
    own = np.where(targets["quantity"] == "denominator", unit["denominator"][rows], unit["numerator"][rows])
    targets["unit"] = np.where(in_days, own, 1.0)
    targets["needed"] = WIDTH * targets["unit"]
    targets["floor"] = np.where(in_days, 0.0, 1.0)
    return targets


def _day_unit(cells: Cells, quantity: str) -> Floats:
    """Days of one person in a count of days: the country's days by its clients, at least 1.

    Where the country does not show both: half of the period below the line, one day above it.
    """
    table = cells.table
    country = table[table["area_level"] == "country"]
    people = (
        country[country["is_count"] & country["numerator"].notna()]
        .groupby(["period_type", "period"])["numerator"]
        .max()
    )
    same = ["indicator_id", "variant", "period_type", "period", "breakdown", "category"]
    whole = country.dropna(subset=[quantity])[[*same, quantity]]
    clients = [
        people.get((kind, period), np.nan) for kind, period in zip(whole["period_type"], whole["period"], strict=True)
    ]
    whole = whole.assign(per_person=whole[quantity] / np.array(clients, dtype=float))
    unit = table[same].merge(whole[[*same, "per_person"]], on=same, how="left")["per_person"].to_numpy(dtype=float)
    default = table["days"].to_numpy(dtype=float) / 2 if quantity == "denominator" else np.ones(len(table))
    return np.maximum(np.where(np.isnan(unit), default, unit), 1.0)


def _narrow(cells: Cells, targets: pd.DataFrame, ranges: Ranges, system: System, knowledge: Knowledge) -> list[Finding]:
    found = []
    for position in np.flatnonzero(ranges.is_narrow | ranges.is_undecided):
        target = targets.iloc[position]
        row, quantity, unit = int(target["row"]), str(target["quantity"]), float(target["unit"])
        rule = knowledge.classes.get(str(cells.table["cell_class"].iloc[row]))
        least, greatest = float(ranges.least[position]), float(ranges.greatest[position])
        if not ranges.is_narrow[position]:
            severity, kind, note = UNDECIDED, "undecided", "no proof that the range is wide enough"
        else:
            small = rule.small_count if rule else np.inf
            limit = (rule.least_for_all - 1 if rule else np.inf) if quantity == "denominator" else small
            severity = CONFIDENTIAL if least <= limit * unit else (SOFT if quantity == "denominator" else RECOVERED)
            kind, note = _kind(target, greatest - least, int(target["count"]), ranges.bounds, cells)
            if severity == SOFT:
                note = "a denominator that is known and not small; no count of it is hidden"
        relations = _origins(int(target["count"]), ranges.bounds, system)
        finding = Finding(kind, severity, **key_of(cells.table, row), quantity=quantity, relations=relations, note=note)
        found.append(replace(finding, least=least, greatest=greatest))
    return found


def _kind(target: pd.Series, plain_width: float, count: int, bounds: Bounds, cells: Cells) -> tuple[str, str]:
    if plain_width >= target["needed"]:
        return "insider", "somebody who is counted can tell how few the others are"
    by_status = count < len(cells.lower) and cells.lower[count] == bounds.lower[count] > 0
    if by_status and cells.upper[count] == bounds.upper[count]:
        return "status", "the status and the published thresholds tell the count"
    return "narrow", "the count is known or nearly so"


def _origins(count: int, bounds: Bounds, system: System) -> tuple[str, ...]:
    """Names of the relations that gave the bounds; all that touch the count where only their sum does."""
    rows = {int(row) for row in (bounds.lower_row[count], bounds.upper_row[count]) if row >= 0}
    names = sorted({str(system.relation[row]) for row in rows})
    if bounds.upper[count] - bounds.lower[count] >= WIDTH:
        touching = system.matrix[:, [count]].nonzero()[0]
        names = sorted({str(system.relation[row]) for row in touching})
        return ("together", *names)
    return tuple(names)


def _telling_shares(cells: Cells, knowledge: Knowledge) -> list[Finding]:
    """Shares published beside a figure that tell a small count, or from how few they were computed."""
    table = cells.table
    found = []
    coverage = table["coverage"].to_numpy(dtype=float)
    part = table[(coverage > 0) & (coverage < 1) & table["area_level"].isin(["municipality", "municipality_group"])]
    is_rounded = bool(len(part)) and bool((part["coverage"].round(2) == part["coverage"]).all()) and len(part) > 10
    for row in part.drop_duplicates(["area_level", "area_code", "coverage"]).index if not is_rounded else []:
        base = smallest_base(float(coverage[row]))
        if base is not None and base <= _SMALL_BASE:
            found.append(
                Finding(
                    "coverage_share", RULE, **key_of(table, row), quantity="coverage", relations=("coverage",),
                    note="an exact coverage tells how few clients it was computed from; round it",
                    least=float(base),
                )
            )  # fmt: skip
    for column in ("unknown_share", "record_share"):
        share = table[column].to_numpy(dtype=float)
        count = share * table["denominator"].to_numpy(dtype=float)
        others = table["denominator"].to_numpy(dtype=float) - count
        small = table["cell_class"].map({name: rule.small_count for name, rule in knowledge.classes.items()}).to_numpy()
        with np.errstate(invalid="ignore"):
            least = np.minimum(np.where(count > 0.5, count, np.inf), np.where(others > 0.5, others, np.inf))
            tells = (table["interval_method"] == "wilson").to_numpy() & (share > 0) & (least <= small + 0.5)
        found += [
            Finding(
                "share_tells_count", SOFT, **key_of(table, int(row)), quantity=column, relations=(column,),
                note=f"{column} and the denominator tell a small count that no cell of its own hides",
                least=float(round(least[row])), greatest=float(round(least[row])),
            )
            for row in np.flatnonzero(tells)
        ]  # fmt: skip
    return found


__all__ = ["WIDTH", "AttackReport", "Finding", "Release", "attack"]
