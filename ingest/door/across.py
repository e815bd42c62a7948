"""Checks of rows beside the other tables of their delivery, for many deliveries at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Contract, contracts
from ingest.door.checks import record_column
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.findings import LISTED_PLACES, Place, Skipped, finding, masked_key
from ingest.door.manifest import Manifest
from ingest.door.rules import QUARANTINE_ROW, RULES, WARN, Query, Rule
from ingest.lake import table_schema

# Thousands of small chunks would each be a scan step of their own.
_SMALL_CHUNK = 2048


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
                        rows = connection.sql(query.sql).to_arrow_table()
                        report(rule, query, contract, rows, deliveries, able)


@contextmanager
def tables_of(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    others: Mapping[str, Sequence[tuple[int, pa.Table]]] | None = None,
    rows: Callable[[Manifest, DeliveryTable], pa.Table] | None = None,
) -> Iterator[dict[str, set[int]]]:
    """Views over the accepted rows of the deliveries: those that the rules of tables read.

    Yields table -> numbers (places in ``deliveries``) of the deliveries with that table, empty ones
    included. ``others`` are tables with numbers of their own to be read as ``previous_<table>``;
    ``rows`` gives the rows of a table with the keys that those have (by default as delivered).
    """
    rows_of: dict[str, list[tuple[int, pa.Table]]] = {}
    delivered: dict[str, set[int]] = {}
    for number, delivery in enumerate(deliveries):
        if delivery.manifest is None:
            continue
        for table in delivery.tables:
            if table.checked is not None:
                delivered.setdefault(table.file.table, set()).add(number)
                found = rows(delivery.manifest, table) if rows else table.checked.accepted
                rows_of.setdefault(table.file.table, []).append((number, found))
        for name in delivery.manifest.nothing_to_report:
            delivered.setdefault(name, set()).add(number)
    views = {"deliveries": _deliveries(deliveries)}
    for name, contract in contracts().items():
        views[name] = numbered(contract, rows_of.get(name, []))
    for name, tables in (others or {}).items():
        views[f"previous_{name}"] = numbered(contracts()[name], tables)
    for view, content in views.items():
        connection.register(view, content)
    try:
        yield delivered
    finally:
        for view in views:
            connection.unregister(view)


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
    rows: pa.Table,
    deliveries: Sequence[Delivery],
    able: set[int],
    expected: Mapping[int, str] | None = None,
) -> None:
    """Add what a query found (``delivery``, ``source_row``, perhaps ``seen`` and ``record``).

    ``able`` are the deliveries for which it could be asked; ``expected`` says what was expected of
    each where that differs between them.
    """
    if not rows.num_rows:
        return
    rows = rows.sort_by([("delivery", "ascending"), ("source_row", "ascending")])
    numbers = rows["delivery"].to_numpy()
    for number in np.unique(numbers).tolist():
        if number not in able:
            continue
        delivery = deliveries[number]
        found = rows.filter(pc.equal(rows["delivery"], number))
        table = next((entry for entry in delivery.tables if entry.file.table == contract.table), None)
        fields = {
            "table": contract.table,
            "file": table.file.path if table else None,
            "sheet": table.raw.sheet if table and table.raw else None,
            "column": query.column,
            "expected": (expected or {}).get(number, query.expected),
        }
        if found["source_row"].null_count == found.num_rows and "record" not in found.column_names:
            delivery.findings.append(finding(rule.code, seen=found["seen"][0].as_py(), **fields))
            continue
        places = _places(contract, table, found)
        delivery.findings.append(finding(rule.code, count=found.num_rows, places=places, **fields))
        if table is None or table.checked is None or table.raw is None or found["source_row"].null_count:
            continue
        at = found["source_row"].to_numpy().astype(np.int32, copy=False)
        if rule.severity == QUARANTINE_ROW:
            table.checked.refuse(contract, table.raw, at, f"{query.column}: {rule.code}")
        elif rule.severity == WARN:
            table.checked.warn(at)


def _able(
    rule: Rule,
    query: Query,
    name: str,
    numbers: set[int],
    deliveries: Sequence[Delivery],
    delivered: Mapping[str, set[int]],
) -> set[int]:
    """Which deliveries have all that the query reads; the others are told that it was not asked."""
    able = set(numbers)
    for needed in query.tables:
        for number in sorted(able - delivered.get(needed, set())):
            skipped = Skipped(rule, name, needed)
            if skipped not in deliveries[number].not_checked:
                deliveries[number].not_checked.append(skipped)
        able &= delivered.get(needed, set())
    return able


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
        records = _records(contract, table, found["source_row"].to_numpy())
    return [Place(*place) for place in zip(rows, seen, records, strict=True)]


def _records(contract: Contract, table: DeliveryTable | None, rows: npt.NDArray[np.int32]) -> list[str | None]:
    name = record_column(contract)
    if name is None or table is None or table.checked is None:
        return [None] * len(rows)
    accepted = table.checked.accepted
    positions = np.searchsorted(accepted["source_row"].to_numpy(), rows)
    return [masked_key(value) for value in accepted[name].take(pa.array(positions)).to_pylist()]
