"""`aftercare withdraw`: an accepted delivery no longer counts, or counts again."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.errors import OK, BusyError, OperationError


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    added = command(
        "withdraw",
        run,
        "take back an accepted delivery: nothing is deleted, and the version before it counts again",
    )
    added.add_argument("delivery_id", metavar="DELIVERY_ID", help="as `aftercare status` lists it")
    added.add_argument("--reason", required=True, metavar="TEXT", help="why, in one line; kept in the ledger")
    added.add_argument(
        "--asked-by", default="supplier", metavar="ROLE", help="a role, never a name (default: supplier)"
    )
    added.add_argument("--undo", action="store_true", help="let the delivery count again")


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Withdraw or reinstate, and say what counts now."""
    from ingest.locking import IntakeBusyError
    from ingest.withdrawal import WithdrawalError, withdraw
    from orchestration.locks import writing

    say = progress(options)
    with writing(home, "withdraw"):
        try:
            done = withdraw(
                home, options.delivery_id, reason=options.reason, asked_by=options.asked_by, undo=options.undo
            )
        except WithdrawalError as error:
            raise OperationError(f"Not withdrawn: {error}.", "Nothing was changed.") from error
        except IntakeBusyError as error:
            raise BusyError(str(error), "Wait until it has ended, then try again.") from error
    state = "withdrawn" if done.is_withdrawn else "counts again"
    told = f"{done.organisation} {done.period} {done.delivery_id}: {state}"
    say(told if done.number else f"{told} already; nothing was changed")
    for table, counts in done.counts_now.items():
        say(f"  {table}: {' '.join(counts) + ' counts' if counts else 'no other version, so not delivered'}")
    if done.number:
        say("releases stand; `aftercare run` makes the next one from what counts now")
    return OK, asdict(done)
