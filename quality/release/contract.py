"""What the published tables promise: one YAML file a table in ``tables/``.

The single source of their columns, types, keys and descriptions: publishing enforces it, the
published database carries it as comments, the data dictionary, dbt's sources and the dashboards'
column descriptions are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

TABLES_FOLDER = Path(__file__).parent / "tables"
LANGUAGES = ("fi", "sv", "en")
LANGUAGE_NAMES = {
    "fi": {"fi": "suomeksi", "sv": "på finska", "en": "in Finnish"},
    "sv": {"fi": "ruotsiksi", "sv": "på svenska", "en": "in Swedish"},
    "en": {"fi": "englanniksi", "sv": "på engelska", "en": "in English"},
}
# DuckDB's names; every other engine that reads the Parquet files has these types.
TYPES = ("VARCHAR", "DOUBLE", "INTEGER", "BIGINT", "BOOLEAN", "DATE", "TIMESTAMP")

Condition = tuple[str, tuple[str, ...]]


class PublishedContractError(ValueError):
    """A contract file that does not hold together; names the file and the field."""


@dataclass(frozen=True)
class PublishedColumn:
    """One published column.

    ``null_unless`` and ``present_when`` are conditions on another column of the row, as (column,
    values): NULL unless it has one of the values; never NULL when it has one of them.
    """

    name: str
    type: str
    description: dict[str, str]
    required: bool = False
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    null_unless: Condition | None = None
    present_when: Condition | None = None


@dataclass(frozen=True)
class Reference:
    """Columns that name a row of another published table by its primary key."""

    columns: tuple[str, ...]
    table: str


@dataclass(frozen=True)
class PublishedTable:
    """One published table.

    ``ordered``: columns that may not fall from one to the next, NULLs aside. Without ``may_be_empty``
    a release without rows of it breaks the contract.
    """

    table: str
    version: str
    label: dict[str, str]
    grain: str
    description: dict[str, str]
    primary_key: tuple[str, ...]
    columns: tuple[PublishedColumn, ...]
    references: tuple[Reference, ...] = ()
    ordered: tuple[tuple[str, ...], ...] = ()
    may_be_empty: bool = False

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the order in which they are published."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> PublishedColumn:
        """The column of that name; ``KeyError`` when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"published.{self.table} has no column {name!r}; it has {', '.join(self.column_names)}")


@cache
def published_tables(folder: Path = TABLES_FOLDER) -> dict[str, PublishedTable]:
    """All contracts by table name, a table that another refers to before it.

    Raises ``PublishedContractError`` on the first file that does not hold together.
    """
    found = {
        path.stem: _parse(yaml.safe_load(path.read_text(encoding="utf-8")), path.name)
        for path in sorted(folder.glob("*.yml"))
    }
    for name, table in found.items():
        if table.table != name:
            raise PublishedContractError(f"{name}.yml: the file must be named after its table {table.table!r}")
        for reference in table.references:
            other = found.get(reference.table)
            if other is None or len(other.primary_key) != len(reference.columns):
                raise PublishedContractError(
                    f"{name}.yml: {', '.join(reference.columns)} refer to {reference.table!r}, whose primary key "
                    "is not of as many columns"
                )
    return dict(sorted(found.items(), key=lambda item: bool(item[1].references)))


def published_table(name: str) -> PublishedTable:
    """The contract of one table; ``KeyError`` names the tables there are."""
    try:
        return published_tables()[name]
    except KeyError:
        raise KeyError(f"unknown published table {name!r}; known: {', '.join(published_tables())}") from None


def _parse(raw: dict[str, Any], file: str) -> PublishedTable:
    columns = tuple(column for entry in raw["columns"] for column in _columns(entry, file))
    table = PublishedTable(
        table=raw["table"],
        version=str(raw["version"]),
        label=_texts(raw["label"], f"{file}: label"),
        grain=raw["grain"],
        description=_texts(raw["description"], f"{file}: description"),
        primary_key=tuple(raw["primary_key"]),
        columns=columns,
        references=tuple(Reference(tuple(entry["columns"]), entry["table"]) for entry in raw.get("references", [])),
        ordered=tuple(tuple(names) for names in raw.get("ordered", [])),
        may_be_empty=bool(raw.get("may_be_empty", False)),
    )
    names = table.column_names
    if len(set(names)) != len(names):
        raise PublishedContractError(f"{file}: a column is named twice")
    named = {
        "primary_key": set(table.primary_key),
        "references": {name for reference in table.references for name in reference.columns},
        "ordered": {name for group in table.ordered for name in group},
        "null_unless": {column.null_unless[0] for column in columns if column.null_unless},
        "present_when": {column.present_when[0] for column in columns if column.present_when},
    }
    for field, used in named.items():
        if unknown := sorted(used - set(names)):
            raise PublishedContractError(f"{file}: {field} names {', '.join(unknown)}, which is no column")
    for name in table.primary_key:
        if not table.column(name).required:
            raise PublishedContractError(f"{file}: {name} is of the primary key and must be required")
    return table


def _columns(raw: dict[str, Any], file: str) -> list[PublishedColumn]:
    """One column, or one a language where the entry says ``languages: true``."""
    where = f"{file}: column {raw.get('name')!r}"
    unknown = set(raw) - {
        "name", "type", "description", "languages", "required", "allowed", "minimum", "maximum",
        "null_unless", "present_when",
    }  # fmt: skip
    if unknown:
        raise PublishedContractError(f"{where}: unknown field {', '.join(sorted(unknown))}")
    if raw["type"] not in TYPES:
        raise PublishedContractError(f"{where}: type {raw['type']!r} is none of {', '.join(TYPES)}")
    texts = _texts(raw["description"], where)
    named = {raw["name"]: texts}
    if raw.get("languages"):
        named = {
            f"{raw['name']}_{language}": {
                reader: f"{texts[reader]}, {LANGUAGE_NAMES[language][reader]}." for reader in LANGUAGES
            }
            for language in LANGUAGES
        }
    return [
        PublishedColumn(
            name=name,
            type=raw["type"],
            description=description,
            required=bool(raw.get("required", False)),
            allowed=tuple(raw.get("allowed", ())),
            minimum=raw.get("minimum"),
            maximum=raw.get("maximum"),
            null_unless=_condition(raw.get("null_unless"), where),
            present_when=_condition(raw.get("present_when"), where),
        )
        for name, description in named.items()
    ]


def _condition(raw: dict[str, list[str]] | None, where: str) -> Condition | None:
    if raw is None:
        return None
    if len(raw) != 1:
        raise PublishedContractError(f"{where}: a condition is about one column, not {len(raw)}")
    ((column, values),) = raw.items()
    return column, tuple(values)


def _texts(raw: dict[str, Any], where: str) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not raw.get(language)]
    if missing:
        raise PublishedContractError(f"{where}: no text in {', '.join(missing)}")
    return {language: str(raw[language]) for language in LANGUAGES}
