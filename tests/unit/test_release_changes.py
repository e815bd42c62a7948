"""What a release says has changed since the one before: each kind of change and its reason, by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from quality.release import publish, published_table
from quality.release.changes import Before, attach_before, change_sql
from quality.release.contract import LANGUAGES
from quality.release.enforcement import row_problems, shape_problems
from quality.release.words import words

# The warehouse of the contract's tests: ASU-03 of the wellbeing areas, every figure 40 of 100.
from tests.unit.test_published_contract import made_up, warehouse  # noqa: F401

OF_05 = "indicator_id = 'ASU-03' and area_code = '05' and period = '2025'"
VALUES = "update checked.indicator_value set"
COVERAGE = "update checked.delivery_coverage set"
CORRECTED_05 = f"{COVERAGE} version = 2 where organisation = 'hva-05' and table_name = 'client' and period = '2025Q4'"
CORRECTED_06 = CORRECTED_05.replace("hva-05", "hva-06")
REVISED_05 = f"{VALUES} numerator = 41, value = 0.41 where {OF_05}"
NOT_SHOWN = (
    "numerator = null, denominator = null, value = null, lower_95 = null, upper_95 = null, "
    "lower_998 = null, upper_998 = null"
)
TABLES = ("indicator", "area", "indicator_value", "delivery_coverage", "release")

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def released(made_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A folder with the figures of ASU-03 of the wellbeing areas for years, as a release."""
    folder = tmp_path_factory.mktemp("released")
    with duckdb.connect(str(folder / "aftercare.duckdb")) as connection:
        connection.execute(f"attach '{made_up}' as made (read_only)")
        connection.execute("create schema published")
        for table in TABLES:
            connection.execute(f"create table published.{table} as from made.published.{table}")
        connection.execute(
            "delete from published.indicator_value "
            "where indicator_id <> 'ASU-03' or area_level <> 'wellbeing_area' or period_type <> 'year'"
        )
        connection.execute(
            "update published.indicator_value set status = 'shown', numerator = 40, denominator = 100, value = 0.4, "
            "lower_95 = 0.3, upper_95 = 0.5, lower_998 = 0.2, upper_998 = 0.6, is_complete = true"
        )
    return folder


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> Rows:
    found = connection.execute(query)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def after(folder: Path, *statements: str, code_version: str = "0", first: tuple[str, ...] = ()) -> Rows:
    """What a new release with the same tables, changed by ``statements``, says has changed since ``folder``'s.

    ``first``: statements that hold for both.
    """
    with duckdb.connect() as connection:
        if first:
            connection.execute(f"attach '{folder / 'aftercare.duckdb'}' as other (read_only)")
            connection.execute("attach ':memory:' as before")
            connection.execute("create schema before.published")
            for table in TABLES:
                connection.execute(f"create table before.published.{table} as from other.published.{table}")
            for statement in first:
                connection.execute(statement.replace("checked.", "before.published."))
            before = Before("R1", "0", "2026-10-31T06:00:00Z")
        else:
            before = attach_before(connection, folder, "synthetic")
            assert before is not None
        connection.execute("create schema checked")
        for table in TABLES:
            connection.execute(f"create table checked.{table} as from before.published.{table}")
        for statement in statements:
            connection.execute(statement)
        query = change_sql(before, code_version, "'notice' as data_notice")
        assert shape_problems(connection, published_table("release_change"), query) == []
        connection.execute(f"create table checked.release_change as {query}")
        assert row_problems(connection, published_table("release_change"), "checked") == []
        return rows_of(connection, "select * from checked.release_change order by change_number")


def test_the_first_release_has_nothing_to_compare_with(warehouse, tmp_path):  # noqa: F811
    folder = publish(warehouse, tmp_path / "published", code_version="1", input_hash="2").folder
    with duckdb.connect(str(folder / "aftercare.duckdb"), read_only=True) as connection:
        assert rows_of(connection, "from published.release_change") == []
    assert json.loads((folder / "CHANGES.json").read_text(encoding="utf-8"))["compared_with"] is None


