"""What a published figure gives away beside itself: totals behind limits, counts behind shares."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import scipy.stats

Z = {"95": 1.959963984540054, "998": 3.090232306167813}
_ALPHA = {"95": 0.05, "998": 0.002}
# Shares come from divisions of doubles; closer than this to a fraction is that fraction.
_EXACT = 1e-9
# More clients than the country has.
_MOST_PERSONS = 50_000


def total_behind_share(lower: float, upper: float, share: float | None, confidence: str) -> float | None:
    """Denominator n of a Wilson interval of x/n; None where the limits fit no whole n.

    The middle of the interval is (2x + z²)/(2(n + z²)), half its width z √(z² + 4x(1 − x/n))/(2(n + z²)):
    every n is tried.
    """
    z = Z[confidence]
    total = np.arange(1.0, _MOST_PERSONS)
    scale = total + z * z
    events = ((lower + upper) * scale - z * z) / 2 if share is None else share * total
    inner = z * z + 4 * events * (1 - events / total)
    off = np.abs(z * np.sqrt(np.maximum(inner, 0.0)) / scale - (upper - lower))
    off += np.abs((2 * events + z * z) / scale - (lower + upper)) + np.abs(events - np.round(events)) * _EXACT
    best = int(np.argmin(off))
    return float(total[best]) if off[best] < _EXACT else None


def events_behind_rate(rate: float, lower: float, upper: float, confidence: str) -> float | None:
    """Events x of a rate x/t with Byar's (x < 10: exact Poisson) limits; they hang on x alone, up to scale."""
    if upper <= 0:
        return None
    if rate == 0:
        return 0.0
    for events in range(1, 100_000):
        found = rate_limits(events, confidence)
        wanted = lower / rate * events
        if abs(found[0] - wanted) < 1e-6 * max(1.0, events):
            return float(events)
        if found[0] / events > lower / rate + 1e-6:
            return None
    return None


def rate_limits(events: int, confidence: str) -> tuple[float, float]:
    """Limits of a count of events: Byar from 10 on, exact Poisson below."""
    z, alpha = Z[confidence], _ALPHA[confidence]
    if events >= 10:
        above = events + 1
        return (
            events * (1 - 1 / (9 * events) - z / (3 * math.sqrt(events))) ** 3,
            above * (1 - 1 / (9 * above) + z / (3 * math.sqrt(above))) ** 3,
        )
    low = scipy.stats.chi2.ppf(alpha / 2, 2 * events) / 2 if events else 0.0
    return float(low), float(scipy.stats.chi2.ppf(1 - alpha / 2, 2 * events + 2) / 2)


def smallest_base(share: float, most: int = 1000) -> int | None:
    """Smallest base q of which ``share`` is a whole part (3 for 0.666…): the true base is a multiple.

    None for 0, 1 and shares that no base up to ``most`` explains.
    """
    if not 0 < share < 1:
        return None
    found = Fraction(share).limit_denominator(most)
    return found.denominator if abs(float(found) - share) < _EXACT else None
