"""`aftercare status`: who has delivered what, what is late, what is refused, taken back or past."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import date
from typing import Any

from ingest.state import Home
from orchestration.errors import ATTENTION, OK


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command("status", run, "who has delivered what, what is late, what waits, what is refused and published")
    added.add_argument("--all", action="store_true", help="list every municipality")
    added.add_argument("--organisation", metavar="ORG", help="one supplier (hva-05), table by table")
    added.add_argument(
        "--strict",
        action="store_true",
        help=f"exit with {ATTENTION} when anything is late, in quarantine, half erased or past its retention, "
        "or the release is old (without it: 0, whatever there is)",
    )


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Look, and say what was found."""
    from orchestration.status import status
    from orchestration.status_words import lines

    found = status(home, date.today(), options.organisation)
    if not options.json:
        for line in lines(found, every_municipality=options.all):
            sys.stdout.write(line + "\n")
    return (ATTENTION if options.strict and found.needs_attention else OK), found.as_dict()
