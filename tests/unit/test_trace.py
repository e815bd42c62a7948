"""From a published figure back to its deliveries: counted by hand on a warehouse of a few rows."""

from __future__ import annotations

import json
import re

import duckdb
import pytest

from ingest.state import Home
from orchestration import cli, versions
from orchestration.errors import FAILED, OK
from orchestration.versions import DBT_PROJECT
from orchestration.warehouse import mark_file
from quality.release import shelf

SCHEMAS = {
    "contribution": "marts",
    "indicator_meta": "roll_up",
    "int_period": "intermediate",
    "stg_lake__delivery": "staging",
}

# Two clients of area 05 and one of area 06, who lives in the town of the first; one of an indicator with
# another source. The year 2025 is of two quarters here, and area 06 has not delivered the first.
WAREHOUSE = """
    create schema marts; create schema roll_up; create schema intermediate; create schema staging;
    create schema reference;
    create table roll_up.indicator_meta as from (values
        ('ASU-03', 'quarter', 'flow', ',housing_spell,client,kunta.client,'),
        ('PER-01', 'quarter', 'stock', ',client,kunta.client,'), ('KUN-02', 'quarter', 'flow', ',client,kunta.client,')
    ) t(indicator_id, base_period, time_basis, source_tables);
    create table intermediate.int_period as from (values
        ('quarter', '2025Q1', date '2025-01-01', date '2025-04-01', date '2025-01-01'),
        ('quarter', '2025Q2', date '2025-04-01', date '2025-07-01', date '2025-04-01'),
        ('year', '2025', date '2025-01-01', date '2025-07-01', date '2025-01-01')
    ) t(period_type, period, period_start, period_end_exclusive, window_start);
    create table intermediate.int_period_part as from (values
        ('quarter', '2025Q1', 'quarter', '2025Q1', true), ('quarter', '2025Q2', 'quarter', '2025Q2', true),
        ('year', '2025', 'quarter', '2025Q1', false), ('year', '2025', 'quarter', '2025Q2', true)
    ) t(period_type, period, base_period_type, base_period, is_year_end);
    create table reference.seed_wellbeing_area as from (values ('05', '04'), ('06', '04'), ('91', null))
        t(wellbeing_area_code, collaborative_area_code);
    create table reference.seed_municipality_group as from (values ('853', 'KR-01')) t(municipality_code, group_code);
    create table roll_up.int_indicator_coverage as
        select i.*, a.*, p.period_type, p.period, a.area <> '06' or p.period <> '2025Q1' as is_covered
        from (values ('ASU-03'), ('PER-01'), ('KUN-02')) i(indicator_id), (values ('05'), ('06')) a(area),
            intermediate.int_period as p;
    alter table roll_up.int_indicator_coverage rename area to wellbeing_area_code;
    -- Of the last one a municipality of area 05 has delivered, and no other.
    alter table roll_up.int_indicator_coverage add column municipality_code varchar;
    update roll_up.int_indicator_coverage set municipality_code = '853' where indicator_id = 'KUN-02';
    create table marts.contribution as
        select *, 'main' as variant, 'quarter' as period_type, 'client' as unit_type
        from (values
            ('ASU-03', 'secret-1', '05', '853', '2025Q1', 'female'),
            ('ASU-03', 'secret-1', '05', '853', '2025Q2', 'female'),
            ('ASU-03', 'secret-2', '05', '202', '2025Q1', 'male'),
            ('ASU-03', 'secret-3', '06', '853', '2025Q1', 'male'),
            ('ASU-03', 'secret-3', '06', '853', '2025Q2', 'male'),
            ('PER-01', 'secret-4', '05', '853', '2025Q1', 'male'),
            ('PER-01', 'secret-4', '05', '853', '2025Q2', 'male'),
            ('KUN-02', 'secret-5', '05', '853', '2025Q1', 'male'),
            ('KUN-02', 'secret-6', '05', '202', '2025Q1', 'male')
        ) t(indicator_id, unit_key, wellbeing_area_code, municipality_code, period, sex);
    create table staging.stg_lake__delivery as from (values
        ('D1', 'hva-05', 'housing_spell', 'history', '2025Q1', 1, false, date '2025-01-01', date '2025-04-01'),
        ('D2', 'hva-05', 'housing_spell', 'history', '2025Q2', 1, true, date '2025-04-01', date '2025-07-01'),
        ('D1', 'hva-05', 'client', 'snapshot', '2025Q1', 1, true, date '2025-01-01', date '2025-04-01'),
        ('D3', 'hva-05', 'client', 'snapshot', '2025Q2', 2, true, date '2025-04-01', date '2025-07-01'),
        ('D4', 'hva-06', 'housing_spell', 'history', '2025Q2', 1, true, date '2025-04-01', date '2025-07-01'),
        ('D4', 'hva-06', 'contact', 'increment', '2025Q2', 1, true, date '2025-04-01', date '2025-07-01'),
        ('D5', 'kunta-853', 'client', 'snapshot', '2025Q2', 1, true, date '2025-04-01', date '2025-07-01')
    ) t(delivery_id, organisation, table_name, mode, period, version, is_counting, period_start, period_end_exclusive);
    alter table staging.stg_lake__delivery add column has_nothing_to_report boolean default false;
    alter table staging.stg_lake__delivery add column sha256 varchar default 'ab12';
    alter table staging.stg_lake__delivery add column row_count bigint default 9;
    alter table staging.stg_lake__delivery add column row_count_quarantined bigint default 1;
"""
FIGURES = [
    ("wellbeing_area", "05", "year", "2025", "total", "total"),
    ("wellbeing_area", "05", "quarter", "2025Q1", "total", "total"),
    ("wellbeing_area", "06", "quarter", "2025Q1", "total", "total"),
    ("country", "FI", "quarter", "2025Q1", "total", "total"),
    ("municipality", "853", "year", "2025", "total", "total"),
    ("municipality_group", "KR-01", "year", "2025", "sex", "male"),
    ("country", "FI", "year", "2025", "total", "total"),
]


