"""What `aftercare contract export` writes: schemas, templates, specification and an example."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from ingest.contracts import LANGUAGES, code_lists, contract, contracts
from ingest.contracts.export import write
from ingest.contracts.export.examples import example_row, organisation, period
from ingest.contracts.export.templates import (
    CODES_SHEET,
    INSTRUCTIONS_SHEET,
    LAST_ROW,
    LONGEST_PROMPT,
    template,
)
from ingest.contracts.export.words import words
from ingest.contracts.template_manifest import FIELDS, MANIFEST_SHEET, manifest_of_sheet
from ingest.door import check_delivery
from ingest.door.reading import read_sheet, read_table
from ingest.door.rules import RULES, SEVERITIES
from orchestration import cli
from orchestration.errors import FAILED, OK

TABLES = sorted(contracts())
DELIVERY_ID = "01JAYK0M3Z8Q4T7V9W2X5Y6Z1A"


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    write(folder)
    return folder


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


# ---- table schemas -------------------------------------------------------------------------------------

# Of the Table Schema specification, version 1: the types, and which constraints each type knows.
ALWAYS = {"required", "unique", "enum"}
CONSTRAINTS = {
    "string": ALWAYS | {"minLength", "maxLength", "pattern"},
    "integer": ALWAYS | {"minimum", "maximum"},
    "number": ALWAYS | {"minimum", "maximum"},
    "date": ALWAYS | {"minimum", "maximum"},
    "boolean": {"required"},
}


def test_the_package_names_every_table_and_its_files(export: Path) -> None:
    package = read(export / "datapackage.json")
    assert package["profile"] == "tabular-data-package"
    assert [resource["name"] for resource in package["resources"]] == TABLES
    for resource in package["resources"]:
        assert re.fullmatch(r"[-a-z0-9._/]+", resource["name"])
        assert resource["profile"] == "tabular-data-resource"
        assert (export / resource["schema"]).is_file()
        with (export / resource["path"]).open(encoding="utf-8", newline="") as stream:
            header, *rows = csv.reader(stream)
        assert header == [field["name"] for field in read(export / resource["schema"])["fields"]]
        assert rows == []


@pytest.mark.parametrize("table", TABLES)
def test_a_schema_is_a_table_schema_and_says_what_the_contract_says(export: Path, table: str) -> None:
    agreed, found = contract(table), read(export / "schemas" / f"{table}.json")
    names = [field["name"] for field in found["fields"]]
    assert names == list(agreed.column_names)
    for field, column in zip(found["fields"], agreed.columns, strict=True):
        constraints = field["constraints"]
        assert set(constraints) <= CONSTRAINTS[field["type"]]
        assert constraints["required"] is column.required
        assert field["title"] == column.label["en"]
        assert field["titles"] == column.label
        if column.code_list:
            assert constraints["enum"] == list(code_lists()[column.code_list].codes)
            assert [entry["value"] for entry in field["categories"]] == constraints["enum"]
        if "pattern" in constraints:
            re.compile(constraints["pattern"])
    key = found.get("primaryKey") or found["uniqueKeys"][0]
    assert key == list(agreed.primary_key)
    # A primary key cannot be empty in the specification; one that may be is a unique key.
    assert ("primaryKey" in found) == all(agreed.column(name).required for name in key)
    for foreign, reference in zip(found.get("foreignKeys", []), agreed.references, strict=True):
        assert set(foreign["fields"]) <= set(names)
        target = read(export / "schemas" / f"{foreign['reference']['resource']}.json")
        assert set(foreign["reference"]["fields"]) <= {field["name"] for field in target["fields"]}
        assert foreign["severity"] == reference.severity


@pytest.mark.parametrize("table", TABLES)
def test_the_example_row_meets_its_schema(export: Path, table: str) -> None:
    row = example_row(contract(table))
    for field in read(export / "schemas" / f"{table}.json")["fields"]:
        value, constraints = row[field["name"]], field["constraints"]
        if value == "":
            assert not constraints["required"]
            continue
        assert value in constraints.get("enum", [value])
        assert re.fullmatch(constraints.get("pattern", ".*"), value)
        if field["type"] in ("integer", "number"):
            assert constraints.get("minimum", -1e9) <= float(value) <= constraints.get("maximum", 1e9)


# ---- templates -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def books(export: Path) -> dict[str, openpyxl.Workbook]:
    return {table: openpyxl.load_workbook(export / "templates" / f"{table}.xlsx") for table in TABLES}


@pytest.mark.parametrize("table", TABLES)
def test_a_template_has_the_header_and_formats_that_keep_leading_zeros(
    books: dict[str, openpyxl.Workbook], table: str
) -> None:
    agreed, sheet = contract(table), books[table].worksheets[0]
    assert sheet.title == table
    assert [cell.value for cell in sheet[1]] == list(agreed.column_names)
    assert sheet.max_row == 1
    for place, column in enumerate(agreed.columns, start=1):
        format_ = sheet.column_dimensions[get_column_letter(place)].number_format
        wanted = {"date": "yyyy-mm-dd", "int": "0", "decimal": "0.00"}.get(column.type, "@")
        assert format_ == wanted, column.name


def rules_of(sheet: Any, letter: str) -> tuple[Any, Any]:
    """The message of a column's header and the validation of its rows."""
    by_range = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    return by_range[f"{letter}1"], by_range[f"{letter}2:{letter}{LAST_ROW}"]


