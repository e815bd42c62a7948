"""Whether rows meet the contract of their published table; every breach is told, figures never are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import duckdb

from quality.release.contract import Condition, PublishedTable, published_table

# Limits are computed in floating point; a difference of this relative size is none.
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Rule:
    """A predicate in SQL that is true of a row that breaks the contract, and what to say of it."""

    breach: str
    predicate: str


def shape_problems(connection: duckdb.DuckDBPyConnection, table: PublishedTable, query: str) -> list[str]:
    """How names, order and types of the query's columns differ from the contract; empty when not."""
    found = [(name, kind) for name, kind, *_ in connection.execute(f"describe {query}").fetchall()]
    names = tuple(name for name, _ in found)
    if names != table.column_names:
        missing = [name for name in table.column_names if name not in names]
        unknown = [name for name in names if name not in table.column_names]
        parts = [f"no column {', '.join(missing)}"] * bool(missing)
        parts += [f"column {', '.join(unknown)} is not in the contract"] * bool(unknown)
        return parts or [f"the columns are in the order {', '.join(names)}"]
    return [
        f"{column.name} is {kind}, not {column.type}"
        for column, (_, kind) in zip(table.columns, found, strict=True)
        if kind != column.type
    ]


def rules(table: PublishedTable) -> list[Rule]:
    """The contract's rules about one row, as SQL."""
    found = []
    for column in table.columns:
        name = f'"{column.name}"'
        if column.required:
            found.append(Rule(f"{column.name} is empty", f"{name} is null"))
        if column.allowed:
            listed = ", ".join(_literal(code) for code in column.allowed)
            found.append(Rule(f"{column.name} is none of {', '.join(column.allowed)}", f"{name} not in ({listed})"))
        if column.minimum is not None:
            found.append(Rule(f"{column.name} is under {column.minimum}", f"{name} < {column.minimum}"))
        if column.maximum is not None:
            found.append(Rule(f"{column.name} is over {column.maximum}", f"{name} > {column.maximum} + {TOLERANCE}"))
        if column.null_unless:
            found.append(
                Rule(
                    f"{column.name} is given though {_in_words(column.null_unless, 'is not')}",
                    f"{name} is not null and not {_holds(column.null_unless)}",
                )
            )
        if column.present_when:
            found.append(
                Rule(
                    f"{column.name} is empty though {_in_words(column.present_when, 'is')}",
                    f"{name} is null and {_holds(column.present_when)}",
                )
            )
    for group in table.ordered:
        for low, high in pairwise(group):
            slack = f' + {TOLERANCE} * greatest(1, abs("{high}"))' if table.column(high).type == "DOUBLE" else ""
            found.append(Rule(f"{low} is over {high}", f'"{low}" > "{high}"{slack}'))
    return found


def row_problems(connection: duckdb.DuckDBPyConnection, table: PublishedTable, schema: str) -> list[str]:
    """Breaches among the rows of ``schema.<table>``, with the number of rows and the key of one.

    The tables that it refers to must stand in the same schema. Figures are not repeated: a breach
    can be just that a figure is there which may not be.
    """
    relation = f'{schema}."{table.table}"'
    checks = rules(table)
    key = ", ".join(f'"{name}"' for name in table.primary_key)
    counts = connection.execute(
        "select "
        + ", ".join(["count(*)", *(f"count(*) filter (where {rule.predicate})" for rule in checks)])
        + f" from {relation}"
    ).fetchone()
    assert counts is not None
    problems = ["there are no rows"] if counts[0] == 0 and not table.may_be_empty else []
    for rule, count in zip(checks, counts[1:], strict=True):
        if count:
            example = connection.execute(f"select {key} from {relation} where {rule.predicate} limit 1").fetchone()
            problems.append(f"{rule.breach} in {_rows(count)} ({_example(table.primary_key, example)})")
    doubled = connection.execute(
        f"select count(*), {_any_values(table.primary_key)} from "
        f"(select {key} from {relation} group by {key} having count(*) > 1)"
    ).fetchone()
    if doubled and doubled[0]:
        problems.append(
            f"the primary key {', '.join(table.primary_key)} stands twice for {doubled[0]} keys "
            f"({_example(table.primary_key, doubled[1:])})"
        )
    for reference in table.references:
        other = published_table(reference.table).primary_key
        joined = " and ".join(
            f'own."{own}" = other."{theirs}"' for own, theirs in zip(reference.columns, other, strict=True)
        )
        lost = connection.execute(
            f"select count(*), {_any_values(reference.columns)} from {relation} as own where not exists "
            f'(select 1 from {schema}."{reference.table}" as other where {joined})'
        ).fetchone()
        if lost and lost[0]:
            problems.append(
                f"{', '.join(reference.columns)} name no row of {reference.table} in {_rows(lost[0])} "
                f"({_example(reference.columns, lost[1:])})"
            )
    return problems


def _holds(condition: Condition) -> str:
    column, values = condition
    listed = ", ".join(_literal(value) for value in values)
    return f"""coalesce(cast("{column}" as varchar) in ({listed}), false)"""


def _in_words(condition: Condition, verb: str) -> str:
    column, values = condition
    return f"{column} {verb} {' or '.join(values)}"


def _any_values(columns: tuple[str, ...]) -> str:
    return ", ".join(f'any_value("{name}")' for name in columns)


def _example(columns: tuple[str, ...], values: tuple[object, ...] | None) -> str:
    return "for example " + ", ".join(f"{name} {value}" for name, value in zip(columns, values or (), strict=True))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _literal(text: object) -> str:
    return "'" + str(text).replace("'", "''") + "'"
