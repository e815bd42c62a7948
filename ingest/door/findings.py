"""Findings: a rule that was broken, at which places, with what was seen masked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ingest.door.rules import CONSEQUENCES, LANGUAGES, RULES, Rule
from ingest.identifiers import withhold_identifiers

# More places of one kind than this are counted but not listed one by one.
LISTED_PLACES = 10_000
LONGEST_NAME = 80


def shown(name: object) -> str:
    """A name from a delivery as it may stand in a receipt: short, identifiers withheld."""
    text = withhold_identifiers(str(name))
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= LONGEST_NAME else text[: LONGEST_NAME - 1] + "…"


def masked(value: str | None) -> str | None:
    """A value as it may stand in a receipt: first character and length."""
    if value is None:
        return None
    first = value[:1] if value[:1].isprintable() else "?"
    return f"{first}… ({len(value)})"


@dataclass
class Finding:
    """One rule broken in one column (or file, or delivery), at one or many places.

    ``places`` are (row in the file as delivered with the header as row 1, masked value); ``count``
    also counts the places that are not listed.
    """

    rule: Rule
    table: str | None = None
    file: str | None = None
    sheet: str | None = None
    column: str | None = None
    seen: str | None = None
    expected: str | None = None
    count: int = 1
    places: list[tuple[int, str | None]] = field(default_factory=list)

    def message(self, language: str, seen: str | None = None) -> str:
        """What is wrong, in one sentence or two; ``seen`` of one place."""
        return self.rule.text(language, seen or self.seen, self.expected)

    def as_dict(self, places: int) -> dict[str, Any]:
        """For ``receipt.json``, with the first ``places`` places."""
        seen = self.places[0][1] if self.places else self.seen
        return {
            "rule": self.rule.code,
            "severity": self.rule.severity,
            "table": self.table,
            "file": self.file,
            "sheet": self.sheet,
            "column": self.column,
            "count": self.count,
            "seen": seen,
            "expected": self.expected,
            "places": [{"row": row, "seen": value} for row, value in self.places[:places]],
            "message": {language: self.message(language, seen) for language in LANGUAGES},
            "what_happens": CONSEQUENCES[self.rule.severity],
        }


def finding(code: str, **fields: Any) -> Finding:
    """A finding of the rule ``code``; names are made safe to show here, once for all."""
    for name in ("table", "file", "sheet", "column", "seen"):
        if fields.get(name) is not None:
            fields[name] = shown(fields[name])
    return Finding(RULES[code], **fields)
