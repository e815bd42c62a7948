"""Drive the dashboards in a headless Chromium: log in, open, wait until drawn."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

DASHBOARD_PATH = "/superset/dashboard/jatkuvuus-ja-asuminen/"
CHARTS = "[data-test-viz-type]"
DRAWING = ".loading, [data-test='loading-indicator'], .ant-spin-spinning"
ERRORS = ".ant-alert-error, [data-test='error-alert'], .error-boundary"
PATIENCE_MS = 120_000


def chromium_path() -> str | None:
    """The browser of this machine, or ``AFTERCARE_CHROMIUM``; None when there is none."""
    return os.environ.get("AFTERCARE_CHROMIUM") or shutil.which("chromium")


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium that asks nobody anything by itself."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=chromium_path(),
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        try:
            yield chromium
        finally:
            chromium.close()


@dataclass
class Witness:
    """What went wrong, or out, while a page was open."""

    host: str
    console_errors: list[str] = field(default_factory=list)
    failed_requests: list[str] = field(default_factory=list)
    other_hosts: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Listen to the page from now on."""
        page.on(
            "console",
            lambda message: self.console_errors.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        page.on(
            "response",
            lambda response: (
                self.failed_requests.append(f"{response.status} {response.url}") if response.status >= 400 else None
            ),
        )
        page.on("request", lambda request: self._note_host(request.url))

    def _note_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.other_hosts.append(url)


def new_page(chromium: Browser, width: int = 1440, height: int = 2200) -> Page:
    """A page of a Finnish reader."""
    page = chromium.new_page(
        viewport={"width": width, "height": height},
        locale="fi-FI",
        timezone_id="Europe/Helsinki",
    )
    page.set_default_timeout(PATIENCE_MS)
    return page


def log_in(page: Page, base: str, name: str, password: str) -> None:
    """Log in through the form, as a person does, who is slower than the page.

    A second after it is loaded the page sends a log of its own, whose answer carries the session of nobody: to a
    browser that logs in meanwhile it would come last.
    """
    with page.expect_response(lambda answer: "/superset/log/" in answer.url and answer.ok):
        page.goto(base + "/login/")
    page.locator("[data-test=username-input]").fill(name)
    page.locator("[data-test=password-input]").fill(password)
    with page.expect_navigation(url=lambda url: "/login" not in url):
        page.locator("[data-test=login-button]").click()


def open_dashboard(page: Page, base: str, charts: int) -> None:
    """Open the dashboard and wait until ``charts`` charts are drawn."""
    page.goto(base + DASHBOARD_PATH)
    page.locator(CHARTS).nth(charts - 1).wait_for()
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    """Return when nothing has been loading for a second; raises PlaywrightTimeout otherwise."""
    quiet = 0
    for _ in range(PATIENCE_MS // 250):
        quiet = quiet + 1 if page.locator(DRAWING).count() == 0 else 0
        if quiet == 4:
            return
        page.wait_for_timeout(250)
    raise PlaywrightTimeout(f"still loading: {page.locator(DRAWING).count()} parts of the page")


def choose(page: Page, filter_slug: str, value: str) -> None:
    """Choose ``value`` in that filter and apply; returns when all is drawn again."""
    box = page.locator(f"#NATIVE_FILTER-{filter_slug}")
    page.locator(".ant-select", has=box).first.click()
    box.fill(value)
    page.locator(".ant-select-item-option", has_text=value).first.click()
    page.locator("[data-test='filter-bar__apply-button']").click()
    wait_until_drawn(page)


def read_current_release(page: Page) -> None:
    """Load the dashboard again, filters as they are, and wait until it is drawn."""
    page.reload()
    page.locator(CHARTS).first.wait_for()
    wait_until_drawn(page)


def download(page: Page, title: str, entry: str) -> Path:
    """Save a chart's data through its own menu; ``entry`` is the menu's word for the format."""
    card = page.locator(".dashboard-component-chart-holder", has_text=title).first
    # A chart that is drawn again closes its menu, so the menu is opened again until the entry was hit.
    for attempt in range(5):
        card.scroll_into_view_if_needed()
        card.locator("[aria-label='More Options']").click()
        try:
            page.locator("[role=menuitem]:visible", has_text="Lataa").last.hover(timeout=10_000)
            with page.expect_download(timeout=60_000) as started:
                page.locator("[role=menuitem]:visible", has_text=entry).first.click(timeout=10_000)
            break
        except PlaywrightTimeout:
            if attempt == 4:
                raise
            page.keyboard.press("Escape")
    return started.value.path()


def tooltip(page: Page, title: str, across: float) -> str:
    """What a chart says when pointed at ``across`` of its width (0 left, 1 right)."""
    card = page.locator(".dashboard-component-chart-holder", has_text=title).first
    card.scroll_into_view_if_needed()
    box = card.locator("canvas").first.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * across, box["y"] + box["height"] / 2, steps=5)
    shown = page.locator(".echarts-tooltip:visible")
    shown.first.wait_for()
    return shown.first.inner_text()


def chart_text(page: Page, title: str) -> str:
    """What a chart says, title included: all text of the card whose title begins so."""
    card = page.locator(".dashboard-component-chart-holder", has_text=title)
    return card.first.inner_text()