def test_the_same_data_again_have_not_changed(released):
    noise = f"{VALUES} value = value * (1 + 1e-13)"
    assert after(released, noise) == []


@pytest.mark.parametrize(
    ("statements", "kind", "reason", "given"),
    [
        pytest.param([REVISED_05], "revised", "unknown", {"old_value": 0.4, "new_value": 0.41}, id="revised"),
        pytest.param(
            [REVISED_05, CORRECTED_05], "revised", "delivery_corrected", {"new_value": 0.41}, id="after_a_correction"
        ),
        pytest.param(
            [REVISED_05, CORRECTED_06], "revised", "delivery_elsewhere", {"old_value": 0.4}, id="delivered_elsewhere"
        ),
        pytest.param(
            [f"{VALUES} numerator = 80, denominator = 200 where {OF_05}"],
            "recounted",
            "unknown",
            {"old_value": 0.4, "new_value": 0.4},
            id="counts_only",
        ),
        pytest.param(
            [f"{VALUES} status = 'hidden', {NOT_SHOWN} where {OF_05}"],
            "newly_hidden",
            "protection",
            {"old_status": "shown", "new_status": "hidden", "old_value": None, "new_value": None},
            id="hidden_without_its_old_value",
        ),
        pytest.param(
            [
                f"{VALUES} status = 'not_delivered', {NOT_SHOWN} where {OF_05}",
                f"{COVERAGE} delivered = false, version = null, rows = null, quarantined = null "
                "where organisation = 'hva-05' and table_name = 'client' and period = '2025Q4'",
            ],
            "no_longer_shown",
            "delivery_removed",
            {"old_status": "shown", "new_status": "not_delivered", "old_value": None},
            id="withdrawn",
        ),
        pytest.param(
            [f"{VALUES} is_series_break = true where {OF_05}"],
            "series_break",
            "unknown",
            {"figures": 1, "breakdown": None},
            id="series_break",
        ),
        pytest.param(
            [f"delete from checked.indicator_value where {OF_05}"],
            "figures_removed",
            "unknown",
            {"figures": 1},
            id="removed",
        ),
        pytest.param(
            [
                "insert into checked.indicator_value select * replace ('2026' as period) "
                f"from checked.indicator_value where {OF_05}",
                CORRECTED_05,
            ],
            "new_figures",
            "delivery_corrected",
            {"period": "2026", "figures": 1},
            id="new_period",
        ),
    ],
)
def test_change_of_a_figure(released, statements, kind, reason, given):
    found = [row for row in after(released, *statements) if row["organisation"] is None]
    assert [(row["kind"], row["reason"], row["area_code"]) for row in found] == [(kind, reason, "05")]
    assert {name: found[0][name] for name in given} == given


def test_completeness_and_a_figure_that_comes_into_sight(released):
    found = after(
        released,
        f"{VALUES} is_complete = true, status = 'shown', numerator = 41, value = 0.41 where {OF_05}",
        first=(f"{VALUES} is_complete = false, status = 'hidden', {NOT_SHOWN} where {OF_05}",),
    )
    assert [(row["kind"], row["old_value"], row["new_value"]) for row in found] == [
        ("newly_shown", None, 0.41),
        ("completed", None, None),
    ]


def test_a_late_delivery_is_the_reason_in_its_area_and_a_change_of_its_own(released):
    missing = "organisation = 'hva-19' and table_name = 'client' and period = '2024Q4'"
    found = after(
        released,
        f"{COVERAGE} delivered = true, version = 1, rows = 9, quarantined = 0, is_late = true where {missing}",
        f"{VALUES} value = 0.41 where area_code in ('05', '19') and period = '2024'",
    )
    assert [(row["kind"], row["reason"], row["area_code"], row["organisation"]) for row in found] == [
        ("revised", "delivery_elsewhere", "05", None),
        ("revised", "delivery_arrived_late", "19", None),
        ("delivery_arrived_late", None, None, "hva-19"),
    ]
    assert (found[2]["old_version"], found[2]["new_version"], found[2]["period"]) == (None, 1, "2024Q4")