@pytest.mark.parametrize("table", TABLES)
def test_every_code_is_chosen_from_a_list_that_stands_with_its_labels(
    books: dict[str, openpyxl.Workbook], table: str
) -> None:
    book = books[table]
    for place, column in enumerate(contract(table).columns, start=1):
        letter = get_column_letter(place)
        message, allowed = rules_of(book.worksheets[0], letter)
        assert all(column.label[language] in message.prompt for language in LANGUAGES)
        assert len(message.prompt) <= LONGEST_PROMPT
        assert allowed.showErrorMessage
        if column.type not in ("code", "bool", "municipality", "wellbeing_area"):
            assert allowed.type in ("textLength", "date", "whole", "decimal")
            continue
        assert allowed.type == "list"
        sheet, cells = allowed.formula1.split("!")
        assert sheet == CODES_SHEET
        found = [row[0] for row in book[sheet][cells.replace("$", "")]]
        if column.code_list:
            assert [cell.value for cell in found] == list(code_lists()[column.code_list].codes)
            labels = [book[sheet].cell(cell.row, 3).value for cell in found]
            assert labels == [label["fi"] for label in code_lists()[column.code_list].labels.values()]
        assert all(isinstance(cell.value, str) and cell.number_format == "@" for cell in found)
        if column.type == "municipality":
            assert {"005", "091", "198", "199", "200"} <= {cell.value for cell in found}


@pytest.mark.parametrize("table", TABLES)
def test_a_template_tells_in_three_languages_what_each_column_is(
    books: dict[str, openpyxl.Workbook], table: str
) -> None:
    sheet = books[table][INSTRUCTIONS_SHEET]
    told = {row[0].value: [cell.value for cell in row[3:6]] for row in sheet.iter_rows(min_row=3)}
    assert list(told) == list(contract(table).column_names)
    for column in contract(table).columns:
        for language, text in zip(LANGUAGES, told[column.name], strict=True):
            assert column.descriptions[language] in text


@pytest.mark.parametrize("table", TABLES)
def test_a_template_holds_its_manifest(export: Path, table: str) -> None:
    content = (export / "templates" / f"{table}.xlsx").read_bytes()
    cells = read_sheet(content, f"{table}.xlsx", [MANIFEST_SHEET])
    assert cells is not None
    assert [row[0] for row in cells[1:]] == [field.name for field in FIELDS]
    assert manifest_of_sheet(cells) == {"table": table, "contract_version": "1.0", "key_domain": "common"}


