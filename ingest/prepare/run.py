"""One run of `prepare`: read, map, write, check; everything that is wrong at once."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from ingest.contracts import Contract, contracts
from ingest.door import check_delivery
from ingest.periods import Period, PeriodError
from ingest.prepare.delivery import FORMATS, Header, hand_over, is_running, new_delivery_id, staging_folder, write_files
from ingest.prepare.keying import Secrets, hmac_blocks
from ingest.prepare.mapping import Mapped, Run, find_protected, map_table, source_rows
from ingest.prepare.messages import PrepareError, Problem
from ingest.prepare.profile import Profile
from ingest.prepare.report import Prepared, write_report
from ingest.prepare.sources import Loaded, find_files, load_sources
from ingest.reference import organisations

NOT_WRITTEN = "not_written"
DEFAULT_MEMORY = "1GB"
EXPECTED_ORGANISATIONS = {"hva": "hva-01 … hva-21, hva-90", "kunta": "kunta-<NNN>", "kela": "kela"}


@dataclass(frozen=True)
class Order:
    """What is to be prepared, and where it goes.

    ``into`` gets ``<organisation>/<period>/<delivery_id>/``; ``reports`` gets a folder named by the
    delivery, which must not lie in ``into``: it is not to be sent. ``extracted_at`` is aware.
    ``memory`` is DuckDB's limit; above it the work goes, scrambled, to a private folder that is removed.
    """

    organisation: str
    period: str
    sources: tuple[Path, ...]
    into: Path
    reports: Path
    key_domain: str | None = None
    extracted_at: datetime | None = None
    data_from: date | None = None
    correction_of: str | None = None
    data_kind: str | None = None
    nothing_to_report: tuple[str, ...] = ()
    file_format: str = "csv"
    accept_left_out: bool = False
    dry_run: bool = False
    memory: str = DEFAULT_MEMORY


@dataclass
class _Plan:
    run: Run
    header: Header
    tables: list[str]
    contracts: Mapping[str, Contract]
    not_this_period: dict[str, str] = field(default_factory=dict)
    not_in_profile: tuple[str, ...] = ()


def prepare(
    profile: Profile, order: Order, secrets: Secrets, say: Callable[[str], None] = lambda _line: None
) -> Prepared:
    """Make a delivery of the supplier's own files. Raises ``PrepareError`` when it cannot begin.

    A delivery that would be rejected, that would leave out more than the profile's limit, or that
    has an empty table nobody confirmed is not handed over; the result says why.
    """
    plan = _plan(profile, order)
    report = order.reports / plan.header.delivery_id
    with _workspace(order.reports, order.dry_run) as work, _connection(work, order.memory, secrets) as connection:
        loaded = load_sources(
            connection, dict(profile.sources), profile.needed(plan.tables), find_files(order.sources), say
        )
        find_protected(connection, profile, loaded)
        mapped: list[Mapped] = []
        for table in plan.tables:
            if profile.tables[table].source in loaded.absent:
                plan.not_this_period[table] = profile.tables[table].source
                continue
            outcome = map_table(connection, profile, profile.tables[table], plan.contracts[table], loaded, plan.run)
            say(f"{table}: {outcome.rows:,} rows to send")
            mapped.append(outcome)
        prepared = Prepared(
            delivery_id=plan.header.delivery_id,
            organisation=order.organisation,
            period=order.period,
            outcome=NOT_WRITTEN,
            folder=None,
            report=None if order.dry_run else report,
            tables=mapped,
            nothing_to_report=plan.header.nothing_to_report,
            not_this_period=plan.not_this_period,
            not_producible=dict(profile.not_producible),
            not_in_profile=plan.not_in_profile,
            not_used=loaded.not_used,
            other_files=tuple(loaded.other_files),
            problems=tuple(_held_back(profile, order, mapped)),
            dry_run=order.dry_run,
        )
        found: list[dict[str, Any]] = []
        if not prepared.problems:
            found = _write_and_check(connection, profile, order, plan, loaded, prepared, work, say)
        if not order.dry_run:
            write_report(prepared, report, found)
    return prepared


def _plan(profile: Profile, order: Order) -> _Plan:
    """What the run is, checked. Raises ``PrepareError`` with everything that is wrong."""
    problems: list[Problem] = []
    # Kela is no area and no municipality, and has no place in that register.
    kind = organisations().get(order.organisation) or ("kela" if order.organisation == "kela" else None)
    if kind not in profile.suppliers:
        expected = ", ".join(EXPECTED_ORGANISATIONS[name] for name in profile.suppliers)
        problems.append(Problem("RUN_ORGANISATION", seen=order.organisation[:20], expected=expected))
    try:
        period = Period.parse(order.period)
    except (PeriodError, ValueError):
        problems.append(Problem("RUN_PERIOD", seen=order.period[:20], expected="2025Q3, 2025H1, 2025"))
        raise PrepareError(tuple(problems)) from None
    extracted_at = order.extracted_at or datetime.now(UTC).astimezone()
    if extracted_at.tzinfo is None or extracted_at.date() < period.start:
        expected = f"≥ {period.start.isoformat()}T00:00:00+03:00"
        problems.append(Problem("RUN_TIME", seen=extracted_at.isoformat(), expected=expected))
    if _is_inside(order.reports, order.into):
        problems.append(Problem("RUN_REPORTS", seen=str(order.reports), expected=str(order.into)))
    known = contracts(profile.contract_version)
    tables, other = [], {}
    for table in profile.tables:
        contract = known[table]
        if kind not in contract.suppliers:
            continue
        if period.type not in contract.period_types:
            other[table] = ", ".join(contract.period_types)
        elif table not in order.nothing_to_report:
            tables.append(table)
    mine = [name for name, contract in known.items() if kind in contract.suppliers]
    unknown = [table for table in order.nothing_to_report if table not in mine]
    if unknown or (not tables and not order.nothing_to_report):
        problems.append(Problem("RUN_NO_TABLE", expected=", ".join(mine)))
    key_domain = order.key_domain or profile.key_domain or "common"
    if profile.identity == "local_number" and key_domain == "common":
        problems.append(Problem("PROFILE_KEY_DOMAIN", file=profile.path.name))
    if problems:
        raise PrepareError(tuple(problems))
    spoken_for = {*profile.tables, *profile.not_producible, *order.nothing_to_report}
    return _Plan(
        run=Run(order.organisation, period, extracted_at.date()),
        header=Header(
            delivery_id=new_delivery_id(),
            organisation=order.organisation,
            period=period.code,
            contract_version=profile.contract_version,
            key_domain=key_domain,
            extracted_at=extracted_at,
            nothing_to_report=order.nothing_to_report,
            data_from=order.data_from,
            correction_of=order.correction_of,
            data_kind=order.data_kind or profile.data_kind,
        ),
        tables=tables,
        contracts=known,
        not_this_period=other,
        not_in_profile=tuple(sorted(set(mine) - spoken_for)),
    )


def _held_back(profile: Profile, order: Order, mapped: Sequence[Mapped]) -> Iterator[Problem]:
    """Reasons not to write the delivery at all."""
    for outcome in mapped:
        total = outcome.rows + outcome.rows_same + outcome.rows_not_mapped
        share = outcome.rows_not_mapped / total if total else 0.0
        if share > profile.left_out_limit and not order.accept_left_out:
            yield Problem(
                "LEFT_OUT_LIMIT",
                table=outcome.table,
                seen=f"{outcome.rows_not_mapped:,} / {total:,}",
                expected=f"{profile.left_out_limit:.1%}",
            )
        elif not outcome.rows:
            yield Problem("TABLE_EMPTY", table=outcome.table, expected=outcome.table)


def _write_and_check(
    connection: duckdb.DuckDBPyConnection,
    profile: Profile,
    order: Order,
    plan: _Plan,
    loaded: Loaded,
    prepared: Prepared,
    work: Path,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Write, check as the door would, and hand over what it would accept; what it found, by source row."""
    parent = work if order.dry_run else order.into / order.organisation / order.period
    staged = staging_folder(parent, plan.header.delivery_id)
    try:
        tables = {outcome.table: profile.tables[outcome.table] for outcome in prepared.tables}
        write_files(connection, tables, plan.contracts, plan.header, staged, order.file_format, say)
        receipt = check_delivery(staged)
        prepared.outcome = receipt.outcome
        prepared.receipt = json.loads(receipt.to_json())
        found = list(_found_by_check(connection, prepared.receipt, loaded))
        if not receipt.is_accepted:
            return found
        if not order.dry_run:
            target = order.into / order.organisation / order.period / plan.header.delivery_id
            staged.chmod(0o755)
            hand_over(staged, target)
            prepared.folder = target
        return found
    finally:
        # Handed over, it has another name; otherwise nothing of it may stay where it could be sent.
        shutil.rmtree(staged, ignore_errors=True)


