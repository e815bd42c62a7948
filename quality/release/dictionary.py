"""The contract beside the data: comments in the published database and a data dictionary as CSV."""

from __future__ import annotations

import csv
from pathlib import Path

from quality.release.contract import LANGUAGES, Condition, PublishedColumn, PublishedTable

HEADER = (
    "table_name", "column_position", "column_name", "data_type", "is_key", "is_required", "empty_unless",
    "present_when", "allowed_values", *(f"description_{language}" for language in LANGUAGES), "data_notice",
)  # fmt: skip


def comments(tables: dict[str, PublishedTable], schema: str) -> list[str]:
    """``COMMENT ON`` statements for all tables and columns, in English like their names."""
    statements = []
    for table in tables.values():
        about = f"{table.description['en']} {table.grain}"
        statements.append(f"comment on table {schema}.{table.table} is {_literal(about)}")
        statements += [
            f"comment on column {schema}.{table.table}.{column.name} is {_literal(column.description['en'])}"
            for column in table.columns
        ]
    return statements


def write_dictionary(tables: dict[str, PublishedTable], file: Path, notice: str) -> None:
    """Write the data dictionary: one row per published column; ``notice`` marks synthetic data."""
    with file.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(HEADER)
        for table in tables.values():
            for position, column in enumerate(table.columns, start=1):
                writer.writerow([table.table, position, *_facts(table, column), notice])


def _facts(table: PublishedTable, column: PublishedColumn) -> list[str]:
    return [
        column.name,
        column.type,
        str(column.name in table.primary_key).lower(),
        str(column.required).lower(),
        _condition(column.null_unless),
        _condition(column.present_when),
        ", ".join(column.allowed),
        *(column.description[language] for language in LANGUAGES),
    ]


def _condition(condition: Condition | None) -> str:
    return f"{condition[0]} is {' or '.join(condition[1])}" if condition else ""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
