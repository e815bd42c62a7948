"""Small deliveries for the tests of the door: a good one, and what can be changed in it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

# When the files were written: long enough ago not to be taken for ones on their way.
SENT = 1_760_000_000
FIRST_ID = "01JAZ00000000000000000000A"


def delivery_id(number: int) -> str:
    """ULIDs that sort by ``number``."""
    return f"01JAZ{number:021d}"


def key(number: int) -> str:
    """A pseudonym as a supplier makes it: 64 hexadecimal digits."""
    return hashlib.sha256(f"key {number}".encode()).hexdigest()


CLIENT_HEADER = (
    "client_key,birth_year,gender,home_municipality,responsible_area,language_group,in_touch_status,has_children"
)


def client_rows(count: int = 3, area: str = "05") -> list[str]:
    """Rows of ``client`` without any finding."""
    return [f"{key(n)},2005,2,853,{area},fi,KYLLA,false" for n in range(count)]


def csv_bytes(header: str, rows: list[str], encoding: str = "utf-8") -> bytes:
    """A CSV file."""
    return ("\n".join([header, *rows]) + "\n").encode(encoding)


def client_csv(rows: list[str] | None = None, header: str = CLIENT_HEADER) -> bytes:
    """A ``client.csv``."""
    return csv_bytes(header, client_rows() if rows is None else rows)


SPELL_HEADER = "client_key,municipality,start_date,end_date"


def drop(
    root: Path,
    files: dict[str, tuple[str, bytes, int]] | None = None,
    *,
    number: int = 1,
    organisation: str = "hva-05",
    period: str = "2025Q3",
    change: Callable[[dict[str, Any]], None] | None = None,
    **manifest: Any,
) -> Path:
    """Write a delivery below ``root`` as a supplier would and return its folder.

    ``files`` maps a file name to (table, content, rows announced); default: a good ``client.csv``.
    ``change`` may alter the manifest before it is written.
    """
    if files is None:
        files = {"client.csv": ("client", client_csv(), 3)}
    folder = root / organisation / period / delivery_id(number)
    folder.mkdir(parents=True)
    content: dict[str, Any] = {
        "delivery_id": folder.name,
        "organisation": organisation,
        "period": period,
        "contract_version": "1.0",
        "key_domain": "common",
        "extracted_at": "2025-10-20T06:12:00+03:00",
        "files": [
            {"table": table, "path": name, "sha256": hashlib.sha256(body).hexdigest(), "rows": rows}
            for name, (table, body, rows) in files.items()
        ],
        "data_kind": "synthetic",
        **manifest,
    }
    if change:
        change(content)
    for name, (_, body, _) in files.items():
        (folder / name).write_bytes(body)
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    for path in folder.iterdir():
        os.utime(path, (SENT, SENT))
    return folder
