"""The dbt project by itself: its unit tests, its documentation, and what every model must have.

The warehouse here is built from an empty lake: dbt's unit tests bring their own rows and need only
the relations. They are left out of every production build.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ingest.state import Home
from orchestration import warehouse

pytestmark = pytest.mark.slow

# The models of the timelines and of the figures: what `definitions` are computed in.
COMPUTING = ("intermediate", "roll_up")
CONTRACTED = ("marts", "release_candidate")
# Nothing but numbering or reading of delivered rows, which hand cases and keys cover.
WITHOUT_RULE = frozenset({"int_client", "int_worker", "int_dwelling", "indicator_meta"})


@dataclass(frozen=True)
class Project:
    """The parsed project and the warehouse that it built from nothing."""

    manifest: dict[str, Any]
    file: Path
    unit_tests: list[tuple[str, str, str]]  # name, status, message

    def models(self, *folders: str) -> dict[str, dict[str, Any]]:
        """Manifest nodes of the models below ``folders``, by name."""
        nodes = self.manifest["nodes"].values()
        return {n["name"]: n for n in nodes if n["resource_type"] == "model" and n["fqn"][1] in folders}

    def tests(self, kind: str) -> set[str]:
        """Unique ids of the nodes that have a generic test ``kind``."""
        nodes = self.manifest["nodes"].values()
        return {
            n["attached_node"]
            for n in nodes
            if n["resource_type"] == "test" and (n.get("test_metadata") or {}).get("name") == kind
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    home = Home(tmp_path_factory.mktemp("dbt"))
    file = warehouse.prepare(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AFTERCARE_WAREHOUSE", str(file))
        patch.setenv("AFTERCARE_INDICATORS", ",".join(warehouse.indicator_models()))
        patch.setenv("DBT_SEND_ANONYMOUS_USAGE_STATS", "false")
        built = _dbt(home, ["build", "--exclude-resource-type=test"])
        assert built.success, [(r.node.name, r.message) for r in built.result.results if r.status == "error"]
        tested = _dbt(home, ["test", "--resource-type=unit_test"])
        assert tested.result is not None, tested.exception
    found = [(r.node.name, str(r.status.value), r.message or "") for r in tested.result.results]
    manifest = json.loads((warehouse.target_folder(home) / "manifest.json").read_text(encoding="utf-8"))
    yield Project(manifest, file, found)


def _dbt(home: Home, command: list[str]) -> Any:
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    try:
        return dbtRunner().invoke(warehouse.dbt_arguments(home, command))
    finally:
        DuckDBConnectionManager.close_all_connections()


def test_every_unit_test_passes(project: Project) -> None:
    bad = [f"{name}: {status}\n{message}" for name, status, message in project.unit_tests if status != "pass"]
    assert not bad, "\n\n".join(bad)
    assert len(project.unit_tests) == len(project.manifest["unit_tests"])


def test_every_model_that_computes_has_a_unit_test(project: Project) -> None:
    tested = {test["model"] for test in project.manifest["unit_tests"].values()}
    assert sorted(set(project.models(*COMPUTING)) - WITHOUT_RULE - tested) == []


def test_every_unit_test_says_what_was_computed_by_hand(project: Project) -> None:
    bare = [t["name"] for t in project.manifest["unit_tests"].values() if len(t["description"] or "") < 60]
    assert bare == []


def test_every_model_says_what_one_row_is(project: Project) -> None:
    for name, node in project.models(*COMPUTING, *CONTRACTED).items():
        assert "One row per " in node["description"].rsplit(". ", 1)[-1], name
        assert node["config"]["meta"].get("unit"), name
        assert node["config"]["meta"].get("definition"), name


def test_every_model_and_seed_has_a_primary_key_test(project: Project) -> None:
    keyed = project.tests("primary_key")
    expected = {n["unique_id"] for n in project.models(*COMPUTING, *CONTRACTED).values()}
    expected |= {n["unique_id"] for n in project.manifest["nodes"].values() if n["resource_type"] == "seed"}
    assert sorted(expected - keyed) == []


def test_what_leaves_the_project_has_an_enforced_contract(project: Project) -> None:
    for name, node in project.models(*CONTRACTED).items():
        assert node["config"]["contract"]["enforced"] is True, name
        assert all(column["data_type"] for column in node["columns"].values()), name


def test_every_table_view_and_column_is_described_in_the_warehouse_itself(project: Project) -> None:
    """Whoever writes SQL reads the comments there."""
    schemas = ["reference", *COMPUTING, *CONTRACTED]
    with duckdb.connect(str(project.file), read_only=True) as connection:
        bare = connection.execute(
            """
            select schema_name || '.' || table_name || '.' || column_name
            from duckdb_columns()
            where list_contains(?, schema_name) and coalesce(trim(comment), '') = ''
            union all
            select schema_name || '.' || name
            from (
                select schema_name, table_name as name, comment from duckdb_tables()
                union all
                select schema_name, view_name, comment from duckdb_views()
            )
            where list_contains(?, schema_name) and coalesce(trim(comment), '') = ''
            """,
            [schemas, schemas],
        ).fetchall()
        described = connection.execute(
            "select count(*) from duckdb_columns() where list_contains(?, schema_name)", [schemas]
        ).fetchone()
    assert bare == []
    assert described is not None and described[0] > 300
