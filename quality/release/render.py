"""What dbt documents of the published tables: ``python -m quality.release.render`` writes the sources.

They lie in another file than the warehouse and are written by publishing, so dbt reads and tests
none of them; it shows them, and which dashboard reads them, in its documentation and lineage.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from quality.release.contract import Condition, PublishedColumn, PublishedTable, published_tables

PUBLISHED_FOLDER = Path(__file__).parents[2] / "dbt_project" / "models" / "published"
SOURCES_FILE = "_published__sources.yml"


def sources_yaml() -> str:
    """The dbt sources of the published tables."""
    source = {
        "name": "published",
        "description": (
            "What leaves the warehouse: protected rows, written new for every release into a file of their own "
            "(published/current/aftercare.duckdb; Parquet and CSV beside it)."
        ),
        "schema": "published",
        "tables": [_table(table) for table in sorted(published_tables().values(), key=lambda table: table.table)],
    }
    head = "# Written by `make contracts` from quality/release/tables; change the contract instead.\n"
    body = {"version": 2, "sources": [source]}
    return head + yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=110)


def _table(table: PublishedTable) -> dict[str, Any]:
    return {
        "name": table.table,
        "description": f"{table.description['en']} {table.grain}",
        "config": {
            "meta": {
                "contract_version": table.version,
                "primary_key": list(table.primary_key),
                "references": {", ".join(reference.columns): reference.table for reference in table.references},
            }
        },
        "columns": [
            {
                "name": column.name,
                "description": _description(column),
                "data_type": column.type.lower(),
            }
            for column in table.columns
        ],
    }


def _description(column: PublishedColumn) -> str:
    """The contract's text and, in words, when the column is empty."""
    parts = [column.description["en"]]
    if column.required:
        parts.append("Never empty.")
    if column.null_unless:
        parts.append(f"Empty unless {_condition(column.null_unless)}.")
    if column.present_when:
        parts.append(f"Never empty when {_condition(column.present_when)}.")
    if column.allowed:
        parts.append(f"One of {', '.join(column.allowed)}.")
    return " ".join(parts)


def _condition(condition: Condition) -> str:
    return f"{condition[0]} is {' or '.join(condition[1])}"


def write(folder: Path = PUBLISHED_FOLDER) -> Path:
    """Write the sources file; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SOURCES_FILE
    path.write_text(sources_yaml(), encoding="utf-8")
    return path


if __name__ == "__main__":
    write()
