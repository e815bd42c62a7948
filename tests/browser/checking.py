"""Give files to the check page in a browser and compare what it finds with what the door finds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from ingest.door.findings import Finding, Place
from ingest.door.receipt import Receipt
from ingest.door.receipt_page import by_rule
from tests.browser.driving import Witness, new_page

PATIENCE_MS = 30_000
# What both sides say of a place: rule, table, file, sheet, column, kind, row, seen, record, expected.
Said = tuple[Any, ...]


def open_page(chromium: Browser, path: Path, width: int = 1280) -> tuple[Page, Witness]:
    """The page from disk, in Finnish, with a witness of everything that goes wrong or out."""
    page = new_page(chromium, width=width, height=1600)
    page.set_default_timeout(PATIENCE_MS)
    witness = Witness(host="")
    witness.watch(page)
    page.add_init_script("document.addEventListener('checked', (event) => { window.checkedReports = event.detail; });")
    page.goto(path.as_uri())
    page.locator("main[data-state=ready]").wait_for()
    return page, witness


def forget_reports(page: Page) -> None:
    """Wait for a check that is going on, then forget its reports: the next ones are the next check's."""
    page.locator("main:not([data-state=working])").wait_for()
    page.evaluate("() => { window.checkedReports = undefined; }")


def give(page: Page, files: Mapping[str, bytes] | list[Path]) -> list[dict[str, Any]]:
    """Choose files, wait until they are checked; the reports."""
    forget_reports(page)
    if isinstance(files, list):
        page.locator("#files").set_input_files(files)
    else:
        page.locator("#files").set_input_files(
            [{"name": name, "mimeType": "", "buffer": content} for name, content in files.items()]
        )
    page.wait_for_function("() => window.checkedReports !== undefined")
    reports: list[dict[str, Any]] = page.evaluate("() => window.checkedReports")
    return reports


def files_of(folder: Path) -> dict[str, bytes]:
    """The files of a delivery."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def said_by_page(report: Mapping[str, Any]) -> set[Said]:
    """Every place of every finding of the page."""
    return {
        (
            found["rule"],
            *(found[name] for name in ("table", "file", "sheet", "column", "kind", "count", "expected")),
            *((place["row"], place["seen"], place["record"]) if place else (None, found["seen"], None)),
        )
        for found in report["findings"]
        for place in (found["places"] or [None])
    }


def said_by_door(receipt: Receipt) -> set[Said]:
    """The same of a receipt."""
    return {
        (
            found.rule.code,
            *(getattr(found, name) for name in ("table", "file", "sheet", "column", "kind", "count", "expected")),
            *place,
        )
        for found in receipt.findings
        for place in _places(found)
    }


def _places(found: Finding) -> list[Place]:
    return found.places or [Place(None, found.seen)]


def messages_of(receipt: Receipt, language: str) -> dict[str, str]:
    """Rule -> what the receipt says first of it."""
    return {
        group[0].rule.code: group[0].message(language, group[0].places[0].seen if group[0].places else None)
        for group in by_rule(receipt.findings)
    }
