"""The gate: one check a lake table; a failed one stops everything after it."""

from collections.abc import Iterator

import dagster as dg

from ingest.contracts import contracts
from ingest.state import Home
from orchestration import steps
from orchestration.reporting import speaker

CHECK = "contract_expectations"


@dg.definitions
def expectations() -> dg.Definitions:
    """All tables in one step: Great Expectations is imported once (5 to 8 CPU seconds)."""

    @dg.multi_asset_check(
        name="check_lake",
        specs=[
            dg.AssetCheckSpec(
                CHECK,
                asset=["lake", table],
                blocking=True,
                description="The expectations derived from the table's contract.",
            )
            for table in contracts()
        ],
    )
    def check_lake(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        home = Home.from_environment()
        site = home.quality / "expectations" / "site"
        for result in steps.check_lake(home, speaker(context.log.info)):
            yield dg.AssetCheckResult(
                asset_key=["lake", result.table],
                check_name=CHECK,
                passed=result.passed,
                severity=dg.AssetCheckSeverity.ERROR,
                metadata={
                    "outcome": result.outcome,
                    "rows": result.rows,
                    "expectations": len(result.expectations),
                    "failed": len(result.failed_codes),
                    "failed_codes": ", ".join(result.failed_codes) or "none",
                    "page": dg.MetadataValue.path(str(site / f"{result.table}.html")),
                },
            )

    return dg.Definitions(asset_checks=[check_lake])
