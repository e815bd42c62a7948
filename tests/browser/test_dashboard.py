"""The dashboard as a reader sees it, in a real browser against a real server."""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import pytest
from playwright.sync_api import Browser, Page

from dashboards.superset import assets
from tests.browser import driving, fake_release
from tests.browser.conftest import Served, run_bootstrap

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CHARTS = len(assets.read("charts"))
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
def seen(served: Served, chromium: Browser, witness: driving.Witness) -> Iterator[Page]:
    """The dashboard as it is at first, opened once for all tests that only look at it."""
    page = driving.new_page(chromium, height=3400)
    witness.watch(page)
    driving.log_in(page, served.base, "johto", served.passwords["johto"])
    driving.open_dashboard(page, served.base, CHARTS)
    yield page
    page.close()


@pytest.fixture(scope="module")
def dashboard(seen: Page, chromium: Browser, witness: driving.Witness) -> Iterator[Page]:
    """Another page of the same reader; tests leave the filters as they like."""
    page = driving.new_page(chromium, height=3400)
    page.context.add_cookies(seen.context.cookies())
    witness.watch(page)
    yield page
    page.close()


@pytest.fixture
def opened(dashboard: Page, served: Served) -> Page:
    """The dashboard with the filters as they are at first, to choose other ones."""
    driving.open_dashboard(dashboard, served.base, CHARTS)
    return dashboard


def query(served: Served, sql: str) -> list[tuple]:
    file = served.home / "published" / "current" / "aftercare.duckdb"
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_every_chart_is_drawn_without_error_or_word_to_another_host(seen, witness, artifacts):
    seen.screenshot(path=artifacts / "dashboard.png")
    assert seen.locator(driving.CHARTS).count() == CHARTS
    assert seen.locator(driving.ERRORS).count() == 0
    assert witness.console_errors == []
    assert witness.failed_requests == []
    assert witness.other_hosts == []


def test_title_and_tables_say_synthetic(seen):
    assert "SYNTEETTINEN" in seen.title()
    assert "SYNTEETTINEN" in driving.chart_text(seen, TABLE)
    assert "vain ensisijainen" in driving.chart_text(seen, "Julkaisu")


def test_no_english_is_left_on_the_page(seen):
    text = seen.locator("body").inner_text()
    assert [word for word in ENGLISH if re.search(rf"\b{re.escape(word)}\b", text)] == []


def finnish(number: float, decimals: int) -> str:
    """A number as the dashboard writes it."""
    return f"{number:,.{decimals}f}".replace(",", "\u00a0").replace(".", ",")


def country_figures(served: Served) -> tuple[float, float]:
    """Value and numerator of JAT-01 for the country and the newest year, as published."""
    ((value, numerator),) = query(
        served,
        "select value, numerator from published.indicator_value where indicator_id = 'JAT-01' "
        "and variant = 'main' and area_level = 'country' and period_type = 'year' and period = "
        "(select max(period) from published.indicator_value where period_type = 'year')",
    )
    return value, numerator


def test_country_figure_on_the_page_is_the_published_one(seen, served):
    value, numerator = country_figures(served)
    text = driving.chart_text(seen, TABLE)
    assert finnish(value, 2) in text
    assert finnish(numerator, 0) in text


def test_tiles_say_what_is_published_of_every_area(seen, served):
    published = query(
        served,
        "select area.short_name_fi, numbers.value from published.area as area "
        "left join published.indicator_value as numbers on numbers.area_level = area.area_level "
        "and numbers.area_code = area.area_code and numbers.indicator_id = 'JAT-01' and numbers.variant = 'main' "
        "and numbers.period = (select max(period) from published.indicator_value where period_type = 'year') "
        "where area.area_level = 'wellbeing_area'",
    )
    tiles = {
        tile.locator(".st-tile-name").inner_text(): tile.locator(".st-tile-value").inner_text()
        for tile in seen.locator(".st-tile").all()
    }
    assert tiles.keys() == {name for name, _ in published}
    shown = {name: finnish(value, 2) for name, value in published if value is not None}
    assert shown, "no area has a figure, so this shows nothing"
    assert {name: text for name, text in tiles.items() if name in shown} == shown
    assert not [text for name, text in tiles.items() if name not in shown and re.search(r"\d", text)]


def test_tile_map_lies_as_the_areas_do(seen, served):
    places = dict(
        (name, (row, column))
        for name, row, column in query(
            served,
            "select short_name_fi, tile_row, tile_column from published.area where area_level = 'wellbeing_area'",
        )
    )
    boxes = {tile.locator(".st-tile-name").inner_text(): tile.bounding_box() for tile in seen.locator(".st-tile").all()}
    by_height = sorted({round(box["y"]) for box in boxes.values()})
    by_side = sorted({round(box["x"]) for box in boxes.values()})
    assert {
        name: (by_height.index(round(box["y"])) + 1, by_side.index(round(box["x"])) + 1) for name, box in boxes.items()
    } == places


