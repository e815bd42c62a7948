"""The gate on the lake: Great Expectations suites derived from the contracts.

The door has checked every row already; the gate checks what the lake holds now, with a second
tool and without knowing how it came there. Three steps, all on what the caller hands in:

* ``suite``: what is expected of a table, from its contract;
* ``check_table``: one frame against its suite, ``gate`` for many frames (imports Great
  Expectations, 5 to 8 CPU seconds);
* ``write_results`` and ``write_site``: JSON for machines, pages for people.

No value of the data stands in a result: counts and codes only.
"""

from quality.expectations.gate import Gate, check_table, gate
from quality.expectations.results import (
    ExpectationResult,
    TableResult,
    read_results,
    write_results,
)
from quality.expectations.site import write_site
from quality.expectations.suites import ROW_COLUMNS, Expectation, suite

__all__ = [
    "ROW_COLUMNS",
    "Expectation",
    "ExpectationResult",
    "Gate",
    "TableResult",
    "check_table",
    "gate",
    "read_results",
    "suite",
    "write_results",
    "write_site",
]
