"""Every rule of the door shows what breaks it and what just does not: both deliveries are tried."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingest.contracts import contracts
from ingest.door import check_delivery, take_in
from ingest.door.rules import CONSEQUENCES, LANGUAGES, QUARANTINE_ROW, REJECT_FILE, RULES, SEVERITIES, SEVERITY_LABELS
from ingest.door.rules.examples import delivery_id, write
from ingest.door.rules.model import Example
from ingest.state import Home

# Examples that need an inbox of their own, since something came before them.
WITH_HISTORY = sorted(code for code, rule in RULES.items() if rule.fires.before or rule.passes.before)
ALONE = sorted(set(RULES) - set(WITH_HISTORY))


def drop(example, home: Home) -> str:
    """Put an example into the inbox; its delivery id."""
    identifier = delivery_id(example.number)
    folder = home.inbox / example.organisation / example.period / identifier
    folder.mkdir(parents=True)
    write(example, folder)
    # Written a while ago: a fresh file that is not as announced may still be on its way.
    for file in folder.iterdir():
        os.utime(file, (1_760_000_000, 1_760_000_000))
    return identifier


def numbered(example, number):
    return type(example)(**{**vars(example), "number": number})


def consequence(rule, result):
    """Whether what happened to the delivery is what the severity of the rule says."""
    rejected = result.outcome == "rejected"
    return (rejected, result.rows_quarantined > 0) == (
        rule.severity == REJECT_FILE,
        rule.severity == QUARANTINE_ROW,
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """The outcome of the examples of all rules, dropped into one inbox: (code, kind) -> result."""
    home = Home(tmp_path_factory.mktemp("rules"))
    dropped = {}
    for number, (code, kind) in enumerate((code, kind) for code in ALONE for kind in ("fires", "passes")):
        dropped[drop(numbered(getattr(RULES[code], kind), number), home)] = (code, kind)
    report = take_in(home, clock=lambda: datetime(2025, 11, 20, tzinfo=UTC))
    return {dropped[result.delivery_id]: result for result in report.deliveries}


@pytest.mark.parametrize("code", ALONE)
def test_the_example_breaks_the_rule_and_no_other(code, everything):
    rule, result = RULES[code], everything[code, "fires"]
    assert set(result.findings) == {code, *rule.fires.also}
    assert consequence(rule, result)


@pytest.mark.parametrize("code", ALONE)
def test_the_example_beside_it_breaks_nothing(code, everything):
    rule, result = RULES[code], everything[code, "passes"]
    assert set(result.findings) == set(rule.passes.also)
    assert result.outcome in ("accepted", "accepted_with_findings")


@pytest.mark.parametrize("together", [True, False], ids=["one-intake", "two-intakes"])
@pytest.mark.parametrize("code", WITH_HISTORY)
def test_the_examples_with_a_delivery_before(code, together, tmp_path):
    """In one batch, and against what an earlier intake left in the lake."""
    rule = RULES[code]
    for kind, expected in (("fires", {code, *rule.fires.also}), ("passes", set(rule.passes.also))):
        home = Home(tmp_path / kind)
        example = getattr(rule, kind)
        for delivery in example.before:
            drop(delivery, home)
            if not together:
                assert take_in(home).accepted == 1
        drop(example, home)
        report = take_in(home, clock=lambda: datetime(2025, 11, 20, tzinfo=UTC))
        result = next(result for result in report.deliveries if result.period == example.period)
        assert set(result.findings) == expected
        assert kind == "passes" or consequence(rule, result)


def findings_of(example, tmp_path):
    """What ``check`` says of an example, with the delivery before it where there is one."""
    folders = []
    for number, delivery in enumerate((*example.before, example)):
        folder = tmp_path / str(number)
        folder.mkdir(parents=True)
        write(delivery, folder)
        folders.append(folder)
    return check_delivery(folders[-1], folders[-2] if len(folders) > 1 else None).findings_by_rule()


@pytest.mark.parametrize("code", [code for code in WITH_HISTORY if RULES[code].needs_history])
def test_check_with_the_delivery_before_finds_it_without_a_warehouse(code, tmp_path):
    rule = RULES[code]
    assert set(findings_of(rule.fires, tmp_path / "fires")) == {code, *rule.fires.also}
    assert set(findings_of(rule.passes, tmp_path / "passes")) == set(rule.passes.also)


@pytest.mark.parametrize(
    ("organisation", "area", "expected"),
    [
        ("kunta-853", "05", set()),  # Turku lies in Varsinais-Suomi
        ("kunta-853", "06", {"FILE_SUPPLIER", "WARN_AREA"}),
        ("kunta-588", "12", set()),  # what has merged lay in an area too
        ("hva-05", "05", set()),
        ("hva-06", "05", {"FILE_SUPPLIER", "WARN_AREA"}),
    ],
)
def test_costs_of_a_municipality_are_of_the_area_it_lies_in(organisation, area, expected, tmp_path):
    rows = tuple({"area": area, "account_code": str(4300 + number)} for number in range(5))
    manifest = {"extracted_at": "2026-01-20T06:12:00+02:00"}
    example = Example({"cost_row": rows}, organisation=organisation, period="2025", manifest=manifest)
    assert set(findings_of(example, tmp_path)) == expected


# Where a delivery lies decides; ``check`` takes any folder.
PLACE = {"MANIFEST_PLACE"}


@pytest.mark.parametrize("code", ["FILE_HASH", "ROW_CODE", "ROW_REFERENCE", "WARN_OVERLAP", "REPAIR_ZEROS"])
def test_check_says_what_the_door_says(code, everything, tmp_path):
    assert findings_of(RULES[code].fires, tmp_path) == everything[code, "fires"].findings


@pytest.mark.slow
@pytest.mark.parametrize("code", sorted(set(ALONE) - PLACE))
def test_check_says_what_the_door_says_for_every_rule(code, everything, tmp_path):
    assert findings_of(RULES[code].fires, tmp_path / "fires") == everything[code, "fires"].findings
    assert findings_of(RULES[code].passes, tmp_path / "passes") == everything[code, "passes"].findings


@pytest.mark.parametrize("code", RULES)
def test_a_rule_says_what_is_wrong_in_three_languages(code):
    rule = RULES[code]
    assert rule.severity in SEVERITIES
    assert re.fullmatch(r"[A-Z][A-Z_]+", code) and code == rule.code
    texts = [rule.text(language, "x", "y", "z") for language in LANGUAGES]
    assert len(set(texts)) == 3
    assert all(text and "{" not in text for text in texts)
    placeholders = [set(re.findall(r"{(\w+)}", getattr(rule, language))) for language in LANGUAGES]
    assert placeholders[0] == placeholders[1] == placeholders[2]


def test_severities_have_words_in_three_languages():
    for words in (CONSEQUENCES, SEVERITY_LABELS):
        assert set(words) == set(SEVERITIES)
        assert all(set(texts) == set(LANGUAGES) and all(texts.values()) for texts in words.values())


def test_a_rule_of_tables_asks_a_query_that_can_be_run_for_every_contract():
    """None of them names a column that a contract does not have."""
    from ingest.door.across import tables_of
    from ingest.door.checks import connect

    asked = 0
    with connect() as connection:
        previous = {name: [] for name in contracts()}
        with tables_of(connection, [], previous):
            for rule in RULES.values():
                for contract in contracts().values() if rule.table else ():
                    for query in rule.table(contract):
                        columns = connection.sql(query.sql).columns
                        assert columns[:2] == ["delivery", "source_row"]
                        assert set(columns[2:]) <= {"seen", "record"}
                        asked += 1
    assert asked > 30


def test_every_check_that_a_contract_names_is_a_rule():
    named = {
        use.removeprefix("check:")
        for contract in contracts().values()
        for column in contract.columns
        for use in column.serves
        if use.startswith("check:")
    }
    assert named <= set(RULES)


def test_examples_are_written_the_same_each_time(tmp_path: Path):
    for rule in RULES.values():
        written = []
        for attempt in ("a", "b"):
            folder = tmp_path / rule.code / attempt
            folder.mkdir(parents=True)
            write(rule.fires, folder)
            written.append({file.name: file.read_bytes() for file in folder.iterdir()})
        assert written[0] == written[1]
