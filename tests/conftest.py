"""How the property tests run, and what is made once for all tests: the small chain from deliveries to release."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from filelock import FileLock
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


def made_once(
    request: pytest.FixtureRequest, factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]
) -> Path:
    """The folder ``name`` of this run of the tests, filled by ``make(folder)`` in the first process that asks.

    Test processes that run beside each other share it; the others wait for the first. A folder that
    could not be made is made again by the next that asks.
    """
    shared = factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        shared = shared.parent
    folder = shared / f"shared-{name}"
    with FileLock(shared / f"shared-{name}.lock"):
        done = folder / ".made"
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session")
def small_synthetic(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inbox of the small synthetic deliveries of five years. Nobody changes it."""

    def make(folder: Path) -> None:
        synthesize(folder / "inbox", scale="small")

    return made_once(request, tmp_path_factory, "synthetic", make) / "inbox"


@pytest.fixture(scope="session")
def small_home(request: pytest.FixtureRequest, small_synthetic: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the small deliveries were taken all the way to a release, by ``aftercare run``.

    Nobody changes it.
    """

    def make(folder: Path) -> None:
        shutil.copytree(small_synthetic, folder / "home" / "inbox")
        ran = aftercare(folder / "home", "run")
        assert ran.returncode == 0, ran.stderr

    return made_once(request, tmp_path_factory, "chain", make) / "home"


@pytest.fixture(scope="session")
def small_recomputation(
    request: pytest.FixtureRequest, small_synthetic: Path, tmp_path_factory: pytest.TempPathFactory
) -> pd.DataFrame:
    """Every figure of the small deliveries, recomputed independently."""

    def make(folder: Path) -> None:
        compute(small_synthetic).to_pickle(folder / "figures.pickle")

    return pd.read_pickle(made_once(request, tmp_path_factory, "recomputation", make) / "figures.pickle")
