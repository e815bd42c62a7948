"""Every night, before the chain: what is past its retention goes.

A job of its own, so that nothing else stops it and it stops nothing else. What it removes makes the
release old, so the nightly chain (half an hour later) builds the warehouse anew and publishes.
"""

import dagster as dg

from ingest.state import Home
from orchestration import steps
from orchestration.reporting import speaker


@dg.definitions
def retention() -> dg.Definitions:
    """The job `retention` and its schedule."""

    @dg.op(name="retain", pool="duckdb_writer")
    def retain(context: dg.OpExecutionContext) -> None:
        """Remove it, and say how much: counts only."""
        done = steps.retain(Home.from_environment(), speaker(context.log.info))
        for line in done.lines:
            context.log.info(
                f"{line.organisation} {line.table or 'deliveries as a whole'}: {line.deliveries} deliveries, "
                f"{line.rows} rows, {line.quarantined_rows} in quarantine, {line.rejected} refused"
            )
        context.add_output_metadata(
            {
                "deliveries": sum(line.deliveries for line in done.lines),
                "rows": sum(line.rows for line in done.lines),
                "rows_quarantined": sum(line.quarantined_rows for line in done.lines),
                "refused_deliveries": sum(line.rejected for line in done.lines),
                "warehouse_removed": done.warehouse_removed,
            }
        )

    @dg.job(name="retention", description="Remove what is past its table's retention.")
    def retention_job() -> None:
        retain()

    schedule = dg.ScheduleDefinition(
        name="nightly_retention",
        job=retention_job,
        cron_schedule="0 2 * * *",
        execution_timezone="Europe/Helsinki",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(jobs=[retention_job], schedules=[schedule])
