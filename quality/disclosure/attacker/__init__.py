"""The attacker: recomputes from the published files alone what a release hides.

Shares no code with the protection (a test holds that): what the two agree on, they found apart.
"""

from quality.disclosure.attacker.attack import attack
from quality.disclosure.attacker.ranges import SolverLimits
from quality.disclosure.attacker.reading import NoReleaseError, bytes_hold, read_release
from quality.disclosure.attacker.report import AttackReport, Finding

__all__ = ["AttackReport", "Finding", "NoReleaseError", "SolverLimits", "attack", "bytes_hold", "read_release"]
