"""The dbt project: staging, intermediate, indicators, marts and the release candidate."""

import dagster as dg
from dagster.components.resolved.core_models import OpSpec
from dagster_dbt import DbtProject
from dagster_dbt.components.dbt_component_utils import DagsterDbtComponentTranslatorSettings

from ingest.state import Home
from orchestration.components.warehouse_dbt import WarehouseDbt
from orchestration.versions import DBT_PROJECT
from orchestration.warehouse import THOROUGH, target_folder


@dg.component_instance
def warehouse(context: dg.ComponentLoadContext) -> WarehouseDbt:
    """One step for the whole graph (a split one cost twice the start-up)."""
    return WarehouseDbt(
        project=DbtProject(
            project_dir=DBT_PROJECT,
            profiles_dir=DBT_PROJECT,
            target_path=target_folder(Home.from_environment()),
        ),
        op=OpSpec(name="build_warehouse", pool="duckdb_writer"),
        exclude=f"resource_type:unit_test {THOROUGH}",
        translation_settings=DagsterDbtComponentTranslatorSettings(enable_source_tests_as_checks=False),
        prepare_if_dev=False,
    )
