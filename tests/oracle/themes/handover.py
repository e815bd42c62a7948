"""Transition and handover: how a change of worker is made, and how care goes over into aftercare."""

from __future__ import annotations

from tests.oracle.facts import Indicator
from tests.oracle.themes.continuity import EVER, FLOW, OF_EACH, OF_WORKERS, share_of_changes

INDICATORS: tuple[Indicator, ...] = (
    *(
        Indicator("SAA-05", variant, "share", share_of_changes("overlapping", 1, 60, role), FLOW, **OF_WORKERS)
        for variant, role in OF_EACH
    ),
    Indicator(
        "SAA-05", "over_60_days", "share", share_of_changes("overlapping", 61, EVER, "VASTUU"), FLOW, **OF_WORKERS
    ),
)
