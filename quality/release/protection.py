"""Full protection of a release: hide what else must be hidden, attack the files, keep the report.

The report says how many cells are hidden for which reason, so it stays in the restricted home.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from quality.disclosure.protect import ProtectionReport

FULL = "full"
# A figure that an earlier release shows cannot be taken back; what it says was decided then.
_OUT_ALREADY = "shown_before"
_EXAMPLES = 5


def fully_protected_before(current: Path) -> Path | None:
    """The release that readers see, if it is fully protected; one that is not binds nothing."""
    table = current / "release.parquet"
    if not table.exists():
        return None
    row = duckdb.execute("select protection from read_parquet(?)", [str(table)]).fetchone()
    return current.resolve() if row and row[0] == FULL else None


def protect_table(
    connection: duckdb.DuckDBPyConnection,
    earlier: Path | None,
    error: type[Exception],
    say: Callable[[str], None],
) -> ProtectionReport:
    """Set the final statuses in the table ``protected`` (the candidate with its primary statuses).

    Raises ``error`` when a hidden count stays that nothing was found for.
    """
    from quality.disclosure.protect import KEY, protect

    candidate = connection.execute(
        "select protected.*, indicator.unit from protected "
        "inner join warehouse.release_candidate.indicator using (indicator_id, variant)"
    ).df()
    areas = connection.execute("select * from warehouse.release_candidate.area").df()
    before = None
    if earlier is not None:
        values = f"read_parquet('{str(earlier / 'indicator_value.parquet').replace(chr(39), chr(39) * 2)}')"
        before = connection.execute(f"select {', '.join(KEY)}, status from {values}").df()
    protected = protect(candidate, areas, before, progress=say)
    if not protected.report.is_finished:
        raise error(
            f"Full protection was not reached: {protected.report.unprotected:,} hidden counts could be worked out from "
            f"the figures around them, for example {'; '.join(protected.places[:_EXAMPLES])}."
        )
    final = candidate[list(KEY)].assign(final_status=protected.status.to_numpy())
    connection.register("final_status", final)
    same = " and ".join(f"protected.{name} = final_status.{name}" for name in KEY)
    connection.execute(f"update protected set status = final_status.final_status from final_status where {same}")
    connection.unregister("final_status")
    return protected.report


def require_safe(folder: Path, earlier: Path | None, error: type[Exception]) -> None:
    """Attack the files of ``folder``; raises ``error`` with what kinds of weakness were found, and where."""
    from quality.disclosure.attacker import attack
    from quality.disclosure.attacker.report import SOFT

    found = [one for one in attack(folder, earlier).findings if one.severity != SOFT and one.kind != _OUT_ALREADY]
    if found:
        kinds = sorted({one.kind for one in found})
        raise error(
            f"The attack on the written files found {len(found):,} weaknesses ({', '.join(kinds)}), for example "
            f"{'; '.join(one.place() for one in found[:_EXAMPLES])}."
        )


def write_report(report: ProtectionReport, file: Path) -> None:
    """Keep the report for the operator."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.write_text(json.dumps(report.as_dict(), indent=2) + "\n", encoding="utf-8")
