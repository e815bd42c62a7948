"""The check page in a real browser finds what the door finds, shows no identifier and asks nobody."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from playwright.sync_api import Browser, Page

from ingest.contracts import LANGUAGES, contract, contracts
from ingest.contracts.export.examples import example_row
from ingest.contracts.export.offline import check_page
from ingest.contracts.export.offline.claims import checked_rules, not_checked_rules
from ingest.contracts.export.templates import template
from ingest.door import check_delivery
from ingest.door.receipt_page import WORDS
from ingest.door.rules import RULES
from ingest.door.rules.examples import delivery_id, write
from ingest.prepare.messages import PrepareError
from ingest.prepare.workbooks import deliver_workbooks
from tests.browser.checking import (
    files_of,
    forget_reports,
    give,
    messages_of,
    open_page,
    said_by_door,
    said_by_page,
)
from tests.browser.driving import Witness
from tests.browser.planting import plant
from tests.identifier_corpora import FILE_NAMES, NEGATIVES, POSITIVES, kind_fits

pytestmark = pytest.mark.browser
LARGEST = 600_000
EXAMPLES = [(code, kind) for code in checked_rules() for kind in ("fires", "passes")]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on disk."""
    written = tmp_path_factory.mktemp("page") / "check.html"
    written.write_text(check_page(), encoding="utf-8")
    return written


@pytest.fixture(scope="module")
def opened(chromium: Browser, path: Path) -> Iterator[tuple[Page, Witness]]:
    """The page, open for all tests of the module; nothing may have gone wrong or out by the end."""
    page, witness = open_page(chromium, path)
    yield page, witness
    assert (witness.console_errors, witness.failed_requests, witness.other_hosts) == ([], [], [])
    page.close()


@pytest.fixture
def page(opened: tuple[Page, Witness]) -> Page:
    return opened[0]


def assert_same(page: Page, folder: Path) -> dict[str, Any]:
    """Both sides say the same of the delivery in ``folder``; the page's report."""
    receipt = check_delivery(folder)
    (report,) = give(page, files_of(folder))
    assert said_by_page(report) == said_by_door(receipt)
    assert report["outcome"] == receipt.outcome
    if receipt.outcome != "waiting":
        counts = {
            (one.table, one.file, one.rows, one.rows_accepted, one.rows_quarantined, one.rows_repaired, one.rows_warned)
            for one in receipt.tables
            if one.file
        }
        assert {tuple(one.values()) for one in report["tables"]} == counts
    needed = {(one.rule.code, one.table, one.needs) for one in receipt.not_checked if one.needs}
    assert {(one["rule"], one["table"], one["needs"]) for one in report["skipped"]} == {
        one for one in needed if one[0] in checked_rules()
    }
    return report


# ---- rules ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "kind"), EXAMPLES)
def test_an_example_of_a_rule_breaks_it_on_the_page_as_at_the_door(
    page: Page, code: str, kind: str, tmp_path: Path
) -> None:
    example = getattr(RULES[code], kind)
    assert not example.before
    write(example, tmp_path)
    report = assert_same(page, tmp_path)
    assert (code in {found["rule"] for found in report["findings"]}) == (kind == "fires")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_messages_are_those_of_the_receipt(page: Page, language: str, tmp_path: Path) -> None:
    page.locator(f"[data-language={language}]").click()
    assert page.locator("html").get_attribute("lang") == language
    for code in ("FILE_IDENTIFIER", "ROW_DATE", "WARN_OVERLAP", "FILE_ROWS", "NOTE_SHEET", "REPAIR_ZEROS"):
        folder = tmp_path / code
        folder.mkdir()
        write(RULES[code].fires, folder)
        receipt = check_delivery(folder)
        give(page, files_of(folder))
        told = {f"{said} {rule}" for rule, said in messages_of(receipt, language).items()}
        assert set(page.locator("h3").all_inner_texts()) == told
        assert page.locator("#report .outcome").inner_text() == WORDS[language][f"checked.{receipt.outcome}"]
    page.locator("[data-language=fi]").click()


