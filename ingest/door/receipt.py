"""The receipt of a delivery: what was found, for the supplier, as JSON, CSV and a page."""

from __future__ import annotations

import csv
import html
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.door.findings import Finding
from ingest.door.rules import CONSEQUENCES, LANGUAGES, REJECT_FILE

# Places of one finding that the receipt lists; errors.csv has them all.
PLACES_IN_JSON = 20
PLACES_ON_PAGE = 5
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

_WORDS = {
    "title": ("Toimituksen kuittaus", "Leveranskvitto", "Delivery receipt"),
    "accepted": ("Vastaanotettu", "Mottagen", "Accepted"),
    "accepted_with_findings": (
        "Vastaanotettu, huomautettavaa",
        "Mottagen med anmärkningar",
        "Accepted, with findings",
    ),
    "rejected": ("Hylätty", "Avvisad", "Rejected"),
    "rows": ("Rivejä vastaanotettu", "Rader mottagna", "Rows accepted"),
    "out": ("Rivejä jätetty pois", "Rader utelämnade", "Rows left out"),
    "none": ("Ei huomautettavaa.", "Inga anmärkningar.", "Nothing to remark on."),
    "head": (
        ("Sääntö", "Tiedosto", "Sarake", "Määrä", "Rivit", "Mitä", "Odotettu", "Mitä nyt tapahtuu"),
        ("Regel", "Fil", "Kolumn", "Antal", "Rader", "Vad", "Väntat", "Vad som händer nu"),
        ("Rule", "File", "Column", "Count", "Rows", "What", "Expected", "What happens now"),
    ),
}


@dataclass
class Receipt:
    """What came of one delivery. ``outcome``: accepted, accepted_with_findings or rejected."""

    delivery_id: str
    organisation: str
    period: str
    findings: list[Finding] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)
    rows_quarantined: int = 0
    rows_repaired: int = 0

    @property
    def is_rejected(self) -> bool:
        """Whether the whole delivery stays out."""
        return any(found.rule.severity == REJECT_FILE for found in self.findings)

    @property
    def outcome(self) -> str:
        """In one word."""
        if self.is_rejected:
            return "rejected"
        return "accepted_with_findings" if self.findings else "accepted"

    @property
    def rows(self) -> int:
        """Rows accepted; none of a rejected delivery."""
        return 0 if self.is_rejected else sum(self.tables.values())

    @property
    def counts(self) -> dict[str, int]:
        """How often each rule was broken."""
        found: dict[str, int] = {}
        for finding in self.findings:
            found[finding.rule.code] = found.get(finding.rule.code, 0) + finding.count
        return found

    def as_dict(self) -> dict[str, Any]:
        """The content of ``receipt.json``."""
        return {
            "delivery_id": self.delivery_id,
            "organisation": self.organisation,
            "period": self.period,
            "outcome": self.outcome,
            "rows": self.rows,
            "rows_quarantined": 0 if self.is_rejected else self.rows_quarantined,
            "rows_repaired": 0 if self.is_rejected else self.rows_repaired,
            "tables": {} if self.is_rejected else self.tables,
            "counts": self.counts,
            "findings": [found.as_dict(PLACES_IN_JSON) for found in self.findings],
        }

    def to_json(self) -> str:
        """``receipt.json``."""
        return json.dumps(self.as_dict(), ensure_ascii=False, indent=1)

    def to_csv(self) -> str:
        """``errors.csv``: one line a place, safe to open in a spreadsheet."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
        names = ["rule", "severity", "table", "file", "sheet", "row", "column", "seen", "expected"]
        writer.writerow([*names, *LANGUAGES])
        for found in self.findings:
            places: list[tuple[int | None, str | None]] = [*found.places] or [(None, found.seen)]
            for row, seen in places:
                cells = [
                    found.rule.code, found.rule.severity, found.table, found.file, found.sheet,
                    row, found.column, seen, found.expected,
                    *(found.message(language, seen) for language in LANGUAGES),
                ]  # fmt: skip
                writer.writerow([_safe(cell) for cell in cells])
        return out.getvalue()

    def to_html(self) -> str:
        """``receipt.html``: one page in three languages, nothing loaded from outside."""
        sections = "".join(
            self._section(place, language) for place, language in enumerate(LANGUAGES)
        )
        return (
            '<!doctype html><html lang="fi"><meta charset="utf-8">'
            f"<title>{html.escape(self.delivery_id)}</title><style>body{{font:16px sans-serif;margin:2rem;"
            "max-width:75rem}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.3rem .5rem;"
            "text-align:left;vertical-align:top}section{margin-bottom:2.5rem}</style>"
            f"{sections}</html>"
        )

    def write(self, folder: Path) -> None:
        """Write the three files into ``folder``, which is made."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "receipt.json").write_text(self.to_json(), encoding="utf-8")
        (folder / "receipt.html").write_text(self.to_html(), encoding="utf-8")
        if self.findings:
            (folder / "errors.csv").write_text(self.to_csv(), encoding="utf-8-sig")

    def _section(self, place: int, language: str) -> str:
        def word(name: str) -> str:
            return str(_WORDS[name][place])

        lines = []
        for found in self.findings:
            rows = ", ".join(str(row) for row, _ in found.places[:PLACES_ON_PAGE])
            seen = found.places[0][1] if found.places else found.seen
            cells = [
                found.rule.code, found.file, found.column, found.count,
                rows + (" …" if found.count > PLACES_ON_PAGE else ""),
                found.message(language, seen), found.expected, CONSEQUENCES[found.rule.severity][language],
            ]  # fmt: skip
            lines.append(
                "<tr>" + "".join(f"<td>{html.escape(str(cell or ''))}</td>" for cell in cells)
            )
        head = "".join(f"<th>{text}</th>" for text in _WORDS["head"][place])
        body = f"<table><tr>{head}{''.join(lines)}</table>" if lines else f"<p>{word('none')}</p>"
        left_out = 0 if self.is_rejected else self.rows_quarantined
        return (
            f'<section lang="{language}"><h1>{word("title")}: {word(self.outcome)}</h1>'
            f"<p>{html.escape(self.organisation)} · {html.escape(self.period)} · "
            f"{html.escape(self.delivery_id)}</p>"
            f"<p>{word('rows')}: {self.rows} · {word('out')}: {left_out}</p>{body}</section>"
        )


def _safe(cell: object) -> object:
    """A spreadsheet would run a cell that begins like a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return "'" + cell
    return cell
