"""The specification that a system vendor implements from, as Markdown and as one HTML page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TypeAlias

from ingest.contracts.export.examples import delivery, example_row, organisation, period
from ingest.contracts.export.words import words
from ingest.contracts.model import CADENCES, LAKE_TYPES, MODES, Column, Contract
from ingest.contracts.reading import CONTRACT_FOLDER, accepted_versions, changes, code_lists, contracts, versions
from ingest.door.reading import EXPECTED_FORMATS
from ingest.door.rules import CONSEQUENCES, RULES, SEVERITIES, SEVERITY_LABELS
from ingest.door.values import FALSE_WORDS, TRUE_WORDS, expected_values


@dataclass(frozen=True)
class Heading:
    """A heading of ``level`` 1 to 3; ``anchor`` is what other places point at."""

    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph. In all texts, backticks mark code and ``[text](#anchor)`` a place in the page."""

    text: str


@dataclass(frozen=True)
class Items:
    """A list of points."""

    entries: tuple[str, ...]


@dataclass(frozen=True)
class Grid:
    """A table: a head and rows of as many cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Listing:
    """Text to be shown as it is."""

    text: str


Block: TypeAlias = Heading | Paragraph | Items | Grid | Listing


def specification(version: str | None, language: str, source: Path = CONTRACT_FOLDER) -> tuple[Block, ...]:
    """The whole specification of a version in a language, block by block.

    Everything that the contracts, their code lists or the rules of the door say is read from them.
    """
    version = version or versions(source)[-1]
    return tuple(_blocks(_Writer(version, language, source)))


class _Writer:
    """What the parts of the specification have in common: version, language and texts."""

    def __init__(self, version: str, language: str, source: Path) -> None:
        self.version, self.language, self.source = version, language, source
        self.tables = tuple(contracts(version, source).values())
        self.lists = code_lists(version, source)

    def say(self, name: str, **values: object) -> str:
        """A text of the specification in its language."""
        return self.word("words", name).format(**values)

    def word(self, group: str, name: str) -> str:
        """A text of another group (``supplier``, ``mode``, …), as it stands."""
        return words()[group][name][self.language]

    def heading(self, level: int, name: str) -> Heading:
        """A heading whose text and anchor stand under ``name``."""
        return Heading(level, self.say(name), name)


def _blocks(writer: _Writer) -> Iterator[Block]:
    yield Heading(1, writer.say("title", version=writer.version), "top")
    yield Paragraph(writer.say("intro"))
    yield Paragraph(writer.say("personal_data"))
    yield Items(
        tuple(
            f"[{writer.say(name)}](#{name})"
            for name in ("delivery", "formats", "types", "modes", "keys", "tables", "lists", "rules", "versions")
        )
    )
    yield from _delivery(writer)
    yield from _formats(writer)
    yield from _types(writer)
    yield from _modes(writer)
    yield writer.heading(2, "keys")
    yield Paragraph(writer.say("keys_text"))
    yield Items(tuple(writer.say(name) for name in ("keys_client", "keys_own", "keys_never", "keys_protected")))
    yield from _tables(writer)
    yield from _lists(writer)
    yield from _rules(writer)
    yield from _versions(writer)


def _delivery(writer: _Writer) -> Iterator[Block]:
    files = delivery(writer.version, writer.source)
    yield writer.heading(2, "delivery")
    yield Paragraph(writer.say("delivery_text"))
    folder = "inbox/hva-05/2025Q3/01JAYK0M3Z8Q4T7V9W2X5Y6Z1A/"
    yield Listing("\n".join([folder, *(f"  {name}" for name in files)]))
    yield Paragraph(writer.say("manifest_text"))
    yield Grid(
        (writer.say("field"), writer.say("required"), writer.say("meaning")),
        tuple(
            (f"`{name}`", writer.say("yes" if required else "no"), writer.say(f"manifest_{name}"))
            for name, required in _MANIFEST_FIELDS
        ),
    )
    yield Paragraph(writer.say("manifest_example"))
    yield Listing(files["manifest.json"])
    yield Paragraph(writer.say("file_example", file="worker_assignment.csv"))
    yield Listing(files["worker_assignment.csv"].replace("\r\n", "\n"))
    yield Paragraph(writer.say("check_first"))


_MANIFEST_FIELDS = (
    ("delivery_id", True),
    ("organisation", True),
    ("period", True),
    ("contract_version", True),
    ("key_domain", True),
    ("extracted_at", True),
    ("files", True),
    ("nothing_to_report", False),
    ("data_from", False),
    ("correction_of", False),
    ("data_kind", False),
)


def _formats(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "formats")
    yield Paragraph(writer.say("formats_text", formats=EXPECTED_FORMATS))
    yield Items(
        tuple(
            writer.say(name)
            for name in ("formats_csv", "formats_excel", "formats_parquet", "formats_packed", "formats_header")
        )
    )


def _types(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "types")
    yield Grid(
        (writer.say("type"), writer.say("meaning"), writer.say("allowed")),
        tuple((f"`{name}`", writer.word("type", name), _of_type(name, writer)) for name in LAKE_TYPES),
    )


def _of_type(name: str, writer: _Writer) -> str:
    """What a type takes, as the door says it of one of its columns."""
    if name == "code":
        return f"[{writer.say('lists')}](#lists)"
    if name == "text":
        return writer.say("text_pattern")
    if name == "bool":
        return f"`{'` `'.join(TRUE_WORDS)}` / `{'` `'.join(FALSE_WORDS)}`"
    columns = (column for table in writer.tables for column in table.columns if column.type == name)
    return next((expected_values(column) for column in columns), "")


def _modes(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "modes")
    for mode in MODES:
        yield Heading(3, f"`{mode}`", f"mode_{mode}")
        yield Paragraph(writer.word("mode", mode))
        yield Listing(_MODE_EXAMPLES[mode])
    yield Paragraph(writer.say("periods_text"))
    yield Grid(
        (writer.say("cadence"), writer.say("meaning"), writer.say("period")),
        tuple(
            (f"`{name}`", writer.word("cadence", name), ", ".join(writer.word("period_type", kind) for kind in kinds))
            for name, kinds in CADENCES.items()
        ),
    )
    yield Paragraph(writer.say("corrections"))


# The same two quarters in each mode; keys are shortened for reading.
_MODE_EXAMPLES = {
    "history": (
        "2025Q2  client_key,worker_key,role,start_date,end_date\n"
        "        a1…,w1…,VASTUU,2024-02-01,\n"
        "2025Q3  client_key,worker_key,role,start_date,end_date\n"
        "        a1…,w1…,VASTUU,2024-02-01,2025-08-31\n"
        "        a1…,w2…,VASTUU,2025-09-01,"
    ),
    "snapshot": (
        "2025Q2  unit_key,places,places_free\n        u1…,12,3\n2025Q3  unit_key,places,places_free\n        u1…,12,0"
    ),
    "increment": (
        "2025Q2  contact_key,date\n        c1…,2025-05-14\n"
        "2025Q3  contact_key,date\n        c2…,2025-07-02\n        c3…,2025-09-30"
    ),
}


def _tables(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "tables")
    yield Paragraph(writer.say("tables_text"))
    yield Grid(
        tuple(writer.say(name) for name in ("table", "supplier", "mode", "cadence", "retention")),
        tuple(
            (
                f"[`{table.table}`](#table_{table.table}) {table.label[writer.language]}",
                ", ".join(writer.word("supplier", kind) for kind in table.suppliers),
                f"`{table.mode}`",
                writer.word("cadence", table.cadence),
                writer.say("years", years=table.retention_years),
            )
            for table in writer.tables
        ),
    )
    for table in writer.tables:
        yield from _table(writer, table)


def _table(writer: _Writer, table: Contract) -> Iterator[Block]:
    yield Heading(3, f"{table.label[writer.language]} `{table.table}`", f"table_{table.table}")
    yield Paragraph(table.purpose[writer.language])
    yield Items(tuple(_facts(writer, table)))
    yield Grid(
        tuple(writer.say(name) for name in ("column", "type", "required", "allowed", "meaning", "used_for")),
        tuple(
            (
                f"`{column.name}` {column.label[writer.language]}",
                f"`{column.type}`",
                writer.say("yes" if column.required else "no"),
                _allowed(writer, column),
                _meaning(writer, column),
                ", ".join(_use(writer, use) for use in column.serves),
            )
            for column in table.columns
        ),
    )
    row = example_row(table, writer.source)
    yield Paragraph(writer.say("row_example", organisation=organisation(table), period=period(table)))
    yield Listing(",".join(row) + "\n" + ",".join(row.values()))


def _facts(writer: _Writer, table: Contract) -> Iterator[str]:
    kinds = ", ".join(writer.word("supplier", kind) for kind in table.suppliers)
    periods = ", ".join(writer.word("period_type", kind) for kind in table.period_types)
    yield f"{writer.say('row')}: {table.grains[writer.language]}"
    yield f"{writer.say('key')}: {', '.join(f'`{name}`' for name in table.primary_key)}"
    yield f"{writer.say('supplier')}: {kinds}"
    yield f"{writer.say('mode')}: [`{table.mode}`](#mode_{table.mode})"
    yield f"{writer.say('cadence')}: {writer.word('cadence', table.cadence)} ({writer.say('period')}: {periods})"
    yield writer.say("due", days=table.due_days)
    yield f"{writer.say('retention')}: {table.retention_reason[writer.language]}"
    for reference in table.references:
        yield writer.say(
            f"reference_{reference.severity}",
            columns=", ".join(f"`{name}`" for name in reference.columns),
            target=f"[`{reference.table}`](#table_{reference.table})",
            to=", ".join(f"`{name}`" for name in reference.to_columns),
        )
    if table.within:
        yield writer.say("within", table=f"[`{table.within}`](#table_{table.within})")
    if table.twin:
        yield writer.say("twin", table=f"[`{table.twin}`](#table_{table.twin})")
    if table.aligns != "none found":
        yield f"{writer.say('aligns')}: {table.aligns}"


def _allowed(writer: _Writer, column: Column) -> str:
    if column.code_list:
        return f"[`{column.code_list}`](#list_{column.code_list})"
    if column.pattern:
        return f"`{column.pattern}` ({writer.say('example')} `{column.example}`)"
    if column.type == "bool":
        return "`true`, `false`"
    if column.minimum is not None or column.maximum is not None:
        return " ".join(
            f"{sign} {value}" for sign, value in (("≥", column.minimum), ("≤", column.maximum)) if value is not None
        )
    return f"[`{column.type}`](#types)"


def _meaning(writer: _Writer, column: Column) -> str:
    found = [column.descriptions[writer.language]]
    if column.spell_end_of:
        found.append(writer.say("end_of", column=f"`{column.spell_end_of}`"))
    if column.within_period:
        found.append(writer.say("in_period"))
    if column.aliases:
        found.append(f"{writer.say('aliases')}: {', '.join(column.aliases)}.")
    return " ".join(found)


def _use(writer: _Writer, use: str) -> str:
    kind, _, name = use.partition(":")
    if kind in ("denominator", "key", "breakdown", "check"):
        return f"{writer.say(f'use_{kind}')} `{name}`" if name else writer.say(f"use_{kind}")
    return f"`{use}`"


def _lists(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "lists")
    yield Paragraph(writer.say("lists_text"))
    for name, found in writer.lists.items():
        yield Heading(3, f"`{name}`", f"list_{name}")
        if found.aligns:
            yield Paragraph(f"{writer.say('aligns')}: {found.aligns}")
        attributes = sorted({attribute for entry in found.attributes.values() for attribute in entry})
        yield Grid(
            (writer.say("code"), writer.say("label"), *(f"`{attribute}`" for attribute in attributes)),
            tuple(
                (
                    f"`{code}`",
                    label[writer.language],
                    *(found.attributes.get(code, {}).get(attribute, "") for attribute in attributes),
                )
                for code, label in found.labels.items()
            ),
        )


def _rules(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "rules")
    yield Paragraph(writer.say("rules_text"))
    for severity in SEVERITIES:
        label = SEVERITY_LABELS[severity][writer.language]
        yield Heading(3, label[:1].upper() + label[1:], f"severity_{severity}")
        yield Paragraph(CONSEQUENCES[severity][writer.language])
        yield Grid(
            (writer.say("rule"), writer.say("meaning")),
            tuple(
                (f"`{rule.code}`", _rule_text(getattr(rule, writer.language)) + _history(writer, rule.needs_history))
                for rule in RULES.values()
                if rule.severity == severity
            ),
        )


def _rule_text(template: str) -> str:
    """The message of a rule without the sentences about what was seen and expected in one place."""
    sentences = re.split(r"(?<=[.:]) (?=[A-ZÅÄÖ])", template)
    general = [sentence for sentence in sentences if "{" not in sentence]
    return " ".join(general) if general else _FILLED_IN.sub("…", template)


_FILLED_IN = re.compile(r"\{[a-z]+\}")


def _history(writer: _Writer, needed: bool) -> str:
    return f" ({writer.say('needs_history')})" if needed else ""


def _versions(writer: _Writer) -> Iterator[Block]:
    yield writer.heading(2, "versions")
    accepted = ", ".join(accepted_versions(writer.source))
    yield Paragraph(writer.say("versions_text", accepted=accepted))
    known = versions(writer.source)
    for version in known[1 : known.index(writer.version) + 1]:
        yield Heading(3, version, f"version_{version}")
        yield Items(
            tuple(
                f"`{name}`: {said['note'][writer.language]}" for name, said in changes(version, writer.source).items()
            )
        )


# ---- as text -----------------------------------------------------------------------------------------


def to_markdown(blocks: Iterable[Block]) -> str:
    """The blocks as Markdown (tables as GitHub reads them, anchors as HTML)."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def _markdown(block: Block) -> str:
    match block:
        case Heading(level, text, anchor):
            return f'<a id="{anchor}"></a>\n\n{"#" * level} {text}'
        case Paragraph(text):
            return text
        case Items(entries):
            return "\n".join(f"- {entry}" for entry in entries)
        case Listing(text):
            return f"```\n{text.rstrip()}\n```"
        case Grid(head, rows):
            lines = [head, tuple("---" for _ in head), *rows]
            return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


