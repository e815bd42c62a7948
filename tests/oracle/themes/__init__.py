"""Indicators of the recomputation by theme: each module of this folder lists its own as INDICATORS."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from tests.oracle.facts import Indicator

INDICATORS: tuple[Indicator, ...] = tuple(
    indicator
    for module in sorted(found.name for found in iter_modules(__path__))
    for indicator in import_module(f"{__name__}.{module}").INDICATORS
)
