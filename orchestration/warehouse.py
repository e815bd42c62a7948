"""Building the warehouse: always whole, always into a new file, swapped in when it is done."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.lake import attach_lake
from ingest.ledger import AsOf, number_at, read_ledger
from ingest.state import Home
from orchestration.errors import OperationError
from orchestration.locks import writing
from orchestration.reporting import Progress
from orchestration.versions import DBT_PROJECT, code_version, current, write_mark

# Unit tests of models use made-up rows: they belong to `make test`, not to every nightly build.
_NOT_IN_A_BUILD = ("unit_test",)
# Data tests whose seconds do not belong into every nightly build: `make test` runs them.
THOROUGH = "tag:thorough"
_BAD = frozenset({"error", "fail", "runtime error"})


@dataclass(frozen=True)
class NodeResult:
    """How one dbt node went (model, seed or test). ``failures``: rows that a test found."""

    unique_id: str
    resource_type: str
    status: str
    seconds: float
    failures: int | None

    @property
    def name(self) -> str:
        """The node's own name."""
        return self.unique_id.split(".")[2]

    @property
    def is_bad(self) -> bool:
        """Whether it failed (a warning is none; neither is one skipped because of another)."""
        return self.status in _BAD


@dataclass(frozen=True)
class BuildOutcome:
    """A build: its nodes and how long it took."""

    nodes: tuple[NodeResult, ...]
    seconds: float

    @property
    def failed(self) -> tuple[NodeResult, ...]:
        """Nodes that failed."""
        return tuple(node for node in self.nodes if node.is_bad)

    def count(self, resource_type: str) -> int:
        """How many nodes of a type went well."""
        return sum(
            node.resource_type == resource_type and not node.is_bad and node.status != "skipped" for node in self.nodes
        )


class BuildError(OperationError):
    """dbt did not get through; the warehouse and the release of before are still there."""

    def __init__(self, message: str, remedy: str, outcome: BuildOutcome | None = None) -> None:
        super().__init__(message, remedy)
        self.outcome = outcome


def building_file(home: Home) -> Path:
    """The file that a build writes: same name as the warehouse, so that DuckDB gives it the same
    catalog name, which views keep in their text."""
    return home.warehouse.parent / "building" / home.warehouse.name


def mark_file(home: Home) -> Path:
    """Notes what the warehouse was built from."""
    return home.warehouse.parent / "built_from.json"


def indicator_models(project: Path = DBT_PROJECT) -> list[str]:
    """Every indicator model: dbt cannot look into folders, so the environment tells it."""
    return sorted(path.stem for path in (project / "models" / "indicators").rglob("ind_*.sql"))


def target_folder(home: Home) -> Path:
    """dbt's artifacts (``manifest.json``, ``run_results.json``) and its parse cache."""
    return home.root / "dbt" / "target"


def log_folder(home: Home) -> Path:
    """dbt's own log."""
    return home.root / "dbt" / "logs"


def ensure_manifest(home: Home, progress: Progress | None = None) -> Path:
    """The dbt manifest, parsed again only when a file of the project is newer than it."""
    manifest = target_folder(home) / "manifest.json"
    mark = manifest.with_name("manifest_of.txt")
    if manifest.exists() and mark.exists() and mark.read_text(encoding="utf-8") == code_version():
        return manifest
    if progress:
        progress("reading the models")
    with _lock_target(home):
        outcome = _invoke(home, ["parse"])
        if not outcome.success:
            raise BuildError(
                "dbt cannot read its project.",
                f"See {log_folder(home) / 'dbt.log'}; the release of before is unchanged.",
            )
        mark.write_text(code_version(), encoding="utf-8")
    return manifest


def as_of_file(home: Home, number: int) -> Path:
    """The warehouse as it was after a number of the ledger (same file name, see ``building_file``)."""
    return home.warehouse.parent / "as_of" / str(number) / home.warehouse.name


def built_file(home: Home, as_of: AsOf = None) -> Path:
    """Where ``build`` puts what it builds."""
    number = number_at(home, as_of)
    return home.warehouse if number is None else as_of_file(home, number)


def build(home: Home, progress: Progress, as_of: AsOf = None) -> BuildOutcome:
    """Build the warehouse from the lake and put it in the place of the one before.

    With ``as_of`` (a number of the ledger or a time) it is built from what counted then, into
    ``as_of_file``; the warehouse that releases are made from stays. Raises ``OperationError`` when
    there is nothing to build from, ``BuildError`` (with the outcome so far) when a model or a test
    failed. Then nothing has been replaced.
    """
    started = time.monotonic()
    with writing(home, "build"):
        as_of = number_at(home, as_of)
        require_deliveries(home, as_of)
        made_from = current(home, as_of)
        target = built_file(home, as_of)
        progress("preparing a new warehouse file")
        prepare(home, as_of)
        outcome = _build(home, progress, started)
        if outcome.failed or not outcome.nodes:
            names = ", ".join(node.name for node in outcome.failed[:10])
            more = len(outcome.failed) - 10
            raise BuildError(
                f"The build failed in: {names}{f' and {more} more' if more > 0 else ''}."
                if names
                else "The build did not start.",
                f"See {log_folder(home) / 'dbt.log'}; the warehouse and the release of before "
                f"are unchanged, the unfinished file is {building_file(home)}.",
                outcome,
            )
        swap_in(home, target)
        built_at = datetime.now(UTC).isoformat(timespec="seconds")
        mark = mark_file(home) if as_of is None else target.with_name(mark_file(home).name)
        write_mark(mark, made_from, built_at=built_at, seconds=outcome.seconds, as_of=as_of)
    return outcome


