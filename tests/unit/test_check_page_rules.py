"""The check page: which rules it claims, where its patterns come from, and that it stands alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ingest.contracts import LANGUAGES, ContractError, contracts
from ingest.contracts.export.offline import check_page
from ingest.contracts.export.offline.claims import (
    NOT_CHECKABLE,
    checked_rules,
    not_checked_rules,
    reason_for,
    scripts,
)
from ingest.contracts.export.offline.data import page_data
from ingest.contracts.export.offline.patterns import javascript
from ingest.door.rules import RULES
from ingest.identifiers import columns, names, patterns, text

ROOT = Path(__file__).parents[2]
# What only the quick look of the door needs, or what stands in another pattern already.
NOT_IN_THE_PAGE = {"_COARSE", "_COARSE_DATE", "_HASH", "_KEYS", "_WORD"}


@pytest.fixture(scope="module")
def page() -> str:
    return check_page()


@pytest.fixture(scope="module")
def data(page: str) -> dict:
    held = re.search(r'<script type="application/json" id="contract">(.*?)</script>', page, re.DOTALL)
    assert held
    return json.loads(held[1])


@pytest.mark.parametrize("code", RULES)
def test_every_rule_is_checked_by_the_page_or_it_says_why_not(code: str) -> None:
    assert (code in checked_rules()) != (reason_for(code) is not None), (
        f"{code}: let the scripts of the page check it, or say in claims.py why a browser cannot"
    )


def test_the_page_lists_what_it_cannot_check_with_a_reason_in_three_languages(data: dict) -> None:
    assert {entry["rule"] for entry in data["not_checked"]} == set(RULES) - set(checked_rules())
    assert set(not_checked_rules()) >= {code for code, rule in RULES.items() if rule.needs_history} | set(NOT_CHECKABLE)
    for entry in data["not_checked"]:
        for texts in (entry["why"], entry["text"]):
            assert set(texts) == set(LANGUAGES) and all(texts.values()), entry["rule"]
            assert not any("{" in said for said in texts.values())


def test_every_row_and_table_check_of_the_contracts_has_a_counterpart_in_the_scripts(data: dict) -> None:
    asked = {check["rule"] for table in data["tables"].values() for check in (*table["checks"], *table["queries"])}
    assert asked <= set(checked_rules())
    assert all(f'"{code}":' in scripts() for code in asked)


@pytest.mark.parametrize("module", [patterns, names, text, columns], ids=lambda module: module.__name__)
def test_every_pattern_of_the_detector_is_used_by_the_page(module) -> None:
    found = {name for name, value in vars(module).items() if isinstance(value, re.Pattern)} - NOT_IN_THE_PAGE
    assert found
    for name in found:
        plain = name.lstrip("_")
        assert re.search(rf'\.{plain}\b|every\("{plain}"\)', scripts()), f"{name} is not used by the page"


def test_the_scripts_name_no_constant_that_is_not_there(data: dict) -> None:
    groups = {
        "FORMS": data["detector"]["patterns"], "NAMES": data["detector"]["names"], "LIMITS": data["detector"]["text"],
        "COLUMNS": data["detector"]["columns"], "PARTS": data["detector"]["parts"], "VALUES": data["door"]["values"],
        "BESIDE": data["door"]["tables"], "MANIFEST": data["door"]["manifest"], "PACKED": data["door"]["packed"],
        "BOOK": data["door"]["workbook"], "SHEET": data["door"]["template_manifest"], "RULE_ROWS": data["door"]["rows"],
    }  # fmt: skip
    named = re.findall(rf"\b({'|'.join(groups)})\.([A-Z][A-Z0-9_]+)\b", scripts())
    named += [("FORMS", name) for name in re.findall(r'every\("(\w+)"\)', scripts())]
    assert len(named) > 60
    assert [f"{group}.{name}" for group, name in named if name not in groups[group]] == []
    words = re.findall(r'DATA\.words\.(\w+)|own\("(\w+)"|\b(next_\w+|limit_\w+)"|NotHere\("(\w+)"\)', scripts())
    wanted = {one or two or three or f"not_here_{four}" for one, two, three, four in words}
    wanted |= set(re.findall(r'data-text="(\w+)"', check_page()))
    assert len(wanted) > 20
    assert wanted <= set(data["words"])


def test_every_word_of_the_page_is_there_in_three_languages_with_the_same_places(data: dict) -> None:
    for name, texts in data["words"].items():
        assert list(texts) == list(LANGUAGES), name
        assert all(texts.values()) and len({*texts.values()}) >= 2, name
        marks = {language: re.findall(r"\{\w+\}", said) for language, said in texts.items()}
        assert marks["fi"] == marks["sv"] == marks["en"], name


def test_the_page_stands_alone_and_its_policy_lets_nothing_out(page: str) -> None:
    assert not re.search(r"https?://|\bsrc=|<link|url\(|@import|javascript:", page)
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|eval|importScripts)\b", page)
    assert not re.search(r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|localStorage)\b", page)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    for kind in ("script-src", "style-src"):
        assert re.fullmatch(r"'sha256-[0-9A-Za-z+/=]+'", rules[kind])
    assert set(rules) == {"default-src", "base-uri", "form-action", "script-src", "style-src"}


def test_the_page_is_the_same_each_time_and_of_the_version_asked_for(page: str, data: dict) -> None:
    assert check_page() == page
    assert data["version"] == "1.0"
    assert list(data["tables"]) == list(contracts())
    with pytest.raises(ContractError, match=r"known: 1\.0"):
        check_page("9.9")


def test_an_installed_package_carries_the_parts_of_the_page() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    folder = ROOT / "ingest" / "contracts" / "export" / "offline"
    suffixes = {path.suffix for path in folder.iterdir() if path.is_file()} - {".py"}
    assert suffixes == {".js", ".css", ".html", ".yml"}
    assert [suffix for suffix in suffixes if f'"*{suffix}"' not in declared] == []


@pytest.mark.parametrize(
    ("written", "source", "flags"),
    [
        (re.compile(r"[^\W\d_]+[\w.-]\d"), r"[\p{L}\p{Nl}\p{No}]+[\p{L}\p{N}_.-]\p{Nd}", "u"),
        (re.compile(r"(?P<day>[0-9]{2})\Z", re.IGNORECASE), "(?<day>[0-9]{2})$", "ui"),
        (re.compile(r"[\"']\"{1,2}\-"), '["\']"{1,2}-', "u"),
        (re.compile(r"a{b}[\]\[{]"), r"a\{b\}[\]\[{]", "u"),
        (re.compile(rb"\xa4\b\w", re.DOTALL), r"\xa4\b\w", "us"),
    ],
)
def test_a_pattern_of_python_is_written_as_a_browser_reads_it(written, source: str, flags: str) -> None:
    assert javascript(written) == {"source": source, "flags": flags}


@pytest.mark.parametrize("written", [r"(?>a)", r"a*+", r"(?P<a>b)(?P=a)", r"[\W]", r"\bword"])
def test_a_pattern_without_counterpart_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="no counterpart"):
        javascript(re.compile(written))


def test_the_limits_of_size_that_are_told_are_those_that_hold(data: dict) -> None:
    for name in ("LARGEST_FILE", "LARGEST_TEXT"):
        limit = re.search(rf"const {name} = ([0-9_]+)_000_000;", scripts())
        assert limit
        assert all(f" {limit[1]} mega" in said for said in data["words"]["limit_large"].values())


def test_page_data_is_plain_json() -> None:
    known = page_data("1.0")
    assert json.loads(json.dumps(known)) == known
