"""The door: one unpartitioned step that takes everything that waits (it is no rectangle)."""

# No `from __future__ import annotations` here: Dagster reads the annotation of `context` itself.
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from ingest.contracts import contracts
from ingest.state import Home
from orchestration import steps
from orchestration.reporting import speaker

if TYPE_CHECKING:
    from ingest.door import DeliveryResult, IntakeReport

_DELIVERY = {
    "hva": dg.AssetKey(["delivery", "wellbeing_area"]),
    "kunta": dg.AssetKey(["delivery", "municipality"]),
    "kela": dg.AssetKey(["delivery", "kela"]),
}
_ACCEPTED = ("accepted", "accepted_with_findings")
_CODE_TABLES = {
    "code": "Code lists of the contracts with labels.",
    "code_attribute": "What the definitions derive from a code.",
}


@dg.definitions
def intake() -> dg.Definitions:
    """`lake/<table>` for each contract, `lake/delivery` (the ledger), and the code lists."""
    tables = [
        dg.AssetSpec(
            ["lake", table],
            deps=[_DELIVERY[kind] for kind in contract.suppliers],
            group_name="lake",
            description=f"{contract.purpose['en']} {contract.grain}",
            metadata={"contract_version": contract.version, "mode": contract.mode},
        )
        for table, contract in contracts().items()
    ]
    ledger = dg.AssetSpec(
        ["lake", "delivery"],
        deps=list(_DELIVERY.values()),
        group_name="lake",
        description="The intake ledger: one row per accepted delivery and table.",
    )
    due = dg.AssetSpec(
        ["lake", "delivery_due"],
        deps=[["lake", "delivery"]],
        group_name="lake",
        description="What was delivered, or should have been by the contracts.",
    )
    codes = [dg.AssetSpec(["lake", name], group_name="lake", description=text) for name, text in _CODE_TABLES.items()]

    @dg.multi_asset(name="take_in", specs=[*tables, ledger], can_subset=False, pool="duckdb_writer")
    def take_in(context: dg.AssetExecutionContext) -> Iterator[Any]:
        """Read, check, type and store what waits in the inbox."""
        report = steps.take_in(Home.from_environment(), speaker(context.log.info))
        report_deliveries(context, report)
        outcomes = Counter(delivery.outcome for delivery in report.deliveries)
        taken_in = Counter(
            table for delivery in report.deliveries if delivery.outcome in _ACCEPTED for table in delivery.tables
        )
        for table in contracts():
            yield dg.MaterializeResult(asset_key=["lake", table], metadata={"files_taken_in": taken_in[table]})
        yield dg.MaterializeResult(asset_key=["lake", "delivery"], metadata=dict(outcomes))

    return dg.Definitions(assets=[take_in, due, *codes])


def report_deliveries(context: dg.AssetExecutionContext, report: "IntakeReport") -> None:
    """Report the accepted deliveries as partitions of the delivery assets, with counts only."""
    accepted = [delivery for delivery in report.deliveries if delivery.outcome in _ACCEPTED]
    if not accepted:
        return
    context.instance.add_dynamic_partitions("period", sorted({delivery.period for delivery in accepted}))
    others: dict[tuple[str, str], list[DeliveryResult]] = defaultdict(list)
    for delivery in accepted:
        if not delivery.organisation.startswith("hva-"):
            others[delivery.organisation.partition("-")[0], delivery.period].append(delivery)
            continue
        context.log_event(
            dg.AssetMaterialization(
                _DELIVERY["hva"],
                partition=dg.MultiPartitionKey({"organisation": delivery.organisation, "period": delivery.period}),
                metadata={
                    "rows": delivery.rows,
                    "rows_quarantined": delivery.rows_quarantined,
                    "outcome": delivery.outcome,
                },
            )
        )
    for (kind, period), found in sorted(others.items()):
        context.log_event(
            dg.AssetMaterialization(
                _DELIVERY[kind],
                partition=period,
                metadata={
                    "organisations": len({delivery.organisation for delivery in found}),
                    "rows": sum(delivery.rows for delivery in found),
                    "rows_quarantined": sum(delivery.rows_quarantined for delivery in found),
                },
            )
        )
