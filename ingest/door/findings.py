"""Findings: a rule that was broken, at which places, with what was seen masked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ingest.door.rules import CONSEQUENCES, LANGUAGES, RULES, Rule
from ingest.identifiers import kind_label, withhold_identifiers

# More places of one kind than this are counted but not listed one by one.
LISTED_PLACES = 10_000
LONGEST_NAME = 80
# Of a pseudonym, enough to find the record again in the supplier's own file.
_SHOWN_OF_KEY = 8
_PSEUDONYM = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[0-9]{2,3}")


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


def masked_key(value: str | None) -> str | None:
    """The key of a record as it may stand in a receipt: the beginning of a pseudonym, or a code.

    Anything else might be what a pseudonym should have replaced, and is not shown.
    """
    text = (value or "").lower()
    if _PSEUDONYM.fullmatch(text):
        return f"{text[:_SHOWN_OF_KEY]}…"
    return text if _CODE.fullmatch(text) else None


class Place(NamedTuple):
    """Where a rule was broken: row (the header is row 1), what was seen and which record, masked.

    ``row`` is ``None`` when the record is missing from the file.
    """

    row: int | None
    seen: str | None = None
    record: str | None = None


@dataclass(frozen=True)
class Skipped:
    """A check that could not be made: of which rule, on which table, and what it would need.

    ``needs`` is a table that is not in the delivery; ``None`` when a delivery before is missing.
    """

    rule: Rule
    table: str | None = None
    needs: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For ``receipt.json``."""
        return {
            "rule": self.rule.code,
            "table": self.table,
            "needs": self.needs or "history",
            "why": {language: self.why(language) for language in LANGUAGES},
        }

    def why(self, language: str) -> str:
        """What was missing, in one sentence."""
        template = NEEDS_TABLE if self.needs else _NEEDS_HISTORY
        return template[language].format(table=self.needs)


_NEEDS_HISTORY = {
    "fi": "Vaatii edellisen toimituksen.",
    "sv": "Kräver föregående leverans.",
    "en": "Needs the delivery before.",
}
NEEDS_TABLE = {
    "fi": "Vaatii taulun {table} samaan toimitukseen.",
    "sv": "Kräver tabellen {table} i samma leverans.",
    "en": "Needs the table {table} in the same delivery.",
}


@dataclass
class Finding:
    """One rule broken in one column (or file, or delivery), at one or many places.

    ``count`` also counts the places that are not listed. ``kind`` is a kind of direct identifier.
    """

    rule: Rule
    table: str | None = None
    file: str | None = None
    sheet: str | None = None
    column: str | None = None
    seen: str | None = None
    expected: str | None = None
    count: int = 1
    places: list[Place] = field(default_factory=list)
    kind: str | None = None

    def message(self, language: str, seen: str | None = None) -> str:
        """What is wrong, in one sentence or two; ``seen`` of one place."""
        kind = kind_label(self.kind, language) if self.kind else None
        return self.rule.text(language, seen or self.seen, self.expected, kind)

    def as_dict(self, places: int) -> dict[str, Any]:
        """For ``receipt.json``, with the first ``places`` places."""
        seen = self.places[0].seen if self.places else self.seen
        return {
            "rule": self.rule.code,
            "severity": self.rule.severity,
            "table": self.table,
            "file": self.file,
            "sheet": self.sheet,
            "column": self.column,
            "kind": self.kind,
            "count": self.count,
            "seen": seen,
            "expected": self.expected,
            "places": [place._asdict() for place in self.places[:places]],
            "message": {language: self.message(language, seen) for language in LANGUAGES},
            "what_happens": CONSEQUENCES[self.rule.severity],
        }


def finding(code: str, **fields: Any) -> Finding:
    """A finding of the rule ``code``; names are made safe to show here, once for all.

    ``places`` may be tuples that begin as a ``Place`` does.
    """
    for name in ("table", "file", "sheet", "column", "seen"):
        if fields.get(name) is not None:
            fields[name] = shown(fields[name])
    fields["places"] = [Place(*place) for place in fields.get("places", ())]
    return Finding(RULES[code], **fields)
