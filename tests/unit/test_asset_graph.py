"""The asset graph as text: a change of keys, groups or dependencies shows in review.

After a wanted change: `UPDATE_ASSET_GRAPH=1 pytest tests/unit/test_asset_graph.py`, and read the
difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SNAPSHOT = Path(__file__).parent / "asset_graph.txt"


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    """Dagster's definitions, loaded as its code servers load them, in a home of their own."""
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("AFTERCARE_HOME")
    os.environ["AFTERCARE_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    try:
        from orchestration.definitions import defs

        yield defs()
    finally:
        if before is None:
            del os.environ["AFTERCARE_HOME"]
        else:
            os.environ["AFTERCARE_HOME"] = before


def described(definitions) -> str:
    """One paragraph an asset: group, key, and what it is made from."""
    graph = definitions.resolve_asset_graph()
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.path):
        node = graph.get(key)
        checks = sorted(check.name for check in node.check_keys)
        lines.append(f"{key.to_user_string()}  [{node.group_name}]")
        lines += [f"    < {parent.to_user_string()}" for parent in sorted(node.parent_keys)]
        lines += [f"    ? {name}" for name in checks]
    return "\n".join(lines) + "\n"


def test_asset_graph_is_the_reviewed_one(definitions):
    found = described(definitions)
    if os.environ.get("UPDATE_ASSET_GRAPH"):
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


def test_data_moves_downwards_only(definitions):
    """Between the lake and the release candidate dbt orders its models; the rest is fixed."""
    first = {"deliveries": 0, "reference": 0, "lake": 1, "staging": 2}
    middle = {"intermediate": 3, "indicators": 4, "marts": 5, "roll_up": 6}
    place = first | middle | {"release_candidate": 7, "published": 8, "status": 9}
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        group = graph.get(key).group_name
        for parent in graph.get(key).parent_keys:
            assert place[graph.get(parent).group_name] <= place[group], (key, parent)


def test_every_source_of_dbt_is_an_asset_of_the_lake(definitions):
    """A source that no asset stands for would hang in the graph without a maker."""
    graph = definitions.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        for parent in graph.get(key).parent_keys:
            assert graph.get(parent).group_name != "default", parent


@pytest.mark.parametrize(
    ("job", "steps"),
    [
        ("chain", {"take_in", "check_lake", "build_warehouse", "published__release", "status__deliveries"}),
        ("rebuild", {"check_lake", "build_warehouse", "published__release", "status__deliveries"}),
        ("deliveries_in_time", {"status__deliveries"}),
        ("retention", {"retain"}),
    ],
)
def test_job_has_one_step_for_dbt_and_one_for_the_gate(definitions, job, steps):
    assert {node.name for node in definitions.resolve_job_def(job).nodes} == steps


@pytest.mark.parametrize("job", ["chain", "rebuild"])
def test_warehouse_waits_for_the_gate(definitions, job):
    found = definitions.resolve_job_def(job).dependencies
    (warehouse,) = (deps for node, deps in found.items() if node.name == "build_warehouse")
    upstream = {output.node for dependency in warehouse.values() for output in dependency.get_node_dependencies()}
    assert "check_lake" in upstream
