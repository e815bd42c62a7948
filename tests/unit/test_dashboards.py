"""Dashboard → chart → dataset → published table, without a server.

What a chart names exists in its dataset, what a dataset promises its query gives, what a query
reads is published. The queries run on a made-up release.
"""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest
import yaml

from dashboards.superset import assets, bootstrap, exports, serve, translate
from dashboards.superset.settings import Settings
from quality.release import published_table, published_tables
from tests.browser import fake_release

DATASETS, CHARTS, DASHBOARDS = (assets.read(kind) for kind in ("datasets", "charts", "dashboards"))
FILLING = assets.Filling("duckdb:///somewhere", "JAT-01 Nimi", "2025", "SYNTEETTINEN")
PUBLISHED = set(published_tables())
REPOSITORY = fake_release.REPOSITORY
# Messages whose place Superset fills with words that no language pack reaches ("8 minutes ago").
WITH_AN_ENGLISH_TIME = {"Cached %s", "Fetched %s"}
# Charts that are about no indicator.
WITHOUT_INDICATOR = {"julkaisu", "toimitukset"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    fake_release.write_release(folder)
    return folder


@pytest.fixture(scope="module")
def release(home: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The made-up release, opened as locked as Superset opens it.

    A copy: one process may open a file in one way only, and the code under test opens it too.
    """
    copy = shutil.copy(home / "published" / "current" / "aftercare.duckdb", home / "copy.duckdb")
    connection = duckdb.connect(
        str(copy),
        read_only=True,
        config={"enable_external_access": "false", "lock_configuration": "true"},
    )
    yield connection
    connection.close()


def rows(release: duckdb.DuckDBPyConnection, dataset: str, where: str, *columns: str) -> list[Any]:
    """Rows of a dataset, as a chart asks for them: a query around the dataset's."""
    sql = f"select {', '.join(columns)} from ({assets.dataset_sql(dataset)}) where {where}"
    return release.execute(sql).fetchall()


def named_columns(chart: dict[str, Any]) -> set[str]:
    """Columns of its dataset that a chart uses: shown, sorted by, grouped by, measured, filtered."""
    params = chart["params"]
    names = {
        *params.get("all_columns", []),
        *chart.get("only_in_files", []),
        *params.get("groupby", []),
        *params.get("groupby_b", []),
    }
    names |= {params["x_axis"]} if "x_axis" in params else set()
    names |= set(params.get("column_config", {}))
    names |= {yaml.safe_load(order)[0] for order in params.get("order_by_cols", [])}
    conditions = [*chart.get("filters", []), *chart.get("filters_b", [])]
    names |= {condition["column"] for condition in conditions if "column" in condition}
    expressions = [condition["sql"] for condition in conditions if "sql" in condition]
    expressions += [m["sql"] for m in (*params.get("metrics", []), *params.get("metrics_b", []))]
    for expression in expressions:
        without_text = re.sub(r"'[^']*'", "", expression)
        words = set(re.findall(r"[a-z_][a-z_0-9]*", without_text))
        names |= words - {
            "max",
            "case",
            "when",
            "then",
            "else",
            "end",
            "e",
            "cast",
            "null",
            "as",
            "double",
            "is",
            "not",
            "and",
            "or",
        }
    return names


@pytest.mark.parametrize("slug", DATASETS)
def test_query_gives_exactly_the_columns_that_its_description_names(release, slug):
    described = release.execute(f"describe {assets.dataset_sql(slug)}").fetchall()
    assert sorted(column for column, *_ in described) == sorted(DATASETS[slug]["columns"])


@pytest.mark.parametrize("slug", DATASETS)
def test_query_reads_published_tables_only(slug):
    sql = re.sub(r"--.*", "", assets.dataset_sql(slug))
    tables = re.findall(r"(?:from|join)\s+([a-z_]+\.[a-z_]+)", sql)
    assert tables, "the query reads nothing"
    assert {table.removeprefix("published.") for table in tables} <= PUBLISHED


@pytest.mark.parametrize("slug", CHARTS)
def test_chart_uses_columns_that_its_dataset_has(slug):
    chart = CHARTS[slug]
    assert named_columns(chart) - set(DATASETS[chart["dataset"]]["columns"]) == set()


@pytest.mark.slow
@pytest.mark.parametrize("slug", [slug for slug, chart in CHARTS.items() if chart["viz_type"] == "table"])
def test_file_of_a_table_has_the_plain_values_and_the_marking(release, slug):
    chart = CHARTS[slug]
    columns = [*chart["params"]["all_columns"], *chart.get("only_in_files", [])]
    plain = [columns[place] for place in exports.plain_columns(columns)]
    assert len(plain) == len(set(plain)) >= 7
    assert "data_notice" in plain
    values = rows(release, chart["dataset"], "true", *plain)
    assert {row[plain.index("data_notice")] for row in values} == {"SYNTEETTINEN"}
    assert [row for row in values if any("<" in str(value) for value in row)] == []


def test_file_of_a_trend_has_the_names_of_the_lines():
    names = ["Aika", "Koko maa", "Koko maa__yhat", "Koko maa__yhat_lower", "Koko maa__yhat_upper"]
    assert exports.plain_columns(names, frozenset({"Koko maa"})) == {
        0: "Aika", 2: "Koko maa", 3: "Koko maa, väli alkaa", 4: "Koko maa, väli päättyy",
    }  # fmt: skip
    # An analyst's own forecast keeps its observations and its names.
    assert list(exports.plain_columns(names).values()) == names


def test_column_for_files_only_is_not_on_the_page():
    params = parsed_bundle()["charts/ruutukartta.yaml"]["params"]
    hidden = {name for name, settings in params["column_config"].items() if settings == {"visible": False}}
    assert set(params["all_columns"]) - hidden == {"tile_html"}


# ---- what is said of the columns --------------------------------------------------------------


def test_descriptions_come_from_the_contract_of_the_published_tables():
    columns = parsed_bundle()["datasets/julkaisu/values.yaml"]["columns"]
    (value,) = [column for column in columns if column["column_name"] == "value"]
    assert value["description"] == published_table("indicator_value").column("value").description["fi"]
    described = {
        f"{name}.{column.name}": column.description["fi"]
        for name, table in published_tables().items()
        for column in table.columns
    }
    assert assets.published_descriptions().keys() == described.keys()
    for dataset in DATASETS.values():
        assert {facts["of"] for facts in dataset["columns"].values() if "of" in facts} <= described.keys()


@pytest.mark.parametrize("slug", DATASETS)
def test_column_without_a_description_of_its_own_is_made_by_the_query(slug):
    """Whatever a query hands on is described; what it draws, orders or counts itself need not be."""
    own = {name for name, facts in DATASETS[slug]["columns"].items() if "of" not in facts}
    made = {"is_chosen", "level_order", "sender_order", "quarters_text", "delivered_share", "missing_latest"}
    # The limits of the funnel are no published intervals.
    made |= {"lower_95", "upper_95", "lower_998", "upper_998"} if slug == "funnel" else set()
    assert {name for name in own if not name.endswith(exports.DISPLAY_ENDING)} <= made


def test_unknown_published_column_names_the_dataset(monkeypatch):
    broken = DATASETS | {"choices": {**DATASETS["choices"], "columns": {"x": {"label": "X", "of": "area.nothing"}}}}
    real_read = assets.read
    monkeypatch.setattr(assets, "read", lambda kind: broken if kind == "datasets" else real_read(kind))
    with pytest.raises(assets.AssetError, match=r"datasets/choices\.yaml: no published column 'area\.nothing'"):
        assets.bundle(FILLING)


def test_unknown_fragment_names_the_query(monkeypatch, tmp_path):
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "x.sql").write_text("with\n-- include: nothing\nselect 1\n", encoding="utf-8")
    monkeypatch.setattr(assets, "FOLDER", tmp_path)
    with pytest.raises(assets.AssetError, match=r"datasets/x\.sql: no fragment 'nothing'"):
        assets.dataset_sql("x")


def test_every_fragment_is_shared():
    texts = [path.read_text(encoding="utf-8") for path in (assets.FOLDER / "datasets").glob("*.sql")]
    for path in (assets.FOLDER / "fragments").glob("*.sql"):
        # One that is written from the contracts stands apart from the query for that; it is used all the same.
        is_written = "-- Written by `make contracts`" in path.read_text(encoding="utf-8")
        assert sum(f"-- include: {path.stem}\n" in text for text in texts) > (0 if is_written else 1), path.name


def test_dbt_knows_which_published_tables_the_dashboard_reads():
    file = REPOSITORY / "dbt_project" / "models" / "published" / "_published__exposures.yml"
    (exposure,) = yaml.safe_load(file.read_text(encoding="utf-8"))["exposures"]
    read = {
        table
        for slug in DATASETS
        for table in re.findall(r"published\.([a-z_]+)", re.sub(r"--.*", "", assets.dataset_sql(slug)))
    }
    assert set(exposure["depends_on"]) == {f"source('published', '{table}')" for table in read}
    (board,) = DASHBOARDS.values()
    assert exposure["label"] == board["title"]


@pytest.mark.parametrize("slug", CHARTS)
def test_chart_has_a_finnish_title_and_an_explanation(slug):
    assert CHARTS[slug]["name"].strip()
    assert len(CHARTS[slug]["description"]) > 20


def test_every_chart_stands_on_a_dashboard_and_every_dataset_serves_one():
    shown = {
        item["chart"]
        for dashboard in DASHBOARDS.values()
        for row in dashboard["rows"]
        for item in row["items"]
        if "chart" in item
    }
    assert shown == set(CHARTS)
    used = {chart["dataset"] for chart in CHARTS.values()}
    used |= {item["dataset"] for board in DASHBOARDS.values() for item in board["filters"]}
    assert used == set(DATASETS)


def test_indicator_filter_reaches_every_chart_about_figures():
    reached = {slug for slug, chart in CHARTS.items() if "indicator_label" in DATASETS[chart["dataset"]]["columns"]}
    assert reached == set(CHARTS) - WITHOUT_INDICATOR


def test_filters_offer_a_column_of_their_dataset():
    for board in DASHBOARDS.values():
        for item in board["filters"]:
            assert item["column"] in DATASETS[item["dataset"]]["columns"]


# ---- the bundle --------------------------------------------------------------------------------


def parsed_bundle() -> dict[str, Any]:
    return {path: yaml.safe_load(text) for path, text in assets.bundle(FILLING).items()}


def test_identifiers_are_unique_and_come_from_the_slugs_alone():
    identifiers = [content["uuid"] for content in parsed_bundle().values() if "uuid" in content]
    assert len(identifiers) == len(set(identifiers)) == len(DATASETS) + len(CHARTS) + 2
    assert assets.identifier("chart", "x") != assets.identifier("dataset", "x")


def test_bundle_is_the_same_every_time():
    assert assets.bundle(FILLING) == assets.bundle(FILLING)


def test_synthetic_data_marks_the_title_and_real_data_does_not():
    (synthetic,) = [c for p, c in parsed_bundle().items() if p.startswith("dashboards/")]
    assert synthetic["dashboard_title"] == "Jatkuvuus ja asuminen – SYNTEETTINEN"
    real = assets.Filling("duckdb:///somewhere", "JAT-01 Nimi", "2025", "")
    text = assets.bundle(real)["dashboards/jatkuvuus-ja-asuminen.yaml"]
    assert "SYNTEETTINEN" not in text
    assert "${" not in text


def test_filter_leaves_out_the_charts_that_lack_its_column():
    (board,) = [c for p, c in parsed_bundle().items() if p.startswith("dashboards/")]
    numbers = {
        part["meta"]["chartId"]: key.removeprefix("CHART-")
        for key, part in board["position"].items()
        if key.startswith("CHART-")
    }
    period = board["metadata"]["native_filter_configuration"][1]
    left_out = {numbers[number] for number in period["scope"]["excluded"]}
    assert {"kehitys-neljanneksittain", "julkaisu"} <= left_out
    assert "ruutukartta" not in left_out


def test_unknown_chart_on_a_dashboard_names_the_file(monkeypatch):
    broken = {"x": {"title": "", "description": "", "filters": [],
                    "rows": [{"height": 1, "items": [{"chart": "no-such", "width": 12}]}]}}  # fmt: skip
    real_read = assets.read
    monkeypatch.setattr(assets, "read", lambda k: broken if k == "dashboards" else real_read(k))
    with pytest.raises(assets.AssetError, match=r"dashboards/x\.yaml: no chart 'no-such'"):
        assets.bundle(FILLING)


def test_no_address_password_or_number_of_a_database_stands_in_the_assets():
    for path in assets.FOLDER.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            for word in ("://", "duckdb:", "password", "sqlalchemy", "uuid:"):
                assert word not in text.lower(), f"{word!r} in {path}"
            assert not re.search(r"_id: *\d", text), path


# ---- what the queries answer -------------------------------------------------------------------


def test_no_unpublished_figure_leaves_a_number_anywhere(release):
    columns = ("value", "lower_95", "upper_95", "numerator", "denominator", "value_text",
               "interval_text", "interval_html")  # fmt: skip
    unseen = rows(release, "values", "status_text <> 'näytetään'", *columns)
    assert len(unseen) > 1000
    assert {row[:7] for row in unseen} == {(None, None, None, None, None, "–", "–")}
    assert not [html for *_, html in unseen if "left:" in html]


def test_every_choice_of_indicator_and_period_has_a_row_for_every_place(release):
    counts = rows(
        release,
        "values",
        "area_choice = 'Koko maa' and municipality_choice = 'Kaikki kunnat' group by indicator_label, period_label",
        "count(*)",
    )
    ((places,),) = release.execute(
        "select count(*) from published.area where area_level in "
        "('country', 'wellbeing_area', 'municipality_group', 'municipality')"
    ).fetchall()
    ((indicators, periods),) = release.execute(
        "select (select count(*) from published.indicator), (select count(distinct period) "
        "from published.indicator_value where period_type in ('year', 'pooled_3_years'))"
    ).fetchall()
    assert counts == [(places,)] * (indicators * periods)


def test_figure_of_the_last_quarter_stands_for_a_year_without_one_of_its_own(home):
    """ASU-06 counts places at a quarter's end and has no year."""
    copy = duckdb.connect()
    copy.execute(f"attach '{home}/published/current/aftercare.duckdb' as source (read_only)")
    copy.execute("create schema published")
    for table in PUBLISHED:
        copy.execute(f"create table published.{table} as from source.published.{table}")
    copy.execute("delete from published.indicator_value where indicator_id = 'ASU-06' and period_type <> 'quarter'")
    ((expected,),) = copy.execute(
        "select value from published.indicator_value where indicator_id = 'ASU-06' "
        "and area_level = 'country' and period = '2024Q4'"
    ).fetchall()
    where = (
        "indicator_label like 'ASU-06%' and area_level = 'country' and period_label = '2024' "
        "and area_choice = 'Koko maa' and municipality_choice = 'Kaikki kunnat'"
    )
    assert rows(copy, "values", where, "value") == [(expected,)]
    copy.close()


def test_chosen_municipality_brings_its_area_its_group_and_its_neighbours(release):
    where = (
        "indicator_label like 'JAT-04%' and period_label = '2025' "
        "and area_choice = 'Koko maa' and municipality_choice = 'Turku'"
    )
    shown = rows(release, "values", where, "level_label", "place", "is_chosen")
    ((neighbours,),) = release.execute(
        "select count(*) from published.area where area_level = 'municipality' and parent_code = "
        "(select parent_code from published.area where name_fi = 'Turku')"
    ).fetchall()
    assert len(shown) == neighbours + 3
    assert {place for _, place, chosen in shown if chosen} >= {
        "Koko maa", "Varsinais-Suomi", "Turku",
    }  # fmt: skip
    assert sum(chosen for *_, chosen in shown) == 4


def test_share_is_written_as_a_finnish_percentage_and_rate_as_it_is(release):
    base = (
        "area_level = 'country' and period_label = '2025' and area_choice = 'Koko maa' "
        "and municipality_choice = 'Kaikki kunnat' and indicator_label like "
    )
    ((share,),) = rows(release, "values", base + "'SAA-01%'", "value_text")
    ((rate,),) = rows(release, "values", base + "'JAT-01%päivää'", "value_text")
    assert re.fullmatch(r"\d\d,\d\u00a0%", share)
    assert re.fullmatch(r"\d,\d\d", rate)


def test_tile_map_has_every_area_once_with_lapland_on_top(release):
    where = "indicator_label like 'JAT-04%' and period_label = '2025' and area_choice = 'Koko maa'"
    tiles = rows(release, "tiles", where, "tile_row", "tile_column", "place", "tile_html")
    areas = release.execute("select short_name_fi from published.area where area_level = 'wellbeing_area'").fetchall()
    assert sorted(place for _, _, place, _ in tiles) == sorted(name for (name,) in areas)
    assert [place for row, _, place, _ in tiles if row == 1] == ["Lappi"]
    for row, column, place, html in tiles:
        assert f'class="st-tile st-r{row} st-c{column} ' in html
        assert f'st-tile-name">{place}<' in html
    css = (assets.FOLDER / "dashboards" / "jatkuvuus-ja-asuminen.css").read_text(encoding="utf-8")
    for row, column, *_ in tiles:
        assert f"tr:has(.st-r{row}) {{ grid-row: {row}; }}" in css
        assert f"tr:has(.st-c{column}) {{ grid-column: {column}; }}" in css


def test_area_without_a_figure_is_striped_and_says_so_on_the_tile_map(release):
    """South Savo records no handovers in the made-up release."""
    where = (
        "indicator_label like 'SAA-01%' and period_label = '2025' and area_choice = 'Koko maa' and place = 'Etelä-Savo'"
    )
    ((html, value, status),) = rows(release, "tiles", where, "tile_html", "value", "status_text")
    assert "st-k0" in html
    assert "ei kirjattu" in html
    assert (value, status) == (None, "ei kirjattu")


@pytest.mark.parametrize("unit", ["share", "per_1000_days"])
def test_every_municipality_with_a_figure_is_a_dot_between_the_ends_of_the_limits(release, unit):
    indicators = release.execute(
        "select indicator_id from published.indicator where unit = ? and variant = 'main' order by indicator_id", [unit]
    ).fetchall()
    for (indicator_id,) in indicators:
        where = f"indicator_label like '{indicator_id}%' and period_label = '2025' and area_choice = 'Koko maa'"
        if unit == "per_1000_days":
            where += " and indicator_label like '%päivää'"
        dots = rows(release, "funnel", f"{where} and place is not null", "place", "denominator")
        published = release.execute(
            "select area.name_fi, numbers.denominator from published.indicator_value as numbers "
            "inner join published.area as area on numbers.area_level = area.area_level "
            "and numbers.area_code = area.area_code where numbers.area_level = 'municipality' "
            "and numbers.indicator_id = ? and variant = 'main' and period = '2025' and status = 'shown'",
            [indicator_id],
        ).fetchall()
        assert sorted(dots) == sorted(published)
        ((first, last),) = rows(release, "funnel", f"{where} and place is null", "min(denominator)", "max(denominator)")
        sizes = [size for _, size in dots]
        assert first <= min(sizes)
        assert max(sizes) <= last


def test_default_choices_are_offered(home, release):
    values = bootstrap.filling(Settings(home))
    assert rows(release, "indicators", f"indicator_label = '{values.indicator}'", "1") == [(1,)]
    assert rows(release, "tiles", f"period_label = '{values.period}'", "1")
    assert values.notice == "SYNTEETTINEN"
    board = DASHBOARDS["jatkuvuus-ja-asuminen"]
    defaults = {item["column"]: item["default"] for item in board["filters"]}
    where = " and ".join(f"{column} = '{defaults[column]}'" for column in ("area_choice", "municipality_choice"))
    assert rows(release, "choices", where, "1") == [(1,)]


def test_missing_delivery_is_a_sign_of_its_own(release):
    where = "area_choice = 'Koko maa' and sender = 'Pohjois-Pohjanmaa'"
    ((html,),) = rows(release, "deliveries", where, "quarters_html")
    assert html.count("st-q-none") == 1
    assert "2024/4: 0/9 taulua" in html


# ---- secrets, roles, languages -----------------------------------------------------------------


def test_secret_key_is_made_once_and_is_for_its_owner_only(tmp_path):
    settings = Settings(tmp_path)
    key = settings.secret_key()
    assert len(key) > 40
    assert settings.secret_key() == key
    assert Settings(tmp_path / "other").secret_key() != key
    assert stat.S_IMODE((settings.folder / "secret_key").stat().st_mode) == 0o600


def test_logins_are_for_their_owner_only_and_come_back(tmp_path):
    settings = Settings(tmp_path)
    settings.make_folder()
    settings.write_logins({"johto": "a b", "admin": "c"})
    assert settings.read_logins() == {"johto": "a b", "admin": "c"}
    assert stat.S_IMODE(settings.logins_file.stat().st_mode) == 0o600


def test_release_is_opened_read_only_locked_and_without_file_access(tmp_path):
    uri = Settings(tmp_path).release_uri
    for rule in ("access_mode=READ_ONLY", "enable_external_access=false", "lock_configuration=true"):
        assert rule in uri
    assert "published/current/aftercare.duckdb?" in uri


@pytest.mark.parametrize(
    ("action", "view", "allowed"),
    [
        ("can_read", "Dashboard", True),
        ("can_write", "DashboardFilterStateRestApi", True),
        ("can_csv", "Superset", True),
        ("menu_access", "Dashboards", True),
        ("can_write", "Dashboard", False),
        ("can_write", "Chart", False),
        ("can_explore", "Superset", False),
        ("can_sqllab", "Superset", False),
        ("menu_access", "SQL Lab", False),
    ],
)
def test_reader_may_look_and_not_change(action, view, allowed):
    permission = SimpleNamespace(permission=SimpleNamespace(name=action), view_menu=SimpleNamespace(name=view))
    assert bootstrap._reader_may(permission) is allowed


def test_finnish_and_swedish_say_the_same_messages_with_the_same_places():
    finnish, swedish = translate.messages("fi"), translate.messages("sv")
    assert set(finnish) == set(swedish)
    for language in (finnish, swedish):
        for message, translation in language.items():
            for text in translation if isinstance(translation, list) else [translation]:
                places = [] if message in WITH_AN_ENGLISH_TIME else re.findall(r"%[sd]", message)
                assert re.findall(r"%[sd]", text) == places, message


def test_language_pack_has_the_form_that_the_front_end_reads():
    pack = translate.language_pack("fi")["locale_data"]["superset"]
    assert pack[""]["lang"] == "fi"
    assert pack["Search"] == ["Haku"]
    assert pack["%s record"] == ["%s rivi", "%s riviä"]


def test_server_listens_where_it_is_told(tmp_path):
    command = serve.server_command("127.0.0.1", 8123, tmp_path)
    assert command[command.index("--bind") + 1] == "127.0.0.1:8123"


def test_server_without_set_up_says_what_to_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        serve.main([])
    assert ended.value.code == 2
    assert "dashboards.superset.bootstrap" in capsys.readouterr().err
