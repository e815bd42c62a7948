"""Casts and row checks of one table, generated from its contract and run for many files at once.

Each file costs as little as possible: the rows of a whole batch go through one query per table,
which types every column and notes in the bits of one number which checks a row broke.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Column, Contract, code_lists, contracts
from ingest.door.findings import LISTED_PLACES, Finding, finding, masked
from ingest.door.readers import RawTable
from ingest.door.rules import QUARANTINE_ROW, RULES
from ingest.lake import table_schema
from ingest.periods import Period
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas

TRUE_WORDS = ("true", "1", "kyllä", "k", "ja", "j", "yes", "y", "tosi", "sant")
FALSE_WORDS = ("false", "0", "ei", "e", "nej", "n", "no", "epätosi", "falskt")
# A four-digit year outside these is a typing error (or two digits read as four).
FIRST_YEAR, LAST_YEAR = 1900, 2100
# Ages of aftercare: from the youngest who leave a placement to the highest limit there was.
YOUNGEST, OLDEST = 16, 25
# Longest list of codes that is spelled out in a message.
_SPELLED_CODES = 20
_PARSE_RULES = {
    "key": "ROW_KEY",
    "date": "ROW_DATE",
    "int": "ROW_NUMBER",
    "decimal": "ROW_NUMBER",
    "bool": "ROW_BOOLEAN",
    "code": "ROW_CODE",
    "municipality": "ROW_MUNICIPALITY",
    "wellbeing_area": "ROW_AREA",
}
_PERIOD_MARK = "<period>"


@dataclass(frozen=True)
class Check:
    """One bit: the rule, the column, the SQL condition over ``r_…`` (text) and ``t_…`` (typed).

    ``is_code`` says that the value stands in a code list when the check fires, so it may be shown.
    """

    rule: str
    column: Column
    condition: str
    expected: str | None = None
    is_code: bool = False


@dataclass(frozen=True)
class Plan:
    """The query of a contract. It reads the relation ``raw`` and keeps its order."""

    contract: Contract
    checks: tuple[Check, ...]
    sql: str
    quarantine_bits: int


@dataclass(frozen=True)
class CheckInput:
    """One delivered table with what its manifest says. ``absent`` columns are not in the file."""

    raw: RawTable
    file: str
    supplier_code: str
    period: Period
    extracted_on: date
    absent: frozenset[str] = frozenset()


@dataclass
class Checked:
    """What came of one delivered table.

    ``accepted`` has the lake's schema. ``refused`` holds the refused rows as delivered (text) with
    ``source_row`` and ``reasons``; ``None`` when there are none.
    """

    accepted: pa.Table
    refused: pa.Table | None
    findings: list[Finding] = field(default_factory=list)
    rows_repaired: int = 0
    rows_warned: int = 0


def connect() -> duckdb.DuckDBPyConnection:
    """A connection in memory with an ENUM per code list, which makes look-ups cheap."""
    # One thread keeps the rows in their order, and the queries cost a third less CPU.
    connection = duckdb.connect(config={"enable_external_access": "false", "threads": 1})
    for name, codes in _code_sets().items():
        listed = ", ".join(_quoted(code) for code in codes)
        connection.execute(f"create type {name} as enum ({listed})")
    return connection


def check_tables(
    connection: duckdb.DuckDBPyConnection, contract: Contract, inputs: Sequence[CheckInput]
) -> list[Checked]:
    """Type and check delivered tables of one contract; one result per input, in their order."""
    plan = plan_for(contract.table)
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
            )
        )
        start = stop
    return found


@cache
def plan_for(table: str) -> Plan:
    """The plan of a table's contract (made once)."""
    contract = contracts()[table]
    checks = tuple(_checks(contract))
    if len(checks) > 63:
        raise ValueError(f"{contract.table}: more checks than bits")
    raw = ", ".join(f'"{column.name}" as "r_{column.name}"' for column in contract.columns)
    typed = ", ".join(f'{_cast(column)} as "t_{column.name}"' for column in contract.columns)
    bits = " | ".join(
        f"case when {check.condition} then {1 << bit}::ubigint else 0::ubigint end" for bit, check in enumerate(checks)
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
    quarantine = sum(1 << bit for bit, check in enumerate(checks) if RULES[check.rule].severity == QUARANTINE_ROW)
    return Plan(contract, checks, sql, quarantine)


def expected_codes(column: Column) -> str:
    """What a column takes, in a form that all three languages can read."""
    match column.type:
        case "key":
            return "64 × 0-9 a-f"
        case "date":
            return f"2025-10-20, 20.10.2025 ({FIRST_YEAR}–{LAST_YEAR})"
        case "int":
            return "0, 1, 2, …"
        case "decimal":
            return "12.5, 12,5"
        case "bool":
            return "true/false, 1/0, kyllä/ei, ja/nej, yes/no"
        case "municipality":
            return "005 … 992 (Tilastokeskus, Statistikcentralen, Statistics Finland), 198, 199, 200"
        case "wellbeing_area":
            return "01 … 21, 90, 91"
        case "code" if column.code_list:
            codes = code_lists()[column.code_list].codes
            more = ", …" if len(codes) > _SPELLED_CODES else ""
            return ", ".join(codes[:_SPELLED_CODES]) + more
        case _:
            return "text"


# ---- the query -------------------------------------------------------------------------------


@cache
def _code_sets() -> dict[str, tuple[str, ...]]:
    sets = {f"list_{name}": codes.codes for name, codes in code_lists().items()}
    sets["true_word"], sets["false_word"] = TRUE_WORDS, FALSE_WORDS
    sets["municipality_code"] = tuple(sorted(set(municipalities()) | UNKNOWN_MUNICIPALITIES))
    sets["wellbeing_area_code"] = tuple(wellbeing_areas())
    return sets


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _cast(column: Column) -> str:
    """SQL from the text ``r_<name>`` to the typed value; null when it cannot be read."""
    text = f"r_{column.name}"
    match column.type:
        case "key":
            # Two tests, since lower() on every key costs more than the test itself.
            return (
                f"case when regexp_full_match({text}, '[0-9a-f]{{64}}') then {text} "
                f"when regexp_full_match({text}, '[0-9a-fA-F]{{64}}') then lower({text}) end"
            )
        case "date":
            # Excel and databases write midnight after the day.
            read = (
                f"case when strlen({text}) = 10 and {text}[5] = '-' then try_cast({text} as date) "
                f"when regexp_full_match({text}, '\\d{{1,2}}\\.\\d{{1,2}}\\.\\d{{4}}"
                "( 0{1,2}[.:]00([.:]00)?)?') "
                f"then try_strptime(split_part({text}, ' ', 1), '%d.%m.%Y')::date "
                f"when regexp_full_match({text}, "
                "'\\d{4}-\\d{2}-\\d{2}[T ]00:00(:00(\\.0+)?)?(Z|[+-]00:?00)?') "
                f"then try_cast({text}[1:10] as date) end"
            )
            return (
                f"case when ({read}) between date '{FIRST_YEAR}-01-01' and date '{LAST_YEAR}-12-31' then ({read}) end"
            )
        case "int":
            return (
                f"case when regexp_full_match({text}, '[+-]?\\d{{1,9}}([.,]0+)?') "
                f"then try_cast(regexp_replace({text}, '[.,]0+$', '') as integer) end"
            )
        case "decimal":
            return (
                f"case when regexp_full_match({text}, '[+-]?\\d{{1,15}}([.,]\\d{{1,15}})?') "
                f"then try_cast(replace({text}, ',', '.') as double) end"
            )
        case "bool":
            # Not `in (…)`: long lists become joins, and a join may change the order of the rows.
            return (
                f"case when try_cast(lower({text}) as true_word) is not null then true "
                f"when try_cast(lower({text}) as false_word) is not null then false end"
            )
        case "municipality":
            return _padded_code(text, "municipality_code", 3)
        case "wellbeing_area":
            return _padded_code(text, "wellbeing_area_code", 2)
        case "code":
            return f"cast(try_cast({text} as list_{column.code_list}) as varchar)"
        case _:
            return text


def _padded_code(text: str, enum: str, width: int) -> str:
    padded = f"case when strlen({text}) < {width} then lpad({text}, {width}, '0') else {text} end"
    return f"cast(try_cast({padded} as {enum}) as varchar)"


def _checks(contract: Contract) -> list[Check]:
    found = []
    for column in contract.columns:
        text, typed, expected = f"r_{column.name}", f"t_{column.name}", expected_codes(column)
        if column.required:
            found.append(Check("ROW_REQUIRED", column, f"{text} is null", expected))
        if column.type in _PARSE_RULES:
            condition = f"{text} is not null and {typed} is null"
            found.append(Check(_PARSE_RULES[column.type], column, condition, expected))
        limits = [
            f"{typed} {sign} {limit}"
            for sign, limit in (("<", column.minimum), (">", column.maximum))
            if limit is not None
        ]
        if limits:
            lowest = "" if column.minimum is None else f"≥ {column.minimum}"
            highest = "" if column.maximum is None else f"≤ {column.maximum}"
            wanted = ", ".join(filter(None, (lowest, highest)))
            found.append(Check("ROW_RANGE", column, " or ".join(limits), wanted))
        if column.spell_end_of:
            condition = f"{typed} < t_{column.spell_end_of}"
            wanted = f"{column.name} ≥ {column.spell_end_of}"
            found.append(Check("ROW_END_BEFORE_START", column, condition, wanted))
        if column.within_period:
            condition = f"{typed} < _period_start or {typed} >= _period_end"
            found.append(Check("ROW_OUTSIDE_PERIOD", column, condition, _PERIOD_MARK))
        # What a supplier plans or decides (the end of a right) may lie ahead; what has begun not.
        if column.type == "date" and (column.required or column.spell_end_of):
            found.append(Check("WARN_FUTURE", column, f"{typed} > _extracted_on"))
        if column.type in ("municipality", "wellbeing_area"):
            condition = f"{typed} <> {text}"
            found.append(Check("REPAIR_ZEROS", column, condition, expected, is_code=True))
        if column.type == "wellbeing_area" and contract.supplier == "hva":
            found.append(Check("WARN_AREA", column, f"{typed} <> _supplier", is_code=True))
        if column.name == "municipality_code" and contract.supplier == "kunta":
            # A municipality may still deliver for one that has merged into it.
            merged = " ".join(
                f"when {_quoted(code)} then {_quoted(municipality.merged_into)}"
                for code, municipality in municipalities().items()
                if municipality.merged_into
            )
            condition = f"{typed} <> _supplier and (case {typed} {merged} else {typed} end) <> _supplier"
            wanted = "organisation = kunta-<municipality_code>"
            found.append(Check("ROW_OTHER_MUNICIPALITY", column, condition, wanted, is_code=True))
        if column.name == "birth_year":
            # With the year alone the age is one of two; warn when neither is possible.
            turned = f"(year(_period_end - 1) - {typed})"
            condition = f"{turned} < {YOUNGEST} or {turned} - 1 > {OLDEST}"
            found.append(Check("WARN_AGE", column, condition, f"{YOUNGEST}–{OLDEST}"))
    return found


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
) -> Checked:
    """One file's share of the result. ``masks`` and ``keys`` run along its rows."""
    checked = Checked(accepted=typed, refused=None)
    _add_ragged(plan, item, checked)
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
        severity = RULES[check.rule].severity
        listed = positions[:LISTED_PLACES]
        values = raw.column(check.column.name).take(pa.array(listed)).to_pylist()
        expected = check.expected
        if expected == _PERIOD_MARK:
            expected = f"{item.period.start} – {item.period.last_day}"
        checked.findings.append(
            finding(
                check.rule,
                table=plan.contract.table,
                file=item.file,
                sheet=item.raw.sheet,
                column=check.column.name,
                expected=expected,
                count=len(positions),
                places=[
                    (int(item.raw.source_row[position]), _seen(check, value))
                    for position, value in zip(listed, values, strict=True)
                ],
            )
        )
        if severity == QUARANTINE_ROW:
            for position in positions.tolist():
                reasons.setdefault(position, []).append(f"{check.column.name}: {check.rule}")
    quarantined = (masks & np.uint64(plan.quarantine_bits)) != 0
    accepted_masks = masks[~quarantined]
    checked.rows_repaired = int(_has(plan, "repair", accepted_masks).sum())
    checked.rows_warned = int(_has(plan, "warn", accepted_masks).sum())
    if reasons:
        places = pa.array(sorted(reasons))
        checked.accepted = typed.filter(pa.array(~quarantined))
        checked.refused = (
            raw.select(list(plan.contract.column_names))
            .take(places)
            .append_column("source_row", pc.take(raw.column("_row"), places))
            .append_column("reasons", pa.array(["; ".join(reasons[p]) for p in sorted(reasons)]))
        )
    return checked


