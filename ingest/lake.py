"""The lake: accepted rows as Parquet, and the ledger that says which of them count.

The door appends to the ledger once a delivery's files are in place, so a file without a ledger
row was left by an interrupted intake and never counts. Versions are ordered by acceptance.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contracts import Contract, code_lists, contracts
from ingest.periods import Period
from ingest.state import Home

# Grain: one row per delivery x table (``nothing_to_report`` included, with rows = 0 and no path).
LEDGER_SCHEMA = pa.schema(
    [
        ("acceptance_no", pa.int64()),  # 1, 2, … in order of acceptance over all deliveries
        ("accepted_at", pa.timestamp("us", tz="UTC")),
        ("delivery_id", pa.string()),
        ("organisation", pa.string()),
        ("period", pa.string()),
        ("period_start", pa.date32()),
        ("period_end_exclusive", pa.date32()),
        ("table_name", pa.string()),
        ("mode", pa.string()),
        ("rows", pa.int64()),
        ("rows_quarantined", pa.int64()),
        ("path", pa.string()),  # relative to the lake; null when there was nothing to report
        ("sha256", pa.string()),  # of the file as delivered
        ("manifest_sha256", pa.string()),
        ("contract_version", pa.string()),
        ("key_domain", pa.string()),
        ("extracted_at", pa.timestamp("us", tz="UTC")),
        ("data_from", pa.date32()),  # first day a history covers; null: all there ever was
        ("correction_of", pa.string()),
        ("is_late", pa.bool_()),
    ]
)

# Which rows of the lake count (definition of the delivery modes): of a history table the latest
# accepted version of the supplier's latest period, of the others that of every period.
COUNTING_SQL = """
    select * exclude (version_rank)
    from (
        select
            *,
            count(*) over (partition by organisation, table_name, period) as versions,
            row_number() over (
                partition by
                    organisation,
                    table_name,
                    case when mode = 'history' then '' else period end
                order by
                    case when mode = 'history' then period_end_exclusive end desc,
                    acceptance_no desc
            ) as version_rank
        from ledger
    )
    where version_rank = 1
"""


def file_path(home: Home, table: str, organisation: str, period: str, delivery_id: str) -> Path:
    """Where the accepted rows of one table of one delivery lie."""
    return (
        home.lake
        / table
        / f"organisation={organisation}"
        / f"period={period}"
        / f"{delivery_id}.parquet"
    )


def table_schema(contract: Contract) -> pa.Schema:
    """Arrow schema of a table's files in the lake: the contract's columns, then ``source_row``.

    ``source_row`` is the row in the file as delivered (the header is row 1).
    """
    arrow = {
        "VARCHAR": pa.string(),
        "DATE": pa.date32(),
        "INTEGER": pa.int32(),
        "DOUBLE": pa.float64(),
        "BOOLEAN": pa.bool_(),
    }
    fields = [(column.lake_name, arrow[column.lake_type]) for column in contract.columns]
    return pa.schema([*fields, ("source_row", pa.int32())])


def read_ledger(home: Home) -> pa.Table:
    """All rows of the ledger, ordered by acceptance; empty before the first intake."""
    files = sorted(home.ledger.glob("*.parquet")) if home.ledger.exists() else []
    if not files:
        return LEDGER_SCHEMA.empty_table()
    return pa.concat_tables([pq.read_table(file, schema=LEDGER_SCHEMA) for file in files]).sort_by(
        "acceptance_no"
    )


def append_to_ledger(home: Home, rows: Sequence[dict[str, Any]]) -> None:
    """Add rows in one atomic step (written beside, then renamed). The caller numbers them."""
    if not rows:
        return
    home.ledger.mkdir(parents=True, exist_ok=True)
    first = min(row["acceptance_no"] for row in rows)
    name = f"{first:010d}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:8]}.parquet"
    partial = home.ledger / f".{name}.partial"
    pq.write_table(pa.Table.from_pylist(list(rows), schema=LEDGER_SCHEMA), partial)
    partial.replace(home.ledger / name)


def counting(home: Home) -> pa.Table:
    """Ledger rows that count, with ``versions`` (how many of the same period were accepted)."""
    with duckdb.connect() as connection:
        connection.register("ledger", read_ledger(home))
        return connection.execute(
            f"{COUNTING_SQL} order by table_name, organisation, period"
        ).to_arrow_table()


def attach_lake(connection: duckdb.DuckDBPyConnection, home: Home) -> None:
    """Make the lake readable as tables: what dbt's sources name.

    ``lake.<table>``: a view over the files that count, with ``organisation``, ``period`` and
    beside the contract's columns. ``lake.delivery``: the whole ledger with
    ``is_counting`` and ``version``.
    """
    connection.execute("create schema if not exists lake")
    connection.register("ledger", read_ledger(home))
    connection.execute(
        f"""
        create or replace table lake.delivery as
        select
            ledger.*,
            row_number() over (
                partition by ledger.organisation, ledger.table_name, ledger.period
                order by ledger.acceptance_no
            ) as version,
            counting.acceptance_no is not null as is_counting
        from ledger
        left join ({COUNTING_SQL}) as counting using (acceptance_no, table_name)
        order by ledger.acceptance_no, ledger.table_name
        """
    )
    connection.unregister("ledger")
    _write_code_lists(connection)
    files: dict[str, list[str]] = {}
    for table, path in connection.execute(
        "select table_name, path from lake.delivery where is_counting and path is not null order by path"
    ).fetchall():
        files.setdefault(table, []).append(str(home.lake / path))
    for table, table_contract in contracts().items():
        connection.execute(f"drop view if exists lake.{table}")
        connection.execute(
            f"create view lake.{table} as {_view_sql(table_contract, files.get(table, []))}"
        )


def _write_code_lists(connection: duckdb.DuckDBPyConnection) -> None:
    codes, attributes = [], []
    for name, code_list in code_lists().items():
        codes += [(name, code, *label.values()) for code, label in code_list.labels.items()]
        attributes += [
            (name, code, attribute, value)
            for code, found in code_list.attributes.items()
            for attribute, value in found.items()
        ]
    connection.execute(
        "create or replace table lake.code "
        "(code_list varchar, code varchar, label_fi varchar, label_sv varchar, label_en varchar)"
    )
    connection.executemany("insert into lake.code values (?, ?, ?, ?, ?)", codes)
    connection.execute(
        "create or replace table lake.code_attribute "
        "(code_list varchar, code varchar, attribute varchar, value varchar)"
    )
    connection.executemany("insert into lake.code_attribute values (?, ?, ?, ?)", attributes)


def _view_sql(table_contract: Contract, paths: list[str]) -> str:
    columns = [
        *((column.lake_name, column.lake_type) for column in table_contract.columns),
        ("source_row", "INTEGER"),
    ]
    if not paths:
        empty = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns)
        return f"select {empty}, cast(null as varchar) as organisation, cast(null as varchar) as period where false"
    listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    names = ", ".join(f'"{name}"' for name, _ in columns)
    return (
        f"select {names}, organisation, period from read_parquet([{listed}], "
        "hive_partitioning = true, hive_types = {'organisation': varchar, 'period': varchar})"
    )


def period_columns(period: Period) -> dict[str, Any]:
    """The ledger's three period columns."""
    return {
        "period": period.code,
        "period_start": period.start,
        "period_end_exclusive": period.end_exclusive,
    }