def view_sql() -> str:
    """The model, its references written out."""
    text = (DBT_PROJECT / "models" / "roll_up" / "contribution_origin.sql").read_text(encoding="utf-8")
    text = text.removeprefix('{{ config(materialized="view") }}')
    return re.sub(r"\{\{ ref\('(\w+)'\) \}\}", lambda found: f"{SCHEMAS[found[1]]}.{found[1]}", text)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """A home whose release has the figures above, made from the warehouse above."""
    found = Home(tmp_path_factory.mktemp("trace"))
    found.warehouse.parent.mkdir(parents=True)
    with duckdb.connect(str(found.warehouse)) as connection:
        connection.execute(WAREHOUSE)
        connection.execute(f"create view roll_up.contribution_origin as {view_sql()}")
    versions.write_mark(mark_file(found), versions.Version("in", "code"))
    release = found.published / "releases" / "R1"
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "aftercare.duckdb")) as connection:
        connection.execute("create schema published")
        connection.execute(
            "create table published.release as "
            "select 'R1' as release_id, 'in' as input_hash, 'code' as code_version, 'n' as data_notice"
        )
        connection.execute(
            "create table published.indicator as from (values ('ASU-03', 'main', '1.0', 'housing_spell, client'), "
            "('PER-01', 'main', '1.0', 'client'), ('KUN-02', 'main', '1.0', 'client')) "
            "t(indicator_id, variant, method_version, source_tables)"
        )
        connection.execute(
            "create table published.indicator_value (indicator_id varchar, variant varchar, area_level varchar, "
            "area_code varchar, period_type varchar, period varchar, breakdown varchar, category varchar, "
            "status varchar, value double, numerator double, denominator double, is_complete boolean)"
        )
        for indicator_id in ("ASU-03", "PER-01", "KUN-02"):
            for figure in FIGURES:
                connection.execute(
                    "insert into published.indicator_value values (?, 'main', ?, ?, ?, ?, ?, ?, 'hidden', null, null, "
                    "null, true)",
                    [indicator_id, *figure],
                )
    shelf.point_current_at(found.published, "R1")
    receipt = found.outbox / "hva-05" / "2025Q2" / "D2" / "receipt.json"
    receipt.parent.mkdir(parents=True)
    receipt.write_text("{}", encoding="utf-8")
    return found


