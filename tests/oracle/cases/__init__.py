"""Hand-computed cases: a few clients each, with the arithmetic beside the expected figures.

``CASES`` runs against the recomputation, and against the real chain, which must agree:
``write_deliveries(case, inbox)`` writes a case as real deliveries.
"""

from tests.oracle.cases.contacts import CASES as CONTACTS
from tests.oracle.cases.continuity import CASES as CONTINUITY
from tests.oracle.cases.coverage import CASES as COVERAGE
from tests.oracle.cases.education import CASES as EDUCATION
from tests.oracle.cases.housing import CASES as HOUSING
from tests.oracle.cases.leaving_care import CASES as LEAVING_CARE
from tests.oracle.cases.model import Case, Delivery, Expected, write_deliveries
from tests.oracle.cases.others import CASES as OTHERS
from tests.oracle.cases.pair import CASES as PAIR

CASES: tuple[Case, ...] = (*CONTINUITY, *CONTACTS, *PAIR, *HOUSING, *LEAVING_CARE, *EDUCATION, *COVERAGE, *OTHERS)

__all__ = ["CASES", "Case", "Delivery", "Expected", "write_deliveries"]
