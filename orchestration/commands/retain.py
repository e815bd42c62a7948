"""`aftercare retain`: what is past its table's retention goes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.commands.rebuilding import build_anew
from orchestration.errors import OK

if TYPE_CHECKING:
    from ingest.retention import Line, Retention


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command(
        "retain",
        run,
        "remove what is past its table's retention (counted from the end of the delivered period), "
        "and refused rows that have been corrected",
    )
    added.add_argument("--dry-run", action="store_true", help="count only")
    added.add_argument("--today", type=_day, metavar="DATE", help="the day that decides (default: today)")
    added.add_argument("--no-build", action="store_true", help="do not build the warehouse anew")


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Remove, say what went by table and supplier, and build the warehouse anew from what is left."""
    from orchestration import steps
    from orchestration.locks import writing

    say = progress(options)
    with writing(home, "retain"):
        done = steps.retain(home, say, options.today, dry_run=options.dry_run)
        for line in told(done, dry_run=options.dry_run):
            say(line)
        if done.warehouse_removed and not options.dry_run and not options.no_build:
            build_anew(home, say, "Removed")
    if done.number is not None:
        say("releases stand; `aftercare run` makes the next one")
    return OK, asdict(done)


def told(done: Retention, *, dry_run: bool) -> Iterator[str]:
    """What went, in words: counts only."""
    if not done.found:
        yield f"nothing is past its retention on {done.today.isoformat()}"
        return
    verb = "would go" if dry_run else "went"
    for line in done.lines:
        yield f"{line.organisation} {line.table or 'deliveries as a whole'}: {_counts(line)} {verb}"
    if done.warehouse_removed:
        yield f"the warehouse {verb} too: it was built from them"


def _counts(line: Line) -> str:
    parts = {
        "deliveries": line.deliveries,
        "files of the lake": line.files,
        "rows": line.rows,
        "rows in quarantine": line.quarantined_rows,
        "refused": line.rejected,
        "archived files": line.originals,
        "receipts": line.receipts,
    }
    return ", ".join(f"{number} {name}" for name, number in parts.items() if number)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError("must be a day (2026-11-24)") from None
