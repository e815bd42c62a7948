"""What can be started: the whole chain, or all of it after the door."""

import dagster as dg

from ingest.contracts import contracts

CHAIN = "chain"
REBUILD = "rebuild"


@dg.definitions
def jobs() -> dg.Definitions:
    """`chain`: inbox to release. `rebuild`: the same from the lake as it is."""
    everything = dg.AssetSelection.all()
    before = dg.AssetSelection.groups("deliveries", "lake")
    gate = dg.AssetSelection.checks_for_assets(*(dg.AssetKey(["lake", name]) for name in contracts()))
    return dg.Definitions(
        jobs=[
            dg.define_asset_job(
                CHAIN,
                selection=everything,
                description="Take in what waits, check the lake, build the warehouse, publish.",
            ),
            dg.define_asset_job(
                REBUILD,
                selection=(everything - before) | gate,
                description="Check the lake as it is, build the warehouse, publish.",
            ),
        ],
        # In this process: the default executor starts one for every step, 4 to 5 CPU seconds each.
        executor=dg.in_process_executor,
    )
