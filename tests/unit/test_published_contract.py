"""The published tables keep their contract, and everything that describes them says the same."""

from __future__ import annotations

import csv
import dataclasses
import re
from pathlib import Path

import duckdb
import pytest
import yaml

from quality.release import PublishedContractError, ReleaseError, publish, published_table, published_tables
from quality.release.contract import LANGUAGES
from quality.release.dictionary import HEADER
from quality.release.enforcement import row_problems, shape_problems
from quality.release.render import PUBLISHED_FOLDER, SOURCES_FILE, sources_yaml
from tests.browser import fake_release

NOTICE = "SYNTEETTINEN / SYNTETISK / SYNTHETIC: not about the real municipality"


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of the made-up release."""
    return fake_release.write_release(tmp_path_factory.mktemp("made_up"))


@pytest.fixture
def release(made_up: Path):
    """The made-up release, in memory and open for planting breaches."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{made_up}' as made (read_only)")
        connection.execute("create schema published")
        for table in published_tables():
            connection.execute(f"create table published.{table} as from made.published.{table}")
        yield connection


def problems(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    contract = published_table(table)
    found = shape_problems(connection, contract, f"from published.{table}")
    return found or row_problems(connection, contract, "published")


@pytest.mark.parametrize("table", published_tables())
def test_the_made_up_release_meets_the_contract(release, table):
    assert problems(release, table) == []


A_SHOWN = "rowid = (select min(rowid) from published.indicator_value where status = 'shown' and denominator > 0)"
A_HIDDEN = "rowid = (select min(rowid) from published.indicator_value where status = 'hidden')"


@pytest.mark.parametrize(
    ("table", "statement", "said"),
    [
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set value = 0.987 where {A_HIDDEN}",
            "value is given though status is not shown in 1 row",
            id="figure_of_a_hidden_cell",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set denominator = 4321 where {A_HIDDEN}",
            "denominator is given though status is not shown in 1 row",
            id="denominator_of_a_hidden_cell",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set unknown_share = 0.5 where {A_HIDDEN}",
            "unknown_share is given though status is not shown or not_recorded",
            id="share_of_a_hidden_cell",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set value = null where {A_SHOWN}",
            "value is empty though status is shown in 1 row",
            id="shown_without_a_value",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set status = 'secret' where {A_HIDDEN}",
            "status is none of shown, hidden, too_few",
            id="unknown_status",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set lower_95 = value + 1 where {A_SHOWN}",
            "lower_95 is over value in 1 row",
            id="limit_on_the_wrong_side",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set coverage = 1.2 where {A_SHOWN}",
            "coverage is over 1 in 1 row",
            id="share_over_one",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set is_complete = null where {A_SHOWN}",
            "is_complete is empty in 1 row",
            id="required_column_empty",
        ),
        pytest.param(
            "indicator_value",
            "insert into published.indicator_value from published.indicator_value limit 1",
            "the primary key indicator_id, variant, area_level, area_code, period_type, period, breakdown, category "
            "stands twice for 1 keys",
            id="key_twice",
        ),
        pytest.param(
            "indicator_value",
            f"update published.indicator_value set area_code = '999' where {A_SHOWN}",
            "area_level, area_code name no row of area in 1 row",
            id="area_that_does_not_exist",
        ),
        pytest.param(
            "indicator_value",
            "alter table published.indicator_value alter column numerator type float",
            "numerator is FLOAT, not DOUBLE",
            id="other_type",
        ),
        pytest.param(
            "indicator_value",
            "alter table published.indicator_value add column denominator_clients bigint",
            "column denominator_clients is not in the contract",
            id="column_more",
        ),
        pytest.param(
            "area",
            "alter table published.area drop column group_code",
            "no column group_code",
            id="column_less",
        ),
        pytest.param(
            "area",
            "create or replace table published.area as select area_level, area_code, * exclude (area_level, area_code) "
            "from published.area",
            "the columns are in the order area_level, area_code",
            id="other_order",
        ),
        pytest.param(
            "delivery_coverage",
            "update published.delivery_coverage set rows = 7 where not delivered",
            "rows is given though delivered is not true",
            id="rows_of_what_was_not_delivered",
        ),
        pytest.param("release", "delete from published.release", "there are no rows", id="empty_table"),
    ],
)
def test_breach_is_told(release, table, statement, said):
    release.execute(statement)
    found = "; ".join(problems(release, table))
    assert said in found
    # A breach can be that a figure is there which may not be: it is not repeated.
    assert not re.search(r"0\.987|4321", found)


# ---- publishing -------------------------------------------------------------------------------


@pytest.fixture
def warehouse(made_up: Path, tmp_path: Path) -> Path:
    """See ``make_warehouse``."""
    return make_warehouse(made_up, tmp_path)


