"""The attacker's background knowledge: rules and definitions that anybody can read."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

Quantity = tuple[str, str, str]
KEY = (
    "indicator_id",
    "variant",
    "area_level",
    "area_code",
    "period_type",
    "period",
    "breakdown",
    "category",
)  # a cell
PLACE = KEY[2:]  # the same people and time in another indicator
STATUSES = ("shown", "hidden", "too_few", "not_recorded", "not_delivered", "not_applicable")
FIGURES = ("numerator", "denominator", "value", "lower_95", "upper_95", "lower_998", "upper_998", "trend")
SHARES = ("unknown_share", "record_share", "doubtful_share")


@dataclass(frozen=True)
class Thresholds:
    """Published thresholds of a cell class, in persons."""

    small_count: int
    least_persons: int
    least_for_all: int
    least_reliable: int


@dataclass(frozen=True)
class Knowledge:
    """See knowledge.yml; quantities are (indicator_id, variant, numerator or denominator)."""

    classes: dict[str, Thresholds]
    stocks: frozenset[str]
    shared_denominators: dict[str, str]
    at_most: tuple[tuple[Quantity, Quantity], ...]
    remainders: tuple[tuple[str, str, Quantity], ...]
    days_of_clients: tuple[tuple[Quantity, Quantity], ...]


@cache
def public_knowledge() -> Knowledge:
    """What stands in knowledge.yml."""
    raw = yaml.safe_load(Path(__file__).with_name("knowledge.yml").read_text(encoding="utf-8"))
    return Knowledge(
        classes={name: Thresholds(**rule) for name, rule in raw["classes"].items()},
        stocks=frozenset(raw["stocks"]),
        shared_denominators={
            indicator: name for name, indicators in raw["shared_denominators"].items() for indicator in indicators
        },
        at_most=tuple((_quantity(one["lesser"]), _quantity(one["greater"])) for one in raw["at_most"]),
        remainders=tuple((one["indicator"], one["share"], _quantity(one["base"])) for one in raw["remainders"]),
        days_of_clients=tuple((_quantity(one["clients"]), _quantity(one["days"])) for one in raw["days_of_clients"]),
    )


def _quantity(words: list[str]) -> Quantity:
    indicator_id, variant, quantity = words
    return indicator_id, variant, quantity
