"""The receipt as a page: one file that needs nothing else, in three languages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from ingest.contracts import contracts
from ingest.door.findings import Finding, Place, Skipped
from ingest.door.rules import CONSEQUENCES, LANGUAGES, SEVERITY_LABELS

if TYPE_CHECKING:
    from ingest.door.receipt import Receipt, TableReceipt

# Places of one finding on the page; errors.csv lists (nearly) all.
PLACES_ON_PAGE = 20

LANGUAGE_NAMES = {"fi": "Suomeksi", "sv": "På svenska", "en": "In English"}
WORDS: dict[str, dict[str, str]] = {
    "fi": {
        "title": "Toimituksen kuittaus",
        "accepted": "Toimitus otettiin vastaan.",
        "accepted_with_findings": "Toimitus otettiin vastaan, mutta siinä on huomautettavaa.",
        "rejected": "Toimitusta ei otettu vastaan.",
        "waiting": "Toimitus on kesken. Odotetaan tiedostoja:",
        "duplicate": "Sama toimitus on jo otettu vastaan.",
        "checked.accepted": "Toimitus otettaisiin vastaan.",
        "checked.accepted_with_findings": "Toimitus otettaisiin vastaan, mutta siinä on huomautettavaa.",
        "checked.rejected": "Toimitusta ei otettaisi vastaan.",
        "language": "Kieli",
        "organisation": "Toimittaja",
        "period": "Jakso",
        "delivery": "Toimitus",
        "version": "Tietosopimuksen versio",
        "checked_at": "Tarkistettu",
        "tables": "Taulut",
        "table": "Taulu",
        "file": "Tiedosto",
        "rows": "Rivejä",
        "accepted_rows": "Vastaanotettu",
        "quarantined_rows": "Jätetty pois",
        "repaired_rows": "Korjattu",
        "warned_rows": "Huomautuksia",
        "nothing": "ei ilmoitettavaa",
        "summary": "Säännöt, joihin jokin kohta ei sopinut",
        "rule": "Sääntö",
        "severity": "Vakavuus",
        "what": "Mitä",
        "count": "Kohtia",
        "now": "Mitä nyt tapahtuu",
        "details": "Kohdat",
        "row": "Rivi",
        "column": "Sarake",
        "sheet": "Välilehti",
        "record": "Tietueen avain",
        "seen": "Nähty",
        "expected": "Odotettu",
        "more": "Näytetään {shown}/{all}. Kaikki kohdat: errors.csv",
        "clean": "Ei huomautettavaa.",
        "masked": "Arvot on peitetty: ensimmäinen merkki ja pituus, avaimesta alku. Rivi 1 on otsikkorivi.",
        "not_checked": "Ei tarkistettu",
        "why": "Miksi",
        "synthetic": "SYNTEETTINEN aineisto: ei koske todellisia ihmisiä.",
    },
    "sv": {
        "title": "Kvittens för leveransen",
        "accepted": "Leveransen togs emot.",
        "accepted_with_findings": "Leveransen togs emot, men det finns anmärkningar.",
        "rejected": "Leveransen togs inte emot.",
        "waiting": "Leveransen är ofullständig. Väntar på filer:",
        "duplicate": "Samma leverans har redan tagits emot.",
        "checked.accepted": "Leveransen skulle tas emot.",
        "checked.accepted_with_findings": "Leveransen skulle tas emot, men det finns anmärkningar.",
        "checked.rejected": "Leveransen skulle inte tas emot.",
        "language": "Språk",
        "organisation": "Leverantör",
        "period": "Period",
        "delivery": "Leverans",
        "version": "Dataavtalets version",
        "checked_at": "Granskad",
        "tables": "Tabeller",
        "table": "Tabell",
        "file": "Fil",
        "rows": "Rader",
        "accepted_rows": "Mottagna",
        "quarantined_rows": "Utelämnade",
        "repaired_rows": "Rättade",
        "warned_rows": "Med anmärkning",
        "nothing": "inget att rapportera",
        "summary": "Regler som något ställe bröt mot",
        "rule": "Regel",
        "severity": "Allvar",
        "what": "Vad",
        "count": "Ställen",
        "now": "Vad som händer nu",
        "details": "Ställen",
        "row": "Rad",
        "column": "Kolumn",
        "sheet": "Blad",
        "record": "Postens nyckel",
        "seen": "Sett",
        "expected": "Förväntat",
        "more": "Visas {shown} av {all}. Alla ställen: errors.csv",
        "clean": "Inga anmärkningar.",
        "masked": "Värdena är dolda: första tecknet och längden, av nyckeln början. Rad 1 är rubrikraden.",
        "not_checked": "Inte granskat",
        "why": "Varför",
        "synthetic": "SYNTETISKT material: gäller inte verkliga människor.",
    },
    "en": {
        "title": "Receipt of the delivery",
        "accepted": "The delivery was accepted.",
        "accepted_with_findings": "The delivery was accepted, with findings.",
        "rejected": "The delivery was not accepted.",
        "waiting": "The delivery is not complete. Waiting for files:",
        "duplicate": "The same delivery was accepted before.",
        "checked.accepted": "The delivery would be accepted.",
        "checked.accepted_with_findings": "The delivery would be accepted, with findings.",
        "checked.rejected": "The delivery would not be accepted.",
        "language": "Language",
        "organisation": "Supplier",
        "period": "Period",
        "delivery": "Delivery",
        "version": "Version of the data contract",
        "checked_at": "Checked",
        "tables": "Tables",
        "table": "Table",
        "file": "File",
        "rows": "Rows",
        "accepted_rows": "Accepted",
        "quarantined_rows": "Left out",
        "repaired_rows": "Repaired",
        "warned_rows": "With remarks",
        "nothing": "nothing to report",
        "summary": "Rules that some place broke",
        "rule": "Rule",
        "severity": "Severity",
        "what": "What",
        "count": "Places",
        "now": "What happens now",
        "details": "Places",
        "row": "Row",
        "column": "Column",
        "sheet": "Sheet",
        "record": "Record key",
        "seen": "Seen",
        "expected": "Expected",
        "more": "{shown} of {all} are shown. All places: errors.csv",
        "clean": "Nothing to remark.",
        "masked": "Values are masked: first character and length, of a key the beginning. Row 1 is the header.",
        "not_checked": "Not checked",
        "why": "Why",
        "synthetic": "SYNTHETIC data: not about real people.",
    },
}

# The switch of languages is three radio buttons: no script, and a printer gets the one chosen.
STYLE = """
:root{--ink:#1b1f24;--line:#c4cad1;--soft:#f3f5f7;--bad:#a3121f;--out:#8a4b00;--warn:#5c5200;--fixed:#1d5e35}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,"Segoe UI",sans-serif;color:var(--ink);background:#fff;max-width:76rem;margin:0 auto;
 padding:1rem 1.25rem 3rem}
