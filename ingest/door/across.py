"""Checks of rows beside the other tables of their delivery, for many deliveries at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.contracts import Contract, contracts, upgrade
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.findings import LISTED_PLACES, Place, Skipped, finding, masked_key
from ingest.door.large import LargeTable, Rows, StoredRows
from ingest.door.manifest import Manifest
from ingest.door.rules import QUARANTINE_ROW, RULES, WARN, Query, Rule
from ingest.lake import table_schema

# Thousands of small chunks would each be a scan step of their own.
_SMALL_CHUNK = 2048
_ROWS_AT_A_TIME = 200_000


def check_across(connection: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery]) -> None:
    """Look at the accepted rows of each delivery beside each other, after the checks of the rows.

    Findings are added to the deliveries; rows that refer to nothing may move from the accepted to
    the refused ones; what could not be checked for want of a table stands in ``not_checked``. Costs
    one query per table and rule for all ``deliveries`` together.
    """
    rules = [rule for rule in RULES.values() if rule.table and not rule.needs_history]
    with tables_of(connection, deliveries) as delivered:
        for name, numbers in delivered.items():
            contract = contracts()[name]
            for rule in rules:
                assert rule.table is not None
                for query in rule.table(contract):
                    able = _able(rule, query, name, numbers, deliveries, delivered)
                    if able:
                        report(rule, query, contract, connection.sql(query.sql), deliveries, able)


@contextmanager
def tables_of(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    others: Mapping[str, Sequence[tuple[int, Rows]]] | None = None,
    rows_to_compare: Callable[[Manifest, DeliveryTable], Rows] | None = None,
) -> Iterator[dict[str, set[int]]]:
    """Views over the accepted rows of the deliveries: those that the rules of tables read.

    Yields table -> numbers (places in ``deliveries``) of the deliveries with that table, empty ones
    included. ``others`` are tables with numbers of their own to be read as ``previous_<table>``;
    ``rows_to_compare`` gives the rows of a table with the keys that those have (by default as delivered).
    """
    rows_of: dict[str, list[tuple[int, Rows]]] = {}
    delivered: dict[str, set[int]] = {}
    for number, delivery in enumerate(deliveries):
        if delivery.manifest is None:
            continue
        for table in delivery.tables:
            if table.checked is not None:
                delivered.setdefault(table.file.table, set()).add(number)
                found = rows_to_compare(delivery.manifest, table) if rows_to_compare else table.checked.rows
                rows_of.setdefault(table.file.table, []).append((number, found))
        for name in delivery.manifest.nothing_to_report:
            delivered.setdefault(name, set()).add(number)
    views: dict[str, Sequence[tuple[int, Rows]]] = {name: rows_of.get(name, []) for name in contracts()}
    views |= {f"previous_{name}": rows for name, rows in (others or {}).items()}
    connection.register("deliveries", _deliveries(deliveries))
    for view, rows in views.items():
        _make_view(connection, view, contracts()[view.removeprefix("previous_")], rows)
    try:
        yield delivered
    finally:
        connection.unregister("deliveries")
        for view, rows in views.items():
            if any(isinstance(part, StoredRows) for _, part in rows):
                connection.execute(f'drop view "{view}"')
                connection.unregister(f"held_{view}")
            else:
                connection.unregister(view)


def _make_view(
    connection: duckdb.DuckDBPyConnection, view: str, contract: Contract, rows: Sequence[tuple[int, Rows]]
) -> None:
    """A view over rows in memory, and over those in files where there are any."""
    held = numbered(contract, [(number, part) for number, part in rows if isinstance(part, pa.Table)])
    stored = [(number, part) for number, part in rows if isinstance(part, StoredRows)]
    if not stored:
        connection.register(view, held)
        return
    connection.register(f"held_{view}", held)
    names = ", ".join(f'"{name}"' for name in table_schema(contract).names)
    parts = [f'select {names}, delivery from "held_{view}"']
    parts += [
        f"select {names}, {number}::integer as delivery from (select {part.columns} from {part.relation})"
        for number, part in stored
    ]
    connection.execute(f'create temp view "{view}" as {" union all ".join(parts)}')


def numbered(contract: Contract, tables: Sequence[tuple[int, pa.Table]]) -> pa.Table:
    """The rows of many tables of a contract in one, with the number of each as ``delivery``."""
    schema = table_schema(contract)
    if not tables:
        return schema.append(pa.field("delivery", pa.int32())).empty_table()
    together = pa.concat_tables([table.select(schema.names) for _, table in tables])
    sizes = [table.num_rows for _, table in tables]
    if together.num_rows < _SMALL_CHUNK * len(tables):
        together = together.combine_chunks()
    numbers = np.repeat(np.array([number for number, _ in tables], dtype=np.int32), sizes)
    return together.append_column("delivery", pa.array(numbers))


def report(
    rule: Rule,
    query: Query,
    contract: Contract,
    found: duckdb.DuckDBPyRelation,
    deliveries: Sequence[Delivery],
    able: set[int],
    expected: Mapping[int, str] | None = None,
    named: Callable[[pa.Table], pa.Table] = lambda rows: rows,
) -> None:
    """Add what a query found (``delivery``, ``source_row``, perhaps ``seen`` and ``record``).

    ``able`` are the deliveries for which it could be asked; ``expected`` says what was expected of
    each where that differs between them; ``named`` gives the rows to be listed their ``record`` as the
    supplier knows it.
    """
    if len(deliveries) == 1 and deliveries[0].is_large:
        shares = [(0, _share_of_large(rule, query, contract, found, deliveries[0]))]
    else:
        shares = [(number, rows) for number, rows in _shares(found) if number in able]
    for number, share in shares:
        if share.count:
            share = replace(share, first=named(share.first))
            _add(rule, query, contract, share, deliveries[number], (expected or {}).get(number))


@dataclass(frozen=True)
class _Share:
    """What a query found in one delivery: how many places, and the ``first`` of them.

    ``rows`` are those that are marked for it yet (``source_row``).
    """

    count: int
    first: pa.Table
    rows: npt.NDArray[np.int32]


def _shares(found: duckdb.DuckDBPyRelation) -> Iterator[tuple[int, _Share]]:
    rows = found.to_arrow_table()
    if not rows.num_rows:
        return
    rows = rows.sort_by([("delivery", "ascending"), ("source_row", "ascending")])
    numbers, starts, sizes = np.unique(rows["delivery"].to_numpy(), return_index=True, return_counts=True)
    for number, start, size in zip(numbers.tolist(), starts.tolist(), sizes.tolist(), strict=True):
        own = rows.slice(start, size)
        yield number, _Share(size, own.slice(0, LISTED_PLACES), _rows_of(own))


def _share_of_large(
    rule: Rule, query: Query, contract: Contract, found: duckdb.DuckDBPyRelation, delivery: Delivery
) -> _Share:
    """The same of a delivery that has every row of a table to itself, some rows at a time."""
    table = _table_of(delivery, contract)
    count, first, rows = 0, None, []
    for batch in found.to_arrow_reader(_ROWS_AT_A_TIME):
        part = pa.Table.from_batches([batch])
        count += part.num_rows
        both = part if first is None else pa.concat_tables([first, part])
        first = both.sort_by("source_row").slice(0, LISTED_PLACES)
        if table is not None and isinstance(table.checked, LargeTable):
            _mark(rule, query, table, _rows_of(part), delivery)
        else:
            rows.append(_rows_of(part))
    return _Share(
        count,
        first if first is not None else pa.table({}),
        np.sort(np.concatenate(rows)) if rows else np.empty(0, dtype=np.int32),
    )


def _rows_of(found: pa.Table) -> npt.NDArray[np.int32]:
    return found["source_row"].drop_null().to_numpy().astype(np.int32, copy=False)


def _add(rule: Rule, query: Query, contract: Contract, share: _Share, delivery: Delivery, expected: str | None) -> None:
    version = delivery.manifest.contract_version if delivery.manifest else None
    table = _table_of(delivery, contract)
    fields = {
        "table": contract.table,
        "file": table.file.path if table else None,
        "sheet": table.sheet if table else None,
        "column": columns_as_delivered(contract.table, query.column, version) if query.column else None,
        "expected": expected or (names_as_delivered(query.expected, version) if query.expected else None),
    }
    first = share.first
    if first["source_row"].null_count == first.num_rows and "record" not in first.column_names:
        delivery.findings.append(finding(rule.code, seen=first["seen"][0].as_py(), **fields))
        return
    delivery.findings.append(finding(rule.code, count=share.count, places=_places(contract, table, first), **fields))
    if table is not None and not first["source_row"].null_count:
        _mark(rule, query, table, share.rows, delivery)


def _mark(rule: Rule, query: Query, table: DeliveryTable, rows: npt.NDArray[np.int32], delivery: Delivery) -> None:
    """Note rows of a table (``source_row``) as what the rule makes of them."""
    if table.checked is None or not len(rows):
        return
    if rule.severity == QUARANTINE_ROW:
        column = columns_as_delivered(table.file.table, query.column or "", table.contract.version)
        table.checked.refuse(rows, f"{column}: {rule.code}")
    elif rule.severity == WARN:
        table.checked.warn(rows)


def _table_of(delivery: Delivery, contract: Contract) -> DeliveryTable | None:
    return next((entry for entry in delivery.tables if entry.file.table == contract.table), None)


def _able(
    rule: Rule,
    query: Query,
    name: str,
    numbers: set[int],
    deliveries: Sequence[Delivery],
    delivered: Mapping[str, set[int]],
) -> set[int]:
    """Which deliveries have all that the query reads; the others are told that it was not asked."""
    able = {number for number in numbers if has_columns(name, query.column, deliveries[number])}
    for needed in query.tables:
        for number in sorted(able - delivered.get(needed, set())):
            skipped = Skipped(rule, name, needed)
            if skipped not in deliveries[number].not_checked:
                deliveries[number].not_checked.append(skipped)
        able &= delivered.get(needed, set())
    return able


def has_columns(table: str, columns: str | None, delivery: Delivery) -> bool:
    """Whether the contract version of a delivery knows the columns (``a, b``) that a query is about."""
    if columns is None or delivery.manifest is None:
        return True
    added = upgrade(table, delivery.manifest.contract_version).added
    known = contracts()[table]
    return not any(known.column(name).lake_name in added for name in columns.split(", ") if name in known.column_names)


def columns_as_delivered(table: str, columns: str, version: str | None) -> str:
    """Names of columns (``a, b``) of the newest contract by the names that ``version`` has for them."""
    if version is None or not (way := upgrade(table, version)).renamed:
        return columns
    newest = contracts()[table]
    name_of = {column.lake_name: column.name for column in contracts(version)[table].columns}
    source_of = {column.name: way.source_of[column.lake_name] for column in newest.columns}
    return ", ".join(name_of.get(source_of.get(name) or "", name) for name in columns.split(", "))


def names_as_delivered(expected: str, version: str | None) -> str:
    """``table.a, b`` by the names that ``version`` has for the columns; any other text as it is."""
    table, point, columns = expected.partition(".")
    if not point or table not in contracts(version):
        return expected
    return f"{table}.{columns_as_delivered(table, columns, version)}"


def _deliveries(deliveries: Sequence[Delivery]) -> pa.Table:
    known = [
        (number, manifest.supplier_code, manifest.period.start, manifest.period.end_exclusive)
        for number, manifest in ((number, delivery.manifest) for number, delivery in enumerate(deliveries))
        if manifest
    ]
    schema = pa.schema(
        [
            ("delivery", pa.int32()),
            ("supplier", pa.string()),
            ("period_start", pa.date32()),
            ("period_end", pa.date32()),
        ]
    )
    columns = zip(*known, strict=True) if known else [[]] * len(schema)
    return pa.table(
        [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )


def _places(contract: Contract, table: DeliveryTable | None, found: pa.Table) -> list[Place]:
    found = found.slice(0, LISTED_PLACES)
    rows = found["source_row"].to_pylist()
    seen = found["seen"].to_pylist() if "seen" in found.column_names else [None] * len(rows)
    if "record" in found.column_names:
        records = [masked_key(value) for value in found["record"].to_pylist()]
    else:
        rows_found = found["source_row"].to_numpy().astype(np.int32, copy=False)
        if table is None or table.checked is None:
            records = [None] * len(rows)
        elif isinstance(table.checked, LargeTable):
            records = table.checked.records(rows_found)
        else:
            records = table.checked.records(contract, rows_found)
    return [Place(*place) for place in zip(rows, seen, records, strict=True)]