def make_warehouse(made_up: Path, tmp_path: Path) -> Path:
    """A warehouse whose release candidate has the made-up areas and one indicator's cells."""
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"attach '{made_up}' as made (read_only)")
        connection.execute("create schema release_candidate")
        connection.execute("create schema intermediate")
        for table in ("indicator", "area", "delivery_coverage"):
            connection.execute(
                f"create table release_candidate.{table} as select * exclude (data_notice) from made.published.{table}"
            )
        connection.execute("create schema reference")
        connection.execute(
            "create table reference.seed_breakdown_category as "
            "select * exclude (data_notice) from made.published.breakdown_category"
        )
        connection.execute("alter table release_candidate.area add column restricted_note varchar default 'stays in'")
        connection.execute("create table intermediate.int_supplier as select date '2026-10-01' as data_until_exclusive")
        connection.execute(
            """
            create table release_candidate.indicator_value as
            select
                indicator_id, variant, area_level, area_code, period_type, period, period_start,
                period_end + 1 as period_end_exclusive, breakdown, category,
                cast(40 as double) as numerator, cast(100 as double) as denominator, cast(0.4 as double) as value,
                cast(0.3 as double) as lower_95, cast(0.5 as double) as upper_95,
                cast(0.2 as double) as lower_998, cast(0.6 as double) as upper_998,
                is_complete, is_series_break, coverage,
                cast(0 as double) as unknown_share, cast(1 as double) as record_share,
                cast(0 as double) as doubtful_share,
                false as is_outside, true as is_delivered, 'C1' as cell_class, 'ratio' as aggregation,
                'wilson' as interval_method, true as counts_persons, false as is_worker_action,
                cast(null as double) as minimum_record_share, 40 as numerator_clients, 100 as denominator_clients,
                cast(null as bigint) as workers, cast(null as double) as largest_worker_share,
                cast(null as double) as largest_amount, cast(null as double) as second_amount
            from made.published.indicator_value
            where indicator_id = 'ASU-03' and area_level = 'wellbeing_area'
            """
        )
        connection.execute(
            """
            create table release_candidate.indicator_trend as
            select
                indicator_id, variant, area_level, area_code, period_type, period, breakdown, category,
                'rising' as trend
            from release_candidate.indicator_value
            where period_type = 'year'
            """
        )
    return file


def released(warehouse: Path, published: Path) -> Path:
    return publish(warehouse, published, code_version="1", input_hash="2").folder


def test_publishing_writes_the_contracts_columns_and_comments_and_nothing_else(warehouse, tmp_path):
    folder = released(warehouse, tmp_path / "published")
    with duckdb.connect(str(folder / "aftercare.duckdb"), read_only=True) as connection:
        written = connection.execute(
            "select table_name, column_name, data_type, is_nullable, comment from duckdb_columns() "
            "where schema_name = 'published' order by table_name, column_index"
        ).fetchall()
        tables = connection.execute(
            "select table_name, comment from duckdb_tables() where schema_name = 'published' order by table_name"
        ).fetchall()
    expected = [
        (table.table, column.name, column.type, not column.required, column.description["en"])
        for table in sorted(published_tables().values(), key=lambda table: table.table)
        for column in table.columns
    ]
    assert written == expected
    assert tables == [
        (name, f"{table.description['en']} {table.grain}") for name, table in sorted(published_tables().items())
    ]


def test_data_dictionary_lies_beside_the_tables_and_says_synthetic(warehouse, tmp_path):
    folder = released(warehouse, tmp_path / "published")
    with (folder / "data_dictionary_SYNTHETIC.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert tuple(rows[0]) == HEADER
    assert {row["data_notice"] for row in rows} == {NOTICE}
    assert [(row["table_name"], row["column_name"]) for row in rows] == [
        (name, column) for name, table in published_tables().items() for column in table.column_names
    ]
    assert "data_dictionary_SYNTHETIC.csv" in (folder / "SHA256SUMS").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        pytest.param(
            "insert into release_candidate.indicator_value from release_candidate.indicator_value limit 1",
            "published.indicator_value: the primary key",
            id="key_twice",
        ),
        pytest.param(
            "update release_candidate.indicator_value set lower_95 = 0.45 where area_code = '05'",
            "published.indicator_value: lower_95 is over value",
            id="limit_on_the_wrong_side",
        ),
        pytest.param(
            "alter table release_candidate.area alter column tile_row type bigint",
            "published.area: tile_row is BIGINT, not INTEGER",
            id="other_type",
        ),
        pytest.param(
            "alter table release_candidate.indicator drop column law",
            "published.indicator: the warehouse lacks what it is made from",
            id="column_less",
        ),
        pytest.param(
            "drop table release_candidate.delivery_coverage",
            "published.delivery_coverage: the warehouse lacks what it is made from",
            id="table_less",
        ),
    ],
)
def test_a_breach_stops_publishing_and_leaves_the_release_of_before(warehouse, tmp_path, statement, said):
    published = tmp_path / "published"
    before = released(warehouse, published)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(statement)
    with pytest.raises(ReleaseError, match=re.escape(said)):
        released(warehouse, published)
    assert (published / "current").resolve() == before
    assert list((published / "releases").iterdir()) == [before]


