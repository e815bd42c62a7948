"""Checks of a delivery beside the one that the same supplier sent for the period before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from math import sqrt
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contracts import Column, Contract, contracts, upgrade_rows, versions
from ingest.door.across import has_columns, report, tables_of
from ingest.door.delivery import Delivery, DeliveryTable
from ingest.door.findings import Skipped, finding
from ingest.door.large import LARGEST_HELD, Rows, StoredRows
from ingest.door.manifest import Manifest
from ingest.door.originals import distinct_keys
from ingest.door.rules import RULES, Query
from ingest.door.rules.tables import VOLUME_CHANGE, VOLUME_DEVIATIONS, VOLUME_ROWS
from ingest.door.storing import lake_rows
from ingest.lake import file_path, stored_columns, table_schema
from ingest.ledger import ledger_with_state
from ingest.periods import Period
from ingest.rekeying import Sender, WarehouseKeys
from ingest.state import Home


@dataclass(frozen=True)
class Version:
    """A table as a supplier delivered it for a period. ``delivered_rows`` counts refused ones too.

    ``read`` gives its accepted rows with the keys by which its history compares: in memory when they
    take no more than the given number of bytes, else where they are stored. ``delivered`` gives, for a
    key column, the different keys as the supplier delivered them, which may be fewer when its files
    are gone.
    """

    period: Period
    delivered_rows: int
    read: Callable[[int], Rows]
    sender: Sender
    delivered: Callable[[str], pa.Array]


@dataclass(frozen=True)
class _Sender:
    organisation: str
    key_domain: str


class History(Protocol):
    """What a supplier delivered before."""

    def before(self, organisation: str, table: str, period: Period) -> Version | None:
        """The version that counts of the latest period before ``period``."""

    def add(self, delivery: Delivery) -> None:
        """Take note of a delivery that is being accepted."""

    def rows(self, manifest: Manifest, table: DeliveryTable) -> Rows:
        """The accepted rows of a table with the same keys as the versions of this history."""

    def records(self, column: Column, version: Version, keys: Sequence[str]) -> list[str | None]:
        """Keys of a version as its supplier delivered them, so that it finds its rows."""


class GivenHistory:
    """Deliveries at hand, already checked: for a supplier who checks before sending. Keys are as delivered."""

    def __init__(self, deliveries: Iterable[Delivery] = ()) -> None:
        self._versions: dict[tuple[str, str], dict[str, Version]] = {}
        for delivery in deliveries:
            self.add(delivery)

    def before(self, organisation: str, table: str, period: Period) -> Version | None:
        """The latest version of a period of the same kind that starts before ``period``."""
        versions = self._versions.get((organisation, table), {}).values()
        earlier = [version for version in versions if version.period.type == period.type and version.period < period]
        return max(earlier, key=lambda version: version.period, default=None)

    def add(self, delivery: Delivery) -> None:
        """Take note of a delivery with its rows in memory."""
        manifest = delivery.manifest
        if manifest is None:
            return
        for table in delivery.tables:
            if table.checked is not None:
                self._put(
                    manifest.organisation,
                    table.file.table,
                    Version(
                        manifest.period,
                        table.rows,
                        partial(self._read, manifest, table),
                        manifest,
                        partial(_distinct, table),
                    ),
                )
        for name in manifest.nothing_to_report:
            self._put(manifest.organisation, name, Version(manifest.period, 0, _empty(name), manifest, _no_keys))

    def rows(self, _manifest: Manifest, table: DeliveryTable) -> Rows:
        """The accepted rows as they are."""
        assert table.checked is not None
        return table.checked.rows

    def _read(self, manifest: Manifest, table: DeliveryTable, _room: int) -> Rows:
        return self.rows(manifest, table)

    def records(self, _column: Column, _version: Version, keys: Sequence[str]) -> list[str | None]:
        """The keys as they are."""
        return list(keys)

    def _put(self, organisation: str, table: str, version: Version) -> None:
        self._versions.setdefault((organisation, table), {})[version.period.code] = version


class LakeHistory(GivenHistory):
    """What the lake holds, and what was accepted since it was looked at. Keys are the warehouse's.

    Reads the ledger when made, and files of the lake when their rows are asked for.
    """

    def __init__(self, home: Home, keys: WarehouseKeys) -> None:
        super().__init__()
        self._home = home
        self._keys = keys
        self._unwritten: list[tuple[str, str, Version, str]] = []
        ledger = ledger_with_state(home).sort_by("acceptance_no")
        for row in ledger.to_pylist():
            if row["is_withdrawn"] or row["is_expired"]:
                continue
            version = Version(
                _period(row["period"]),
                row["rows"] + row["rows_quarantined"],
                self._file(row["table_name"], row["path"], row["stored_version"])
                if row["path"]
                else _empty(row["table_name"]),
                _Sender(row["organisation"], row["key_domain"]),
                self._original(row["table_name"], (row["organisation"], row["period"], row["delivery_id"])),
            )
            self._put(row["organisation"], row["table_name"], version)

    def add(self, delivery: Delivery) -> None:
        """Take note of a delivery with its rows in memory, until ``batch_written`` is called."""
        super().add(delivery)
        manifest = delivery.manifest
        if manifest is None:
            return
        for table in delivery.tables:
            version = self._versions.get((manifest.organisation, table.file.table), {}).get(manifest.period.code)
            if version is not None:
                entry = (manifest.organisation, table.file.table, version, manifest.delivery_id)
                self._unwritten.append(entry)

    def batch_written(self) -> None:
        """Rows noted so far are in the lake now: let go of them, and read them there when needed."""
        for organisation, table, version, delivery_id in self._unwritten:
            path = file_path(self._home, table, organisation, version.period.code, delivery_id)
            in_lake = Version(
                version.period,
                version.delivered_rows,
                self._file(table, path.relative_to(self._home.lake).as_posix(), versions()[-1]),
                version.sender,
                self._original(table, (organisation, version.period.code, delivery_id)),
            )
            if self._versions[(organisation, table)].get(version.period.code) is version:
                self._put(organisation, table, in_lake)
        self._unwritten.clear()

    def rows(self, manifest: Manifest, table: DeliveryTable) -> Rows:
        """The accepted rows as the lake holds them, or would."""
        return lake_rows(manifest, table, self._keys)

    def records(self, column: Column, version: Version, keys: Sequence[str]) -> list[str | None]:
        """The delivered keys, looked up in what was delivered; ``None`` where that is gone."""
        assert column.key_of is not None
        delivered = version.delivered(column.name)
        made = self._keys.of(delivered, column.key_of, version.sender.key_domain, version.sender.organisation)
        known = dict(zip(made.to_pylist(), delivered.to_pylist(), strict=True))
        return [known.get(key) for key in keys]

    def _original(self, table: str, place: tuple[str, str, str]) -> Callable[[str], pa.Array]:
        return lambda column: distinct_keys(self._home, place, contracts()[table], column)

    def _file(self, table: str, path: str, stored_version: str) -> Callable[[int], Rows]:
        def read(room: int) -> Rows:
            schema = table_schema(contracts()[table])
            with pq.ParquetFile(self._home.lake / path) as file:
                groups = range(file.metadata.num_row_groups)
                if sum(file.metadata.row_group(group).total_byte_size for group in groups) > room:
                    return StoredRows(self._home.lake / path, stored_columns(table, stored_version))
                rows = file.read()
            return upgrade_rows(rows, table, stored_version).select(schema.names).cast(schema)

        return read


def check_against_history(
    connection: duckdb.DuckDBPyConnection, deliveries: Sequence[Delivery], history: History
) -> None:
    """Look at each delivery beside the one before, after all other checks and before it is stored.

    ``deliveries`` come in the order in which they are accepted; those that are not rejected become
    part of ``history``. Findings are added to the deliveries; where there is no delivery before, the
    rules that need one are named in ``not_checked``.
    """
    pairs: dict[str, list[tuple[int, Version]]] = {}
    for number, delivery in enumerate(deliveries):
        manifest = delivery.manifest
        if manifest is None:
            continue
        files = {table.file.table: table for table in delivery.tables if table.checked is not None}
        for name in (*files, *manifest.nothing_to_report):
            before = history.before(manifest.organisation, name, manifest.period)
            if before is None:
                _note_missing(delivery, contracts()[name])
                continue
            _compare(delivery, contracts()[name], files.get(name), before)
            pairs.setdefault(name, []).append((number, before))
        if not delivery.rejected:
            history.add(delivery)
    _compare_rows(connection, deliveries, pairs, history)


def _note_missing(delivery: Delivery, contract: Contract) -> None:
    for rule in RULES.values():
        if rule.needs_history and (rule.table is None or any(True for _ in rule.table(contract))):
            delivery.not_checked.append(Skipped(rule, contract.table))


def _compare(delivery: Delivery, contract: Contract, table: DeliveryTable | None, before: Version) -> None:
    manifest = delivery.manifest
    assert manifest is not None
    where = {
        "table": contract.table,
        "file": table.file.path if table else None,
        "sheet": table.sheet if table else None,
    }
    if before.period.end_exclusive != manifest.period.start:
        expected = _period_before(manifest.period)
        delivery.findings.append(finding("WARN_PERIOD_SKIPPED", seen=before.period.code, expected=expected, **where))
        return
    rows = table.rows if table else 0
    if differs_much(contract, rows, before.delivered_rows):
        low, high = (round(before.delivered_rows * (1 + sign * VOLUME_CHANGE)) for sign in (-1, 1))
        expected = f"{low}–{high} ({before.period.code}: {before.delivered_rows})"
        delivery.findings.append(finding("WARN_VOLUME", seen=str(rows), expected=expected, **where))


def differs_much(contract: Contract, rows: int, before: int) -> bool:
    """Whether a number of rows differs from that of the period before by more than chance explains."""
    difference = abs(rows - before)
    if difference <= VOLUME_CHANGE * before:
        return False
    if contract.mode == "increment":  # events of the period: two independent counts
        return difference > VOLUME_DEVIATIONS * sqrt(rows + before)
    return difference >= VOLUME_ROWS


def _compare_rows(
    connection: duckdb.DuckDBPyConnection,
    deliveries: Sequence[Delivery],
    pairs: dict[str, list[tuple[int, Version]]],
    history: History,
) -> None:
    """The rules of the history that look at rows: one query each for all deliveries."""
    asked = [
        (rule, query, name)
        for name in pairs
        for rule in RULES.values()
        if rule.needs_history and rule.table
        for query in rule.table(contracts()[name])
    ]
    read = {table for _, query, name in asked for table in (name, *query.tables)}
    if not asked:
        return
    numbers = {name: {number for number, _ in found} for name, found in pairs.items()}
    # The rows before get the number of the delivery that they are compared with.
    previous: dict[str, list[tuple[int, Rows]]] = {}
    room = LARGEST_HELD
    for name in sorted(read):
        for number, version in pairs.get(name, ()):
            rows = version.read(room)
            room -= rows.nbytes if isinstance(rows, pa.Table) else 0
            previous.setdefault(name, []).append((number, rows))
        previous.setdefault(name, [])
    with tables_of(connection, deliveries, previous, history.rows):
        for rule, query, name in asked:
            able = {number for number in numbers[name] if has_columns(name, query.column, deliveries[number])}
            for needed in query.tables:
                for number in sorted(able - numbers.get(needed, set())):
                    deliveries[number].not_checked.append(Skipped(rule, name, needed))
                able &= numbers.get(needed, set())
            if able:
                before = {number: version.period.code for number, version in pairs[name]}
                report(
                    rule,
                    query,
                    contracts()[name],
                    connection.sql(query.sql),
                    deliveries,
                    able,
                    before,
                    partial(_named_as_delivered, contracts()[name], query, dict(pairs[name]), history),
                )


def _named_as_delivered(
    contract: Contract, query: Query, before: Mapping[int, Version], history: History, rows: pa.Table
) -> pa.Table:
    """What a query found, with its ``record`` (a key of the delivery before) as its supplier knows it."""
    if "record" not in rows.column_names or not rows.num_rows:
        return rows
    numbers, keys = rows["delivery"].to_pylist(), rows["record"].to_pylist()
    named: list[str | None] = [None] * len(keys)
    for number in set(numbers):
        places = [place for place, of in enumerate(numbers) if of == number]
        column = contract.column(query.column or "")
        for place, key in zip(
            places, history.records(column, before[number], [keys[place] for place in places]), strict=True
        ):
            named[place] = key
    return rows.set_column(rows.column_names.index("record"), "record", pa.array(named, pa.string()))


@cache
def _period(code: str) -> Period:
    return Period.parse(code)


def _distinct(table: DeliveryTable, column: str) -> pa.Array:
    assert table.checked is not None
    found: pa.Array = pa.array([], pa.string())
    for piece in table.checked.accepted_pieces():
        found = pa.chunked_array([found, *piece[column].chunks]).unique()
    return found.drop_null()


def _no_keys(_column: str) -> pa.Array:
    return pa.array([], pa.string())


def _empty(name: str) -> Callable[[int], Rows]:
    return lambda _room: table_schema(contracts()[name]).empty_table()


def _period_before(period: Period) -> str:
    year, rest = int(period.code[:4]), period.code[4:]
    if not rest:
        return str(year - 1)
    kind, number = rest[0], int(rest[1])
    last = {"Q": 4, "H": 2}[kind]
    return f"{year}{kind}{number - 1}" if number > 1 else f"{year - 1}{kind}{last}"
