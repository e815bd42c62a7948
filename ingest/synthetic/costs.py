"""Costs of a year: of aftercare in an area's books, of municipal services in a municipality's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import generator
from ingest.synthetic.draws import habits, place_factors
from ingest.synthetic.people import YEAR, Periods, Places
from ingest.synthetic.settings import Scale

# Service class and account, share of the gross cost; internal income with a minus sign. The codes
# are examples: the classification itself was not to be had.
AREA_LINES = (
    ("2110", "4000", 0.46),
    ("2110", "4100", 0.10),
    ("2110", "4300", 0.27),
    ("2110", "4800", 0.07),
    ("2115", "4300", 0.14),
    ("2110", "3300", -0.04),
)
MUNICIPAL_LINES = (("6100", "4300", 0.45), ("4250", "4300", 0.28), ("5400", "4000", 0.20), ("5350", "4800", 0.07))
METHODS = ("SUORA", "JYVITETTY")
BOOKED, APPORTIONED = range(2)


@dataclass(frozen=True)
class Costs:
    """What each area and municipality spends on a client in a year, and how a municipality counts it."""

    per_client: npt.NDArray[np.float64]  # by area, euros of the first year
    municipal: npt.NDArray[np.float64]  # by municipality, euros of the first year
    method: npt.NDArray[np.int8]  # by municipality


def make_costs(places: Places, scale: Scale, seed: int) -> Costs:
    """The levels; ``lines`` turns them into rows."""
    random = generator(seed, scale, "costs")
    towns = len(places.codes)
    low, high = settings.COST_SPREAD
    # Small municipalities have nothing booked by client: they apportion.
    by_size = np.clip(places.weight / (places.weight.max() + 1e-12) * 4, 0.1, 0.8)
    return Costs(
        settings.COST_PER_CLIENT_YEAR * habits(random, low, high, len(places.areas)),
        settings.MUNICIPAL_COST_PER_CLIENT * place_factors(random, towns, 0.35),
        np.where(random.random(towns) < by_size, BOOKED, APPORTIONED).astype(np.int8),
    )


def client_years(periods: Periods, area: int, first: int, last: int) -> float:
    """Days in aftercare of an area between two days (both included), in years."""
    mine = periods.take(periods.area == area)
    days = np.minimum(mine.end, last) - np.maximum(mine.start, first) + 1
    return float(np.maximum(0, days).sum() / YEAR)


def lines(
    total: float, shares: tuple[tuple[str, str, float], ...], random: np.random.Generator
) -> list[tuple[str, str, float]]:
    """Service class, account and euros of each line; together ``total``, but for the noise of each."""
    return [
        (service, account, round(total * share * float(random.normal(1.0, 0.03)), 2))
        for service, account, share in shares
    ]
