"""Casts and row checks of one table, generated from its contract and run for many files at once.

Each file costs as little as possible: the rows of a whole batch go through one query per table,
which types every column and notes in the bits of one number which checks a row broke.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Column, Contract, contracts
from ingest.door.findings import LISTED_PLACES, Finding, Place, finding, masked, masked_key
from ingest.door.reading import RawTable
from ingest.door.rules import QUARANTINE_ROW, REPAIR, RULES, WARN, Condition, Rule
from ingest.door.rules.rows import PERIOD_MARK
from ingest.door.values import code_sets, quoted, typed_value
from ingest.lake import table_schema
from ingest.periods import Period
from ingest.reference import municipalities

_NO_ROWS = np.empty(0, dtype=np.int32)
_NO_HASHES = np.empty(0, dtype=np.uint64)
# Of the query engine; what is beside it (text, Arrow) takes as much again at the peak.
MEMORY_LIMIT = "700MB"


@dataclass(frozen=True)
class Check:
    """One bit: the rule, the column, and when a row breaks it."""

    rule: Rule
    column: Column
    condition: Condition


@dataclass(frozen=True)
class Plan:
    """The query of a contract. It reads the relation ``raw`` and keeps its order."""

    contract: Contract
    checks: tuple[Check, ...]
    sql: str

    def bits(self, severity: str) -> int:
        """The bits of the checks of a severity."""
        return sum(1 << bit for bit, check in enumerate(self.checks) if check.rule.severity == severity)


@dataclass(frozen=True)
class CheckInput:
    """One delivered table with what its manifest says. ``absent`` columns are not in the file."""

    raw: RawTable
    file: str
    supplier_code: str
    period: Period
    extracted_on: date
    absent: frozenset[str] = frozenset()

    def raw_rows(self, contract: Contract) -> pa.Table:
        """The rows as delivered: the contract's columns as text, and ``source_row``."""
        rows = self.raw.source_row
        columns = [self.raw.columns.get(name, pa.nulls(len(rows), pa.string())) for name in contract.column_names]
        return pa.table([*columns, pa.array(rows, pa.int32())], names=[*contract.column_names, "source_row"])


@dataclass
class Checked:
    """What came of one delivered table.

    ``accepted`` has the lake's schema. ``refused`` holds the refused rows as delivered (text) with
    ``source_row`` and ``reasons``; ``None`` when there are none. ``repaired`` and ``warned`` are
    the accepted rows with such findings (``source_row``, ascending). Of a piece of a table there are
    also ``hashes`` of the primary keys of all rows, and the keys of the refused rows.
    """

    accepted: pa.Table
    refused: pa.Table | None
    findings: list[Finding] = field(default_factory=list)
    repaired: npt.NDArray[np.int32] = field(default_factory=lambda: _NO_ROWS)
    warned: npt.NDArray[np.int32] = field(default_factory=lambda: _NO_ROWS)
    hashes: npt.NDArray[np.uint64] = field(default_factory=lambda: _NO_HASHES)
    refused_keys: list[tuple[str | None, ...]] = field(default_factory=list)
    late: list[tuple[npt.NDArray[np.int32], str]] = field(default_factory=list)

    @property
    def rows(self) -> pa.Table:
        """The accepted rows, as those of the lake."""
        return self.accepted

    @property
    def rows_accepted(self) -> int:
        """Rows that are, or would be, stored."""
        return self.accepted.num_rows

    @property
    def has_refused(self) -> bool:
        """Whether any row was refused."""
        return self.refused is not None

    def accepted_pieces(self) -> Iterator[pa.Table]:
        """The accepted rows in the lake's schema, all at once."""
        yield self.accepted

    def refused_pieces(self) -> Iterator[pa.Table]:
        """The refused rows as delivered, with ``source_row`` and ``reasons``, all at once."""
        if self.refused is not None:
            yield self.refused

    @property
    def rows_repaired(self) -> int:
        """Accepted rows in which a value was put right."""
        return len(self.repaired)

    @property
    def rows_warned(self) -> int:
        """Accepted rows about which something is to be looked at."""
        return len(self.warned)

    def warn(self, rows: npt.NDArray[np.int32]) -> None:
        """Count accepted rows (``source_row``) among those to be looked at."""
        self.warned = np.union1d(self.warned, rows).astype(np.int32)

    def refuse(self, rows: npt.NDArray[np.int32], reason: str) -> None:
        """Take accepted rows (``source_row``) out once ``settle`` is called, with the reason beside them."""
        self.late.append((rows, reason))

    def records(self, contract: Contract, rows: npt.NDArray[np.int32]) -> list[str | None]:
        """Which records stand in accepted rows (``source_row``), masked; ``contract`` is the newest."""
        name = record_column(contract)
        if name is None:
            return [None] * len(rows)
        positions = np.searchsorted(self.accepted["source_row"].to_numpy(), rows)
        return [masked_key(value) for value in self.accepted[name].take(pa.array(positions)).to_pylist()]

    def settle(self, item: CheckInput, contract: Contract) -> None:
        """Move the rows that were refused after the checks of the rows from the accepted to the refused ones.

        Only now, so that every rule across tables saw the same rows.
        """
        if not self.late:
            return
        rows = np.unique(np.concatenate([refused for refused, _ in self.late]))
        self.accepted = self.accepted.filter(pa.array(~np.isin(self.accepted["source_row"].to_numpy(), rows)))
        delivered = item.raw_rows(contract).filter(pa.array(np.isin(item.raw.source_row, rows)))
        reasons = reasons_of(delivered["source_row"].to_numpy(), self.late)
        delivered = delivered.append_column("reasons", pa.array(reasons, pa.string()))
        both = [delivered] if self.refused is None else [self.refused, delivered]
        self.refused = pa.concat_tables(both).sort_by("source_row")
        self.warned, self.repaired = (kept[~np.isin(kept, rows)] for kept in (self.warned, self.repaired))
        self.late = []


