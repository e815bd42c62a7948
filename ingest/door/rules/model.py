"""What a rule is: a code, a severity, a text in three languages and two small deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingest.contracts import LANGUAGES, Column, Contract

__all__ = ["LANGUAGES"]

REJECT_FILE = "reject_file"  # the whole delivery stays out
QUARANTINE_ROW = "quarantine_row"  # the row stays out
WARN = "warn"  # accepted as it is
REPAIR = "repair"  # the row is accepted, a value was put right

SEVERITIES = (REJECT_FILE, QUARANTINE_ROW, WARN, REPAIR)

SEVERITY_LABELS = {
    REJECT_FILE: {"fi": "hylkää toimituksen", "sv": "avvisar leveransen", "en": "rejects the delivery"},
    QUARANTINE_ROW: {"fi": "jättää rivin pois", "sv": "utelämnar raden", "en": "leaves the row out"},
    WARN: {"fi": "huomautus", "sv": "anmärkning", "en": "remark"},
    REPAIR: {"fi": "korjattu", "sv": "rättat", "en": "put right"},
}

CONSEQUENCES = {
    REJECT_FILE: {
        "fi": "Toimitusta ei oteta vastaan. Korjaa ja lähetä koko toimitus uudelleen.",
        "sv": "Leveransen tas inte emot. Rätta och skicka hela leveransen på nytt.",
        "en": "The delivery is not accepted. Correct it and send the whole delivery again.",
    },
    QUARANTINE_ROW: {
        "fi": "Rivi jätetään pois, muut rivit otetaan vastaan. Korjaa ja lähetä jakso uudelleen.",
        "sv": "Raden utelämnas, övriga rader tas emot. Rätta och skicka perioden på nytt.",
        "en": "The row is left out, the other rows are accepted. Correct it and send the period again.",
    },
    WARN: {
        "fi": "Tieto otetaan vastaan sellaisenaan. Tarkista, onko se oikein.",
        "sv": "Uppgiften tas emot som den är. Kontrollera att den stämmer.",
        "en": "It is accepted as it is. Check whether it is right.",
    },
    REPAIR: {
        "fi": "Arvo korjattiin ja rivi otettiin vastaan. Korjaa poiminta.",
        "sv": "Värdet rättades och raden togs emot. Rätta uttaget.",
        "en": "The value was put right and the row accepted. Correct the extract.",
    },
}


@dataclass(frozen=True)
class Example:
    """A small delivery that shows a rule (``ingest.door.rules.examples`` writes it).

    ``rows``: table -> what each row has that the good row of the table has not (``None``: empty).
    ``manifest``: fields that differ (``None``: left out); ``announced``: file -> what the manifest
    says of it otherwise; ``files``: file -> content (or what makes it) in place of, or beside,
    what is made.
    ``before``: deliveries that came earlier, the first first. ``late`` lets the delivery come in
    after the due date of its period. ``also`` names rules that cannot but be broken as well.
    """

    rows: Mapping[str, tuple[Mapping[str, str | None], ...]] = field(default_factory=dict)
    organisation: str = "hva-05"
    period: str = "2025Q3"
    manifest: Mapping[str, Any] = field(default_factory=dict)
    announced: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    files: Mapping[str, bytes | Callable[[], bytes]] = field(default_factory=dict)
    before: tuple[Example, ...] = ()
    number: int = 1
    also: tuple[str, ...] = ()


# The smallest delivery: one client, as the good row has her.
ONE_CLIENT: Mapping[str, tuple[Mapping[str, str | None], ...]] = {"client": ({},)}


@dataclass(frozen=True)
class Condition:
    """When a row breaks a rule: SQL over ``r_<column>`` (text as delivered) and ``t_<column>`` (typed).

    ``_period_start``, ``_period_end`` (exclusive), ``_extracted_on`` and ``_supplier`` are at hand.
    ``is_code`` says that what was seen stands in a code list then, so that it may be shown.
    """

    sql: str
    expected: str | None = None
    is_code: bool = False


@dataclass(frozen=True)
class Query:
    """Which rows of a table break a rule, seen beside other rows of the delivery.

    ``sql`` yields ``delivery`` and ``source_row`` (and ``seen``, a text that may be shown) from the
    views that stand for the tables; ``column`` is where the supplier should look. ``tables`` are
    the other tables that it reads: without them in the delivery the check cannot be made.
    """

    sql: str
    column: str | None = None
    expected: str | None = None
    tables: tuple[str, ...] = ()


RowCheck = Callable[[Contract, Column], Iterable[Condition]]
TableCheck = Callable[[Contract], Iterable[Query]]


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong. ``fi``, ``sv``, ``en`` say what it is.

    Placeholders: ``{seen}`` (masked already), ``{expected}`` and ``{kind}`` (of identifier).
    ``fires`` and ``passes`` show what breaks the rule and what almost does. ``row`` finds it in the
    rows of a column, ``table`` in a table beside the others; a rule with neither is found where the
    thing is read (manifest, file, ledger).
    """

    code: str
    severity: str
    fi: str
    sv: str
    en: str
    fires: Example
    passes: Example
    row: RowCheck | None = None
    table: TableCheck | None = None
    needs_history: bool = False

    def text(self, language: str, seen: str | None, expected: str | None, kind: str | None = None) -> str:
        """The message in ``language`` with what was seen (masked) and expected filled in."""
        template: str = getattr(self, language)
        return template.format(seen=seen or "–", expected=expected or "–", kind=kind or "–")
