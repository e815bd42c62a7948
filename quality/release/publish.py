"""Write a release from the warehouse's release candidate.

Protected rows are held against the contract of the published tables, then go into a new DuckDB
file (never copied, never updated: after an UPDATE the old values would still stand in the file's
bytes), with every table as Parquet and CSV and what goes with them (``accompanying``) beside it. The folder is
built apart, made read-only and swapped in by replacing the symlink ``current`` (``shelf``).
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from quality.disclosure import PROTECTION, primary_protection_sql
from quality.disclosure.primary import FIGURES, SHARES
from quality.release import shelf
from quality.release.accompanying import Occasion, write_accompanying
from quality.release.changes import attach_before, change_sql
from quality.release.comparison import comparison_sql
from quality.release.contract import PublishedTable, published_table, published_tables
from quality.release.dictionary import comments, write_dictionary
from quality.release.enforcement import row_problems, shape_problems
from quality.release.funnel import funnel_sql
from quality.release.protection import FULL, fully_protected_before, protect_table, require_safe, write_report

SYNTHETIC_NOTICE = "SYNTEETTINEN / SYNTETISK / SYNTHETIC: not about the real municipality"
# Clients back to DuckDB 1.4 open a file of this storage version.
STORAGE_VERSION = "v1.4.0"
SCHEMA = "published"
# What tells one series of figures from another.
_SERIES = ("indicator_id", "variant", "area_level", "area_code", "period_type", "breakdown", "category")


class ReleaseError(RuntimeError):
    """A release that may not, or cannot, be published; the one before stays."""


@dataclass(frozen=True)
class ReleaseSummary:
    """What was published, or prepared. ``statuses``: cells of ``indicator_value`` by status."""

    release_id: str
    folder: Path
    data_kind: str
    protection: str
    tables: dict[str, int]
    statuses: dict[str, int]
    seconds: float

    @property
    def is_prepared(self) -> bool:
        """Whether it waits to be published; else it is the current one."""
        return self.folder.parent.name != shelf.RELEASES


def publish(
    warehouse: Path,
    published: Path,
    *,
    code_version: str,
    input_hash: str = "",
    data_kind: str = "synthetic",
    progress: Callable[[str], None] | None = None,
    prepared: Path | None = None,
    protection: str = PROTECTION,
) -> ReleaseSummary:
    """Publish the release candidate of ``warehouse`` below ``published``.

    With ``prepared`` the release is only prepared: it lies in that folder, which nobody but the operator
    may enter, and the current one stays (``shelf.release_prepared`` publishes it).

    ``protection``: ``primary only``, or ``full``: then cells are also hidden because others could be worked out from
    them, and the files are attacked before anybody can read them (``quality.disclosure``).

    Raises ``ReleaseError`` for anything but synthetic data (a full protection has not been measured on national
    volume), when full protection is asked for and not reached or the attack finds anything, when the warehouse has
    no release candidate, and when its rows would break the contract of the published tables; the message lists every
    breach. Leaves nothing behind when it fails. One publishing at a time: what one that was killed left unfinished is
    removed.
    """
    started = datetime.now(UTC)
    say = progress or (lambda text: None)
    if data_kind != "synthetic":
        raise ReleaseError(
            f"Protection is {PROTECTION!r} unless asked otherwise, which is not enough for real data: a hidden figure "
            "could be worked out from the sums around it. Only synthetic data can be published."
        )
    if protection not in (PROTECTION, FULL):
        raise ReleaseError(f"Protection is {PROTECTION!r} or {FULL!r}, not {protection!r}.")
    if not warehouse.exists():
        raise ReleaseError(f"There is no warehouse at {warehouse}. Build it first: aftercare build")
    release_id = f"{started:%Y%m%dT%H%M%S%fZ}-{data_kind}"
    releases = shelf.private_folder(prepared) if prepared else published / "releases"
    shelf.clear_unfinished(published, releases)
    partial = releases / f".{release_id}.partial"
    partial.mkdir(parents=True)
    try:
        say("protecting and writing the release")
        tables, statuses = _write(
            warehouse,
            partial,
            release_id,
            data_kind,
            code_version,
            input_hash,
            started,
            published / shelf.CURRENT,
            protection,
            say,
        )
        if protection == FULL:
            say("attacking the files")
            require_safe(partial, fully_protected_before(published / shelf.CURRENT), ReleaseError)
        _write_checksums(partial)
        for file in partial.rglob("*"):
            if file.is_file():
                file.chmod(0o444)
        folder = releases / release_id
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if not prepared:
        shelf.point_current_at(published, release_id)
    seconds = (datetime.now(UTC) - started).total_seconds()
    return ReleaseSummary(release_id, folder, data_kind, protection, tables, statuses, seconds)


def _write(
    warehouse: Path,
    folder: Path,
    release_id: str,
    data_kind: str,
    code_version: str,
    input_hash: str,
    started: datetime,
    current: Path,
    protection: str,
    say: Callable[[str], None],
) -> tuple[dict[str, int], dict[str, int]]:
    notice = f"'{SYNTHETIC_NOTICE}' as data_notice"
    tables = published_tables()
    with duckdb.connect() as connection:
        connection.execute("set threads to 2")
        connection.execute(f"attach '{_quoted(warehouse)}' as warehouse (read_only)")
        try:
            connection.execute("select 1 from warehouse.release_candidate.indicator_value limit 1")
        except duckdb.CatalogException as error:
            raise ReleaseError(
                f"The warehouse {warehouse} has no release candidate. Build it again: aftercare build"
            ) from error
        connection.execute(
            f"create table protected as {primary_protection_sql('warehouse.release_candidate.indicator_value')}"
        )
        report = None
        if protection == FULL:
            report = protect_table(connection, fully_protected_before(current), ReleaseError, say)
            write_report(report, warehouse.parent / "protection" / f"{release_id}.json")
        queries = {
            "indicator": _candidate_sql("indicator", notice),
            "area": _candidate_sql("area", notice),
            "breakdown_category": _columns_sql("breakdown_category", "reference.seed_breakdown_category", notice),
            "indicator_value": _values_sql(notice),
            "delivery_coverage": _candidate_sql("delivery_coverage", notice),
            "release": f"""
                select
                    '{release_id}' as release_id,
                    '{data_kind}' as data_kind,
                    '{protection}' as protection,
                    cast('{started:%Y-%m-%d %H:%M:%S}' as timestamp) as created_at,
                    '{_quoted(code_version)}' as code_version,
                    '{_quoted(input_hash)}' as input_hash,
                    (select max(data_until_exclusive) - 1 from warehouse.intermediate.int_supplier) as data_until,
                    {notice}""",
        }
        # Held against the contract before a byte of the release is written.
        connection.execute("create schema checked")
        later = {"release_change", "indicator_comparison", "indicator_funnel"}
        _require_contract(connection, {name: tables[name] for name in tables if name not in later}, queries)
        # From the checked rows alone, so that nothing that is hidden can have a part in a verdict.
        derived = {
            "indicator_comparison": comparison_sql("checked", notice),
            "indicator_funnel": funnel_sql("checked", notice),
        }
        _require_contract(connection, {name: tables[name] for name in derived}, derived)
        before = attach_before(connection, current, data_kind)
        changes = {"release_change": change_sql(before, code_version, notice)}
        _require_contract(connection, {"release_change": tables["release_change"]}, changes)
        target = folder / "aftercare.duckdb"
        connection.execute(f"attach '{_quoted(target)}' as release (storage_version '{STORAGE_VERSION}')")
        connection.execute(f"create schema release.{SCHEMA}")
        counts = {}
        for name, table in tables.items():
            written = f"release.{SCHEMA}.{name}"
            connection.execute(f"create table {written} ({_definition(table)})")
            ordered = ", ".join(table.primary_key)
            connection.execute(f"insert into {written} select * from checked.{name} order by {ordered}")
            row = connection.execute(f"select count(*) from {written}").fetchone()
            counts[name] = int(row[0]) if row else 0
            for file, options in (
                (folder / f"{name}.parquet", "format parquet, compression zstd"),
                (folder / f"{name}_{data_kind.upper()}.csv", "format csv, header"),
            ):
                connection.execute(f"copy (select * from {written}) to '{_quoted(file)}' ({options})")
        for statement in comments(tables, f"release.{SCHEMA}"):
            connection.execute(statement)
        write_dictionary(tables, folder / f"data_dictionary_{data_kind.upper()}.csv", SYNTHETIC_NOTICE)
        occasion = Occasion(release_id, started, data_kind, SYNTHETIC_NOTICE, code_version, before, report)
        write_accompanying(connection, f"release.{SCHEMA}", folder, occasion)
        statuses = dict(
            connection.execute(
                f"select status, count(*) from release.{SCHEMA}.indicator_value group by status order by status"
            ).fetchall()
        )
    return counts, statuses


def _require_contract(
    connection: duckdb.DuckDBPyConnection, tables: dict[str, PublishedTable], queries: dict[str, str]
) -> None:
    """Put the rows of every query into ``checked.<table>``; raises ``ReleaseError`` with all breaches."""
    problems = [f"published.{name} is not written" for name in tables if name not in queries]
    for name, query in queries.items():
        try:
            shape = shape_problems(connection, tables[name], query)
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            shape = [f"the warehouse lacks what it is made from: {str(error).splitlines()[0]}"]
        problems += [f"published.{name}: {problem}" for problem in shape]
    if not problems:
        for name, query in queries.items():
            connection.execute(f"create table checked.{name} as {query}")
        problems = [
            f"published.{name}: {problem}"
            for name, table in tables.items()
            for problem in row_problems(connection, table, "checked")
        ]
    if problems:
        raise ReleaseError(
            "The release would break the contract of the published tables (quality/release/tables): "
            + "; ".join(problems)
            + "."
        )


def _definition(table: PublishedTable) -> str:
    return ", ".join(
        f'"{column.name}" {column.type}{" not null" if column.required else ""}' for column in table.columns
    )


def _candidate_sql(name: str, notice: str) -> str:
    return _columns_sql(name, f"release_candidate.{name}", notice)


def _columns_sql(name: str, relation: str, notice: str) -> str:
    """The contract's columns of a table of the warehouse; what else stands there stays in."""
    columns = [column for column in published_table(name).column_names if column != "data_notice"]
    return f"select {', '.join(columns)}, {notice} from warehouse.{relation}"


