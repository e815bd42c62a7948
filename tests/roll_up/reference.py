"""The statistics of times once more, in numpy: straight from single waits, by other formulas than the SQL.

Incidence and its variance come from the product integral of transition matrices with a multinomial
covariance at every step; the SQL uses the closed form. Ranks come from SciPy's binomial distribution, above
200 values from the normal one.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.stats import binom

Z = {"95": 1.959963984540054, "998": 3.090232306167813}
ALPHA = {"95": 0.05, "998": 0.002}
EXACT_RANKS = 200


def median(values: list[float]) -> dict[str, float]:
    """Median and order-statistic limits; NaN where so few values have none."""
    ordered = np.sort(np.asarray(values, dtype=float))
    found = {"value": float(np.median(ordered))}
    for name in ALPHA:
        leave = _left_out(len(ordered), name)
        inside = ordered[leave - 1 : len(ordered) - leave + 1] if leave else []
        found[f"lower_{name}"] = float(inside[0]) if len(inside) else math.nan
        found[f"upper_{name}"] = float(inside[-1]) if len(inside) else math.nan
    return found


@lru_cache(maxsize=1000)
def _left_out(n: int, level: str) -> int:
    """Values below the median are Binomial(n, 1/2): as many are left out on a side as alpha / 2 lets."""
    if n > EXACT_RANKS:
        return math.floor((n + 1 - Z[level] * math.sqrt(n)) / 2)
    leave = 0
    while binom.cdf(leave, n, 0.5) <= ALPHA[level] / 2:
        leave += 1
    return leave


def kaplan_meier_median(durations: list[float], ended: list[bool]) -> dict[str, float]:
    """Median wait with Brookmeyer and Crowley's limits on the log(-log) scale; NaN where never reached."""
    days, events = np.asarray(durations, dtype=float), np.asarray(ended, dtype=bool)
    found = dict.fromkeys(["value", *(f"{side}_{name}" for side in ("lower", "upper") for name in Z)], math.nan)

    def reach(key: str, day: float, level: float) -> None:
        if math.isnan(found[key]) and level <= 0.5 + 1e-12:
            found[key] = float(day)

    survival, greenwood = 1.0, 0.0
    for day in np.unique(days[events]):
        at_risk, died = int((days >= day).sum()), int((events & (days == day)).sum())
        survival *= 1 - died / at_risk
        reach("value", day, survival)
        if at_risk == died:
            break
        greenwood += died / (at_risk * (at_risk - died))
        centre, error = math.log(-math.log(survival)), math.sqrt(greenwood) / abs(math.log(survival))
        for name, z in Z.items():
            reach(f"lower_{name}", day, math.exp(-math.exp(centre + z * error)))
            reach(f"upper_{name}", day, math.exp(-math.exp(centre - z * error)))
    return found


def incidence(durations: list[float], ends: list[str | None], event: str, horizon: float) -> dict[str, float]:
    """Cumulative incidence of ``event`` at ``horizon`` and its log(-log) limits; None ends are censored."""
    days = np.asarray(durations, dtype=float)
    kind = np.array([0 if end is None else 1 if end == event else 2 for end in ends])
    # State probabilities (waiting, event, other end) and their covariance.
    state, covariance = np.array([1.0, 0.0, 0.0]), np.zeros((3, 3))
    for day in np.unique(days[(kind > 0) & (days <= horizon)]):
        at_risk = int((days >= day).sum())
        share = np.array([((days == day) & (kind == 1)).sum(), ((days == day) & (kind == 2)).sum()]) / at_risk
        step = np.eye(3)
        step[0] = [1 - share.sum(), share[0], share[1]]
        spread = (np.diag(share) - np.outer(share, share)) / at_risk
        into = np.array([[-1.0, 1.0, 0.0], [-1.0, 0.0, 1.0]])
        covariance = step.T @ covariance @ step + state[0] ** 2 * into.T @ spread @ into
        state = state @ step
    value, variance = state[1], covariance[1, 1]
    if days.max() < horizon and state[0] > 1e-12:
        return dict.fromkeys(["value", "lower_95", "upper_95", "lower_998", "upper_998"], math.nan)
    found = {"value": float(value)}
    for name, z in Z.items():
        if 1e-12 < value < 1 - 1e-12:
            error = math.sqrt(variance) / (value * -math.log(value))
            centre = math.log(-math.log(value))
            low, high = math.exp(-math.exp(centre + z * error)), math.exp(-math.exp(centre - z * error))
        else:
            known = len(days) - int(((kind == 0) & (days < horizon)).sum())
            edge = z * z / (known + z * z)
            low, high = (0.0, edge) if value < 0.5 else (1 - edge, 1.0)
        found[f"lower_{name}"], found[f"upper_{name}"] = low, high
    return found