def _has(plan: Plan, severity: str, masks: np.ndarray) -> np.ndarray:
    bits = sum(1 << bit for bit, check in enumerate(plan.checks) if RULES[check.rule].severity == severity)
    return (masks & np.uint64(bits)) != 0


def _seen(check: Check, value: str | None) -> str | None:
    if value is None or check.column.type == "key":
        return None
    return value[:10] if check.is_code else masked(value)


def _add_ragged(plan: Plan, item: CheckInput, checked: Checked) -> None:
    if item.raw.ragged:
        checked.findings.append(
            finding(
                "ROW_COLUMNS",
                table=plan.contract.table,
                file=item.file,
                sheet=item.raw.sheet,
                expected=str(len(item.raw.header)),
                count=len(item.raw.ragged),
                places=[(row, str(seen)) for row, seen in item.raw.ragged[:LISTED_PLACES]],
            )
        )


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
    lake_names = [plan.contract.column(name).lake_name for name in names]
    good = typed.select(lake_names).take(pa.array(suspects)).to_pylist()
    text = raw.select(list(names)).take(pa.array(suspects)).to_pylist()
    rows_of: dict[tuple[str | None, ...], list[int]] = {}
    for position, typed_row, text_row in zip(suspects.tolist(), good, text, strict=True):
        key = tuple(
            str(typed_row[lake]) if typed_row[lake] is not None else text_row[name]
            for lake, name in zip(lake_names, names, strict=True)
        )
        rows_of.setdefault(key, []).append(int(item.raw.source_row[position]))
    rows = sorted(row for group in rows_of.values() if len(group) > 1 for row in group)
    if rows:
        checked.findings.append(
            finding(
                "FILE_KEY_TWICE",
                table=plan.contract.table,
                file=item.file,
                sheet=item.raw.sheet,
                column=", ".join(names),
                expected=", ".join(names),
                count=len(rows),
                places=[(row, None) for row in rows[:LISTED_PLACES]],
            )
        )
