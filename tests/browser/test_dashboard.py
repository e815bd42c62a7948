"""The dashboard as a reader sees it, in a real browser against a real server."""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator

import duckdb
import pytest
from playwright.sync_api import Browser, Page

from tests.browser import driving
from tests.browser.conftest import Served, run_bootstrap

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHARTS = 10
TABLE = "Luvut, välit ja tila"
# Words that Superset would show in English on the way of a reader.
ENGLISH = (
    "Search", "records", "Apply filters", "Clear all", "No results", "no information",
    "Loading", "Settings", "Filters", "Value is required", "ago",
)  # fmt: skip


@pytest.fixture(scope="module")
def witness(served: Served) -> driving.Witness:
    return driving.Witness(served.base.split("//", 1)[1])


@pytest.fixture(scope="module")
def dashboard(served: Served, chromium: Browser, witness: driving.Witness) -> Iterator[Page]:
    """The dashboard opened by the reader ``johto``; tests leave the filters as they like."""
    page = driving.new_page(chromium, height=3400)
    witness.watch(page)
    driving.log_in(page, served.base, "johto", served.passwords["johto"])
    driving.open_dashboard(page, served.base, CHARTS)
    yield page
    page.close()


@pytest.fixture
def opened(dashboard: Page, served: Served) -> Page:
    """The dashboard with the filters as they are at first."""
    driving.open_dashboard(dashboard, served.base, CHARTS)
    return dashboard


def query(served: Served, sql: str) -> list[tuple]:
    file = served.home / "published" / "current" / "aftercare.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_chart_is_drawn_without_error_or_word_to_another_host(opened, witness, artifacts):
    opened.screenshot(path=artifacts / "dashboard.png")
    assert opened.locator(driving.CHARTS).count() == CHARTS
    assert opened.locator(driving.ERRORS).count() == 0
    assert witness.console_errors == []
    assert witness.failed_requests == []
    assert witness.other_hosts == []


def test_title_and_tables_say_synthetic(opened):
    assert "SYNTEETTINEN" in opened.title()
    assert "SYNTEETTINEN" in driving.chart_text(opened, TABLE)
    assert "vain ensisijainen" in driving.chart_text(opened, "Julkaisu")


def test_no_english_is_left_on_the_page(opened):
    text = opened.locator("body").inner_text()
    assert [word for word in ENGLISH if re.search(rf"\b{re.escape(word)}\b", text)] == []


def test_country_figure_on_the_page_is_the_published_one(opened, served):
    ((value, numerator),) = query(
        served,
        "select value, numerator from published.indicator_value where indicator_id = 'JAT-01' "
        "and variant = 'main' and area_level = 'country' and period_type = 'year' and period = "
        "(select max(period) from published.indicator_value where period_type = 'year')",
    )
    text = driving.chart_text(opened, TABLE)
    assert f"{value:.2f}".replace(".", ",") in text
    assert f"{numerator:,.0f}".replace(",", "\u00a0") in text


def test_another_indicator_changes_every_chart_about_figures(opened):
    titles = ("Valittu mittari", "Valinta lyhyesti", "Alueet kartalla", "Kunnat järjestyksessä",
              TABLE)  # fmt: skip
    before = {title: driving.chart_text(opened, title) for title in titles}
    driving.choose(opened, "mittari", "ASU-08")
    after = {title: driving.chart_text(opened, title) for title in titles}
    assert [title for title in titles if after[title] == before[title]] == []
    assert "ASU-08" in after["Valittu mittari"]
    assert "%" in after["Valinta lyhyesti"]
    assert opened.locator(driving.ERRORS).count() == 0


def test_chosen_municipality_stands_beside_its_area_and_the_country(opened, served):
    ((municipality, area),) = query(
        served,
        "select m.name_fi, a.short_name_fi from published.indicator_value v "
        "join published.area m on m.area_level = 'municipality' and m.area_code = v.area_code "
        "join published.area a on a.area_level = 'wellbeing_area' and a.area_code = m.parent_code "
        "where v.indicator_id = 'JAT-01' and v.variant = 'main' and v.period_type = 'year' "
        "and v.area_level = 'municipality' and v.status = 'shown' "
        "order by v.period desc, v.denominator desc limit 1",
    )
    driving.choose(opened, "kunta", municipality)
    lines = driving.chart_text(opened, "Valinta lyhyesti")
    for word in (municipality, area, "Kuntaryhmä", "Koko maa"):
        assert word in lines


