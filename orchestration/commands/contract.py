"""`aftercare contract export`: the data contract as files for those who deliver."""

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
    added = command(
        "contract",
        run,
        "write the data contract: table schemas, workbook templates, a specification for system vendors and "
        "a page that checks files in a browser",
    )
    added.add_argument("action", choices=("export",), help="write it into a folder")
    added.add_argument("--into", type=Path, metavar="DIR", help="folder (default: ./contract-<version>)")
    added.add_argument("--version", metavar="VERSION", help="version of the contract (default: the newest)")
    added.add_argument(
        "--language", choices=("fi", "sv", "en"), help="specification in one language (default: all three)"
    )


def run(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """Write the contract into a folder that is new, empty or holds an earlier export."""
    from ingest.contracts import LANGUAGES, ContractError, contracts, versions
    from ingest.contracts.export import write

    version = options.version or versions()[-1]
    try:
        contracts(version)
    except ContractError as error:
        raise OperationError(f"Not exported: {error}.", "Choose one of the versions named.") from error
    into = (options.into or Path(f"contract-{version}")).absolute()
    if into.exists() and not _may_be_written(into):
        raise OperationError(
            f"{into} holds something else than an export of the contract.",
            "Name a new or empty folder with --into.",
        )
    say = progress(options)
    languages = (options.language,) if options.language else LANGUAGES
    written = write(into, version=version, languages=languages, progress=say)
    say(f"{len(written)} files in {into}; check.html there checks files in a browser, without installation or network")
    return OK, {"into": str(into), "version": version, "files": [str(path.relative_to(into)) for path in written]}


def _may_be_written(into: Path) -> bool:
    return into.is_dir() and (not any(into.iterdir()) or (into / "datapackage.json").is_file())
