"""A row of each table and a small delivery, as the specification shows them. All made up."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

from ingest.contracts.model import Column, Contract
from ingest.contracts.reading import CONTRACT_FOLDER, code_lists, contracts, versions

PERIOD_OF = {"quarter": "2025Q3", "half_year": "2025H2", "year": "2025"}
_ORGANISATION_OF = {"hva": "hva-05", "kunta": "kunta-853", "kela": "kela"}
# In every period of ``PERIOD_OF``: an event of the period, and a spell that began before it.
_EVENT, _START = "2025-09-15", "2024-02-01"
_NUMBERS = {"birth_year": "2005", "year": "2025", "value": "4", "age_from": "18", "age_to": "22"}
# Where the first code of a list would make an odd example.
_CODES = {
    "legal_basis": "HUOSTA",
    "change_reason": "UUSI",
    "handover_type": "YHTEISTAPAAMINEN",
    "service": "OHJAAMO",
    "target_service": "OHJAAMO",
    "referral_status": "ALKANUT",
    "plan_action_status": "TEHTY",
    "education_level": "AMMATILLINEN",
    "plan_type": "JALKIHUOLTO",
}
# Every spell still goes on: it has no end and no reason for it.
_OF_AN_END = ("end_reason", "entitlement_end_date", "continuing_need")


def organisation(table: Contract) -> str:
    """A supplier of the table."""
    return _ORGANISATION_OF[table.suppliers[0]]


def period(table: Contract) -> str:
    """A period for which the table may be delivered."""
    return PERIOD_OF[table.period_types[0]]


def example_row(table: Contract, source: Path = CONTRACT_FOLDER) -> dict[str, str]:
    """A row that the door accepts from ``organisation`` for ``period``; empty where it may be."""
    return {column.name: _value(table, column, source) for column in table.columns}


def _value(table: Contract, column: Column, source: Path) -> str:
    if column.spell_end_of or column.name in _OF_AN_END:
        return ""
    match column.type:
        case "key":
            return hashlib.sha256(f"example {column.name.removeprefix('from_')}".encode()).hexdigest()
        case "date":
            return _START if any(other.spell_end_of == column.name for other in table.columns) else _EVENT
        case "municipality":
            return "853"
        case "wellbeing_area":
            return "05"
        case "bool":
            return "true"
        case "int":
            return _NUMBERS.get(column.name, "3")
        case "decimal":
            return "12.5"
        case "text":
            return column.example or ""
        case _:
            codes = code_lists(table.version, source)[column.code_list or ""].codes
            wanted = _CODES.get(column.name, _CODES.get(column.code_list or ""))
            return wanted if wanted in codes else codes[0]


def table_csv(table: Contract, source: Path = CONTRACT_FOLDER) -> str:
    """The example row as a CSV file."""
    stream = io.StringIO(newline="")
    row = example_row(table, source)
    writer = csv.DictWriter(stream, list(row), lineterminator="\r\n")
    writer.writeheader()
    writer.writerow(row)
    return stream.getvalue()


def delivery(version: str | None = None, source: Path = CONTRACT_FOLDER) -> dict[str, str]:
    """File name -> content of a small delivery of an area, ``manifest.json`` last."""
    version = version or versions(source)[-1]
    known = contracts(version, source)
    names = ("client", "residence_spell", "aftercare_period", "worker_assignment")
    files = {f"{name}.csv": table_csv(known[name], source) for name in names}
    manifest = {
        "delivery_id": "01JAYK0M3Z8Q4T7V9W2X5Y6Z1A",
        "organisation": "hva-05",
        "period": "2025Q3",
        "contract_version": version,
        "key_domain": "common",
        "extracted_at": "2025-10-20T06:12:00+03:00",
        "files": [
            {
                "table": path.removesuffix(".csv"),
                "path": path,
                "sha256": hashlib.sha256(content.encode()).hexdigest(),
                "rows": 1,
            }
            for path, content in files.items()
        ],
        "nothing_to_report": ["handover"],
    }
    return files | {"manifest.json": json.dumps(manifest, indent=2) + "\n"}
