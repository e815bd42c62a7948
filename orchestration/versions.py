"""What a build and a release were made from: the accepted deliveries and the code."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ingest.ledger import AsOf, ledger_with_state
from ingest.state import Home

PROJECT_ROOT = Path(__file__).parents[1]
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
# The files that decide what the figures are; the rest (command line, dashboards) does not.
_DECIDING = (
    ("dbt_project", (".sql", ".yml", ".csv")),
    ("ingest/contracts", (".py", ".yml")),
    ("ingest/reference", (".csv",)),
    ("quality", (".py", ".yml", ".csv", ".sql")),
)
_DECIDING_FILES = (
    "ingest/due.py",
    "ingest/lake.py",
    "ingest/ledger.py",
    "ingest/periods.py",
    "ingest/rekeying.py",
)
_NOT_CODE = {"target", "logs", "dbt_packages", "__pycache__"}


@dataclass(frozen=True)
class Version:
    """Made from which deliveries (``input_hash``) by which code (``code_version``)."""

    input_hash: str
    code_version: str


@cache
def code_version() -> str:
    """The package's version and a hash of the files that decide what the figures are."""
    seen = hashlib.sha256()
    for path in deciding_files():
        seen.update(path.relative_to(PROJECT_ROOT).as_posix().encode())
        seen.update(hashlib.sha256(path.read_bytes()).digest())
    try:
        number = version("saattaen")
    except PackageNotFoundError:
        number = "0"
    return f"{number}+{seen.hexdigest()[:12]}"


def deciding_files() -> list[Path]:
    """The files that ``code_version`` covers, in a fixed order."""
    found = [PROJECT_ROOT / name for name in _DECIDING_FILES]
    for folder, endings in _DECIDING:
        found += [
            path
            for path in (PROJECT_ROOT / folder).rglob("*")
            if path.suffix in endings and not _NOT_CODE & set(path.parts) and path.is_file()
        ]
    return sorted(found)


def input_hash(home: Home, as_of: AsOf = None) -> str:
    """A hash of the accepted deliveries and what became of them: the same ones in the same order,
    same hash. An erasure shows in the rows."""
    columns = ["acceptance_no", "delivery_id", "table_name", "sha256", "rows", "is_withdrawn", "is_expired"]
    ledger = ledger_with_state(home, as_of).select(columns)
    ordered = ledger.sort_by([("acceptance_no", "ascending"), ("table_name", "ascending")])
    seen = hashlib.sha256()
    for row in zip(*(ordered.column(name).to_pylist() for name in ordered.column_names), strict=True):
        seen.update(repr(row).encode())
    return seen.hexdigest()[:16]


def current(home: Home, as_of: AsOf = None) -> Version:
    """What a build would be made from now, or of the lake as it was."""
    return Version(input_hash(home, as_of), code_version())


def write_mark(path: Path, made_from: Version, **facts: Any) -> None:
    """Note beside a result what it was made from, in one atomic step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(made_from) | facts, indent=1), encoding="utf-8")
    partial.replace(path)


def read_mark(path: Path) -> dict[str, Any] | None:
    """What ``write_mark`` noted; ``None`` when there is nothing (or nothing readable)."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def is_made_from(mark: dict[str, Any] | None, wanted: Version) -> bool:
    """Whether a mark says what is wanted."""
    return mark is not None and all(mark.get(name) == value for name, value in asdict(wanted).items())
