"""Which rules of the door the page checks, and why it cannot check the others."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from ingest.door.rules import RULES

Texts = dict[str, str]
_FOLDER = Path(__file__).parent
# In this order: what comes later uses what comes before.
SCRIPTS = (
    "texts.js", "words.js", "identifiers.js", "cells.js", "archive.js", "table.js", "delimited.js", "markup.js",
    "workbook.js", "reading.js", "manifest.js", "rows.js", "across.js", "delivery.js", "templates.js",
    "show.js", "page.js",
)  # fmt: skip

_HISTORY: Texts = {
    "fi": "Vaatii edellisen jakson toimituksen.",
    "sv": "Kräver leveransen för föregående period.",
    "en": "Needs the delivery of the period before.",
}
_LEDGER: Texts = {
    "fi": "Vaatii vastaanottajan luettelon otetuista toimituksista.",
    "sv": "Kräver mottagarens förteckning över mottagna leveranser.",
    "en": "Needs the recipient's ledger of the deliveries taken.",
}
_INBOX: Texts = {
    "fi": "Koskee sitä, mihin kansioon toimitus tulee vastaanottajalla.",
    "sv": "Gäller i vilken mapp leveransen ligger hos mottagaren.",
    "en": "Is about the folder in which the delivery lies at the recipient.",
}
_UNKNOWN: Texts = {
    "fi": "Sivu ei vielä tunne tätä sääntöä.",
    "sv": "Sidan känner ännu inte till denna regel.",
    "en": "The page does not know this rule yet.",
}
# Rules that no page can check, beside those of the history.
NOT_CHECKABLE: dict[str, Texts] = {
    "MANIFEST_PLACE": _INBOX,
    "DELIVERY_ID_TAKEN": _LEDGER,
    "CORRECTION_UNKNOWN": _LEDGER,
}


@cache
def scripts() -> str:
    """The logic of the page: its scripts one after the other."""
    return "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)


@cache
def checked_rules() -> tuple[str, ...]:
    """The codes that the scripts name: what they look for."""
    named = set(re.findall(r'"([A-Z][A-Z_]+)"', scripts()))
    return tuple(code for code in RULES if code in named)


def not_checked_rules() -> dict[str, Texts]:
    """Rule code -> why the page does not check it, in three languages: every rule that it does not name."""
    checked = checked_rules()
    return {code: reason_for(code) or _UNKNOWN for code in RULES if code not in checked}


def reason_for(code: str) -> Texts | None:
    """Why the rule cannot be checked in a browser; ``None`` when it can."""
    return _HISTORY if RULES[code].needs_history else NOT_CHECKABLE.get(code)