def test_hidden_figures_are_words_never_numbers_or_blanks(opened):
    rows = opened.locator(".dashboard-component-chart-holder", has_text=TABLE).locator("tbody tr")
    unseen = rows.filter(has_not_text="näytetään")
    assert unseen.count(), "the release has no hidden figure, so this shows nothing"
    for row in unseen.all()[:20]:
        cells = row.locator("td").all()
        for number in cells[2:4]:
            # Empty for sorting and files; the style sheet writes the dash.
            assert "dt-is-null" in (number.get_attribute("class") or "")
        assert [cell.inner_text() for cell in cells[4:6]] == ["–", "–"]
        assert cells[6].inner_text()


def test_log_in_page_is_needed_and_finnish(served, chromium):
    page = driving.new_page(chromium, height=900)
    page.goto(served.base + driving.DASHBOARD_PATH)
    page.locator("[data-test=login-button]").wait_for()
    text = page.locator("body").inner_text()
    assert "/login" in page.url
    assert "Kirjaudu sisään" in text
    assert "Sign in" not in text
    page.close()


# ---- what a reader and an analyst may not do ---------------------------------------------------


class Api:
    """Superset's interface as the browser of a logged-in user calls it."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        token = page.request.get(f"{base}/api/v1/security/csrf_token/")
        self.headers = {"X-CSRFToken": token.json()["result"], "Referer": base}

    def post(self, path: str, data: dict) -> tuple[int, str]:
        answer = self.page.request.post(self.base + path, data=data, headers=self.headers)
        return answer.status, answer.text()

    def put(self, path: str, data: dict) -> tuple[int, str]:
        answer = self.page.request.put(self.base + path, data=data, headers=self.headers)
        return answer.status, answer.text()

    def sql(self, text: str) -> tuple[int, str]:
        """Run a query in SQL Lab on the release."""
        return self.post(
            "/api/v1/sqllab/execute/",
            {"database_id": 1, "sql": text, "runAsync": False, "queryLimit": 10},
        )


@pytest.fixture(scope="module")
def reader(served: Served, chromium: Browser) -> Iterator[Api]:
    page = driving.new_page(chromium, height=900)
    driving.log_in(page, served.base, "johto", served.passwords["johto"])
    yield Api(page, served.base)
    page.close()


@pytest.fixture(scope="module")
def analyst(served: Served, chromium: Browser) -> Iterator[Api]:
    page = driving.new_page(chromium, height=900)
    driving.log_in(page, served.base, "analyytikko", served.passwords["analyytikko"])
    yield Api(page, served.base)
    page.close()


def test_reader_cannot_open_sql_lab(reader):
    answer = reader.page.goto(reader.base + "/sqllab/")
    assert answer is not None
    assert answer.status == 403
    status, _ = reader.sql("select 1")
    assert status == 403


def test_reader_cannot_change_dashboard_or_chart(reader):
    assert reader.put("/api/v1/dashboard/1", {"dashboard_title": "x"})[0] in (403, 404)
    assert reader.put("/api/v1/chart/1", {"slice_name": "x"})[0] in (403, 404)
    assert reader.post("/api/v1/dashboard/", {"dashboard_title": "x"})[0] == 403


def test_analyst_reads_the_release_by_sql(analyst):
    status, text = analyst.sql("select count(*) as areas from published.area")
    assert status == 200, text
    assert '"areas"' in text


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "attach '/tmp/other.duckdb' as other",
        "copy (select 1) to '/tmp/saattaen-copy.csv'",
        "install httpfs",
        "set enable_external_access = true",
        "create table published.mine as select 1",
        "update published.indicator_value set value = 0",
    ],
)
def test_analyst_reaches_no_file_and_changes_nothing(analyst, statement):
    status, text = analyst.sql(statement)
    assert status >= 400, text
    assert "root:" not in text


# ---- setting up --------------------------------------------------------------------------------


def test_secrets_are_for_their_owner_only(served):
    folder = served.home / "superset"
    for name in ("logins.txt", "secret_key", "superset.db"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    for password in served.passwords.values():
        assert password in served.bootstrap_output


def test_setting_up_again_changes_nothing(served):
    before = (served.home / "superset" / "superset.db").read_bytes()
    done = run_bootstrap(served.home)
    assert done.returncode == 0
    assert "nothing has changed" in done.stdout
    assert (served.home / "superset" / "superset.db").read_bytes() == before


def test_without_a_release_setting_up_says_what_to_do(tmp_path):
    done = run_bootstrap(tmp_path)
    assert done.returncode == 2
    assert "Publish one first" in done.stderr
