"""``datapackage.json``: the release as a Frictionless data package, made from the contract of its tables.

Nothing in it changes from one publishing to the next of the same data: the release's id and time
stand in its table ``release``, checksums in ``SHA256SUMS``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from quality.release.contract import LANGUAGES, PublishedColumn, PublishedTable, published_table
from quality.release.dictionary import HEADER

CC_BY = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0 International",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
# Names and codes of municipalities and areas come from here; the licence is of the classifications' owner.
STATISTICS_FINLAND = {
    "title": "Statistics Finland, classifications of municipalities, wellbeing services counties and urban-rural "
    "municipalities, CC BY 4.0",
    "path": "https://stat.fi/en/luokitukset",
}
TITLE = {
    "fi": "Saattaen: jälkihuollon mittarit",
    "sv": "Saattaen: indikatorer för eftervården",
    "en": "Saattaen: aftercare indicators",
}
_TYPES = {
    "VARCHAR": "string",
    "DOUBLE": "number",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "datetime",
}


def write_datapackage(
    tables: dict[str, PublishedTable], folder: Path, kind: str, notice: str, code_version: str
) -> None:
    """Write the descriptor of the CSV files and JSON-stat datasets that lie in ``folder``."""
    package = {
        "profile": "data-package",
        "name": f"saattaen-aftercare-indicators-{kind}",
        "title": f"{TITLE['en']} ({notice})",
        "titles": TITLE,
        "description": notice,
        "version": code_version,
        "keywords": ["aftercare", "jälkihuolto", "eftervård", "child welfare", "Finland", kind],
        "licenses": [CC_BY],
        "sources": [STATISTICS_FINLAND],
        "resources": [
            *(_resource(table, kind) for table in tables.values()),
            {
                "profile": "tabular-data-resource",
                "name": "data_dictionary",
                "path": f"data_dictionary_{kind.upper()}.csv",
                "title": "Data dictionary",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {
                    "fields": [{"name": name, "type": "string"} for name in HEADER],
                    "missingValues": [""],
                    "primaryKey": ["table_name", "column_name"],
                },
            },
            *(
                {
                    "profile": "data-resource",
                    "name": f"jsonstat-{file.name.split('_')[0].lower()}",
                    "path": file.relative_to(folder).as_posix(),
                    "title": f"{file.name.split('_')[0]}, JSON-stat 2.0",
                    "format": "json",
                    "mediatype": "application/json",
                    "encoding": "utf-8",
                    "licenses": [CC_BY],
                }
                for file in sorted((folder / "jsonstat").glob("*.json"))
            ),
        ],
    }
    text = json.dumps(package, ensure_ascii=False, indent=1)
    (folder / "datapackage.json").write_text(text + "\n", encoding="utf-8")


def table_schema(table: PublishedTable) -> dict[str, Any]:
    """The Frictionless table schema (version 1 of the specification) of one published table's CSV file."""
    found: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.primary_key),
    }
    if table.references:
        found["foreignKeys"] = [
            {
                "fields": list(reference.columns),
                "reference": {
                    "resource": reference.table,
                    "fields": list(published_table(reference.table).primary_key),
                },
            }
            for reference in table.references
        ]
    return found


def _resource(table: PublishedTable, kind: str) -> dict[str, Any]:
    found = {
        "profile": "tabular-data-resource",
        "name": table.table,
        "path": f"{table.table}_{kind.upper()}.csv",
        "title": table.label["en"],
        "titles": table.label,
        "description": f"{table.description['en']} {table.grain} {table.table}.parquet has the same rows.",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "licenses": [CC_BY],
        "schema": table_schema(table),
    }
    return found | ({"sources": [STATISTICS_FINLAND]} if table.table == "area" else {})


def _field(column: PublishedColumn) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": column.required}
    if column.allowed:
        constraints["enum"] = list(column.allowed)
    for bound, value in (("minimum", column.minimum), ("maximum", column.maximum)):
        if value is not None:
            constraints[bound] = value
    found: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "description": column.description["en"],
        "descriptions": {language: column.description[language] for language in LANGUAGES},
        "constraints": constraints,
    }
    if column.type == "TIMESTAMP":
        found["format"] = "%Y-%m-%d %H:%M:%S"
    return found