def reasons_of(rows: npt.NDArray[np.int32], late: list[tuple[npt.NDArray[np.int32], str]]) -> list[str]:
    """For each row (``source_row``) why it was refused, one reason after the other."""
    found: list[list[str]] = [[] for _ in rows]
    for refused, reason in late:
        for place in np.flatnonzero(np.isin(rows, refused)).tolist():
            if reason not in found[place]:
                found[place].append(reason)
    return ["; ".join(reasons) for reasons in found]


def connect(folders: Sequence[Path] = (), spill: Path | None = None) -> duckdb.DuckDBPyConnection:
    """A connection in memory with an ENUM per code list, which makes look-ups cheap.

    Files can be read in ``folders`` only; what does not fit in memory goes to the folder ``spill``.
    """
    # One thread keeps the rows in their order, and the queries cost a third less CPU.
    settings: dict[str, str | bool | int | float | list[str]] = {"threads": 1}
    if spill is not None:
        settings |= {"memory_limit": MEMORY_LIMIT, "temp_directory": str(spill)}
    connection = duckdb.connect(config=settings)
    connection.execute(f"set allowed_directories = [{', '.join(quoted(str(folder)) for folder in folders)}]")
    connection.execute("set enable_external_access = false")
    for name, codes in code_sets().items():
        listed = ", ".join(quoted(code) for code in codes)
        connection.execute(f"create type {name} as enum ({listed})")
    # By position, not by a join, which may change the order of the rows.
    known = municipalities()
    areas = ", ".join(
        quoted(known[code].wellbeing_area_code) if code in known else "null"
        for code in code_sets()["municipality_code"]
    )
    connection.execute(
        f"create macro area_of_municipality(code) as ([{areas}])[enum_code(try_cast(code as municipality_code)) + 1]"
    )
    return connection


def check_tables(
    connection: duckdb.DuckDBPyConnection, contract: Contract, inputs: Sequence[CheckInput], *, is_piece: bool = False
) -> list[Checked]:
    """Type and check delivered tables of one contract; one result per input, in their order.

    In a piece of a table (``is_piece``) no doubled keys are looked for: that takes the whole of it.
    """
    plan = plan_of(contract)
    sizes = [len(item.raw.source_row) for item in inputs]
    raw = _stack(contract, inputs, sizes)
    connection.register("raw", raw)
    try:
        result = connection.sql(plan.sql).to_arrow_table().combine_chunks()
    finally:
        connection.unregister("raw")
    rows = result.column("source_row").to_numpy()
    # The split by file below rests on the order; a query engine that changed it must not pass.
    if not np.array_equal(rows, raw.column("_row").to_numpy()):
        raise RuntimeError(f"the checks of {contract.table} changed the order of the rows")
    masks = result.column("_mask").to_numpy()
    keys = result.column("_key").to_numpy()
    typed = result.drop_columns(["_mask", "_key"]).cast(table_schema(contract))
    found, start = [], 0
    for item, size in zip(inputs, sizes, strict=True):
        stop = start + size
        found.append(
            _split(
                plan,
                item,
                raw.slice(start, size),
                typed.slice(start, size),
                masks[start:stop],
                keys[start:stop],
                is_piece,
            )
        )
        start = stop
    return found


def plan_for(table: str) -> Plan:
    """The plan of a table's newest contract."""
    return plan_of(contracts()[table])


