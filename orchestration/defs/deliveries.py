"""Deliveries as assets: what has come from whom for which period.

External: the suppliers make them. Areas are partitioned by organisation × period. Municipal
deliveries are partitioned by period only, with the number of municipalities as metadata: an event
costs 6 to 7 ms of CPU in SQLite, and 292 municipalities × 20 quarters would take 40 seconds of a
run (22 areas × 20 quarters and 20 quarters of municipalities: 3). Who has delivered what,
municipality by municipality, is in `lake/delivery` and in `aftercare status`.
"""

import dagster as dg

from ingest.reference import organisations

# Periods are added as they come in.
PERIODS = "period"


@dg.definitions
def deliveries() -> dg.Definitions:
    """`delivery/wellbeing_area`, `delivery/municipality` and `delivery/kela`."""
    periods = dg.DynamicPartitionsDefinition(name=PERIODS)
    areas = dg.StaticPartitionsDefinition(sorted(name for name, kind in organisations().items() if kind == "hva"))
    return dg.Definitions(
        assets=[
            dg.AssetSpec(
                ["delivery", "wellbeing_area"],
                partitions_def=dg.MultiPartitionsDefinition({"organisation": areas, "period": periods}),
                group_name="deliveries",
                description="Deliveries of the wellbeing services counties and Helsinki.",
            ),
            dg.AssetSpec(
                ["delivery", "municipality"],
                partitions_def=periods,
                group_name="deliveries",
                description="Deliveries of the municipalities, counted by period.",
            ),
            dg.AssetSpec(
                ["delivery", "kela"],
                partitions_def=periods,
                group_name="deliveries",
                description="Deliveries of Kela, the social insurance institution.",
            ),
        ]
    )
