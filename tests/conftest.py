"""How the property tests run: as long as they take, and the same every time in continuous integration."""

from __future__ import annotations

import os

from hypothesis import settings

# A loaded machine is no fault of the code; times are measured in tests/benchmarks.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("AFTERCARE_TEST_PROFILE", "developer"))
