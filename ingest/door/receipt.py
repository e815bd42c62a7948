"""The receipt of a delivery: what was found, for people (HTML, CSV) and for programs (JSON)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from ingest.contracts import contracts
from ingest.door.findings import Finding
from ingest.door.rules import CONSEQUENCES, LANGUAGES, REJECT_FILE, SEVERITIES

ACCEPTED = "accepted"
ACCEPTED_WITH_FINDINGS = "accepted_with_findings"
REJECTED = "rejected"
WAITING = "waiting"
DUPLICATE = "duplicate"

RECEIPT_FILES = ("receipt.json", "errors.csv", "receipt.html")
# Places of one finding in receipt.json and receipt.html; errors.csv lists (nearly) all.
_PLACES_IN_JSON = 100
_PLACES_IN_HTML = 20
# A spreadsheet runs a cell that begins so as a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class TableReceipt:
    """What came of one table. ``rows`` = accepted + quarantined, unless the delivery is rejected.

    ``file`` is ``None`` when the manifest says that there was nothing to report.
    """

    table: str
    file: str | None
    rows: int
    rows_accepted: int
    rows_quarantined: int
    rows_repaired: int = 0
    rows_warned: int = 0


@dataclass(frozen=True)
class Receipt:
    """What was found in one delivery. Names from the delivery are safe to show.

    ``acceptance_no`` and ``checked_at`` (ISO, UTC) are ``None`` for a mere check.
    """

    delivery_id: str
    organisation: str
    period: str
    outcome: str
    tables: tuple[TableReceipt, ...] = ()
    findings: tuple[Finding, ...] = ()
    manifest_sha256: str | None = None
    contract_version: str | None = None
    correction_of: str | None = None
    data_kind: str | None = None
    acceptance_no: int | None = None
    checked_at: str | None = None
    waiting_for: tuple[str, ...] = field(default=())

    @property
    def is_accepted(self) -> bool:
        """Whether its rows are (or would be) in the lake."""
        return self.outcome in (ACCEPTED, ACCEPTED_WITH_FINDINGS)

    @property
    def rows(self) -> int:
        """Rows delivered in all tables that could be read."""
        return sum(table.rows for table in self.tables)

    @property
    def rows_quarantined(self) -> int:
        """Rows left out."""
        return sum(table.rows_quarantined for table in self.tables)

    def findings_by_rule(self) -> dict[str, int]:
        """Rule code -> how many places."""
        counts: dict[str, int] = {}
        for found in self.findings:
            counts[found.rule.code] = counts.get(found.rule.code, 0) + found.count
        return dict(sorted(counts.items()))

    def as_dict(self) -> dict[str, Any]:
        """The content of ``receipt.json``."""
        return {
            "delivery_id": self.delivery_id,
            "organisation": self.organisation,
            "period": self.period,
            "outcome": self.outcome,
            "acceptance_no": self.acceptance_no,
            "checked_at": self.checked_at,
            "contract_version": self.contract_version,
            "correction_of": self.correction_of,
            "data_kind": self.data_kind,
            "manifest_sha256": self.manifest_sha256,
            "waiting_for": list(self.waiting_for),
            "rows": self.rows,
            "rows_quarantined": self.rows_quarantined,
            "tables": [dict(vars(table)) for table in self.tables],
            "findings_by_rule": self.findings_by_rule(),
            "findings": [found.as_dict(_PLACES_IN_JSON) for found in self.findings],
        }

    def to_json(self) -> str:
        """``receipt.json``: one JSON object, UTF-8."""
        return json.dumps(self.as_dict(), ensure_ascii=False) + "\n"

    def to_csv(self) -> str:
        """``errors.csv``: one line per place, semicolons, safe to open in a spreadsheet."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow(
            ["rule", "severity", "table", "file", "sheet", "row", "column", "seen", "expected"]
            + [f"{text}_{language}" for language in LANGUAGES for text in ("message", "happens")]
        )
        for found in self.findings:
            places: Sequence[tuple[int | None, str | None]] = found.places or [(None, found.seen)]
            for row, seen in places:
                cells = [
                    found.rule.code,
                    found.rule.severity,
                    found.table,
                    found.file,
                    found.sheet,
                    row,
                    found.column,
                    seen,
                    found.expected,
                ]
                for language in LANGUAGES:
                    cells.append(found.message(language, seen))
                    cells.append(CONSEQUENCES[found.rule.severity][language])
                writer.writerow([_spreadsheet_safe(cell) for cell in cells])
        return stream.getvalue()

    def to_html(self) -> str:
        """``receipt.html``: one page that needs nothing else, in three languages."""
        sections = "".join(_section(self, language) for language in LANGUAGES)
        title = escape(f"{self.organisation} {self.period} {self.delivery_id}")
        return _PAGE.format(title=title, sections=sections)

    def write(self, folder: Path) -> None:
        """Write ``receipt.json``, ``errors.csv`` and ``receipt.html`` into an existing folder.

        ``receipt.json`` comes last: where it stands, the receipt is whole.
        """
        # The byte order mark makes Excel read UTF-8.
        (folder / "errors.csv").write_text(self.to_csv(), encoding="utf-8-sig", newline="")
        (folder / "receipt.html").write_text(self.to_html(), encoding="utf-8")
        (folder / "receipt.json").write_text(self.to_json(), encoding="utf-8")


