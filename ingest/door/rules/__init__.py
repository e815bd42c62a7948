"""The rules of the door: what can be wrong with a delivery, and what is said about it.

A rule is data (a code that never changes its meaning, a severity, what to say in three languages,
one small delivery that breaks it and one that just does not) and, where rows decide, a small
function that says in SQL which rows those are. ``ingest.door.checks`` applies the functions to the
rows of a table, ``across`` to the tables of a delivery, ``history`` to the deliveries before.
"""

from ingest.door.rules import deliveries, files, reading, rows, tables
from ingest.door.rules.model import (
    CONSEQUENCES,
    LANGUAGES,
    QUARANTINE_ROW,
    REJECT_FILE,
    REPAIR,
    SEVERITIES,
    SEVERITY_LABELS,
    WARN,
    Condition,
    Example,
    Query,
    Rule,
)

RULES: dict[str, Rule] = {
    rule.code: rule for rule in (*deliveries.RULES, *files.RULES, *reading.RULES, *rows.RULES, *tables.RULES)
}

__all__ = [
    "CONSEQUENCES",
    "LANGUAGES",
    "QUARANTINE_ROW",
    "REJECT_FILE",
    "REPAIR",
    "RULES",
    "SEVERITIES",
    "SEVERITY_LABELS",
    "WARN",
    "Condition",
    "Example",
    "Query",
    "Rule",
]
