"""What the page knows: contracts, code lists, rules and patterns, as JSON, from where the door has them."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import yaml
from stdnum import numdb

from ingest.contracts import template_manifest
from ingest.contracts.export.offline.claims import checked_rules, not_checked_rules, scripts
from ingest.contracts.export.offline.patterns import constants as _all_constants
from ingest.contracts.export.offline.patterns import javascript
from ingest.contracts.model import LANGUAGES, Column, Contract, header_names
from ingest.contracts.reading import CONTRACT_FOLDER, accepted_versions, code_lists, contracts
from ingest.door import manifest, values
from ingest.door.findings import LONGEST_NAME, NEEDS_TABLE
from ingest.door.reading import encodings, headers, packed, table, workbook
from ingest.door.receipt_page import WORDS
from ingest.door.rules import CONSEQUENCES, RULES, SEVERITIES, SEVERITY_LABELS, rows, tables
from ingest.identifiers import columns, kinds, names, patterns, text, words
from ingest.identifiers import workbook as parts
from ingest.periods import FIRST_DUE_DATE
from ingest.prepare.messages import MESSAGES
from ingest.reference import UNKNOWN_MUNICIPALITIES, municipalities, organisations, wellbeing_areas

_WORDS = Path(__file__).with_name("words.yml")
# Of ``ingest.prepare``: what can be wrong with template workbooks before they are a delivery.
TEMPLATE_MESSAGES = (
    "SOURCE_UNREADABLE", "SOURCE_SHEET", "WORKBOOK_FIELD", "WORKBOOK_DIFFERS", "WORKBOOK_TWICE", "TABLE_NOT_EMPTY",
    "WORKBOOK_EMPTY",
)  # fmt: skip


def page_data(version: str, source: Path = CONTRACT_FOLDER) -> dict[str, Any]:
    """Everything that the scripts read, for a version of the contracts; plain values only."""
    known = contracts(version, source)
    return {
        "version": version,
        "accepted_versions": list(accepted_versions(source)),
        "languages": list(LANGUAGES),
        "tables": {name: _table(contract) for name, contract in known.items()},
        "code_lists": {name: list(codes.codes) for name, codes in code_lists(version, source).items()},
        "municipalities": {
            code: {"area": place.wellbeing_area_code, "merged_into": place.merged_into}
            for code, place in municipalities().items()
        },
        "unknown_municipalities": sorted(UNKNOWN_MUNICIPALITIES),
        "first_due_date": FIRST_DUE_DATE.isoformat(),
        "longest_name": LONGEST_NAME,
        "wellbeing_areas": list(wellbeing_areas()),
        "organisations": organisations(),
        "rules": {code: _rule(code) for code in checked_rules()},
        "not_checked": [
            {"rule": code, "text": _unfilled(code), "why": why} for code, why in not_checked_rules().items()
        ],
        "severities": list(SEVERITIES),
        "severity_labels": SEVERITY_LABELS,
        "consequences": CONSEQUENCES,
        "kind_labels": kinds.KIND_LABELS,
        "template_messages": {
            code: {language: getattr(MESSAGES[code], language) for language in LANGUAGES} for code in TEMPLATE_MESSAGES
        },
        "manifest_fields": [
            {"name": field.name, "required": field.required, "about": field.about["en"]}
            for field in template_manifest.FIELDS
        ],
        "receipt_words": WORDS,
        "needs_table": NEEDS_TABLE,
        "words": yaml.safe_load(_WORDS.read_text(encoding="utf-8")),
        "detector": _detector(),
        "door": {
            "values": constants(values),
            "tables": constants(tables),
            "manifest": constants(manifest),
            "template_manifest": constants(template_manifest),
            "headers": constants(headers),
            "table": constants(table),
            "packed": constants(packed),
            "workbook": constants(workbook),
            "encodings": constants(encodings),
            "rows": constants(rows),
        },
    }


def constants(module: ModuleType) -> dict[str, Any]:
    """The constants of a module that the scripts name."""
    return _all_constants(module, set(vars(module)) - _named())


@cache
def _named() -> frozenset[str]:
    """Every name in capitals in the scripts, also as a private constant is called."""
    names_ = re.findall(r"\b[A-Z][A-Z0-9_]+\b", scripts())
    return frozenset([*names_, *(f"_{name}" for name in names_)])


def _rule(code: str) -> dict[str, str]:
    rule = RULES[code]
    return {"severity": rule.severity} | {language: getattr(rule, language) for language in LANGUAGES}


def _unfilled(code: str) -> dict[str, str]:
    """What a rule says, before anything was seen."""
    texts = {}
    for language in LANGUAGES:
        sentences = re.split(r"(?<=\.) ", getattr(RULES[code], language))
        texts[language] = " ".join(sentence for sentence in sentences if "{" not in sentence)
    return texts


def _table(contract: Contract) -> dict[str, Any]:
    return {
        "table": contract.table,
        "label": contract.label,
        "suppliers": list(contract.suppliers),
        "period_types": list(contract.period_types),
        "due_days": contract.due_days,
        "primary_key": list(contract.primary_key),
        "within": contract.within,
        "references": [
            {"columns": list(one.columns), "table": one.table, "to": list(one.to_columns), "severity": one.severity}
            for one in contract.references
        ],
        "columns": {column.name: _column(contract, column) for column in contract.columns},
        "headers": dict(header_names(contract)),
        "checks": [
            {"rule": code, "column": column.name, "expected": condition.expected, "is_code": condition.is_code}
            for column in contract.columns
            for code, rule in RULES.items()
            if rule.row
            for condition in rule.row(contract, column)
        ],
        "queries": [
            {"rule": code, "column": query.column, "expected": query.expected, "tables": list(query.tables)}
            for code, rule in RULES.items()
            if rule.table and not rule.needs_history
            for query in rule.table(contract)
        ],
    }


def _column(contract: Contract, column: Column) -> dict[str, Any]:
    where = tables.KNOWN_WHERE.get((contract.table, column.name))
    return {
        "type": column.type,
        "label": column.label,
        "required": column.required,
        "code_list": column.code_list,
        "width": values.code_width(column),
        "minimum": column.minimum,
        "maximum": column.maximum,
        "end_of": column.spell_end_of,
        "pattern": javascript(re.compile(column.pattern)) if column.pattern else None,
        "known_where": None if where is None else _known_where(contract, where),
    }


def _known_where(contract: Contract, where: str) -> str:
    """The column that must be filled in for a value to be expected; ``""`` when it always is."""
    if where == "true":
        return ""
    told = re.fullmatch(r"(\w+) is not null", where)
    filled = [column.name for column in contract.columns if told and column.lake_name == told[1]]
    if not filled:
        raise ValueError(f"{contract.table}: the page cannot tell where {where!r}")
    return filled[0]


def _detector() -> dict[str, Any]:
    whole, anywhere = words.announcements()
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    accounts = {}
    register = numdb.get("iban")
    for country in (first + second for first in letters for second in letters):
        properties = register.info(country)[0][1]
        if properties and (structure := properties.get("bban")):
            accounts[country] = structure
    return {
        "kinds": list(kinds.KINDS),
        "first_names": sorted(words.first_names()),
        "surnames": sorted(words.surnames()),
        "places": sorted(words.places()),
        "own_texts": sorted(words.own_texts()),
        "own_words": sorted(words.own_words()),
        "announced_whole": whole,
        "announced_anywhere": [list(pair) for pair in anywhere],
        "accounts": accounts,
        "patterns": constants(patterns),
        "names": constants(names),
        "text": constants(text),
        "columns": constants(columns),
        "parts": constants(parts),
    }