def require_deliveries(home: Home, as_of: AsOf = None) -> None:
    """Raise ``OperationError`` when nothing has been accepted yet (or had been by ``as_of``)."""
    if as_of is not None and read_ledger(home, as_of).num_rows == 0:
        raise OperationError("Nothing had been accepted by then.", "See `aftercare status` for what was accepted when.")
    if read_ledger(home).num_rows == 0:
        raise OperationError(
            "There is nothing in the lake to build from.",
            f"Put deliveries into {home.inbox} and run `aftercare ingest`, "
            "or `aftercare synthesize` for a demonstration.",
        )


def prepare(home: Home, as_of: AsOf = None) -> Path:
    """A new file with the lake attached as tables and views of schema ``lake``."""
    import duckdb

    path = building_file(home)
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    with duckdb.connect(str(path)) as connection:
        attach_lake(connection, home, as_of)
    return path


def swap_in(home: Home, target: Path | None = None) -> None:
    """Put the new file in the place of the warehouse, or into ``target``.

    Readers that have the old one open keep it until they close.
    """
    path = building_file(home)
    left_open = path.with_name(path.name + ".wal")
    if left_open.exists():
        raise BuildError(
            f"The new warehouse file was not closed properly ({left_open.name} is left).",
            "Run `aftercare build` again; the release of before is unchanged.",
        )
    target = target or home.warehouse
    target.parent.mkdir(parents=True, exist_ok=True)
    path.replace(target)
    shutil.rmtree(path.parent, ignore_errors=True)


def dbt_arguments(home: Home, command: list[str]) -> list[str]:
    """Arguments of a dbt call. Its console is off: stdout belongs to the `aftercare` command."""
    exclusions = [f"--exclude-resource-type={kind}" for kind in _NOT_IN_A_BUILD] + [f"--exclude={THOROUGH}"]
    return [
        *command,
        *(exclusions if command[0] == "build" else []),
        f"--project-dir={DBT_PROJECT}",
        f"--profiles-dir={DBT_PROJECT}",
        f"--target-path={target_folder(home)}",
        f"--log-path={log_folder(home)}",
        "--log-level=none",
        "--log-level-file=info",
        "--no-use-colors",
    ]


def _build(home: Home, progress: Progress, started: float) -> BuildOutcome:
    with _lock_target(home):
        counter = _Counter(progress)
        outcome = _invoke(home, ["build"], [counter])
    nodes = tuple(_node(result) for result in getattr(outcome.result, "results", None) or ())
    return BuildOutcome(nodes, round(time.monotonic() - started, 1))


class _Counter:
    """Turns dbt's events into a line of progress for every model and seed (tests are many)."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __call__(self, event: Any) -> None:
        if event.info.name in ("LogModelResult", "LogSeedResult"):
            node = event.data.node_info
            where = f"{event.data.index} of {event.data.total}"
            took = f"{event.data.execution_time:.1f} s"
            self._progress(f"{where}  {node.node_name}  {node.node_status}  {took}")


def _node(result: Any) -> NodeResult:
    failures = getattr(result, "failures", None)
    return NodeResult(
        unique_id=result.node.unique_id,
        resource_type=str(result.node.resource_type.value),
        status=str(result.status.value),
        seconds=round(float(result.execution_time), 2),
        failures=None if failures is None else int(failures),
    )


def _invoke(home: Home, command: list[str], callbacks: list[Any] | None = None) -> Any:
    """dbt in this process: another one would cost 4 to 5 CPU seconds to start."""
    with _environment(
        AFTERCARE_WAREHOUSE=str(building_file(home)),
        AFTERCARE_INDICATORS=",".join(indicator_models()),
        DBT_SEND_ANONYMOUS_USAGE_STATS="false",
        DO_NOT_TRACK="1",
    ):
        from dbt.cli.main import dbtRunner

        try:
            return dbtRunner(callbacks=callbacks or []).invoke(dbt_arguments(home, command))
        finally:
            _close_connections()


def _close_connections() -> None:
    """dbt-duckdb keeps the file open until the process ends; the swap needs it closed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    DuckDBConnectionManager.close_all_connections()


@contextmanager
def _lock_target(home: Home) -> Iterator[None]:
    """dbt's target folder has one user at a time (Dagster's code servers read the models too)."""
    import fcntl

    target_folder(home).mkdir(parents=True, exist_ok=True)
    with (target_folder(home) / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