# ---- the contract itself ----------------------------------------------------------------------


@pytest.mark.parametrize("table", published_tables().values(), ids=lambda table: table.table)
def test_every_column_is_described_in_three_languages_by_whole_sentences(table):
    for column in table.columns:
        for language in LANGUAGES:
            assert column.description[language].endswith("."), column.name


def test_no_figure_of_a_cell_may_stand_when_the_cell_is_hidden():
    """What disclosure control calls a figure or a share is bound to the status in the contract."""
    from quality.disclosure.primary import FIGURES, SHARES

    table = published_table("indicator_value")
    for name in FIGURES:
        assert table.column(name).null_unless == ("status", ("shown",))
    for name in SHARES:
        assert table.column(name).null_unless == ("status", ("shown", "not_recorded"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({"primary_key": ["nothing"]}, "primary_key names nothing", id="key_of_no_column"),
        pytest.param({"table": "other"}, "must be named after its table 'other'", id="other_name"),
        pytest.param({"columns": [{"name": "a", "type": "TEXT", "description": {}}]}, "type 'TEXT'", id="no_type"),
        pytest.param(
            {"columns": [{"name": "a", "type": "DATE", "description": {"fi": "a", "en": "a"}}]},
            "no text in sv",
            id="language_missing",
        ),
        pytest.param({"references": [{"columns": ["release_id"], "table": "no"}]}, "refer to 'no'", id="reference"),
    ],
)
def test_contract_file_that_does_not_hold_together_names_the_file(tmp_path, change, said):
    good = yaml.safe_load((Path(fake_release.REPOSITORY) / "quality/release/tables/release.yml").read_text("utf-8"))
    (tmp_path / "release.yml").write_text(yaml.safe_dump(good | change), encoding="utf-8")
    with pytest.raises(PublishedContractError, match=r"release\.yml.*") as raised:
        published_tables(tmp_path)
    assert said in str(raised.value)


def test_what_dbt_documents_says_what_the_contract_says():
    assert (PUBLISHED_FOLDER / SOURCES_FILE).read_text(encoding="utf-8") == sources_yaml()


def test_contracts_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        published_table("area").grain = "other"  # type: ignore[misc]


def test_trend_over_a_point_that_is_not_shown_cannot_be_said(warehouse, tmp_path):
    """Seven years, the second hidden (3 of 100): five shown points end with the seventh year alone."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "create temp table one as from release_candidate.indicator_value where period_type = 'year' limit 1"
        )
        connection.execute("delete from release_candidate.indicator_value")
        connection.execute("delete from release_candidate.indicator_trend")
        for year in range(2019, 2026):
            small = "numerator = 3, numerator_clients = 3, value = 0.3" if year == 2020 else "numerator = 40"
            connection.execute(
                f"update one set period = '{year}', period_start = date '{year}-01-01', "
                f"period_end_exclusive = date '{year + 1}-01-01', {small}"
            )
            connection.execute("insert into release_candidate.indicator_value from one")
            connection.execute("update one set numerator_clients = 40, value = 0.4")
        connection.execute(
            """
            insert into release_candidate.indicator_trend
            select
                indicator_id, variant, area_level, area_code, period_type, period, breakdown, category, 'rising'
            from release_candidate.indicator_value
            """
        )
    folder = released(warehouse, tmp_path / "published")
    with duckdb.connect(str(folder / "aftercare.duckdb"), read_only=True) as connection:
        written = dict(connection.execute("select period, trend from published.indicator_value").fetchall())
    assert written == {
        "2019": "cannot_be_said", "2020": None, "2021": "cannot_be_said", "2022": "cannot_be_said",
        "2023": "cannot_be_said", "2024": "cannot_be_said", "2025": "rising",
    }  # fmt: skip


def test_a_cell_without_a_figure_is_too_few_and_never_shown(warehouse, tmp_path):
    """A median that the curve does not reach (40 of 100 waits ended) has no figure; of 3 it is hidden all the same."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from release_candidate.indicator_value where area_code not in ('05', '06', '07')")
        without = "value = null, lower_95 = null, upper_95 = null, lower_998 = null, upper_998 = null"
        connection.execute(
            f"update release_candidate.indicator_value set aggregation = 'kaplan_meier', "
            f"interval_method = 'km_log_log', {without} where area_code in ('06', '07')"
        )
        connection.execute(
            "update release_candidate.indicator_value set numerator = 1, numerator_clients = 1, denominator = 3, "
            "denominator_clients = 3 where area_code = '07'"
        )
    folder = released(warehouse, tmp_path / "published")
    with duckdb.connect(str(folder / "aftercare.duckdb"), read_only=True) as connection:
        written = connection.execute(
            "select distinct area_code, status, denominator from published.indicator_value order by area_code"
        ).fetchall()
    assert written == [("05", "shown", 100.0), ("06", "too_few", None), ("07", "hidden", None)]
