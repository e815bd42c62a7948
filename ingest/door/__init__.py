"""The door: the one way in for deliveries.

A delivery is read once, checked against its manifest and the contracts, and either accepted (its
good rows go typed to the lake, its bad rows to quarantine) or rejected whole. Either way it leaves
a receipt that names every error with its place, in three languages.
"""

from ingest.door.intake import check_delivery, take_in
from ingest.door.receipt import (
    ACCEPTED,
    ACCEPTED_WITH_FINDINGS,
    DUPLICATE,
    REJECTED,
    WAITING,
    Receipt,
    TableReceipt,
)
from ingest.door.reports import DeliveryResult, IntakeReport
from ingest.locking import IntakeBusyError

__all__ = [
    "ACCEPTED",
    "ACCEPTED_WITH_FINDINGS",
    "DUPLICATE",
    "REJECTED",
    "WAITING",
    "DeliveryResult",
    "IntakeBusyError",
    "IntakeReport",
    "Receipt",
    "TableReceipt",
    "check_delivery",
    "take_in",
]