# ---- as a page -----------------------------------------------------------------------------------------

_MARK = re.compile(r"`([^`]+)`|\[([^\]]+)\]\((#[a-z0-9_.]+)\)")
_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.55 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; margin: 0 auto; max-width: 76rem;
  padding: 1.5rem; color: #1b2530; background: #fff; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1rem 0; }
h2 { font-size: 1.35rem; margin: 2.5rem 0 .5rem; padding-top: .75rem; border-top: 2px solid #9aa8b5; }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p, li { max-width: 52rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .75rem 0; font-size: .92rem; }
th, td { text-align: left; padding: .4rem .7rem; border-bottom: 1px solid #dde3e9; vertical-align: top; }
th { border-bottom: 2px solid #9aa8b5; }
code { font: .9em ui-monospace, "DejaVu Sans Mono", Consolas, monospace; color: #22476b; overflow-wrap: anywhere; }
pre { background: #f3f6f9; border-left: 3px solid #9aa8b5; padding: .75rem 1rem; overflow-x: auto;
  font: .85rem/1.5 ui-monospace, "DejaVu Sans Mono", Consolas, monospace; }
a { color: #1f5f8b; }
td:first-child code, td:last-child code, a code { overflow-wrap: normal; white-space: nowrap; }
@media print { body { max-width: none; font-size: 11pt; } h3, tr { break-inside: avoid; } }
"""


def to_html(blocks: Iterable[Block], language: str) -> str:
    """The blocks as one page that needs nothing else: no script, no file, no address."""
    blocks = tuple(blocks)
    title = next(block.text for block in blocks if isinstance(block, Heading))
    body = "\n".join(_html(block) for block in blocks)
    return (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _html(block: Block) -> str:
    match block:
        case Heading(level, text, anchor):
            return f'<h{level} id="{anchor}">{_marked(text)}</h{level}>'
        case Paragraph(text):
            return f"<p>{_marked(text)}</p>"
        case Items(entries):
            return "<ul>" + "".join(f"<li>{_marked(entry)}</li>" for entry in entries) + "</ul>"
        case Listing(text):
            return f"<pre>{escape(text.rstrip())}</pre>"
        case Grid(head, rows):
            top = "".join(f'<th scope="col">{_marked(cell)}</th>' for cell in head)
            lines = "".join("<tr>" + "".join(f"<td>{_marked(cell)}</td>" for cell in row) + "</tr>" for row in rows)
            return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'


def _marked(text: str) -> str:
    """Escaped, with code and places within the page marked; a link's text may hold code."""
    parts, end = [], 0
    for match in _MARK.finditer(text):
        parts.append(escape(text[end : match.start()]))
        code, linked, place = match.groups()
        parts.append(f"<code>{escape(code)}</code>" if code is not None else f'<a href="{place}">{_marked(linked)}</a>')
        end = match.end()
    return "".join([*parts, escape(text[end:])])
