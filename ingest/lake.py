"""The lake: accepted rows as Parquet, keys replaced by the warehouse's own, and which of them count.

The door appends to the ledger once a delivery's files are in place, so a file without a ledger
row was left by an interrupted intake and never counts. Versions are ordered by acceptance. The lake
can be read as of any earlier moment: nothing that was accepted is overwritten.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import CLIENT_KEY, Contract, code_lists, contracts, upgrade, upgrade_sql
from ingest.due import Delivered, due_date, expected
from ingest.ledger import (
    LEDGER_SCHEMA,
    AsOf,
    append_to_ledger,
    ledger_with_state,
    period_columns,
    read_ledger,
)
from ingest.periods import Period
from ingest.state import Home

__all__ = [
    "COUNTING_SQL",
    "LEDGER_SCHEMA",
    "AsOf",
    "append_to_ledger",
    "attach_lake",
    "counting",
    "delivered",
    "file_path",
    "lake_schema",
    "period_columns",
    "read_ledger",
    "table_schema",
]

# Which rows of the lake count (definition of the delivery modes): of a history table the latest
# accepted version of the supplier's latest period, of the others that of every period. A withdrawn
# delivery is as if it had never come, so the version before it counts again.
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
        where not is_withdrawn and not is_expired
    )
    where version_rank = 1
"""


def file_path(home: Home, table: str, organisation: str, period: str, delivery_id: str) -> Path:
    """Where the accepted rows of one table of one delivery lie."""
    return home.lake / table / f"organisation={organisation}" / f"period={period}" / f"{delivery_id}.parquet"


