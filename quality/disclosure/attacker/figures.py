"""What a published figure gives away beside itself: totals behind limits, counts behind shares."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import scipy.optimize
import scipy.stats

Z = {"95": 1.959963984540054, "998": 3.090232306167813}
_ALPHA = {"95": 0.05, "998": 0.002}
# Shares come from divisions of doubles; closer than this to a fraction is that fraction.
_EXACT = 1e-9
_MOST = 1e9


def total_behind_share(lower: float, upper: float, share: float | None, confidence: str) -> float | None:
    """Denominator n of a Wilson interval of x/n, to a whole number; None where the limits do not tell.

    The middle of the interval is (2x + z²)/(2(n + z²)) and its width falls with n.
    """
    z = Z[confidence]
    middle, spread = lower + upper, upper - lower

    def excess(total: float) -> float:
        part = share if share is not None else (middle * (total + z * z) - z * z) / (2 * total)
        inner = z * z + 4 * total * part * (1 - part)
        return z * math.sqrt(max(inner, 0.0)) / (total + z * z) - spread

    total = _root(excess, 1e-3)
    if total is None:
        return None
    whole = float(round(total))
    return whole if whole >= 1 and abs(total - whole) < 1e-3 * max(1.0, total * 1e-3) else None


def events_behind_rate(rate: float, lower: float, upper: float, confidence: str) -> float | None:
    """Events x of a rate x/t with Byar's (x < 10: exact Poisson) limits; they hang on x alone, up to scale."""
    if upper <= 0:
        return None
    if rate == 0:
        return 0.0
    for events in (*range(1, 1001), *range(1001, 100_000, 1)):
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


def _root(function: Callable[[float], float], start: float) -> float | None:
    try:
        return float(scipy.optimize.brentq(function, start, _MOST, xtol=1e-9, rtol=1e-12))
    except ValueError:
        return None
