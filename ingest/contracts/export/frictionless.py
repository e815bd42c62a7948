"""The contracts as Frictionless table schemas (version 1 of the specification) and a data package."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from ingest.contracts.model import Column, Contract
from ingest.contracts.reading import CONTRACT_FOLDER, code_lists, contracts
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, wellbeing_areas

PACKAGE_NAME = "saattaen-contract"
KEY_PATTERN = "[0-9a-f]{64}"
_TYPES = {
    "key": "string",
    "date": "date",
    "municipality": "string",
    "wellbeing_area": "string",
    "code": "string",
    "int": "integer",
    "decimal": "number",
    "bool": "boolean",
    "text": "string",
}
_TITLE = {
    "fi": "Saattaen: jälkihuollon tietosopimus",
    "sv": "Saattaen: dataavtal för eftervården",
    "en": "Saattaen: aftercare data contract",
}


def package(version: str, language: str, source: Path = CONTRACT_FOLDER) -> dict[str, Any]:
    """``datapackage.json``: one resource a table, whose file holds a header and no rows."""
    return {
        "profile": "tabular-data-package",
        "name": PACKAGE_NAME,
        "version": version,
        "title": _TITLE[language],
        "titles": _TITLE,
        "licenses": [{"name": "EUPL-1.2", "title": "European Union Public Licence 1.2"}],
        "resources": [_resource(table, language) for table in contracts(version, source).values()],
    }


def schema(table: Contract, language: str, source: Path = CONTRACT_FOLDER) -> dict[str, Any]:
    """The table schema of one contract.

    A primary key with a column that may be empty is no primary key there; it stands as a unique key.
    ``references`` say what happens to a row that refers to nothing, which a foreign key cannot.
    """
    is_strict = all(table.column(name).required for name in table.primary_key)
    found: dict[str, Any] = {
        "fields": [_field(table, column, language, source) for column in table.columns],
        "missingValues": [""],
    }
    found["primaryKey" if is_strict else "uniqueKeys"] = (
        list(table.primary_key) if is_strict else [list(table.primary_key)]
    )
    if table.references:
        found["foreignKeys"] = [
            {
                "fields": list(reference.columns),
                "reference": {"resource": reference.table, "fields": list(reference.to_columns)},
                "severity": reference.severity,
            }
            for reference in table.references
        ]
    return found


def header_csv(table: Contract) -> str:
    """A CSV file with the header and no rows."""
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator="\r\n").writerow(table.column_names)
    return stream.getvalue()


def _resource(table: Contract, language: str) -> dict[str, Any]:
    said: dict[str, Any] = {
        "profile": "tabular-data-resource",
        "name": table.table,
        "path": f"csv/{table.table}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "title": table.label[language],
        "titles": table.label,
        "description": f"{table.purpose[language]} {table.grains[language]}",
        "schema": f"schemas/{table.table}.json",
        "suppliers": list(table.suppliers),
        "mode": table.mode,
        "cadence": table.cadence,
        "period_types": list(table.period_types),
        "due_days": table.due_days,
        "retention_years": table.retention_years,
    }
    return said | {name: value for name, value in (("within", table.within), ("twin", table.twin)) if value}


def _field(table: Contract, column: Column, language: str, source: Path) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": column.required}
    found: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "title": column.label[language],
        "description": column.descriptions[language],
    }
    if column.type == "key":
        constraints["pattern"] = KEY_PATTERN
    if column.pattern:
        constraints["pattern"] = column.pattern
        found["example"] = column.example
    if column.code_list:
        codes = code_lists(table.version, source)[column.code_list]
        constraints["enum"] = list(codes.codes)
        found["categories"] = [{"value": code, "label": label[language]} for code, label in codes.labels.items()]
    if column.type == "municipality":
        constraints["enum"] = sorted({*municipalities(), *UNKNOWN_MUNICIPALITIES})
    if column.type == "wellbeing_area":
        constraints["enum"] = sorted(wellbeing_areas())
    if column.type == "date":
        found["format"] = "%Y-%m-%d"
    if column.type == "bool":
        found |= {"trueValues": ["true", "1"], "falseValues": ["false", "0"]}
    for bound, value in (("minimum", column.minimum), ("maximum", column.maximum)):
        if value is not None:
            constraints[bound] = value
    return found | {
        "constraints": constraints,
        "titles": column.label,
        "aliases": list(column.aliases),
        "serves": list(column.serves),
    }