def _values_sql(notice: str) -> str:
    figures = ",\n".join(f"case when status = 'shown' then {name} end as {name}" for name in FIGURES)
    # How much is recorded stays readable where just that is the reason for showing no value.
    shares = ",\n".join(f"case when status in ('shown', 'not_recorded') then {name} end as {name}" for name in SHARES)
    return f"""
        select
            indicator_id,
            variant,
            area_level,
            area_code,
            period_type,
            period,
            period_start,
            cast(period_end_exclusive - 1 as date) as period_end,
            breakdown,
            category,
            {figures},
            case
                when status <> 'shown' or trend is null then null
                when shown_points < 5 then 'cannot_be_said'
                else trend
            end as trend,
            status,
            is_complete,
            is_series_break,
            -- An exact share of a few clients tells how few they are.
            round(coverage, 2) as coverage,
            {shares},
            {notice}
        from (
            select
                protected.*,
                indicator_trend.trend,
                -- A direction over a point that is not shown would tell of it.
                sum(case when protected.status = 'shown' then 1 else 0 end) over (
                    partition by {", ".join(f"protected.{name}" for name in _SERIES)}
                    order by protected.period_start rows between 4 preceding and current row
                ) as shown_points
            from protected
            left join warehouse.release_candidate.indicator_trend as indicator_trend
                on {" and ".join(f"protected.{name} = indicator_trend.{name}" for name in (*_SERIES, "period"))}
        )
    """


def _write_checksums(folder: Path) -> None:
    lines = [
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def _quoted(text: object) -> str:
    return str(text).replace("'", "''")
