"""`aftercare erase`: everything about a person goes, by key."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.commands.rebuilding import build_anew
from orchestration.errors import OK, BusyError, OperationError


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command(
        "erase",
        run,
        "erase everything about a person by the client key that suppliers deliver (not the warehouse's own), "
        "given in a file or on stdin (never as an argument)",
    )
    added.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        help="client keys as delivered, of any key domain, one a line (default: stdin)",
    )
    added.add_argument("--asked-by", required=True, metavar="ROLE", help="a role, never a name; kept in the record")
    added.add_argument("--dry-run", action="store_true", help="count only")
    added.add_argument("--no-build", action="store_true", help="do not build the warehouse anew")


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Erase, build the warehouse anew from what is left, and say how many rows went."""
    from ingest.erasure import ErasureError, erase, read_keys
    from ingest.locking import IntakeBusyError
    from orchestration.locks import writing

    say = progress(options)
    with writing(home, "erase"):
        try:
            keys = read_keys(_text(options.key_file))
            done = erase(home, keys, asked_by=options.asked_by, dry_run=options.dry_run, progress=say)
        except ErasureError as error:
            raise OperationError(f"Not erased, or not wholly: {error}.", "Run it again with the same keys.") from error
        except IntakeBusyError as error:
            raise BusyError(str(error), "Wait until it has ended, then try again.") from error
        verb = "would go" if options.dry_run else "went"
        for place, rows in (("lake", done.rows), ("quarantine", done.rows_in_quarantine)):
            for table, count in rows.items():
                say(f"{place}: {count} rows of {table} {verb}, over all versions")
        for organisation, period, delivery_id in done.to_send_again:
            say(f"{organisation} {period} {delivery_id}: not accepted yet, {verb} whole; to be sent without the person")
        for organisation, period, delivery_id in done.not_searched:
            say(f"{organisation} {period} {delivery_id}: cannot be searched; run this again once it has been taken in")
        if not done.found:
            say("the person is in nothing that is kept here")
        if done.warehouse_removed and not options.no_build:
            build_anew(home, say, "Erased")
    if done.record:
        say("releases stand; `aftercare run` makes the next one")
    return OK, asdict(done)


def _text(file: Path | None) -> str:
    if file is None:
        return sys.stdin.read()
    try:
        return file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(f"The key file cannot be read ({type(error).__name__}).", "Nothing was erased.") from None
