"""The `aftercare` command. Starts quickly: what a command needs is imported when it runs."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.state import ENVIRONMENT_VARIABLE, Home
from orchestration.commands import MODULES
from orchestration.commands.output import progress
from orchestration.errors import ATTENTION, BUSY, FAILED, OK, SOME_REJECTED, USAGE, OperationError

if TYPE_CHECKING:
    from ingest.door import IntakeReport

_EPILOG = f"""\
exit codes:
  {OK}  done
  {FAILED}  failed; the release of before is unchanged (`attack`: the release gives something away)
  {USAGE}  wrong use of the command
  {SOME_REJECTED}  done, but a delivery was rejected (`check`: would be); see `aftercare status`
  {BUSY}  another run is going on in this home
  {ATTENTION}  `status --strict`: something is late, refused, past its retention, or the release is old

Progress goes to stderr; with --json the result goes to stdout as one JSON object.
Everything lies below the home: --home, else ${ENVIRONMENT_VARIABLE}, else ./var.
"""

Result = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of the console script: exits with the documented code."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = parser().parse_args(arguments)
    home = Home(Path(options.home).absolute()) if options.home else Home.from_environment()
    # The steps inside Dagster and dbt find the home in the environment.
    os.environ[ENVIRONMENT_VARIABLE] = str(home.root)
    try:
        code, result = options.command(home, options)
    except OperationError as error:
        _fail(options, error.message, error.remedy)
        return error.exit_code
    except KeyboardInterrupt:
        _fail(options, "Stopped.", "Run the same command again; it goes on where it can.")
        return FAILED
    except BrokenPipeError:
        # Whoever reads has seen enough (`aftercare status | head`).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except ModuleNotFoundError as error:
        _fail(
            options,
            f"This command needs the Python package {error.name}, which is not installed here.",
            "A supplier's installation checks deliveries; for the rest install the pipeline (`make install`).",
        )
        return FAILED
    except Exception as error:
        log = _write_traceback(home)
        _fail(options, f"Unexpected error ({type(error).__name__}).", f"See {log}.")
        return FAILED
    if options.json and result is not None:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, default=_as_json) + "\n")
    return code


def parser() -> argparse.ArgumentParser:
    """The command line, without running anything."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", metavar="DIR", help=f"state folder (default ${ENVIRONMENT_VARIABLE})")
    common.add_argument("--json", action="store_true", help="machine output on stdout")
    common.add_argument("--quiet", action="store_true", help="no progress")
    top = argparse.ArgumentParser(
        prog="aftercare",
        description="From deliveries to a published release.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, function: Callable[..., Any], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            parents=[common],
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=_EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.set_defaults(command=function)
        return added

    made = command("synthesize", _synthesize, "make synthetic deliveries for a demonstration")
    made.add_argument("--scale", choices=("national", "small"), default="national")
    made.add_argument("--years", type=_positive, default=5, help="years of history (default 5)")
    made.add_argument("--seed", type=int, default=1, help="same seed, same content (default 1)")
    made.add_argument("--into", type=Path, metavar="DIR", help="folder (default: the inbox)")

    command("ingest", _ingest, "take in what waits in the inbox")
    built = command("build", _build, "check the lake and build the warehouse")
    built.add_argument(
        "--as-of",
        type=_as_of,
        metavar="WHEN",
        help="as the lake was: an acceptance number or a time with its zone; the current warehouse stays",
    )
    chain = command("run", _run, "ingest, build and publish, through Dagster")
    chain.add_argument("--force", action="store_true", help="also when nothing is new")

    served = command("serve", _serve, "serve Dagster's UI and Superset until Ctrl-C")
    served.add_argument("--dagster-port", type=_port, default=3000, metavar="PORT")
    served.add_argument("--superset-port", type=_port, default=8088, metavar="PORT")

    for module in MODULES:
        module.register(command)
    return top


# ---- commands: (home, options) -> (exit code, result for --json) -------------------------------


def _synthesize(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from ingest.synthetic import synthesize

    into = (options.into or home.inbox).absolute()
    say = progress(options)
    summary = synthesize(into, scale=options.scale, years=options.years, seed=options.seed, progress=say)
    say(f"{summary.deliveries:,} synthetic deliveries with {summary.rows:,} rows in {into} ({summary.seconds:.0f} s)")
    return OK, {"into": str(into)} | dataclasses.asdict(summary)


def _ingest(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration import steps

    say = progress(options)
    report = steps.take_in(home, say)
    return _tell_intake(report, say), _intake_summary(report)


def _build(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration import steps
    from orchestration.locks import writing
    from orchestration.warehouse import built_file, require_deliveries

    say = progress(options)
    with writing(home, "build"):
        require_deliveries(home, options.as_of)
        if options.as_of is None:
            steps.require_passed(home, steps.check_lake(home, say))
        outcome = steps.build(home, say, options.as_of)
        path = built_file(home, options.as_of)
    say(f"warehouse built: {outcome.count('model')} models, {outcome.count('test')} tests, {outcome.seconds:.0f} s")
    say(f"it is {path}")
    return OK, {
        "warehouse": str(path),
        "models": outcome.count("model"),
        "tests": outcome.count("test"),
        "seconds": outcome.seconds,
    }


def _run(home: Home, options: argparse.Namespace) -> tuple[int, Result]:
    from orchestration.chain import run_chain

    say = progress(options)
    outcome = run_chain(home, say, force=options.force)
    result: Result = {
        "did_something": outcome.run_id is not None,
        "run_id": outcome.run_id,
        "release_id": outcome.release_id,
        "is_prepared": outcome.is_prepared,
        "seconds": outcome.seconds,
    }
    if outcome.intake is None:
        return OK, result
    code = _tell_intake(outcome.intake, say)
    state = "prepared; `aftercare publish` with its name makes it current" if outcome.is_prepared else "current"
    say(f"release {outcome.release_id} is {state} ({outcome.seconds:.0f} s)")
    return code, result | {"intake": _intake_summary(outcome.intake)}


def _serve(home: Home, options: argparse.Namespace) -> tuple[int, None]:
    from orchestration.serve import serve

    serve(
        home,
        progress(options),
        dagster_port=options.dagster_port,
        superset_port=options.superset_port,
    )
    return OK, None


# ---- helpers ------------------------------------------------------------------------------------


def _tell_intake(report: IntakeReport, say: Callable[[str], None]) -> int:
    """Say how the intake went; the exit code."""
    summary = _intake_summary(report)
    if not summary["deliveries"]:
        say("nothing waits in the inbox")
        return OK
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in summary["outcomes"].items())
    say(
        f"{summary['deliveries']} deliveries: {outcomes}; {summary['rows']:,} rows, "
        f"{summary['rows_quarantined']:,} in quarantine"
    )
    for entry in summary["rejected"][:10]:
        rules = ", ".join(entry["rules"])
        say(f"rejected: {entry['organisation']} {entry['period']} {entry['delivery_id']}: {rules}")
    return SOME_REJECTED if summary["rejected"] else OK


def _intake_summary(report: IntakeReport) -> Result:
    return {
        "deliveries": len(report.deliveries),
        "outcomes": dict(Counter(delivery.outcome for delivery in report.deliveries)),
        "rows": report.rows,
        "rows_quarantined": report.rows_quarantined,
        "rejected": [
            {
                "organisation": delivery.organisation,
                "period": delivery.period,
                "delivery_id": delivery.delivery_id,
                "rules": dict(delivery.findings),
            }
            for delivery in report.deliveries
            if delivery.outcome == "rejected"
        ],
        "seconds": report.seconds,
    }


def _fail(options: argparse.Namespace, message: str, remedy: str) -> None:
    sys.stderr.write(f"aftercare: {message}\n  {remedy}\n")
    if options.json:
        found = {"error": message, "what_to_do": remedy}
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


def _write_traceback(home: Home) -> Path:
    folder = home.root / "log"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"error-{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{os.getpid()}.txt"
    path.write_text(traceback.format_exc(), encoding="utf-8")
    path.chmod(0o600)  # a message of a library may quote a value
    return path


def _as_json(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _as_of(text: str) -> int | datetime:
    if text.isdigit():
        return int(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError("must be an acceptance number (120) or a time (2025-11-01T12:00:00+02:00)")
    return found


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _port(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError("must be a port number (1 to 65535)")
    return number


if __name__ == "__main__":
    main()
