"""`aftercare workbooks`: a municipality's figures as an Excel workbook."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.errors import OK, OperationError


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command("workbooks", run, "write an Excel workbook a municipality from a release")
    added.add_argument("municipality", nargs="*", metavar="CODE", help="091 … (default: all)")
    added.add_argument("--into", type=Path, metavar="DIR", help="folder (default: ./workbooks-<release>)")
    added.add_argument("--release", metavar="RELEASE", help="a published release (default: the current one)")


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Write them; says how many."""
    from quality.release import shelf
    from quality.release.workbooks import UnknownMunicipalityError, write_workbooks

    release_id = options.release or shelf.current_id(home.published)
    folder = home.published / shelf.RELEASES / str(release_id)
    if not release_id or not (folder / "aftercare.duckdb").is_file():
        raise OperationError(f"There is no published release {release_id or 'yet'}.", "See `aftercare releases`.")
    into = (options.into or Path(f"workbooks-{release_id}")).absolute()
    if into.is_relative_to(home.published.resolve()):
        raise OperationError(f"{into} lies in the published folder, which is not changed.", "Choose another folder.")
    say = progress(options)
    try:
        written = write_workbooks(folder, into, options.municipality, say)
    except UnknownMunicipalityError as error:
        raise OperationError(f"Not written: {error}.", "Expected codes of three digits, for example 091.") from error
    say(f"{len(written)} workbooks in {into}")
    return OK, {"release_id": release_id, "into": str(into), "files": [file.name for file in written]}