def outcome_of(findings: list[Finding]) -> str:
    """What the findings mean for the delivery as a whole."""
    if any(found.rule.severity == REJECT_FILE for found in findings):
        return REJECTED
    return ACCEPTED_WITH_FINDINGS if findings else ACCEPTED


def sorted_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """The gravest first, then by file."""
    rank = {severity: place for place, severity in enumerate(SEVERITIES)}
    return tuple(sorted(findings, key=lambda found: (rank[found.rule.severity], found.file or "")))


def _spreadsheet_safe(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


# ---- the page --------------------------------------------------------------------------------

_WORDS = {
    "fi": {
        "title": "Toimituksen kuittaus",
        ACCEPTED: "Toimitus otettiin vastaan.",
        ACCEPTED_WITH_FINDINGS: "Toimitus otettiin vastaan, mutta siinä on huomautettavaa.",
        REJECTED: "Toimitusta ei otettu vastaan.",
        WAITING: "Toimitus on kesken. Odotetaan tiedostoja:",
        DUPLICATE: "Sama toimitus on jo otettu vastaan.",
        "delivery": "Toimitus",
        "table": "Taulu",
        "file": "Tiedosto",
        "rows": "Rivejä",
        "accepted_rows": "Vastaanotettu",
        "quarantined_rows": "Jätetty pois",
        "repaired_rows": "Korjattu",
        "nothing": "ei ilmoitettavaa",
        "findings": "Huomautukset",
        "place": "Missä",
        "what": "Mitä",
        "count": "Kohtia",
        "now": "Mitä nyt tapahtuu",
        "row": "rivi",
        "column": "sarake",
        "sheet": "taulukko",
        "more": "Kaikki kohdat: errors.csv",
        "synthetic": "SYNTEETTINEN aineisto: ei koske todellisia ihmisiä.",
    },
    "sv": {
        "title": "Kvittens för leveransen",
        ACCEPTED: "Leveransen togs emot.",
        ACCEPTED_WITH_FINDINGS: "Leveransen togs emot, men det finns anmärkningar.",
        REJECTED: "Leveransen togs inte emot.",
        WAITING: "Leveransen är ofullständig. Väntar på filer:",
        DUPLICATE: "Samma leverans har redan tagits emot.",
        "delivery": "Leverans",
        "table": "Tabell",
        "file": "Fil",
        "rows": "Rader",
        "accepted_rows": "Mottagna",
        "quarantined_rows": "Utelämnade",
        "repaired_rows": "Rättade",
        "nothing": "inget att rapportera",
        "findings": "Anmärkningar",
        "place": "Var",
        "what": "Vad",
        "count": "Ställen",
        "now": "Vad som händer nu",
        "row": "rad",
        "column": "kolumn",
        "sheet": "blad",
        "more": "Alla ställen: errors.csv",
        "synthetic": "SYNTETISKT material: gäller inte verkliga människor.",
    },
    "en": {
        "title": "Receipt of the delivery",
        ACCEPTED: "The delivery was accepted.",
        ACCEPTED_WITH_FINDINGS: "The delivery was accepted, with findings.",
        REJECTED: "The delivery was not accepted.",
        WAITING: "The delivery is not complete. Waiting for files:",
        DUPLICATE: "The same delivery was accepted before.",
        "delivery": "Delivery",
        "table": "Table",
        "file": "File",
        "rows": "Rows",
        "accepted_rows": "Accepted",
        "quarantined_rows": "Left out",
        "repaired_rows": "Repaired",
        "nothing": "nothing to report",
        "findings": "Findings",
        "place": "Where",
        "what": "What",
        "count": "Places",
        "now": "What happens now",
        "row": "row",
        "column": "column",
        "sheet": "sheet",
        "more": "All places: errors.csv",
        "synthetic": "SYNTHETIC data: not about real people.",
    },
}

_PAGE = """<!doctype html>
<html lang="fi"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:1rem auto;padding:0 1rem}}
table{{border-collapse:collapse;margin:.5rem 0 1rem}}
th,td{{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top}}
td.n{{text-align:right}}section{{border-top:2px solid #333;margin-top:2rem}}
</style></head><body>
<nav><a href="#fi">Suomeksi</a> · <a href="#sv">På svenska</a> · <a href="#en">In English</a></nav>
{sections}</body></html>
"""


def _section(receipt: Receipt, language: str) -> str:
    words = _WORDS[language]
    parts = [
        f'<section id="{language}" lang="{language}"><h1>{words["title"]}</h1>',
        f"<p>{words['delivery']}: {escape(receipt.organisation)} · {escape(receipt.period)} · "
        f"{escape(receipt.delivery_id)}</p>",
    ]
    if receipt.data_kind == "synthetic":
        parts.append(f"<p><strong>{words['synthetic']}</strong></p>")
    waiting = escape(", ".join(receipt.waiting_for))
    parts.append(f"<p><strong>{words[receipt.outcome]}</strong> {waiting}</p>")
    if receipt.tables:
        parts.append(_tables_html(receipt, language))
    if receipt.findings:
        parts.append(_findings_html(receipt, language))
    parts.append("</section>\n")
    return "".join(parts)


def _tables_html(receipt: Receipt, language: str) -> str:
    words = _WORDS[language]
    heads = ("table", "file", "rows", "accepted_rows", "quarantined_rows", "repaired_rows")
    lines = ["<table><tr>", *(f"<th>{words[head]}</th>" for head in heads), "</tr>"]
    for table in receipt.tables:
        contract = contracts().get(table.table)
        label = f"{contract.label[language]} ({table.table})" if contract else table.table
        numbers = (table.rows, table.rows_accepted, table.rows_quarantined, table.rows_repaired)
        lines.append(
            f"<tr><td>{escape(label)}</td><td>{escape(table.file or words['nothing'])}</td>"
            + "".join(f'<td class="n">{number}</td>' for number in numbers)
            + "</tr>"
        )
    return "".join([*lines, "</table>"])


def _findings_html(receipt: Receipt, language: str) -> str:
    words = _WORDS[language]
    lines = [
        f"<h2>{words['findings']}</h2><table><tr>",
        *(f"<th>{words[head]}</th>" for head in ("what", "place", "count", "now")),
        "</tr>",
    ]
    for found in receipt.findings:
        place = [escape(found.file or found.table or "")]
        if found.sheet:
            place.append(f"{words['sheet']} {escape(found.sheet)}")
        if found.column:
            place.append(f"{words['column']} {escape(found.column)}")
        if found.places:
            rows = ", ".join(str(row) for row, _ in found.places[:_PLACES_IN_HTML])
            more = ", …" if found.count > _PLACES_IN_HTML else ""
            place.append(f"{words['row']} {rows}{more}")
        seen = found.places[0][1] if found.places else found.seen
        lines.append(
            f"<tr><td>{escape(found.message(language, seen))} <small>{found.rule.code}</small></td>"
            f'<td>{"; ".join(place)}</td><td class="n">{found.count}</td>'
            f"<td>{CONSEQUENCES[found.rule.severity][language]}</td></tr>"
        )
    return "".join([*lines, "</table>", f"<p>{words['more']}</p>"])
