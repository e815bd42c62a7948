"""`aftercare attack`: what an outsider can work out of a release."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.errors import FAILED, OK, OperationError

if TYPE_CHECKING:
    from quality.disclosure.attacker import AttackReport

# Findings of one kind on the screen; --json lists all.
_SHOWN = 5


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command(
        "attack",
        run,
        "work out of a release's published files what it hides; exit code 1 when something is found",
    )
    added.add_argument(
        "release",
        type=Path,
        nargs="?",
        metavar="RELEASE",
        help="folder of the release (default: the current one)",
    )
    added.add_argument("--previous", type=Path, metavar="RELEASE", help="a release that is already out")
    added.add_argument(
        "--show-bounds",
        action="store_true",
        help="also the least and greatest values found: for the restricted operator, never to be passed on",
    )


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Attack the release; ``FAILED`` when it gives anything away."""
    from quality.disclosure.attacker import NoReleaseError, attack

    release = (options.release or home.current_release).absolute()
    previous = options.previous.absolute() if options.previous else None
    for folder in filter(None, (release, previous)):
        if not folder.is_dir():
            raise OperationError(f"{folder} is no folder.", "Give the folder of a release (published/releases/<id>).")
    try:
        report = attack(release, previous, progress=progress(options))
    except NoReleaseError as error:
        raise OperationError(str(error), "Give the folder of a release (published/releases/<id>).") from error
    if not options.json:
        for line in lines(report, show_bounds=options.show_bounds):
            sys.stdout.write(line + "\n")
    return (OK if report.passed else FAILED), report.as_dict(show_bounds=options.show_bounds)


def lines(report: AttackReport, *, show_bounds: bool = False) -> list[str]:
    """The report for a screen: outcome, counts, some places of each kind."""
    verdict = "nothing was found" if report.passed else "the release gives hidden figures away"
    told = [
        f"{report.release_id} (protection: {report.protection or 'not told'}): {verdict}",
        f"  {report.hidden:,} of {report.cells:,} cells are hidden; exposed: {report.exposed_cells:,}",
        f"  {report.judged:,} counts judged with {report.programs:,} programs in {report.seconds:.0f} s",
    ]
    told += [
        f"  published figures contradict {number} instances of {name}; they were left out"
        for name, number in report.contradicted.items()
    ]
    for severity, kinds in report.counts().items():
        for kind, number in kinds.items():
            told += ["", f"{severity}: {kind}: {number:,}"]
            these = [one for one in report.findings if (one.severity, one.kind) == (severity, kind)]
            for finding in these[:_SHOWN]:
                by = f" (by {', '.join(finding.relations)})" if finding.relations else ""
                bounds = f": {finding.least:g} to {finding.greatest:g}" if show_bounds and _has_bounds(finding) else ""
                told.append(f"  - {finding.place() or finding.note}{by}{bounds}")
            if number > _SHOWN:
                told.append(f"  - … (+{number - _SHOWN:,})")
            told.append(f"  {these[0].note}")
    return told


def _has_bounds(finding: Any) -> bool:
    return finding.least is not None and finding.greatest is not None
