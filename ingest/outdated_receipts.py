"""Receipts of deliveries of which some tables have expired: the places of these go, counts stay."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

# The page repeats what the lists say, so it goes when a list changes.
_PAGE, _LISTS = "receipt.html", ("receipt.json", "errors.csv")
# What a finding says of single rows.
_NAMING = ("places", "seen", "message")


def names_rows_of(folder: Path, tables: frozenset[str]) -> bool:
    """Whether the receipt in ``folder`` still names rows of these tables."""
    return any(_changed(folder / name, tables) is not None for name in _LISTS)


def without_tables(folder: Path, tables: frozenset[str]) -> None:
    """Take the places of these tables out of the receipt in ``folder``.

    The page goes first: killed in between, the lists still say that something is left to do.
    """
    (folder / _PAGE).unlink(missing_ok=True)
    for name in _LISTS:
        changed = _changed(folder / name, tables)
        if changed is not None:
            partial = (folder / name).with_name(f".{name}.partial")
            partial.write_text(changed, encoding="utf-8", newline="")
            partial.replace(folder / name)


def _changed(path: Path, tables: frozenset[str]) -> str | None:
    """The list without these tables; ``None`` when it names none of their rows."""
    try:
        text = path.read_text("utf-8-sig")
        return _json_without(text, tables) if path.suffix == ".json" else _lines_without(text, tables)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _json_without(text: str, tables: frozenset[str]) -> str | None:
    receipt: dict[str, Any] = json.loads(text)
    changed = False
    for found in receipt["findings"]:
        # The message repeats what was seen at the first place.
        if found.get("table") in tables and any(found.get(name) for name in _NAMING):
            found |= {"places": [], "seen": None, "message": {}}
            changed = True
    return json.dumps(receipt, ensure_ascii=False) + "\n" if changed else None


def _lines_without(text: str, tables: frozenset[str]) -> str | None:
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    place = rows[0].index("table") if rows else 0
    kept = [row for number, row in enumerate(rows) if number == 0 or len(row) <= place or row[place] not in tables]
    if len(kept) == len(rows):
        return None
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=";", lineterminator="\r\n").writerows(kept)
    return "\ufeff" + stream.getvalue()
