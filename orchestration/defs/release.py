"""From the release candidate (all values, restricted) to a release that may be read."""

import dagster as dg

from ingest.state import Home
from orchestration import steps
from orchestration.components.warehouse_dbt import release_candidate_models
from orchestration.reporting import speaker
from orchestration.versions import DBT_PROJECT


@dg.definitions
def release() -> dg.Definitions:
    """`published/release`: suppress, write new, swap the link that readers follow."""

    @dg.asset(
        key=["published", "release"],
        deps=[["release_candidate", name] for name in release_candidate_models(DBT_PROJECT)],
        group_name="published",
        pool="duckdb_writer",
        description="The current release: protected figures, written new, never copied.",
    )
    def publish(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        summary = steps.publish(Home.from_environment(), speaker(context.log.info))
        cells = {f"cells_{status}": count for status, count in summary.statuses.items()}
        return dg.MaterializeResult(
            metadata={
                "release_id": summary.release_id,
                "data_kind": summary.data_kind,
                "protection": summary.protection,
                "state": "prepared" if summary.is_prepared else "current",
                **cells,
            }
        )

    return dg.Definitions(assets=[publish])