@cache
def plan_of(contract: Contract) -> Plan:
    """The plan of a contract (made once)."""
    checks = tuple(
        Check(rule, column, condition)
        for column in contract.columns
        for rule in RULES.values()
        if rule.row
        for condition in rule.row(contract, column)
    )
    if len(checks) > 63:
        raise ValueError(f"{contract.table}: more checks than bits")
    raw = ", ".join(f'"{column.name}" as "r_{column.name}"' for column in contract.columns)
    typed = ", ".join(f'{typed_value(column, contract.version)} as "t_{column.name}"' for column in contract.columns)
    bits = " | ".join(
        f"case when {check.condition.sql} then {1 << bit}::ubigint else 0::ubigint end"
        for bit, check in enumerate(checks)
    )
    columns = ", ".join(
        f't_{column.name} + 1 as "{column.lake_name}"'
        if column.spell_end_of
        else f't_{column.name} as "{column.lake_name}"'
        for column in contract.columns
    )
    # An unreadable value counts as itself, or two of them would look like the same key.
    key = ", ".join(f"coalesce(cast(t_{name} as varchar), r_{name})" for name in contract.primary_key)
    sql = (
        f"with texts as (select {raw}, _row, _period_start, _period_end, _extracted_on, _supplier "
        "from raw), "
        f"typed as (select *, {typed} from texts) "
        f"select {columns}, _row as source_row, {bits} as _mask, hash({key}) as _key from typed"
    )
    return Plan(contract, checks, sql)


def _stack(contract: Contract, inputs: Sequence[CheckInput], sizes: list[int]) -> pa.Table:
    """The rows of all inputs one after the other, as text, with what their manifests say."""
    names, arrays = [], []
    for column in contract.columns:
        chunks: list[pa.Array] = []
        for item, size in zip(inputs, sizes, strict=True):
            delivered = item.raw.columns.get(column.name)
            chunks += delivered.chunks if delivered is not None else [pa.nulls(size, pa.string())]
        stacked = pa.chunked_array(chunks, pa.string())
        # Thousands of one-row chunks would each be a scan step of their own.
        many_small = len(chunks) > 1 and len(stacked) < 2048 * len(chunks)
        arrays.append(stacked.combine_chunks() if many_small else stacked)
        names.append(column.name)
    repeated = np.array(sizes)

    def spread(values: list[object], kind: pa.DataType) -> pa.Array:
        places = np.repeat(np.arange(len(sizes), dtype=np.int32), repeated)
        return pa.array(values, kind).take(pa.array(places))

    context = {
        "_row": pa.array(np.concatenate([item.raw.source_row for item in inputs]).astype(np.int32, copy=False)),
        "_period_start": spread([item.period.start for item in inputs], pa.date32()),
        "_period_end": spread([item.period.end_exclusive for item in inputs], pa.date32()),
        "_extracted_on": spread([item.extracted_on for item in inputs], pa.date32()),
        "_supplier": spread([item.supplier_code for item in inputs], pa.string()),
    }
    return pa.table([*arrays, *context.values()], names=[*names, *context])


# ---- what came of it -------------------------------------------------------------------------


def _split(
    plan: Plan,
    item: CheckInput,
    raw: pa.Table,
    typed: pa.Table,
    masks: np.ndarray,
    keys: np.ndarray,
    is_piece: bool,
) -> Checked:
    """One file's share of the result. ``masks`` and ``keys`` run along its rows."""
    checked = Checked(accepted=typed, refused=None)
    _add_ragged(plan, item, checked)
    if is_piece:
        checked.hashes = keys
    else:
        _add_doubled_keys(plan, item, raw, typed, keys, checked)
    broken = int(np.bitwise_or.reduce(masks)) if len(masks) else 0
    for bit, check in enumerate(plan.checks):
        if check.column.name in item.absent:
            # The missing column is reported once, not in every row.
            broken &= ~(1 << bit)
    if not broken:
        return checked
    masks = masks & np.uint64(broken)
    reasons: dict[int, list[str]] = {}
    for bit, check in enumerate(plan.checks):
        if not broken >> bit & 1:
            continue
        positions = np.flatnonzero(masks & np.uint64(1 << bit))
        listed = positions[:LISTED_PLACES]
        values = raw.column(check.column.name).take(pa.array(listed)).to_pylist()
        expected = check.condition.expected
        if expected == PERIOD_MARK:
            expected = f"{item.period.start} – {item.period.last_day}"
        found = finding(
            check.rule.code,
            table=plan.contract.table,
            file=item.file,
            sheet=item.raw.sheet,
            column=check.column.name,
            expected=expected,
            count=len(positions),
        )
        found.places = [
            Place(row, _seen(check, value), record)
            for row, value, record in zip(
                item.raw.source_row[listed].tolist(), values, records_at(plan.contract, raw, listed), strict=True
            )
        ]
        checked.findings.append(found)
        if check.rule.severity == QUARANTINE_ROW:
            for position in positions.tolist():
                reasons.setdefault(position, []).append(f"{check.column.name}: {check.rule.code}")
    quarantined = _has(plan, QUARANTINE_ROW, masks)
    checked.repaired = item.raw.source_row[_has(plan, REPAIR, masks) & ~quarantined]
    checked.warned = item.raw.source_row[_has(plan, WARN, masks) & ~quarantined]
    if reasons:
        places = pa.array(sorted(reasons))
        checked.accepted = typed.filter(pa.array(~quarantined))
        checked.refused = (
            raw.select(list(plan.contract.column_names))
            .take(places)
            .append_column("source_row", pc.take(raw.column("_row"), places))
            .append_column("reasons", pa.array(["; ".join(reasons[p]) for p in sorted(reasons)]))
        )
        if is_piece:
            checked.refused_keys = _keys_at(plan, raw, typed, places)
    return checked


