"""Writes the small deliveries that show a rule."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ingest.door.rules.model import Example


def key(number: int) -> str:
    """A pseudonym as a supplier makes it: 64 hexadecimal digits."""
    return hashlib.sha256(f"example {number}".encode()).hexdigest()


# A row of each table that an example needs, without anything to be said about it in 2025Q3.
GOOD_ROWS: dict[str, dict[str, str | None]] = {
    "client": {
        "client_key": key(1),
        "birth_year": "2005",
        "gender": "2",
        "home_municipality": "853",
        "responsible_area": "05",
        "language_group": "fi",
        "in_touch_status": "KYLLA",
        "has_children": "false",
    },
    "residence_spell": {
        "client_key": key(1),
        "municipality": "853",
        "start_date": "2024-01-01",
        "end_date": "2024-03-31",
    },
    "aftercare_period": {
        "client_key": key(1),
        "period_key": key(101),
        "start_date": "2024-01-01",
        "end_date": None,
        "end_reason": None,
        "legal_basis": "HUOSTA",
        "entitlement_end_date": None,
    },
    "worker_assignment": {
        "client_key": key(1),
        "worker_key": key(201),
        "role": "VASTUU",
        "start_date": "2024-01-01",
        "end_date": None,
        "change_reason": None,
    },
    "handover": {
        "client_key": key(1),
        "handover_date": "2025-08-15",
        "handover_type": "YHTEISTAPAAMINEN",
        "from_worker_key": key(201),
        "to_worker_key": key(202),
        "client_present": "true",
    },
    "contact": {
        "contact_key": key(301),
        "client_key": key(1),
        "worker_key": key(201),
        "date": "2025-09-30",
        "channel": "PUHELIN",
        "two_way": "true",
    },
    "plan": {
        "client_key": key(1),
        "plan_key": key(401),
        "plan_type": "JALKIHUOLTO",
        "valid_from": "2025-08-01",
        "client_present": "true",
    },
    "plan_party": {"plan_key": key(401), "sector": "SOSIAALI"},
    "employment_service_spell": {
        "client_key": key(1),
        "service": "OHJAAMO",
        "employment_area_code": None,
        "municipality_code": "853",
        "start_date": "2025-03-01",
        "end_date": None,
    },
    "cost_row": {
        "year": "2025",
        "area": "05",
        "municipality_code": "853",
        "service_code": "2110",
        "account_code": "4300",
        "amount_eur": "1200.50",
        "method": "SUORA",
    },
    "rental_housing": {
        "municipality_code": "853",
        "applications": "3",
        "offers": None,
        "evictions": "0",
    },
}


def write(example: Example, folder: Path) -> None:
    """Write a delivery into an empty, existing folder, as a supplier would.

    The delivery id is ``delivery_id(example.number)``, whatever the folder is called.
    """
    files = {f"{table}.csv": _csv(table, changes) for table, changes in example.rows.items()}
    files |= {name: content() if callable(content) else content for name, content in example.files.items()}
    announced = []
    for name, content in files.items():
        (folder / name).write_bytes(content)
        table = name.partition(".")[0]
        if table in GOOD_ROWS:
            entry = {
                "table": table,
                "path": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": max(0, content.count(b"\n") - 1),
            }
            announced.append(entry | dict(example.announced.get(name, {})))
    manifest: dict[str, Any] = {
        "delivery_id": delivery_id(example.number),
        "organisation": example.organisation,
        "period": example.period,
        "contract_version": "1.0",
        "key_domain": "common",
        "extracted_at": "2025-10-20T06:12:00+03:00",
        "files": announced,
        "data_kind": "synthetic",
    }
    manifest |= example.manifest
    if "manifest.json" not in files:
        kept = {field: value for field, value in manifest.items() if value is not None}
        (folder / "manifest.json").write_text(json.dumps(kept), encoding="utf-8")


def delivery_id(number: int) -> str:
    """ULIDs that sort by ``number``."""
    return f"01JAZ{number:021d}"


def _csv(table: str, changes: tuple[Mapping[str, str | None], ...]) -> bytes:
    stream = io.StringIO(newline="")
    good = GOOD_ROWS[table]
    writer = csv.DictWriter(stream, list(good), lineterminator="\n")
    writer.writeheader()
    writer.writerows(good | dict(change) for change in changes)
    return stream.getvalue().encode()