def test_a_new_method_outweighs_deliveries_and_new_code_comes_last(released):
    method = "update checked.indicator set method_version = '2' where indicator_id = 'ASU-03'"
    found = after(released, REVISED_05, CORRECTED_05, method)
    assert [(row["kind"], row["reason"]) for row in found] == [
        ("revised", "method"),
        ("method_changed", None),
        ("delivery_corrected", None),
    ]
    assert (found[1]["old_method_version"], found[1]["new_method_version"]) == ("1", "2")
    found = after(released, f"{VALUES} value = 0.42 where {OF_05}", code_version="1.1")
    assert [(row["kind"], row["reason"]) for row in found] == [("revised", "code")]


def test_an_indicator_that_is_new_is_one_change(released):
    new = "select * replace ('ASU-99' as indicator_id)"
    found = after(
        released,
        f"insert into checked.indicator {new} from checked.indicator where indicator_id = 'ASU-03'",
        f"insert into checked.indicator_value {new} from checked.indicator_value",
    )
    assert [(row["kind"], row["indicator_id"]) for row in found] == [("indicator_added", "ASU-99")]


def test_fewer_rows_of_the_same_delivery_are_told(released):
    fewer = CORRECTED_05.replace("version = 2", "rows = rows - 1")
    found = after(released, fewer)
    assert [(row["kind"], row["organisation"]) for row in found] == [("delivery_rows_changed", "hva-05")]


def test_the_page_tells_revisions_first_in_three_languages(warehouse, tmp_path):  # noqa: F811
    published = tmp_path / "published"
    before = publish(warehouse, published, code_version="1", input_hash="2").folder
    with duckdb.connect(str(warehouse)) as connection:
        for statement in (REVISED_05, CORRECTED_05):
            connection.execute(statement.replace("checked.", "release_candidate."))
    page = (publish(warehouse, published, code_version="1", input_hash="3").folder / "CHANGES.md").read_text(
        encoding="utf-8"
    )
    assert page.startswith("**SYNTEETTINEN / SYNTETISK / SYNTHETIC")
    texts = words("changes")
    for language in LANGUAGES:
        heads = [page.index(f"# {texts[name][language]}") for name in ("title", "revisions", "deliveries")]
        assert heads == sorted(heads)
        assert texts["reasons"]["delivery_corrected"][language] in page
    assert page.count(before.name) == len(LANGUAGES)
    assert "0,41" in page and "0.41" in page


@pytest.mark.parametrize("column", ["kind", "reason", "area_level"])
def test_every_code_has_words_in_three_languages(column):
    group = {"kind": "kinds", "reason": "reasons", "area_level": "levels"}[column]
    said = words("changes")[group]
    assert tuple(said) == published_table("release_change").column(column).allowed
    assert all(set(texts) == set(LANGUAGES) for texts in said.values())


def test_a_release_of_an_older_shape_or_of_other_data_is_not_compared_with(released, tmp_path):
    with duckdb.connect(str(tmp_path / "aftercare.duckdb")) as connection:
        connection.execute("create schema published")
        connection.execute("create table published.release as select 'old' as release_id, 'synthetic' as data_kind")
    with duckdb.connect() as connection:
        assert attach_before(connection, tmp_path, "synthetic") is None
        assert attach_before(connection, released, "real") is None
        assert attach_before(connection, tmp_path / "nothing", "synthetic") is None
        before = attach_before(connection, released, "synthetic")
    assert before is not None
    assert (before.release_id, before.created_at) == ("2026-10-31-fake", "2026-10-31T06:00:00Z")
