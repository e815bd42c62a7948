"""`aftercare prepare`: at the supplier, from its own files to a delivery that has been checked."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.errors import OK, SOME_REJECTED, OperationError

if TYPE_CHECKING:
    from ingest.prepare import Problem

Result = dict[str, Any]
# Problems told on the command line; a profile with more is wrong as a whole.
_TOLD = 50


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command."""
    made = command("prepare", _prepare, "make a delivery of a supplier's own files, by a profile")
    made.add_argument("sources", nargs="*", type=Path, metavar="SOURCE", help="source files, or folders with them")
    made.add_argument("--profile", metavar="PROFILE", help="profile file, or the name of one that comes with it")
    made.add_argument("--into", type=Path, metavar="DIR", help="gets <organisation>/<period>/<delivery_id>/")
    made.add_argument("--organisation", metavar="ID", help="hva-05, kunta-091, …")
    made.add_argument("--period", metavar="PERIOD", help="2025Q3, 2025H1, 2025")
    made.add_argument("--client-secret-file", type=Path, metavar="FILE", help="secret of the key domain")
    made.add_argument("--supplier-secret-file", type=Path, metavar="FILE", help="the supplier's own secret")
    made.add_argument("--key-domain", metavar="NAME", help="default: the profile's, else common")
    made.add_argument("--extracted-at", type=_moment, metavar="TIME", help="with time zone (default: now)")
    made.add_argument("--data-from", type=_day, metavar="DATE", help="first day that history tables cover")
    made.add_argument("--correction-of", metavar="ID", help="delivery of the same period that this corrects")
    made.add_argument("--data-kind", choices=("real", "synthetic"))
    made.add_argument("--nothing-to-report", nargs="+", default=[], metavar="TABLE", help="true zeros of the period")
    made.add_argument("--format", choices=("csv", "parquet"), default="csv", help="default csv")
    made.add_argument("--reports", type=Path, metavar="DIR", help="where the report stays (default: <home>/prepare)")
    made.add_argument("--language", choices=("fi", "sv", "en"), default="en", help="of what is said")
    made.add_argument("--memory", default="1GB", metavar="SIZE", help="limit of the mapping's memory (default 1GB)")
    made.add_argument("--accept-left-out", action="store_true", help="also when many rows cannot be mapped")
    made.add_argument("--dry-run", action="store_true", help="do everything, write nothing")
    made.add_argument(
        "--workbooks", action="store_true", help="SOURCE are filled-in template workbooks; needs no profile or secret"
    )
    made.add_argument("--check-profile", action="store_true", help="only check the profile")
    made.add_argument("--new-secret", type=Path, metavar="FILE", help="write a new secret, and nothing else")


def _prepare(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from ingest.prepare import Order, PrepareError, lines, load_profile, new_secret, prepare, read_secrets
    from ingest.profiles import profile_path

    say = progress(options)
    if options.new_secret:
        try:
            new_secret(options.new_secret)
        except FileExistsError:
            raise OperationError(
                f"{options.new_secret} exists.", "A secret is never overwritten: name another file."
            ) from None
        say(f"new secret in {options.new_secret}; keep a copy in a safe place: without it the keys change")
        return OK, {"secret_file": str(options.new_secret)}
    if options.workbooks:
        return _deliver_workbooks(options, say)
    _require(options, "profile")
    secrets = None
    problems: list[Problem] = []
    if not options.check_profile:
        _require(options, "sources", "into", "organisation", "period")
        secrets, problems = read_secrets(options.client_secret_file, options.supplier_secret_file, os.environ)
    try:
        profile = load_profile(profile_path(options.profile))
        if options.check_profile:
            say(f"{profile.path.name}: {', '.join(profile.tables)}")
            return OK, {"profile": profile.name, "tables": list(profile.tables)}
        if secrets is None:
            raise PrepareError(tuple(problems))
        order = Order(
            organisation=options.organisation,
            period=options.period,
            sources=tuple(options.sources),
            into=options.into.absolute(),
            reports=(options.reports or home.root / "prepare").absolute(),
            key_domain=options.key_domain,
            extracted_at=options.extracted_at,
            data_from=options.data_from,
            correction_of=options.correction_of,
            data_kind=options.data_kind,
            nothing_to_report=tuple(options.nothing_to_report),
            file_format=options.format,
            accept_left_out=options.accept_left_out,
            dry_run=options.dry_run,
            memory=options.memory,
        )
        prepared = prepare(profile, order, secrets, say)
    except PrepareError as error:
        found = [*error.problems, *(problem for problem in problems if problem not in error.problems)]
        raise _nothing_prepared(found, options.language) from None
    for line in lines(prepared, options.language):
        say(line)
    return (OK if prepared.handed_over else SOME_REJECTED), prepared.as_dict()


def _deliver_workbooks(options: argparse.Namespace, say: Callable[[str], None]) -> tuple[int, Result]:
    from ingest.prepare import PrepareError, deliver_workbooks, find_files, lines

    _require(options, "sources", "into")
    paths = [path for path in find_files(options.sources) if not path.name.startswith("~$")]
    try:
        prepared = deliver_workbooks(paths, options.into.absolute(), options.data_kind, say)
    except PrepareError as error:
        raise _nothing_prepared(error.problems, options.language) from None
    for line in lines(prepared, options.language):
        say(line)
    return (OK if prepared.handed_over else SOME_REJECTED), prepared.as_dict()


def _nothing_prepared(problems: Sequence[Problem], language: str) -> OperationError:
    told = [problem.text(language) for problem in problems[:_TOLD]]
    return OperationError(
        "\n  ".join([f"Nothing was prepared ({len(problems)}):", *told]),
        "Correct what is named and run the same command again.",
    )


def _require(options: argparse.Namespace, *names: str) -> None:
    missing = [name for name in names if not getattr(options, name)]
    if missing:
        listed = ", ".join("SOURCE" if name == "sources" else f"--{name}" for name in missing)
        raise OperationError(f"Not given: {listed}.", "See `aftercare prepare --help`.")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("needs a time zone, as 2025-10-20T06:12:00+03:00")
    return moment


def _day(text: str) -> date:
    return date.fromisoformat(text)