@pytest.mark.parametrize("table", TABLES)
def test_nothing_in_an_empty_template_is_taken_for_data_or_for_an_identifier(export: Path, table: str) -> None:
    path = export / "templates" / f"{table}.xlsx"
    found = read_table(path.read_bytes(), path.name, contract(table))
    assert (found.rows, found.identifiers, found.notices, found.unknown) == (0, [], [], [])
    assert CalamineWorkbook.from_path(str(path)).sheet_names[:2] == [table, MANIFEST_SHEET]


def filled(table: str, into: Path) -> bytes:
    """The template with the example row written into it as a person would."""
    book = template(contract(table))
    for place, value in enumerate(example_row(contract(table)).values(), start=1):
        cell = book.worksheets[0].cell(2, place)
        cell.number_format = book.worksheets[0].column_dimensions[get_column_letter(place)].number_format
        is_number = cell.number_format in ("0", "0.00")
        cell.value = (float(value) if is_number else value) if value else None
    path = into / f"{table}.xlsx"
    book.save(path)
    return path.read_bytes()


# The example of a handover names a worker who begins: nobody has an assignment for them there.
ALONE = {("WARN_REFERENCE", "to_worker_key")}


@pytest.mark.parametrize("of", sorted({(organisation(contract(table)), period(contract(table))) for table in TABLES}))
def test_filled_templates_go_through_the_door(of: tuple[str, str], tmp_path: Path) -> None:
    tables = [table for table in TABLES if (organisation(contract(table)), period(contract(table))) == of]
    folder = tmp_path / of[0] / of[1] / DELIVERY_ID
    folder.mkdir(parents=True)
    files = []
    for table in tables:
        digest = hashlib.sha256(filled(table, folder)).hexdigest()
        files.append({"table": table, "path": f"{table}.xlsx", "sha256": digest, "rows": 1})
    manifest = {"delivery_id": DELIVERY_ID, "organisation": of[0], "period": of[1], "contract_version": "1.0"}
    manifest |= {"key_domain": "common", "extracted_at": "2026-01-20T06:12:00+02:00", "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    receipt = check_delivery(folder)
    broken = {(found.rule.code, found.column) for found in receipt.findings if found.rule.severity != "warn"}
    assert broken == set()
    told = {(found.rule.code, found.column) for found in receipt.findings} - {("DELIVERY_LATE", None)}
    assert {place for place in told if place[0] == "WARN_REFERENCE"} <= ALONE
    assert {table.table: table.rows for table in receipt.tables} == dict.fromkeys(tables, 1)


def test_the_manifest_sheet_is_read_as_people_fill_it_in() -> None:
    cells = [
        ["field", "value"],
        ["Organisation", " kunta-091 "],
        ["period", "2025Q3"],
        ["table", "leisure_support_count"],
        ["nothing to report", "KYLLÄ"],
        ["extracted_at", None],
        ["colour", "blue"],
        [None, "x"],
    ]
    assert manifest_of_sheet(cells) == {
        "organisation": "kunta-091",
        "period": "2025Q3",
        "table": "leisure_support_count",
        "nothing_to_report": ["leisure_support_count"],
    }
    with pytest.raises(ValueError, match="nothing_to_report"):
        manifest_of_sheet([["nothing_to_report", "perhaps"]])


# ---- specification -------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Ids, links, texts and whatever a page would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.ids += [said["id"] or ""] if "id" in said else []
        self.links += [said["href"] or ""] if tag == "a" else []
        self.fetched += [tag] if tag in ("script", "link", "img", "iframe", "object") or "src" in said else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module", params=LANGUAGES)
def page(request: pytest.FixtureRequest, export: Path) -> tuple[str, Page, str, str]:
    """Language, page, its HTML and the same as Markdown."""
    html = (export / f"specification.{request.param}.html").read_text(encoding="utf-8")
    markdown = (export / f"specification.{request.param}.md").read_text(encoding="utf-8")
    return request.param, Page(html), html, markdown


def test_the_page_stands_alone_and_its_links_lead_somewhere(page: tuple[str, Page, str, str]) -> None:
    language, parsed, html, markdown = page
    assert parsed.open == []
    assert parsed.fetched == []
    assert not re.search(r"https?://|url\(|@import|javascript:", html)
    assert f'<html lang="{language}">' in html
    assert len(parsed.ids) == len(set(parsed.ids))
    assert set(parsed.links) <= {f"#{name}" for name in parsed.ids}
    assert set(re.findall(r"\]\(#([^)]+)\)", markdown)) <= set(re.findall(r'<a id="([^"]+)">', markdown))


def test_the_specification_tells_every_table_column_code_and_rule(page: tuple[str, Page, str, str]) -> None:
    language, parsed, _, markdown = page
    text = " ".join(" ".join(parsed.words).split())
    for table in contracts().values():
        assert table.purpose[language] in text
        assert f"`{table.table}`" in markdown
        for column in table.columns:
            assert column.descriptions[language] in text
            assert f"`{column.name}` {column.label[language]}" in markdown
    for name, found in code_lists().items():
        assert f"list_{name}" in parsed.ids
        for code, label in found.labels.items():
            assert f"| `{code}` | {label[language]} |" in markdown
    for rule in RULES.values():
        assert rule.code in text
    for severity in SEVERITIES:
        assert f"severity_{severity}" in parsed.ids


def test_nothing_is_left_to_fill_in_and_no_mark_is_shown(page: tuple[str, Page, str, str]) -> None:
    _, parsed, html, _ = page
    text = re.sub(r"<style>.*?</style>|<pre>.*?</pre>|<code>.*?</code>", "", html, flags=re.DOTALL)
    assert "`" not in text
    assert not re.search(r"\{[a-z]+\}|\bNone\b|\]\(#", text)
    assert parsed.words


def test_every_rule_says_something_without_what_was_seen(page: tuple[str, Page, str, str]) -> None:
    _, _, _, markdown = page
    for rule in RULES.values():
        (line,) = re.findall(rf"^\| `{rule.code}` \| (.+) \|$", markdown, re.MULTILINE)
        assert len(line) > 10, rule.code


def test_every_word_is_there_in_three_languages() -> None:
    for group in words().values():
        for name, texts in group.items():
            assert list(texts) == list(LANGUAGES), name
            assert all(texts.values()), name
            marks = {language: sorted(re.findall(r"\{\w+\}", text)) for language, text in texts.items()}
            assert marks["fi"] == marks["sv"] == marks["en"], name


def test_the_worked_example_is_a_delivery_that_the_door_accepts(export: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hva-05" / "2025Q3" / DELIVERY_ID
    folder.mkdir(parents=True)
    for path in (export / "example").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    receipt = check_delivery(folder)
    assert receipt.outcome == "accepted", [(found.rule.code, found.column) for found in receipt.findings]
    assert {table.table for table in receipt.tables} >= {"client", "worker_assignment"}


# ---- the command ---------------------------------------------------------------------------------------


def test_the_command_writes_one_language_when_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    into = tmp_path / "out"
    home = str(tmp_path / "home")
    arguments = ["contract", "export", "--into", str(into), "--language", "sv", "--json", "--quiet", "--home", home]
    assert cli.run(arguments) == OK
    said = json.loads(capsys.readouterr().out)
    assert said["version"] == "1.0"
    assert sorted(said["files"]) == sorted(str(path.relative_to(into)) for path in into.rglob("*") if path.is_file())
    assert [path.name for path in into.glob("specification.*.html")] == ["specification.sv.html"]
    assert read(into / "datapackage.json")["resources"][0]["title"] == contract(TABLES[0]).label["sv"]
    assert cli.run(arguments) == OK


def test_the_command_writes_over_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine", encoding="utf-8")
    arguments = ["contract", "export", "--into", str(tmp_path), "--quiet", "--home", str(tmp_path / "home")]
    assert cli.run(arguments) == FAILED
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_an_unknown_version_is_told_with_those_there_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["contract", "export", "--into", str(tmp_path), "--version", "9.9", "--home", str(tmp_path / "home")]
    assert cli.run(arguments) == FAILED
    assert "known: 1.0" in capsys.readouterr().err
