"""What an earlier release adds: values that stand in it, and what a revision tells."""

from __future__ import annotations

import numpy as np
import pandas as pd

from quality.disclosure.attacker.cells import QUANTITIES, Cells, key_of
from quality.disclosure.attacker.knowledge import KEY, Knowledge
from quality.disclosure.attacker.report import CONFIDENTIAL, RECOVERED, RULE, SOFT, Finding


def shown_earlier(now: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Numerator, denominator and status of the earlier release, row by row of the present one."""
    columns = [*QUANTITIES, "status"]
    found = now[list(KEY)].merge(before[[*KEY, *columns]], on=list(KEY), how="left")
    found.loc[found["status"] != "shown", list(QUANTITIES)] = np.nan
    return found[columns]


def status_changes(cells: Cells, before: pd.DataFrame, knowledge: Knowledge) -> list[Finding]:
    """Cells hidden now that were shown, and the other way round.

    The old value of a cell stands in every copy of the earlier release. A cell that was hidden and
    is shown now tells what was hidden, as far as it was not revised.
    """
    table = cells.table
    status = table["status"].to_numpy()
    was = before["status"].to_numpy()
    found = []
    for row in np.flatnonzero((status == "hidden") & (was == "shown")):
        value = float(before["numerator"].iloc[row])
        rule = knowledge.classes.get(str(table["cell_class"].iloc[row]))
        is_small = rule is None or value <= rule.small_count
        found.append(
            Finding(
                "shown_before", CONFIDENTIAL if is_small else RECOVERED, **key_of(table, int(row)),
                quantity="numerator",
                relations=("earlier_release",), note="hidden now, but its value stands in the earlier release",
                least=value, greatest=value,
            )
        )  # fmt: skip
    for row in np.flatnonzero((status == "shown") & (was == "hidden")):
        found.append(
            Finding(
                "hidden_before", RULE, **key_of(table, int(row)), relations=("earlier_release",),
                note="hidden in the earlier release, shown now: what was hidden is told",
            )
        )  # fmt: skip
    return found


def revisions(cells: Cells, before: pd.DataFrame, sums: dict[str, pd.DataFrame], knowledge: Knowledge) -> list[Finding]:
    """Sums that changed though every member that is shown stayed: the hidden ones changed by just that.

    One hidden member: its change is known. Several: that one of them changed by so little is known.
    """
    table = cells.table
    status = table["status"].to_numpy()
    both_hidden = (status == "hidden") & (before["status"] == "hidden").to_numpy()
    found: dict[tuple[int, str], Finding] = {}
    for name, pairs in sums.items():
        for quantity in QUANTITIES:
            now = np.where(cells.is_tested[quantity], cells.known[quantity], np.nan)
            change = now - before[quantity].to_numpy(dtype=float)
            group, first = np.unique(pairs["group"].to_numpy(), return_index=True)
            number = np.searchsorted(group, pairs["group"].to_numpy())
            whole, part = pairs["whole"].to_numpy()[first], pairs["part"].to_numpy()
            hidden = np.bincount(number, both_hidden[part].astype(float), minlength=len(group))
            unknown = np.bincount(number, np.isnan(change[part]).astype(float), minlength=len(group))
            moved = change[whole] - np.bincount(number, np.nan_to_num(change[part]), minlength=len(group))
            for one in np.flatnonzero((hidden > 0) & (hidden == unknown) & (np.abs(np.nan_to_num(moved)) > 0.5)):
                for row in part[(number == one) & both_hidden[part]]:
                    rule = knowledge.classes.get(str(table["cell_class"].iloc[row]))
                    small = rule is None or abs(moved[one]) <= rule.small_count
                    alone = hidden[one] == 1 and not table["is_count"].iloc[row]
                    if not (alone or small):
                        continue
                    finding = Finding(
                        "revision", (CONFIDENTIAL if small else RECOVERED) if alone else SOFT,
                        **key_of(table, int(row)),
                        quantity=quantity, relations=("earlier_release", name),
                        note="the change since the earlier release is known"
                        if alone
                        else f"one of {int(hidden[one])} hidden cells changed by a small number",
                        least=float(moved[one]), greatest=float(moved[one]),
                    )  # fmt: skip
                    place = (int(row), quantity)
                    if place not in found or found[place].severity == SOFT:
                        found[place] = finding
    return list(found.values())
