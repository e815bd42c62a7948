"""The results as a static site: an index and one page a table, in three languages, no scripts.

Nothing is fetched from elsewhere; the language is chosen by style alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from quality.expectations.results import ExpectationResult, TableResult

LANGUAGES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}

_TEXTS = {
    "title": ("Tietoaltaan tarkistukset", "Kontroller av datasjön", "Checks on the lake"),
    "intro": (
        "Jokaisen taulun voimassa olevat rivit tarkistetaan taulun tietosopimuksen mukaan. "
        "Yksikin epäonnistunut tarkistus estää uuden julkaisun.",
        "De gällande raderna i varje tabell kontrolleras enligt tabellens dataavtal. "
        "En enda misslyckad kontroll hindrar en ny publicering.",
        "Of every table, the rows that count are checked against its contract. "
        "A single failed check stops a new release.",
    ),
    "table": ("Taulu", "Tabell", "Table"),
    "rows": ("Rivejä", "Rader", "Rows"),
    "checks": ("Tarkistuksia", "Kontroller", "Checks"),
    "failed": ("Epäonnistui", "Misslyckades", "Failed"),
    "expected": ("Mitä odotetaan", "Vad som förväntas", "What is expected"),
    "checked": ("Tarkistettu", "Kontrollerat", "Checked"),
    "unexpected": ("Poikkeaa", "Avviker", "Does not fit"),
    "result": ("Tulos", "Resultat", "Result"),
    "pass": ("kunnossa", "i ordning", "passed"),
    "fail": ("ei kunnossa", "inte i ordning", "failed"),
    "no_rows": ("ei rivejä", "inga rader", "no rows"),
    "unseen": ("ei tarkistettavaa", "inget att kontrollera", "nothing to check"),
    "error": ("ei voitu tarkistaa", "kunde inte kontrolleras", "could not be checked"),
    "back": ("Kaikki taulut", "Alla tabeller", "All tables"),
    "version": ("Sopimuksen versio", "Avtalets version", "Contract version"),
    "at": ("Tarkistettu (UTC)", "Kontrollerat (UTC)", "Checked at (UTC)"),
}

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; margin: 0 auto;
  max-width: 68rem; padding: 1.5rem; color: #1b2530; background: #fff; }
h1 { font-size: 1.5rem; margin: 1rem 0 .25rem; }
p { max-width: 46rem; margin: .25rem 0 1rem; color: #44515e; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
th, td { text-align: left; padding: .45rem .75rem; border-bottom: 1px solid #dde3e9;
  vertical-align: top; overflow-wrap: anywhere; }
th { font-weight: 600; border-bottom: 2px solid #9aa8b5; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.pass { color: #1f5f8b; white-space: nowrap; } .pass::before { content: "\\2713\\a0"; }
.fail { color: #a23b00; font-weight: 600; white-space: nowrap; }
.fail::before { content: "\\2717\\a0"; }
.none { color: #5b6773; white-space: nowrap; } .none::before { content: "\\2013\\a0"; }
code { font-size: .85em; color: #5b6773; }
a { color: #1f5f8b; }
input[name=language] { margin-left: 1rem; }
input:first-of-type { margin-left: 0; }
[lang] { display: none; }
#fi:checked ~ main [lang=fi], #sv:checked ~ main [lang=sv], #en:checked ~ main [lang=en]
  { display: inline; }
"""


def write_site(results: Sequence[TableResult], folder: Path) -> Path:
    """Write one page a table and an index into ``folder``, removing others; the index's path."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = {"index.html": _index(results)} | {f"{result.table}.html": _page(result) for result in results}
    for name, text in pages.items():
        partial = folder / f".{name}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / name)
    for path in folder.glob("*.html"):
        if path.name not in pages:
            path.unlink()
    return folder / "index.html"


def _index(results: Sequence[TableResult]) -> str:
    rows = "".join(
        f'<tr><td><a href="{escape(result.table)}.html">{_words(result.label)}</a> '
        f"<code>{escape(result.table)}</code></td>"
        f'<td class="n">{_number(result.rows)}</td>'
        f'<td class="n">{len(result.expectations)}</td>'
        f'<td class="n">{len(result.failed_codes)}</td>'
        f"<td>{_table_mark(result)}</td></tr>"
        for result in results
    )
    head = "".join(
        f"<th{numeric}>{_text(name)}</th>"
        for name, numeric in (
            ("table", ""),
            ("rows", ' class="n"'),
            ("checks", ' class="n"'),
            ("failed", ' class="n"'),
            ("result", ""),
        )
    )
    body = f"<h1>{_text('title')}</h1><p>{_text('intro')}</p><table><tr>{head}</tr>{rows}</table>"
    return _document("Tietoaltaan tarkistukset", body)


def _page(result: TableResult) -> str:
    rows = "".join(_row(expectation) for expectation in result.expectations)
    head = (
        f"<th>{_text('expected')}</th><th class='n'>{_text('checked')}</th>"
        f"<th class='n'>{_text('unexpected')}</th><th>{_text('result')}</th>"
    )
    body = (
        f'<a href="index.html">{_text("back")}</a><h1>{_words(result.label)} '
        f"<code>{escape(result.table)}</code></h1>"
        f"<p>{_text('rows')}: {_number(result.rows)} · {_text('version')}: "
        f"{escape(result.contract_version)} · {_text('at')}: {escape(result.checked_at)}</p>"
        f"<table><tr>{head}</tr>{rows}</table>"
    )
    return _document(result.label["fi"], body)


def _row(expectation: ExpectationResult) -> str:
    mark = (
        f'<span class="fail">{_text("error")}</span>'
        if expectation.error
        else _mark("unseen" if expectation.passed and not expectation.has_checked else _word(expectation.passed))
    )
    return (
        f"<tr><td>{_words(expectation.words)}<br><code>{escape(expectation.code)}</code></td>"
        f'<td class="n">{_number(expectation.checked)}</td>'
        f'<td class="n">{_number(expectation.unexpected)}</td><td>{mark}</td></tr>'
    )


def _table_mark(result: TableResult) -> str:
    return _mark("no_rows" if result.outcome == "no_rows" else _word(result.passed))


def _word(passed: bool) -> str:
    return "pass" if passed else "fail"


def _mark(word: str) -> str:
    return f'<span class="{word if word in ("pass", "fail") else "none"}">{_text(word)}</span>'


def _text(name: str) -> str:
    return _words(dict(zip(LANGUAGES, _TEXTS[name], strict=True)))


def _words(words: dict[str, str]) -> str:
    return "".join(f'<span lang="{language}">{escape(words[language])}</span>' for language in LANGUAGES)


def _number(value: int) -> str:
    return f"{value:,}".replace(",", "\u00a0")


def _document(title: str, body: str) -> str:
    choice = "".join(
        f'<input type="radio" name="language" id="{code}"{" checked" if code == "fi" else ""}>'
        f'<label for="{code}">{name}</label>'
        for code, name in LANGUAGES.items()
    )
    return (
        '<!doctype html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{choice}<main>{body}</main></body></html>\n"
    )