def record_column(contract: Contract) -> str | None:
    """The column whose value says which record a row is: a key, else the code of a place."""
    own = [contract.column(name) for name in contract.primary_key]
    for column in (*own, *contract.columns):
        if column.type == "key":
            return column.name
    return next((column.name for column in own if column.type in ("municipality", "wellbeing_area")), None)


def records_at(contract: Contract, rows: pa.Table, positions: npt.NDArray[np.int64]) -> list[str | None]:
    """Which records stand at these positions, masked; ``rows`` has the contract's columns."""
    name = record_column(contract)
    if name is None:
        return [None] * len(positions)
    return [masked_key(value) for value in rows.column(name).take(pa.array(positions)).to_pylist()]


def _has(plan: Plan, severity: str, masks: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    return (masks & np.uint64(plan.bits(severity))) != 0


def _seen(check: Check, value: str | None) -> str | None:
    if value is None or check.column.type == "key":
        return None
    return value[:10] if check.condition.is_code else masked(value)


def _add_ragged(plan: Plan, item: CheckInput, checked: Checked) -> None:
    if item.raw.ragged:
        checked.findings.append(
            finding(
                "ROW_COLUMNS",
                table=plan.contract.table,
                file=item.file,
                sheet=item.raw.sheet,
                expected=str(len(item.raw.header)),
                count=item.raw.ragged_count,
                places=[(row, str(seen)) for row, seen in item.raw.ragged[:LISTED_PLACES]],
            )
        )


def _keys_at(plan: Plan, raw: pa.Table, typed: pa.Table, positions: pa.Array) -> list[tuple[str | None, ...]]:
    """The primary keys at some positions: values as stored, or as delivered where they cannot be read."""
    columns = []
    for name in plan.contract.primary_key:
        good = typed[plan.contract.column(name).lake_name].take(positions).to_pylist()
        text = raw[name].take(positions).to_pylist()
        columns.append(
            [str(value) if value is not None else delivered for value, delivered in zip(good, text, strict=True)]
        )
    return list(zip(*columns, strict=True))


def _add_doubled_keys(
    plan: Plan,
    item: CheckInput,
    raw: pa.Table,
    typed: pa.Table,
    keys: np.ndarray,
    checked: Checked,
) -> None:
    """Report rows whose primary key another row has too (hashes first, then the values)."""
    names = plan.contract.primary_key
    if len(keys) < 2 or set(names) & item.absent:
        return
    order = np.argsort(keys, kind="stable")
    same = keys[order][1:] == keys[order][:-1]
    if not same.any():
        return
    suspects = np.unique(np.concatenate([order[1:][same], order[:-1][same]]))
    positions_of: dict[tuple[str | None, ...], list[int]] = {}
    for position, key in zip(suspects.tolist(), _keys_at(plan, raw, typed, pa.array(suspects)), strict=True):
        positions_of.setdefault(key, []).append(position)
    positions = sorted(place for group in positions_of.values() if len(group) > 1 for place in group)
    if positions:
        rows = item.raw.source_row[positions].tolist()
        listed = pa.array(positions[:LISTED_PLACES])
        record = record_column(plan.contract)
        records: list[str | None] = [None] * len(listed)
        if record is not None:
            # As it is stored, so that it is told alike however the table was read.
            good = typed[plan.contract.column(record).lake_name].take(listed).to_pylist()
            text = raw[record].take(listed).to_pylist()
            records = [masked_key(value or delivered) for value, delivered in zip(good, text, strict=True)]
        checked.findings.append(
            finding(
                "FILE_KEY_TWICE",
                table=plan.contract.table,
                file=item.file,
                sheet=item.raw.sheet,
                column=", ".join(names),
                expected=", ".join(names),
                count=len(rows),
                places=[(row, None, record) for row, record in zip(rows, records, strict=False)],
            )
        )
