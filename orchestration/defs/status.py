"""Deliveries in time, on a page of Dagster: counts and codes only.

Made at the end of every run of the chain, also of one that failed on the way, and every night, since
what is late becomes so by itself.
"""

from collections import Counter
from datetime import date

import dagster as dg

from ingest.state import Home
from orchestration.status import Status, status
from orchestration.status_words import markdown

JOB = "deliveries_in_time"
# Steps that are ready go by priority: the last, though it waits for the intake only. So it is made
# after publishing, and a closed gate (which skips what comes after it) does not keep it away.
LAST = {"dagster/priority": "-100"}


@dg.definitions
def deliveries_in_time() -> dg.Definitions:
    """`status/deliveries`, and the nightly job that makes it."""

    @dg.asset(
        key=["status", "deliveries"],
        deps=[["lake", "delivery"]],
        group_name="status",
        op_tags=LAST,
        description="Who has delivered what, what is late and since when, what is refused or past its retention.",
    )
    def deliveries(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return dg.MaterializeResult(metadata=metadata(status(Home.from_environment(), date.today())))

    job = dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(["status", "deliveries"]),
        executor_def=dg.in_process_executor,
        description="Look at what has been delivered in time.",
    )
    schedule = dg.ScheduleDefinition(
        name="nightly_deliveries_in_time",
        job=job,
        # After the nightly chain, which makes it too when there is anything new.
        cron_schedule="30 5 * * *",
        execution_timezone="Europe/Helsinki",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    return dg.Definitions(assets=[deliveries], jobs=[job], schedules=[schedule])


def metadata(found: Status) -> dict[str, dg.MetadataValue]:
    """What the asset's page shows."""
    late = [owed for supplier in found.suppliers for owed in supplier.owed if not owed.is_new]
    refused: Counter[str] = Counter()
    for entry in (*found.rejected, *found.with_quarantined_rows):
        refused.update(entry.rules)
    facts = {
        "deliveries": sum(supplier.deliveries for supplier in found.suppliers),
        "tables_late": len(late),
        "suppliers_late": sum(any(not owed.is_new for owed in supplier.owed) for supplier in found.suppliers),
        "deliveries_rejected": len(found.rejected),
        "deliveries_with_rows_in_quarantine": len(found.with_quarantined_rows),
        "deliveries_withdrawn": len(found.withdrawn),
        "erasures": found.erasures,
        "past_retention": sum(entry.deliveries for entry in found.past_retention),
    }
    rules = ", ".join(f"{code} × {count}" for code, count in sorted(refused.items()))
    return {
        **{name: dg.MetadataValue.int(count) for name, count in facts.items()},
        "late_since": dg.MetadataValue.text(
            min((owed.due_date.isoformat() for owed in late), default="nothing is late")
        ),
        "refused_by_rule": dg.MetadataValue.text(rules or "nothing"),
        "release_is_up_to_date": dg.MetadataValue.bool(found.is_up_to_date),
        "newest_due": dg.MetadataValue.text(found.due_period),
        "areas": dg.MetadataValue.md(markdown(found)),
    }