def table_schema(contract: Contract) -> pa.Schema:
    """Arrow schema of a table's accepted rows: the contract's columns, then ``source_row``.

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


def lake_schema(contract: Contract) -> pa.Schema:
    """Arrow schema of a table's files in the lake: as accepted, keys replaced (``ingest.rekeying``).

    After the columns of ``table_schema`` comes the rank of each key whose order is kept.
    """
    ranks = [pa.field(column.order_name, pa.int32()) for column in contract.order_columns]
    return pa.schema([*table_schema(contract), *ranks])


def counting(home: Home, as_of: AsOf = None) -> pa.Table:
    """Ledger rows that count, with ``versions`` (how many of the same period were accepted).

    ``as_of`` gives the state after an acceptance number or at a time.
    """
    with duckdb.connect() as connection:
        connection.register("ledger", ledger_with_state(home, as_of))
        return connection.sql(f"{COUNTING_SQL} order by table_name, organisation, period").to_arrow_table()


def attach_lake(connection: duckdb.DuckDBPyConnection, home: Home, as_of: AsOf = None) -> None:
    """Make the lake readable as tables: what dbt's sources name.

    ``lake.<table>``: a view over the files that count, with ``organisation`` and ``period``
    beside the contract's columns. ``lake.delivery``: the whole ledger with ``is_counting``,
    ``is_withdrawn``, ``version`` and ``has_client_keys`` (whether the table's rows are about clients).
    ``lake.delivery_due``: what was delivered or should have been by the day of the newest acceptance (so that
    the same deliveries give the same table whenever it is made). ``as_of`` attaches the lake as it was after an
    acceptance number or at a time (less what has been erased or gone past its retention since).
    """
    connection.execute("create schema if not exists lake")
    ledger = ledger_with_state(home, as_of)
    connection.register("ledger", ledger)
    about_clients = sorted(
        name for name, table in contracts().items() if any(column.key_of == CLIENT_KEY for column in table.columns)
    )
    connection.execute(
        f"""
        create or replace table lake.delivery as
        select
            ledger.* exclude (is_withdrawn, is_expired),
            row_number() over (
                partition by ledger.organisation, ledger.table_name, ledger.period
                order by ledger.acceptance_no
            ) as version,
            counting.acceptance_no is not null as is_counting,
            ledger.is_withdrawn,
            ledger.is_expired,
            ledger.table_name in ({", ".join(f"'{name}'" for name in about_clients)}) as has_client_keys
        from ledger
        left join ({COUNTING_SQL}) as counting using (acceptance_no, table_name)
        order by ledger.acceptance_no, ledger.table_name
        """
    )
    connection.unregister("ledger")
    connection.register("due", _due_table(ledger))
    connection.execute("create or replace table lake.delivery_due as select * from due")
    connection.unregister("due")
    _write_code_lists(connection)
    files: dict[str, dict[str, list[str]]] = {}
    for table, path, version in connection.execute(
        "select table_name, path, stored_version from lake.delivery "
        "where is_counting and path is not null order by path"
    ).fetchall():
        files.setdefault(table, {}).setdefault(version, []).append(str(home.lake / path))
    for table, table_contract in contracts().items():
        connection.execute(f"drop view if exists lake.{table}")
        connection.execute(f"create view lake.{table} as {_view_sql(table_contract, files.get(table, {}))}")


def delivered(ledger: pa.Table) -> set[Delivered]:
    """What stands delivered in a ledger with state: neither withdrawn nor past its retention."""
    columns = ("organisation", "table_name", "period", "is_withdrawn", "is_expired")
    rows = set(zip(*(ledger.column(name).to_pylist() for name in columns), strict=True))
    return {
        Delivered(organisation, table, Period.parse(period))
        for organisation, table, period, is_withdrawn, is_expired in rows
        if not is_withdrawn and not is_expired
    }


def _due_table(ledger: pa.Table) -> pa.Table:
    """Grain: one row per organisation, table and period that was, or should have been, delivered."""
    rows: dict[tuple[str, str, Period], date] = {}
    if newest := pc.max(pc.cast(ledger.column("accepted_at"), pa.date32())).as_py():
        came = delivered(ledger)
        rows = {(due.organisation, due.table, due.period): due.due_date for due in expected(came, newest)}
        rows |= {
            (entry.organisation, entry.table, entry.period): due_date(entry.table, entry.period)
            for entry in came
            if entry.table in contracts()
        }
    ordered = sorted(rows.items())
    return pa.table(
        {
            "organisation": pa.array([key[0] for key, _ in ordered], pa.string()),
            "table_name": pa.array([key[1] for key, _ in ordered], pa.string()),
            "period": pa.array([key[2].code for key, _ in ordered], pa.string()),
            "period_type": pa.array([key[2].type for key, _ in ordered], pa.string()),
            "due_date": pa.array([due for _, due in ordered], pa.date32()),
        }
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


def _view_sql(table_contract: Contract, paths: dict[str, list[str]]) -> str:
    """The rows of files, given by the contract version in which they are stored, as the newest has them."""
    columns = [
        *((column.lake_name, column.lake_type) for column in table_contract.columns),
        ("source_row", "INTEGER"),
        *((column.order_name, "INTEGER") for column in table_contract.order_columns),
    ]
    if not paths:
        empty = ", ".join(f'cast(null as {kind}) as "{name}"' for name, kind in columns)
        return f"select {empty}, cast(null as varchar) as organisation, cast(null as varchar) as period where false"
    return " union all ".join(
        f"select {stored_columns(table_contract.table, version)}, organisation, period "
        f"from read_parquet([{', '.join(map(quoted, files))}], "
        "hive_partitioning = true, hive_types = {'organisation': varchar, 'period': varchar})"
        for version, files in sorted(paths.items(), reverse=True)
    )


def stored_columns(table: str, version: str) -> str:
    """SQL: the newest columns of a table, ``source_row`` and ranks, out of a file stored in ``version``."""
    way, stored = upgrade(table, version), contracts(version)[table]
    named = [f'{sql} as "{name}"' for name, sql in upgrade_sql(table, version).items()]
    order_of = {column.lake_name: column.order_name for column in stored.order_columns}
    ranks = [
        f'{quoted_name(order_of.get(way.source_of[column.lake_name] or ""))} as "{column.order_name}"'
        for column in contracts()[table].order_columns
    ]
    return ", ".join([*named, "source_row", *ranks])


def quoted_name(name: str | None) -> str:
    """A SQL identifier; no name is no rank."""
    return "cast(null as integer)" if name is None else f'"{name}"'


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
