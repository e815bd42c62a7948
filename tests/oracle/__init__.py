"""An independent recomputation of the indicators, to hold against what the chain publishes.

It shares the contracts (columns, code lists) and the reference tables with the product and
nothing else: it reads deliveries with pandas and counts single days.
"""

from tests.oracle.indicators import COLUMNS, compute

__all__ = ["COLUMNS", "compute"]