def test_the_page_names_what_it_cannot_check(page: Page) -> None:
    page.locator("details.limits summary").click()
    told = set(page.locator("#limits td code").all_inner_texts())
    assert told == set(not_checked_rules())
    assert str(len(checked_rules())) in page.locator("#limits > p").inner_text()
    page.locator("details.limits summary").click()


def test_a_file_that_is_not_there_yet_is_waited_for(page: Page, tmp_path: Path) -> None:
    write(RULES["FILE_HASH"].passes, tmp_path)
    (tmp_path / "client.csv").unlink()
    assert assert_same(page, tmp_path)["waitingFor"] == ["client.csv"]


def test_parquet_is_said_to_be_left_to_the_command(page: Page, tmp_path: Path) -> None:
    write(RULES["FILE_HASH"].passes, tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    manifest["files"][0]["path"] = "client.parquet"
    (tmp_path / "client.csv").rename(tmp_path / "client.parquet")
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (report,) = give(page, files_of(tmp_path))
    assert [one["reason"] for one in report["notHere"]] == ["parquet"]
    assert "Parquet" in page.locator("#report").inner_text()
    assert WORDS["fi"]["checked.accepted"] not in page.locator("#report .outcome").inner_text()


# ---- deliveries with planted errors --------------------------------------------------------------------


@pytest.fixture(scope="module")
def deliveries(small_synthetic: Path) -> dict[str, list[Path]]:
    """Small synthetic deliveries that a browser can read: of areas and municipalities, CSV and Excel."""
    kinds: dict[str, list[Path]] = {"hva csv": [], "hva xlsx": [], "kunta csv": []}
    for manifest in sorted(small_synthetic.rglob("manifest.json")):
        files = [entry for entry in manifest.parent.iterdir() if entry != manifest]
        suffixes = {entry.suffix for entry in files}
        small = sum(entry.stat().st_size for entry in files) < LARGEST
        kind = (
            f"{manifest.relative_to(small_synthetic).parts[0].split('-')[0]} {'xlsx' if '.xlsx' in suffixes else 'csv'}"
        )
        if small and suffixes and ".parquet" not in suffixes:
            kinds[kind].append(manifest.parent)
    assert all(len(found) > 3 for found in kinds.values())
    return kinds


@pytest.mark.parametrize("kind", ["hva csv", "hva xlsx", "kunta csv"])
def test_a_synthetic_delivery_is_told_the_same(page: Page, deliveries: dict[str, list[Path]], kind: str) -> None:
    for folder in random.Random(kind).sample(deliveries[kind], 2):
        assert_same(page, folder)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", ["hva csv", "hva xlsx", "kunta csv"])
def test_planted_errors_are_found_the_same(
    page: Page, deliveries: dict[str, list[Path]], kind: str, seed: int, tmp_path: Path
) -> None:
    chance = random.Random(f"{kind} {seed}")
    for number in range(1 if kind.startswith("hva") else 4):
        folder = tmp_path / str(number)
        plant(chance.choice(deliveries[kind]), folder, chance, errors=4)
        assert_same(page, folder)


# ---- how files are written -----------------------------------------------------------------------------

_ROWS = "municipality_code{0}applications\n853{0}3\n"
WRITTEN: dict[str, bytes] = {
    "windows-1252": "kunta;häädöt\r\n853;1\r\n".encode("cp1252"),
    "utf-8 with mark": "kunta\thäädöt\r\n853\t1\r\n".encode("utf-8-sig"),
    "utf-16": "kunta|häädöt\r\n853|1\r\n".encode("utf-16"),
    "decimal comma": b"municipality_code;offers\n853;3,0\n",
    "quotes": b'municipality_code,offers\n"853","3\n"\n"8""53",\n853,"3',
    "ragged with quotes": b'municipality_code,offers\n853,1,"60.16988, 24.93842"\n',
    "separator line": _ROWS.format(";").replace("mun", "sep=;\nmun", 1).encode(),
    "title above": b"Raportti,,\n\nmunicipality_code,offers\n853,3\n",
    "old line ends": b"municipality_code,offers\r853,3\r853,4\r",
    "blank lines": b"municipality_code,offers\n\n853,3\n,\n \n",
    "no text": b"\x00\x01\x02",
    "nothing but signs": b" ;;\n,,\n",
}


@pytest.mark.parametrize("name", WRITTEN)
def test_csv_is_read_as_the_door_reads_it(page: Page, name: str, tmp_path: Path) -> None:
    write(
        type(RULES["FILE_HASH"].fires)(files={"rental_housing.csv": WRITTEN[name]}, organisation="kunta-853"), tmp_path
    )
    assert_same(page, tmp_path)


def _book(change: Callable[[Any, Any], None]) -> bytes:
    book = openpyxl.Workbook()
    rows = book.active
    assert rows is not None
    rows.title = "residence_spell"
    rows.append(["client_key", "municipality", "start_date", "end_date"])
    change(book, rows)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _dates(book: Any, rows: Any) -> None:
    for number, (value, form) in enumerate(
        ((45292, "yyyy-mm-dd"), (45292, "General"), (45292.5, "d.m.yyyy"), (date(2024, 5, 6), "d.m.yyyy"),
         (60, "yyyy-mm-dd"), (59, "yyyy-mm-dd"), (45292.00001, "yyyy-mm-dd hh:mm"), (45292, "@"), (45292, '0" pv"'),
         (0.25, "hh:mm"), (2.5, "[h]:mm"), (45292, "mmm yy"), (1e-7, "General"), (True, "General"),
         (45292.25, "General"))
    ):  # fmt: skip
        rows.append([hashlib.sha256(bytes([number])).hexdigest(), 853])
        cell = rows.cell(number + 2, 3, value)
        cell.number_format = form


def _dates_1904(book: Any, rows: Any) -> None:
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book.epoch = CALENDAR_MAC_1904
    _dates(book, rows)


def _layout(book: Any, rows: Any) -> None:
    rows.append(["AB" * 32, 853.0, "1.2.2024", "#N/A"])
    rows.append([None, None, None, None, "beside"])
    rows.append(["  ", "005", date(2024, 1, 1), "=A1"])
    rows.row_dimensions[3].hidden = True
    rows.column_dimensions["B"].hidden = True
    rows.merge_cells("A4:B4")
    other = book.create_sheet("Matti Virtanen")
    other.sheet_state = "hidden"
    other["C3"] = "010190-999K"


@pytest.mark.parametrize("change", [_dates, _dates_1904, _layout], ids=lambda change: change.__name__)
def test_a_workbook_is_read_as_the_door_reads_it(page: Page, change: Callable[..., None], tmp_path: Path) -> None:
    content = _book(change)
    write(type(RULES["FILE_HASH"].fires)(files={"residence_spell.xlsx": content}), tmp_path)
    assert assert_same(page, tmp_path)["findings"]


# ---- identifiers ---------------------------------------------------------------------------------------


def rows_with(values: list[str], column: str) -> bytes:
    """A CSV with one column."""
    quoted = ('"' + value.replace('"', '""') + '"' for value in values)
    return "\n".join([column, *quoted, ""]).encode()


COLUMN_OF = {
    "text": ("survey_response", "wave"),
    "key": ("client", "client_key"),
    "date": ("handover", "handover_date"),
}
COLUMN_OF |= {
    "code": ("client", "gender"),
    "municipality": ("client", "home_municipality"),
    "int": ("supported_housing_capacity", "places"),
}
COLUMN_OF |= {"wellbeing_area": ("client", "responsible_area"), "decimal": ("cost_row", "amount_eur")}


def delivered(values: list[str], type_: str, folder: Path) -> dict[str, bytes]:
    table, column = COLUMN_OF[type_]
    if contracts()[table].column(column).type != type_:
        raise AssertionError(f"{table}.{column} is no {type_}")
    content = rows_with(values, column)
    digest = hashlib.sha256(content).hexdigest()
    manifest = {
        "delivery_id": delivery_id(1), "organisation": "hva-05", "contract_version": "1.0", "key_domain": "common",
        "period": {"quarter": "2025Q3", "half_year": "2025H1", "year": "2025"}[contracts()[table].period_types[0]],
        "extracted_at": "2026-01-20T06:12:00+02:00",
        "files": [{"table": table, "path": f"{table}.csv", "sha256": digest, "rows": len(values)}],
    }  # fmt: skip
    (folder / f"{table}.csv").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return files_of(folder)


@pytest.mark.parametrize("form", POSITIVES)
def test_identifiers_of_every_form_are_caught_and_never_shown(page: Page, form: str, tmp_path: Path) -> None:
    kind, generate = POSITIVES[form]
    chance = random.Random(form)
    values = [generate(chance) for _ in range(25)]
    (report,) = give(page, delivered(values, "text", tmp_path))
    found: dict[int, set[str]] = {}
    for one in report["findings"]:
        for place in one["places"] if one["rule"] == "FILE_IDENTIFIER" else []:
            found.setdefault(place["row"], set()).add(one["kind"])
    assert [
        place for place, value in enumerate(values) if not kind_fits(kind, found.get(place + 2, set()), value)
    ] == []
    shown = page.locator("body").inner_text() + json.dumps(report, ensure_ascii=False)
    assert [value for value in values if value in shown] == []
    receipt = check_delivery(tmp_path)
    assert said_by_page(report) == said_by_door(receipt)


@pytest.mark.parametrize("form", NEGATIVES)
def test_what_a_delivery_rightly_holds_is_no_identifier_on_the_page(page: Page, form: str, tmp_path: Path) -> None:
    type_, generate = NEGATIVES[form]
    chance = random.Random(form)
    (report,) = give(page, delivered([generate(chance) for _ in range(120)], type_, tmp_path))
    assert [one for one in report["findings"] if one["rule"] == "FILE_IDENTIFIER"] == []


def test_names_of_files_and_sheets_are_looked_at(page: Page, tmp_path: Path) -> None:
    write(RULES["FILE_HASH"].passes, tmp_path)
    for name in FILE_NAMES:
        if name != "manifest.json" and not (tmp_path / name).exists():
            (tmp_path / name).write_bytes(b"")
    assert_same(page, tmp_path)
    (tmp_path / "Matti Virtanen 010190-999K.txt").write_bytes(b"")
    report = assert_same(page, tmp_path)
    assert "FILE_IDENTIFIER" in {found["rule"] for found in report["findings"]}
    assert "Virtanen" not in page.locator("body").inner_text()


def test_nothing_from_a_file_is_read_as_markup(page: Page, tmp_path: Path) -> None:
    text = b"municipality_code,<img src=x onerror=alert(1)>\n853,<b>3</b>\n"
    write(type(RULES["FILE_HASH"].fires)(files={"rental_housing.csv": text}, organisation="kunta-853"), tmp_path)
    assert_same(page, tmp_path)
    assert page.locator("#report img, #report b").count() == 0


# ---- template workbooks --------------------------------------------------------------------------------


def filled(table: str, into: Path, rows: list[dict[str, Any]] | None = None, **manifest: Any) -> Path:
    """A template filled in by hand: rows, and fields of the manifest sheet."""
    book = template(contract(table))
    for number, row in enumerate([example_row(contract(table))] if rows is None else rows, start=2):
        for place, column in enumerate(contract(table).columns, start=1):
            value = row.get(column.name)
            book.worksheets[0].cell(number, place, (int(value) if column.type == "int" else value) if value else None)
    said = {"organisation": "kunta-853", "period": "2025Q3", "extracted_at": "2025-10-20T06:12:00+03:00"} | manifest
    for row in book["manifest"].iter_rows(min_row=2):
        if row[0].value in said:
            row[1].value = said[row[0].value]
    path = into / f"{table}.xlsx"
    book.save(path)
    return path


def test_filled_templates_are_told_as_the_recipient_would_tell_them(page: Page, tmp_path: Path) -> None:
    rows = [{"municipality_code": "853", "applications": "3"}, {"municipality_code": "47", "offers": "2"}]
    paths = [
        filled("rental_housing", tmp_path, rows),
        filled("employment_service_spell_count", tmp_path, [], nothing_to_report="true"),
    ]
    prepared = deliver_workbooks(paths, tmp_path / "into")
    (report,) = give(page, paths)
    assert prepared.receipt is not None
    door = {
        (one["rule"], one["file"], one["column"], place["row"], place["seen"])
        for one in prepared.receipt["findings"]
        for place in one["places"]
    }
    assert {(one[0], one[2], one[4], one[8], one[9]) for one in said_by_page(report)} == door
    assert report["outcome"] == prepared.outcome
    assert report["nothing"] == ["employment_service_spell_count"]
    told = page.locator("#report").inner_text()
    label = contract("employment_service_spell_count").label["fi"]
    assert f"Ei ilmoitettavaa: {label} (employment_service_spell_count)" in told and "Lähetä työkirjat" in told


WRONG: dict[str, list[tuple[str, list[dict[str, Any]] | None, dict[str, Any]]]] = {
    "fields": [("rental_housing", None, {"organisation": "kunta-9999", "period": None})],
    "not yes or no": [("rental_housing", None, {"nothing_to_report": "perhaps"})],
    "no rows": [("rental_housing", [], {})],
    "rows and nothing": [("rental_housing", None, {"nothing_to_report": "kyllä"})],
    "two periods": [("rental_housing", None, {}), ("employment_service_spell_count", None, {"period": "2025Q2"})],
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_with_a_manifest_sheet_is_told_the_same(page: Page, name: str, tmp_path: Path) -> None:
    paths = [filled(table, tmp_path, rows, **said) for table, rows, said in WRONG[name]]
    with pytest.raises(PrepareError) as error:
        deliver_workbooks(paths, tmp_path / "into")
    (report,) = give(page, paths)
    names = ("code", "file", "sheet", "column", "table", "seen", "expected")
    assert {tuple(one[field] for field in names) for one in report["problems"]} == {
        tuple(getattr(one, field) for field in names) for one in error.value.problems
    }
    assert report["outcome"] == "rejected"
    told = page.locator("#report").inner_text()
    assert "Lähetä työkirjat" not in told and "manifest.json" not in told


def test_a_bare_csv_is_checked_when_supplier_and_period_are_written(page: Page) -> None:
    files = {"rental_housing_2025Q3.csv": b"municipality_code,offers\n853,x\n"}
    (report,) = give(page, files)
    assert [one["reason"] for one in report["notHere"]] == ["no_manifest"]
    page.locator("summary[data-text=bare]").click()
    page.locator("#organisation").fill("kunta-853")
    page.locator("#period").fill("2025Q3")
    (report,) = give(page, files)
    found = {(one["rule"], one["column"]) for one in report["findings"]}
    assert ("ROW_NUMBER", "offers") in found
    for field in ("#organisation", "#period"):
        page.locator(field).fill("")
    page.locator("summary[data-text=bare]").click()


def test_a_folder_of_folders_is_one_report_for_each_delivery(page: Page, tmp_path: Path) -> None:
    for name, code in (("a", "ROW_DATE"), ("b", "FILE_ROWS")):
        (tmp_path / "sent" / name / "older").mkdir(parents=True)
        (tmp_path / "sent" / name / "older" / "x.csv").write_bytes(b"x")
        write(RULES[code].fires, tmp_path / "sent" / name)
    forget_reports(page)
    page.locator("#folder").set_input_files(tmp_path / "sent")
    page.wait_for_function("() => window.checkedReports !== undefined")
    reports = page.evaluate("() => window.checkedReports")
    told = [{found["rule"] for found in report["findings"]} for report in reports]
    assert sorted(map(sorted, told)) == [["FILE_ROWS", "FILE_UNLISTED"], ["FILE_UNLISTED", "ROW_DATE"]]
    for name in ("a", "b"):
        assert said_by_door(check_delivery(tmp_path / "sent" / name)) in [said_by_page(report) for report in reports]
    assert page.locator("section.report").count() == 2


def test_a_choice_made_during_a_check_takes_its_place(page: Page, tmp_path: Path) -> None:
    """Both choices come in one turn of the page's script: a file dialogue's own come when the browser likes."""
    write(RULES["ROW_DATE"].fires, tmp_path)
    forget_reports(page)
    page.evaluate(
        """(files) => {
            const drop = (chosen) => {
                const transfer = new DataTransfer();
                for (const [name, text] of chosen) transfer.items.add(new File([text], name));
                document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
            };
            window.seen = [];
            document.addEventListener("checked", (event) => window.seen.push(event.detail));
            drop(files);
            drop([["manifest.json", "{"]]);
        }""",
        [[file.name, file.read_text(encoding="utf-8")] for file in sorted(tmp_path.iterdir())],
    )
    page.wait_for_function("() => window.checkedReports !== undefined")
    page.locator("main[data-state=done]").wait_for()
    found = page.evaluate("() => window.seen.at(-1).flatMap((report) => report.findings.map((one) => one.rule))")
    assert found == ["MANIFEST_JSON"]
    assert page.locator("section.report").count() == 1
    assert "MANIFEST_JSON" in page.locator("#report").inner_text()


def test_files_may_be_dropped_on_the_page(page: Page) -> None:
    forget_reports(page)
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(["{"], "manifest.json"));
            document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true }));
        }"""
    )
    page.wait_for_function("() => window.checkedReports !== undefined")
    assert "MANIFEST_JSON" in page.locator("#report").inner_text()


# ---- the page ------------------------------------------------------------------------------------------


def test_the_language_is_that_of_the_browser(chromium: Browser, path: Path) -> None:
    for locale, language in (("sv-FI", "sv"), ("en-GB", "en"), ("fi-FI", "fi"), ("et-EE", "fi")):
        page = chromium.new_page(locale=locale)
        page.goto(path.as_uri())
        page.locator("main[data-state=ready]").wait_for()
        assert page.locator("html").get_attribute("lang") == language
        page.close()


def test_the_policy_of_the_page_lets_nothing_out(chromium: Browser, path: Path) -> None:
    page, witness = open_page(chromium, path)
    tried = page.evaluate("() => fetch('http://127.0.0.1:9/').then(() => 'sent', () => 'refused')")
    assert tried == "refused"
    assert any("Content Security Policy" in line for line in witness.console_errors)
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_is_wider_than_the_screen(chromium: Browser, path: Path, width: int, tmp_path: Path) -> None:
    page, _witness = open_page(chromium, path, width=width)
    for code in ("WARN_OVERLAP", "FILE_IDENTIFIER", "FILE_COLUMN_UNKNOWN"):
        folder = tmp_path / code
        folder.mkdir()
        write(RULES[code].fires, folder)
        give(page, files_of(folder))
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    page.close()


def test_all_places_are_saved_as_the_receipt_lists_them(page: Page, tmp_path: Path) -> None:
    write(RULES["ROW_DATE"].fires, tmp_path)
    give(page, files_of(tmp_path))
    with page.expect_download() as download:
        page.locator("button.save").click()
    saved = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    assert saved == check_delivery(tmp_path).to_csv()
