"""Intervals of ``statistics.md``: Wilson, Byar and exact Poisson, and the ratio of day sums."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from scipy.stats import chi2

# z of 95 % and of 99.8 %; alpha is the probability outside.
LEVELS = {"95": (1.959963984540054, 0.05), "998": (3.090232306167813, 0.002)}
# From here on Byar's approximation, below it the exact limits.
BYAR_FROM = 10

Limits = tuple[float, float]


def wilson(x: float, n: float, z: float) -> Limits:
    """Limits of a share x/n (x may be fractional: effective numbers)."""
    centre = 2 * x + z * z
    # Rounding may leave x a hair above n, never more.
    spread = z * math.sqrt(max(0.0, z * z + 4 * x * (1 - x / n)))
    below = 2 * (n + z * z)
    return max(0.0, (centre - spread) / below), min(1.0, (centre + spread) / below)


@lru_cache(maxsize=100_000)
def poisson(x: int, alpha: float, z: float) -> Limits:
    """Limits of a count of events."""
    if x >= BYAR_FROM:
        lower = x * (1 - 1 / (9 * x) - z / (3 * math.sqrt(x))) ** 3
        y = x + 1
        return lower, y * (1 - 1 / (9 * y) + z / (3 * math.sqrt(y))) ** 3
    lower = float(chi2.ppf(alpha / 2, 2 * x)) / 2 if x else 0.0
    return lower, float(chi2.ppf(1 - alpha / 2, 2 * x + 2)) / 2


def effective_n(x: Sequence[float], t: Sequence[float]) -> float:
    """How many independent units a share of days is worth, by the spread between clients.

    x_i of t_i days of client i; only clients with t_i > 0 are given.
    """
    m, total = len(t), sum(t)
    p = sum(x) / total
    if m == 1 or p in (0.0, 1.0):
        return float(m)
    squares = sum((xi - p * ti) ** 2 for xi, ti in zip(x, t, strict=True))
    variance = m / (m - 1) * squares / total**2
    return p * (1 - p) / variance if variance > 0 else float(m)


def share_of_days(x: Sequence[float], t: Sequence[float], z: float) -> Limits:
    """Wilson limits of sum x / sum t with the effective number of units."""
    n = effective_n(x, t)
    return wilson(sum(x) / sum(t) * n, n, z)