def _found_by_check(
    connection: duckdb.DuckDBPyConnection, receipt: dict[str, Any], loaded: Loaded
) -> Iterator[dict[str, Any]]:
    """The door's findings with the rows of the supplier's own files beside those of the delivery."""
    for entry in receipt.get("findings", []):
        places = [place["row"] for place in entry.get("places", []) if place.get("row")]
        if not entry.get("table") or not places:
            continue
        common = {"table": entry["table"], "column": entry.get("column"), "rule": entry["rule"], **entry["message"]}
        for delivered, file, row in source_rows(connection, entry["table"], places, loaded):
            yield common | {"file": file, "row": row, "delivered_row": delivered}


@contextmanager
def _connection(work: Path, memory: str, secrets: Secrets) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that spills, scrambled, into ``work`` and can reach nothing else."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "threads": 2,
        "temp_directory": str(work / "spill"),
    }
    with duckdb.connect(config=settings) as connection:
        # DuckDB's built-in cipher counts as unsafe for its weak random numbers, and another one would
        # have to be fetched from the network. It is better than plain text; the folder is private and
        # goes with the run.
        connection.execute("set force_mbedtls_unsafe = 'true'")
        connection.execute("set temp_file_encryption = true")
        connection.execute("set enable_external_access = false")
        connection.execute("set enable_progress_bar = false")
        for owner, secret in (("client", secrets.client), ("supplier", secrets.supplier)):
            for name, block in zip(("inner", "outer"), hmac_blocks(secret), strict=True):
                connection.execute(f"set variable {owner}_{name} = $1", [block])
        yield connection


@contextmanager
def _workspace(reports: Path, dry_run: bool) -> Iterator[Path]:
    """A private folder that is gone afterwards; what a killed run left behind goes as well."""
    parent = None if dry_run else reports
    if parent is not None:
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in parent.glob("work-*"):
            process = old.name.split("-")[1]
            if process.isdigit() and not is_running(int(process)):
                shutil.rmtree(old, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f"work-{os.getpid()}-", dir=parent))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _is_inside(path: Path, parent: Path) -> bool:
    return path.absolute().resolve().is_relative_to(parent.absolute().resolve())


__all__ = ["DEFAULT_MEMORY", "FORMATS", "NOT_WRITTEN", "Order", "prepare"]
