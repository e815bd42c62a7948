"""The nightly build, for what the inbox sensor does not see: new code, a run that failed."""

import dagster as dg

from ingest.state import Home
from orchestration import steps


@dg.schedule(
    job_name="chain",
    cron_schedule="30 2 * * *",
    execution_timezone="Europe/Helsinki",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every night at half past two, when there is anything new.",
)
def nightly_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """The chain, unless the release already holds everything there is."""
    if steps.is_up_to_date(Home.from_environment()):
        return dg.SkipReason("The release is made from everything there is, by this code.")
    return dg.RunRequest()