h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .25rem}h3{font-size:1rem;margin:1.25rem 0 .25rem}
.switch{position:absolute;opacity:0;width:1px;height:1px}
nav{display:flex;gap:.5rem;flex-wrap:wrap;justify-content:flex-end}
nav label{border:1px solid var(--line);border-radius:.3rem;padding:.15rem .7rem;cursor:pointer}
section{display:none}
#show-fi:checked~main #fi,#show-sv:checked~main #sv,#show-en:checked~main #en{display:block}
#show-fi:checked~nav [for=show-fi],#show-sv:checked~nav [for=show-sv],#show-en:checked~nav [for=show-en]{
 background:var(--ink);color:#fff;border-color:var(--ink)}
#show-fi:focus-visible~nav [for=show-fi],#show-sv:focus-visible~nav [for=show-sv],
#show-en:focus-visible~nav [for=show-en]{outline:3px solid #1a66d6;outline-offset:2px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1.25rem;margin:.5rem 0}dt{color:#4a525b}dd{margin:0}
.outcome{border-left:.4rem solid var(--fixed);background:var(--soft);padding:.6rem .9rem;font-weight:600;margin:1rem 0}
.outcome.rejected{border-color:var(--bad)}.outcome.waiting,.outcome.accepted_with_findings{border-color:var(--out)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;margin:.4rem 0 .8rem;font-size:.94rem}
caption{text-align:left;color:#4a525b;padding:.2rem 0}
th,td{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{background:var(--soft);border-bottom:2px solid var(--line)}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
code{font:.9em ui-monospace,Consolas,monospace;white-space:nowrap}
.severity{font-weight:600;white-space:nowrap}.reject_file{color:var(--bad)}.quarantine_row{color:var(--out)}
.warn{color:var(--warn)}.repair{color:var(--fixed)}
@media print{nav{display:none}body{max-width:none;padding:0;font-size:10pt}h2,h3{break-after:avoid}
 tr{break-inside:avoid}thead{display:table-header-group}.wide{overflow:visible}}
"""


def page(receipt: Receipt) -> str:
    """The whole page; everything that came from the delivery is escaped."""
    title = escape(f"{receipt.organisation} {receipt.period} {receipt.delivery_id}")
    switches = "".join(
        f'<input class="switch" type="radio" name="language" id="show-{language}"'
        f"{' checked' if language == LANGUAGES[0] else ''}>"
        for language in LANGUAGES
    )
    labels = "".join(
        f'<label for="show-{language}" lang="{language}">{LANGUAGE_NAMES[language]}</label>' for language in LANGUAGES
    )
    sections = "\n".join(_section(receipt, language) for language in LANGUAGES)
    return (
        f'<!doctype html>\n<html lang="fi"><head><meta charset="utf-8"><title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{STYLE}</style></head>\n'
        f'<body>{switches}<nav aria-label="Kieli, språk, language">{labels}</nav>\n'
        f"<main>{sections}</main></body></html>\n"
    )


def outcome_text(receipt: Receipt, language: str) -> str:
    """What became of the delivery, or would, in one sentence."""
    words = WORDS[language]
    would = f"checked.{receipt.outcome}"
    text = words[would] if receipt.checked_at is None and would in words else words[receipt.outcome]
    return " ".join([text, ", ".join(receipt.waiting_for)]).strip()


def by_rule(findings: Iterable[Finding]) -> list[list[Finding]]:
    """The findings of each rule together, in their order."""
    groups: dict[str, list[Finding]] = {}
    for found in findings:
        groups.setdefault(found.rule.code, []).append(found)
    return list(groups.values())


def _section(receipt: Receipt, language: str) -> str:
    words = WORDS[language]
    facts = {
        "organisation": receipt.organisation,
        "period": receipt.period,
        "delivery": receipt.delivery_id,
        "version": receipt.contract_version,
        "checked_at": receipt.checked_at,
    }
    parts = [
        f'<section id="{language}" lang="{language}"><h1>{words["title"]}</h1>',
        f'<p class="outcome {receipt.outcome}">{escape(outcome_text(receipt, language))}</p>',
        "<dl>",
        *(f"<dt>{words[name]}</dt><dd>{escape(value)}</dd>" for name, value in facts.items() if value),
        "</dl>",
    ]
    if receipt.data_kind == "synthetic":
        parts.append(f"<p><strong>{words['synthetic']}</strong></p>")
    groups = by_rule(receipt.findings)
    if groups:
        parts.append(_summary(groups, language))
    elif receipt.tables:
        parts.append(f"<p>{words['clean']}</p>")
    if receipt.tables:
        parts.append(_tables(receipt.tables, language))
    if groups:
        parts.append(f"<h2>{words['details']}</h2><p>{words['masked']}</p>")
        parts += [_details(found, language) for found in groups]
    if receipt.not_checked:
        parts.append(_not_checked(receipt.not_checked, language))
    parts.append("</section>")
    return "".join(parts)


def _summary(groups: Sequence[Sequence[Finding]], language: str) -> str:
    words = WORDS[language]
    rows = []
    for found in groups:
        rule = found[0].rule
        rows.append(
            [
                f'<span class="severity {rule.severity}">{SEVERITY_LABELS[rule.severity][language]}</span>',
                f"{escape(_message(found[0], language))}<br>"
                f'<a href="#{language}-{rule.code}"><code>{rule.code}</code></a>',
                _number(sum(one.count for one in found)),
                CONSEQUENCES[rule.severity][language],
            ]
        )
    return f"<h2>{words['summary']}</h2>" + _table(
        [words[name] for name in ("severity", "what", "count", "now")], rows, numbers={2}
    )


def _tables(tables: Sequence[TableReceipt], language: str) -> str:
    words = WORDS[language]
    rows = []
    for table in tables:
        contract = contracts().get(table.table)
        label = f"{contract.label[language]} ({table.table})" if contract else table.table
        numbers = (
            table.rows,
            table.rows_accepted,
            table.rows_quarantined,
            table.rows_repaired,
            table.rows_warned,
        )
        rows.append([escape(label), escape(table.file or words["nothing"]), *map(_number, numbers)])
    heads = ("table", "file", "rows", "accepted_rows", "quarantined_rows", "repaired_rows", "warned_rows")
    return f"<h2>{words['tables']}</h2>" + _table(
        [words[head] for head in heads], rows, numbers=set(range(2, 7)), row_heads=True
    )


def _details(group: Sequence[Finding], language: str) -> str:
    words = WORDS[language]
    rule = group[0].rule
    rows, shown, everything = [], 0, 0
    for found in group:
        places = found.places or [Place(None, found.seen)]
        everything += found.count
        shown += min(len(places), PLACES_ON_PAGE)
        for place in places[:PLACES_ON_PAGE]:
            rows.append(
                [
                    escape(found.file or found.table or ""),
                    escape(found.sheet or ""),
                    escape(found.column or ""),
                    "" if place.row is None else str(place.row),
                    escape(place.record or ""),
                    escape(place.seen or ""),
                    escape(found.expected or ""),
                ]
            )
    heads = ("file", "sheet", "column", "row", "record", "seen", "expected")
    # What no place has is not worth a column.
    kept = [number for number, _ in enumerate(heads) if any(row[number] for row in rows)]
    numbers = {place for place, number in enumerate(kept) if heads[number] == "row"}
    caption = words["more"].format(shown=shown, all=everything) if everything > shown else ""
    body = (
        _table(
            [words[heads[number]] for number in kept],
            [[row[number] for number in kept] for row in rows],
            numbers=numbers,
            caption=caption,
        )
        if kept
        else ""
    )
    return (
        f'<h3 id="{language}-{rule.code}">{escape(_message(group[0], language))} '
        f'<code class="{rule.severity}">{rule.code}</code></h3>{body}'
    )


def _not_checked(skipped: Sequence[Skipped], language: str) -> str:
    words = WORDS[language]
    together: dict[tuple[str, str], list[str]] = {}
    for one in skipped:
        together.setdefault((one.rule.code, one.why(language)), []).append(one.table or "")
    rows = [
        [f"<code>{code}</code>", escape(", ".join(dict.fromkeys(tables))), escape(why)]
        for (code, why), tables in together.items()
    ]
    return f"<h2>{words['not_checked']}</h2>" + _table([words["rule"], words["table"], words["why"]], rows)


def _message(found: Finding, language: str) -> str:
    return found.message(language, found.places[0].seen if found.places else None)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")


def _table(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: set[int] | None = None,
    caption: str = "",
    row_heads: bool = False,
) -> str:
    """A table of cells that are HTML already."""
    right = numbers or set()
    lines = ['<div class="wide"><table>', f"<caption>{caption}</caption>" if caption else "", "<thead><tr>"]
    lines += [f'<th scope="col"{" class=n" if place in right else ""}>{head}</th>' for place, head in enumerate(heads)]
    lines.append("</tr></thead><tbody>")
    for row in rows:
        lines.append("<tr>")
        for place, cell in enumerate(row):
            if row_heads and place == 0:
                lines.append(f'<th scope="row">{cell}</th>')
            else:
                lines.append(f"<td{' class=n' if place in right else ''}>{cell}</td>")
        lines.append("</tr>")
    lines.append("</tbody></table></div>")
    return "".join(lines)
