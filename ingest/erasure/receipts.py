"""Receipts without the places that name a person's records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ingest.erasure.searching import Keys

# A receipt may name a record by the beginning of its key; the shortest beginning that is looked for.
SHORTEST_BEGINNING = 8


def clean(folder: Path, keys: Keys) -> None:
    """Take places of the person's records out of the receipt in ``folder``; counts stay.

    A place names a record by its key or the beginning of it, so a place of another record with the
    same beginning goes too. The page repeats what the lists say, so it goes when a list changes.
    """
    if not folder.is_dir():
        return
    changed = _clean_json(folder / "receipt.json", keys)
    changed |= _clean_lines(folder / "errors.csv", keys)
    page = folder / "receipt.html"
    if page.exists() and (changed or _names(page.read_text("utf-8", errors="replace"), keys)):
        page.unlink()


def _clean_json(path: Path, keys: Keys) -> bool:
    try:
        receipt = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    changed = False

    def kept(value: Any) -> Any:
        nonlocal changed
        if isinstance(value, dict):
            return {name: kept(item) for name, item in value.items()}
        if isinstance(value, list):
            items = [item for item in value if not _names(json.dumps(item, ensure_ascii=False), keys)]
            # A list of findings is gone into; a list of places loses those of the person.
            if len(items) != len(value) and all(isinstance(item, dict) and "rule" in item for item in value):
                return [kept(item) for item in value]
            changed = changed or len(items) != len(value)
            return [kept(item) for item in items]
        return value

    cleaned = kept(receipt)
    if changed:
        _write(path, json.dumps(cleaned, ensure_ascii=False, indent=1))
    return changed


def _clean_lines(path: Path, keys: Keys) -> bool:
    try:
        lines = path.read_text("utf-8-sig").splitlines(keepends=True)
    except OSError:
        return False
    kept = [line for line in lines if not _names(line, keys)]
    if len(kept) == len(lines):
        return False
    _write(path, "\ufeff" + "".join(kept))
    return True


def _names(text: str, keys: Keys) -> bool:
    lower = text.lower()
    return any(_beginning_stands(lower, key) for key in keys.values)


def _beginning_stands(text: str, key: str) -> bool:
    """Whether the beginning of a key stands in a text as a word of its own (``3fa9c1…``)."""
    start = text.find(key[:SHORTEST_BEGINNING])
    while start >= 0:
        if start == 0 or not text[start - 1].isalnum():
            return True
        start = text.find(key[:SHORTEST_BEGINNING], start + 1)
    return False


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="")
    partial.replace(path)
