"""Starts the chain when deliveries have arrived, once for all of them."""

import dagster as dg

from ingest.state import Home
from orchestration.inbox import fingerprint, waiting

# Unfinished runs, as Dagster calls them.
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]


@dg.sensor(
    job_name="chain",
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Complete deliveries in the inbox, as one run once nothing more is arriving.",
)
def inbox_sensor(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
    """One run for the whole set that waits.

    A set that was not the same at the previous look is still growing: it waits for the next. The
    run key is the set's fingerprint, so a set that stays (say, because the run failed) starts no
    second run, and one more file in it does.
    """
    complete = [delivery for delivery in waiting(Home.from_environment()) if delivery.is_complete]
    if not complete:
        return dg.SensorResult(skip_reason="Nothing complete waits in the inbox.", cursor="")
    seen = fingerprint(complete)
    if context.cursor != seen:
        return dg.SensorResult(skip_reason=f"{len(complete)} deliveries wait; more may be on their way.", cursor=seen)
    unfinished = dg.RunsFilter(job_name="chain", statuses=_UNFINISHED)
    if context.instance.get_runs_count(unfinished):
        return dg.SkipReason("A run of the chain is going on.")
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=seen)], cursor=seen)
