"""How the property tests run, and what is made once for all tests: the small chain from deliveries to release."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings

from ingest.synthetic import synthesize
from tests.oracle import compute

# As long as they take, and the same every time in continuous integration: a loaded machine is
# no fault of the code, times are measured in tests/benchmarks.
settings.register_profile("developer", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile(os.environ.get("AFTERCARE_TEST_PROFILE", "developer"))


def aftercare(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on ``home`` as a user does."""
    command = [sys.executable, "-m", "orchestration.cli", *arguments, "--home", str(home), "--quiet"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ.copy())


@pytest.fixture(scope="session")
def small_synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inbox of the small synthetic deliveries of five years. Nobody changes it."""
    folder = tmp_path_factory.mktemp("synthetic") / "inbox"
    synthesize(folder, scale="small")
    return folder


@pytest.fixture(scope="session")
def small_home(small_synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the small deliveries were taken all the way to a release, by ``aftercare run``."""
    home = tmp_path_factory.mktemp("chain")
    shutil.copytree(small_synthetic, home / "inbox")
    ran = aftercare(home, "run")
    assert ran.returncode == 0, ran.stderr
    return home


@pytest.fixture(scope="session")
def small_recomputation(small_synthetic: Path) -> pd.DataFrame:
    """Every figure of the small deliveries, recomputed independently."""
    return compute(small_synthetic)
