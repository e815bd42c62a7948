"""`aftercare trace`: from a published figure back to the deliveries behind it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ingest.state import Home
from orchestration.errors import OK

if TYPE_CHECKING:
    from orchestration.trace import Trace

# Deliveries listed on the screen; --json has all.
_LISTED = 40


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command(
        "trace",
        run,
        "where a published figure comes from: release, model, contributions (counts), partitions, deliveries",
    )
    added.add_argument("indicator", metavar="INDICATOR", help="JAT-01")
    added.add_argument("area", metavar="AREA", help="FI, YTA-01, 05, KR-03 or 091")
    added.add_argument("period", metavar="PERIOD", help="2025Q3, 2025 or 2023-2025")
    added.add_argument("--variant", default="main", help="default main")
    added.add_argument("--breakdown", metavar="BREAKDOWN.CATEGORY", default="total", help="sex.female (default: total)")
    added.add_argument("--period-type", metavar="KIND", help="quarter or rolling_12_months, where a code means both")


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Trace one figure of the current release."""
    from orchestration.trace import TOTAL, Asked, trace

    breakdown, _, category = options.breakdown.partition(".")
    found = trace(
        home,
        Asked(
            indicator_id=options.indicator,
            area_code=options.area,
            period=options.period,
            variant=options.variant,
            breakdown=breakdown,
            category=category or TOTAL,
            period_type=options.period_type,
        ),
    )
    if not options.json:
        for line in _lines(found):
            sys.stdout.write(line + "\n")
    return OK, asdict(found)


def _lines(found: Trace) -> Iterator[str]:
    figure, model = found.figure, found.model
    shown = figure["value"] if figure["status"] == "shown" else figure["status"]
    yield f"release        {found.release['release_id']} (code {found.release['code_version']})"
    yield (
        f"figure         {figure['indicator_id']} {figure['variant']}, {figure['area_level']} {figure['area_code']}, "
        f"{figure['period_type']} {figure['period']}, {figure['breakdown']} {figure['category']}: {shown}"
    )
    other = "" if model["is_of_this_code"] else " (the release is of another version of the code)"
    yield f"model          {model['model']}, method {model.get('method_version')}, {model['file']}{other}"
    if not found.same_input:
        yield "               the warehouse is not the one that the release was made from: what follows is of now"
    by_area = ", ".join(f"{area}: {count:,}" for area, count in found.contributions.items())
    yield f"contributions  {sum(found.contributions.values()):,} ({by_area}) - restricted"
    yield f"deliveries     {len(found.origins)}"
    for origin in found.origins[:_LISTED]:
        yield (
            f"  {origin.organisation} {origin.period} {origin.table} {origin.delivery_id} version {origin.version}, "
            f"{origin.rows:,} rows, {origin.quarantined} in quarantine"
        )
        yield f"    sha256 {origin.sha256}"
        yield f"    {origin.partition}"
        yield f"    {origin.receipt or 'receipt gone'}"
    if len(found.origins) > _LISTED:
        yield f"  and {len(found.origins) - _LISTED} more (--json)"