def traced(home: Home, capsys, *arguments: str) -> dict:
    assert cli.run(["trace", *arguments, "--home", str(home.root), "--json"]) == OK
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "contributions", "deliveries"),
    [
        pytest.param(
            ["ASU-03", "05", "2025"],
            {"05": 3},
            ["D1 client", "D3 client", "D2 housing_spell", "D5 client"],
            id="year_of_an_area_takes_its_quarters_and_the_newest_history",
        ),
        pytest.param(
            ["ASU-03", "05", "2025Q1"],
            {"05": 2},
            ["D1 client", "D2 housing_spell"],
            id="quarter_takes_its_own_snapshot_only",
        ),
        pytest.param(["ASU-03", "06", "2025Q1"], {}, [], id="an_area_that_is_not_covered_is_in_no_figure"),
        pytest.param(
            ["ASU-03", "FI", "2025Q1"], {"05": 2}, ["D1 client", "D2 housing_spell"], id="nor_in_the_countrys"
        ),
        pytest.param(
            ["ASU-03", "853", "2025"],
            {"05": 2, "06": 2},
            ["D1 client", "D3 client", "D2 housing_spell", "D4 housing_spell", "D5 client"],
            id="municipality_takes_its_residents_of_all_areas_and_its_own_delivery",
        ),
        pytest.param(
            ["ASU-03", "KR-01", "2025", "--breakdown", "sex.male"],
            {"06": 2},
            ["D1 client", "D3 client", "D2 housing_spell", "D4 housing_spell", "D5 client"],
            id="breakdown_narrows_the_count",
        ),
        pytest.param(
            ["KUN-02", "05", "2025Q1"],
            {"05": 1},
            ["D1 client"],
            id="a_municipality_that_is_not_covered_is_in_no_figure",
        ),
        pytest.param(
            ["PER-01", "05", "2025"], {"05": 1}, ["D3 client", "D5 client"], id="stock_takes_the_last_quarter"
        ),
    ],
)
def test_trace_counts_contributions_and_names_deliveries(home, capsys, arguments, contributions, deliveries):
    found = traced(home, capsys, *arguments)
    assert found["contributions"] == contributions
    assert sorted(f"{one['delivery_id']} {one['table']}" for one in found["origins"]) == sorted(deliveries)
    assert found["release"]["release_id"] == "R1"
    assert found["same_input"] is True


def test_trace_names_model_partition_hash_and_receipt(home, capsys):
    found = traced(home, capsys, "ASU-03", "05", "2025")
    assert found["model"]["file"] == "dbt_project/models/indicators/housing/ind_asu_03.sql"
    assert found["model"]["method_version"] == "1.0"
    assert found["model"]["is_of_this_code"] is False
    housing = next(one for one in found["origins"] if one["table"] == "housing_spell")
    assert housing == {
        "organisation": "hva-05",
        "table": "housing_spell",
        "period": "2025Q2",
        "delivery_id": "D2",
        "version": 1,
        "sha256": "ab12",
        "rows": 9,
        "quarantined": 1,
        "partition": "lake/housing_spell/organisation=hva-05/period=2025Q2/D2.parquet",
        "receipt": "outbox/hva-05/2025Q2/D2/receipt.json",
    }
    assert next(one for one in found["origins"] if one["table"] == "client")["receipt"] is None


def test_no_key_is_in_the_view_or_in_what_the_command_says(home, capsys):
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute("from roll_up.contribution_origin").fetchall()
        columns = [name for name, *_ in connection.execute("describe roll_up.contribution_origin").fetchall()]
    assert rows and "secret" not in repr(rows)
    assert not [name for name in columns if name.endswith("_key") or name in ("client_id", "worker_id")]
    assert cli.run(["trace", "ASU-03", "FI", "2025", "--home", str(home.root)]) == OK
    said = capsys.readouterr().out
    assert "restricted" in said and "secret" not in said


def test_trace_says_when_the_warehouse_is_another_one(home, capsys):
    made_from = versions.read_mark(mark_file(home))
    try:
        versions.write_mark(mark_file(home), versions.Version("later", "code"))
        assert traced(home, capsys, "ASU-03", "05", "2025")["same_input"] is False
    finally:
        versions.write_mark(mark_file(home), versions.Version(made_from["input_hash"], made_from["code_version"]))


@pytest.mark.parametrize(
    "arguments",
    [["ASU-03", "07", "2025"], ["ASU-99", "05", "2025"], ["ASU-03", "05", "2025", "--variant", "other"]],
)
def test_trace_of_no_figure_says_what_is_expected(home, capsys, arguments):
    assert cli.run(["trace", *arguments, "--home", str(home.root)]) == FAILED
    assert "has no figure" in capsys.readouterr().err
