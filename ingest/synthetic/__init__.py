"""The demo's deliveries: made-up extracts of every supplier, at national volume.

Nothing in them is about a real person. ``synthesize`` writes them into an inbox; what is planted
on purpose stands in ``peculiarities.yml``, what is assumed in the data card written beside them.
"""

from ingest.synthetic.deliveries import SyntheticError, SyntheticSummary, synthesize
from ingest.synthetic.settings import peculiarities
from ingest.synthetic.tables import GeneratorOutOfDateError

__all__ = [
    "GeneratorOutOfDateError",
    "SyntheticError",
    "SyntheticSummary",
    "peculiarities",
    "synthesize",
]
