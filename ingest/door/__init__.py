"""The door: what suppliers deliver is checked here, typed, and let into the lake, or kept out.

``take_in`` for the operator's inbox, ``check_delivery`` for a supplier before sending.
"""

from ingest.door.intake import (
    DeliveryResult,
    IntakeBusyError,
    IntakeReport,
    check_delivery,
    take_in,
)
from ingest.door.receipt import Receipt

__all__ = [
    "DeliveryResult",
    "IntakeBusyError",
    "IntakeReport",
    "Receipt",
    "check_delivery",
    "take_in",
]
