"""`aftercare publish`, `releases`, `approve` and `rollback`: which release readers see."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.errors import OK, OperationError

Result = dict[str, Any]


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    published = command("publish", _publish, "write a release from the warehouse, or publish a prepared one")
    published.add_argument("release", nargs="?", metavar="RELEASE", help="a prepared release to make current")
    published.add_argument(
        "--prepare-only", action="store_true", help="prepare it: complete, but shown to nobody and not current"
    )
    command("releases", _list, "list the releases: when made, of what data, current, published or prepared")
    approved = command("approve", _approve, "approve a prepared release by name")
    approved.add_argument("release", metavar="RELEASE", help="as `aftercare releases` lists it")
    approved.add_argument("--name", required=True, help="who approves")
    approved.add_argument("--role", required=True, help="as what")
    back = command("rollback", _roll_back, "show the release before the current one, or a named one")
    back.add_argument("release", nargs="?", metavar="RELEASE", help="default: the one before the current")


def _publish(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration import publishing, steps

    say = progress(options)
    if options.release and options.prepare_only:
        raise OperationError("A prepared release is prepared already.", "Leave out RELEASE or --prepare-only.")
    if options.release:
        publishing.publish_prepared(home, options.release)
        say(f"release {options.release} is current")
        return OK, {"release_id": options.release, "published": str(home.current_release), "is_prepared": False}
    summary = steps.publish(home, say, prepare_only=options.prepare_only)
    if summary.is_prepared:
        say(f"release {summary.release_id} is prepared in {summary.folder}, shown to nobody")
    else:
        say(f"release {summary.release_id} is current")
    where = summary.folder if summary.is_prepared else home.current_release
    return OK, {"release_id": summary.release_id, "published": str(where), "is_prepared": summary.is_prepared}


def _list(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration import publishing

    found = publishing.releases(home)
    if not options.json:
        for release, obstacles in found:
            made = f"{release.made_at:%Y-%m-%d %H:%M} UTC" if release.made_at else "unknown"
            line = f"{release.release_id}  {made}  {release.data_kind or 'unknown'}  {release.state}"
            sys.stdout.write(line + (f" ({'; '.join(obstacles)})" if obstacles else "") + "\n")
        if not found:
            sys.stdout.write("no release yet\n")
    return OK, {
        "releases": [
            {
                "release_id": release.release_id,
                "made_at": release.made_at.isoformat() if release.made_at else None,
                "data_kind": release.data_kind,
                "state": release.state,
                "folder": str(release.folder),
                "obstacles": obstacles,
            }
            for release, obstacles in found
        ]
    }


def _approve(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration import publishing

    say = progress(options)
    found = publishing.approve(home, options.release, options.name, options.role)
    say(f"{options.release} is approved by {', '.join(f'{one.name} ({one.role})' for one in found)}")
    return OK, {"release_id": options.release, "approvals": [asdict(one) for one in found]}


def _roll_back(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration import publishing

    say = progress(options)
    before, now = publishing.roll_back(home, options.release)
    say(f"release {now} is current; {before} is not any more, and stays where it is")
    say("the nightly build publishes again once something new has come; `prepare_only: true` in the settings stops it")
    return OK, {"before": before, "release_id": now}
