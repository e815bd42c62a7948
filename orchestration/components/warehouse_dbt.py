"""The dbt project as assets, built in one step into a new file."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, DbtProjectComponent
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY

from ingest.state import Home
from orchestration import steps
from orchestration.reporting import speaker
from orchestration.warehouse import BuildError, BuildOutcome, ensure_manifest


@dataclass
class WarehouseDbt(DbtProjectComponent):
    """``DbtProjectComponent`` with three differences.

    Groups are the model folders, so that the graph reads as the layers. The step runs dbt in this
    process into a new file that is swapped in at the end (``orchestration.warehouse``): a second
    process would cost 4 to 5 CPU seconds, and a build that dies leaves the old file. And the
    manifest is parsed only when the project has changed, not at every load.
    """

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The assets of the manifest, which is made first where it is missing or old."""
        _make_dbt_findable()
        ensure_manifest(Home.from_environment())
        return self.build_defs_from_state(context, None)

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The default, grouped by folder; seeds are ``reference``."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        if node["resource_type"] == "source":
            return spec
        group = "reference" if node["resource_type"] == "seed" else node["fqn"][1]
        return spec.replace_attributes(group_name=group)

    def execute(self, context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        """Build the whole warehouse and report every model and test."""
        if context.is_subset:
            raise dg.Failure(
                "The warehouse is built whole, because it is written into a new file. "
                "Launch the job `rebuild`, or select all models.",
                allow_retries=False,
            )
        home = Home.from_environment()
        failure: BuildError | None = None
        try:
            outcome = steps.build(home, speaker(context.log.info))
        except BuildError as error:
            if error.outcome is None:
                raise
            outcome, failure = error.outcome, error
        yield from _events(context, outcome, has_replaced=failure is None)
        if failure is not None:
            raise dg.Failure(str(failure), allow_retries=False)


def _make_dbt_findable() -> None:
    """The base component looks for the `dbt` script on the path even though it never runs here;
    started from an environment that nobody activated, the path does not have it."""
    scripts = str(Path(sys.executable).parent)
    path = os.environ.get("PATH", "")
    if scripts not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([scripts, path] if path else [scripts])


def _events(context: dg.AssetExecutionContext, outcome: BuildOutcome, *, has_replaced: bool) -> Iterator[Any]:
    """Materializations (only once the new file is in place) and check results, counts only."""
    keys = {
        spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: spec.key
        for spec in context.assets_def.specs
        if DAGSTER_DBT_UNIQUE_ID_METADATA_KEY in spec.metadata
    }
    checks = {spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: spec.key for spec in context.assets_def.check_specs}
    for node in outcome.nodes:
        if has_replaced and node.unique_id in keys:
            yield dg.MaterializeResult(asset_key=keys[node.unique_id], metadata={"seconds": node.seconds})
    for node in outcome.nodes:
        if node.unique_id in checks and node.status != "skipped":
            check = checks[node.unique_id]
            yield dg.AssetCheckResult(
                passed=node.status in ("pass", "success"),
                asset_key=check.asset_key,
                check_name=check.name,
                severity=dg.AssetCheckSeverity.ERROR if node.is_bad else dg.AssetCheckSeverity.WARN,
                metadata={"failures": node.failures or 0},
            )


def release_candidate_models(project: Path) -> list[str]:
    """Names of the models that a release is made from (dbt names a model after its file)."""
    return sorted(path.stem for path in (project / "models" / "release_candidate").rglob("*.sql"))