def test_tooltip_of_a_trend_is_value_and_interval(seen, served):
    text = driving.tooltip(seen, "Kehitys vuosittain", 0.6)
    year, *_ = text.split()
    ((value, lower, upper),) = query(
        served,
        "select value, lower_95, upper_95 from published.indicator_value where indicator_id = 'JAT-01' "
        f"and variant = 'main' and area_level = 'country' and period_type = 'year' and period = '{int(year)}'",
    )

    def shortest(number: float) -> str:
        return finnish(number, 2).rstrip("0").rstrip(",")

    assert f"{shortest(value)} ({shortest(lower)}–{shortest(upper)})" in text
    assert "ŷ" not in text


def read_table(path: Path) -> tuple[str, list[dict[str, str]]]:
    """A downloaded CSV as text and rows; a chart of two queries comes as an archive of two files."""
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            text = archive.read(sorted(archive.namelist())[0]).decode("utf-8-sig")
    else:
        text = path.read_text(encoding="utf-8-sig")
    return text, list(csv.DictReader(io.StringIO(text)))


def test_downloaded_csv_has_plain_values_and_the_marking(seen):
    for title, first in {
        "Kunnat järjestyksessä": "Alue tai kunta",
        "Alueet kartalla": "Hyvinvointialue",
        "Valittu mittari": "Mittari",
        "Kehitys vuosittain": "Aika",
        "Kuntien hajonta": "Nimittäjä",
        "Toimitukset": "Toimittaja",
    }.items():
        text, rows = read_table(driving.download(seen, title, "CSV"))
        assert rows, title
        assert next(iter(rows[0])) == first
        assert "<" not in text, title
        assert "yhat" not in text, title
        assert {row["Aineisto"] for row in rows} == {"SYNTEETTINEN"}, title


def test_downloaded_workbook_has_the_same_columns_as_the_csv(seen):
    _, (first_row, *_) = read_table(driving.download(seen, "Alueet kartalla", "CSV"))
    header = list(first_row)
    workbook = openpyxl.load_workbook(io.BytesIO(driving.download(seen, "Alueet kartalla", "Excel").read_bytes()))
    first, *rows = workbook.active.iter_rows(values_only=True)
    assert list(first) == header
    assert {row[header.index("Aineisto")] for row in rows} == {"SYNTEETTINEN"}


def test_menu_of_a_chart_is_finnish(seen):
    """The second opening comes from the cache, which the menu tells with a time."""
    driving.read_current_release(seen)
    card = seen.locator(".dashboard-component-chart-holder", has_text="Alueet kartalla").first
    card.locator("[aria-label='More Options']").click()
    entries = seen.locator("[role=menuitem]:visible").all_inner_texts()
    assert any("Välimuistista" in entry for entry in entries)
    assert not [entry for entry in entries if re.search(r"\b(ago|seconds|minutes|Download|Refresh)\b", entry)]


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


def test_hidden_figures_are_words_never_numbers_or_blanks(seen):
    rows = seen.locator(".dashboard-component-chart-holder", has_text=TABLE).locator("tbody tr")
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


# ---- a new release -----------------------------------------------------------------------------


@pytest.fixture
def other_release(served: Served) -> Iterator[None]:
    """Another release, all states and other figures in it, is the current one for a while."""
    link = served.home / "published" / "current"
    before = link.readlink()
    fake_release.write_release(served.home)
    yield
    back = link.with_name("back")
    back.symlink_to(before)
    back.replace(link)


def test_new_release_is_seen_by_the_next_request_and_the_old_one_when_it_is_back(opened, served, request):
    before = country_figures(served)
    assert finnish(before[1], 0) in driving.chart_text(opened, TABLE)
    request.getfixturevalue("other_release")
    after = country_figures(served)
    assert after != before
    driving.read_current_release(opened)
    text = driving.chart_text(opened, TABLE)
    assert finnish(after[1], 0) in text
    assert finnish(before[1], 0) not in text
    assert fake_release.RELEASE_ID in driving.chart_text(opened, "Julkaisu")


def test_every_state_has_words_of_its_own(opened, served, other_release):
    words = {
        "shown": "näytetään", "hidden": "suojattu, pieni luku", "too_few": "liian vähän tapauksia",
        "not_recorded": "ei kirjattu", "not_delivered": "tietoja ei toimitettu",
    }  # fmt: skip
    assert {status for (status,) in query(served, "select distinct status from published.indicator_value")} == set(
        words
    )
    driving.read_current_release(opened)
    driving.choose(opened, "mittari", "SAA-01")
    text = driving.chart_text(opened, TABLE)
    for status in ("shown", "hidden", "too_few", "not_recorded"):
        assert words[status] in text
    assert opened.locator(driving.ERRORS).count() == 0


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
def reader(seen: Page, served: Served, chromium: Browser) -> Iterator[Api]:
    page = driving.new_page(chromium, height=900)
    page.context.add_cookies(seen.context.cookies())
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
