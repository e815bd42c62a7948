"""A served Superset with the dashboards of this repository, for a browser to look at."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser import driving

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-dash" / "bin" / "python"
ARTIFACTS = ROOT / "test-artifacts"
START_SECONDS = 180


@dataclass(frozen=True)
class Served:
    """A running server: its address, its home and the log-ins made at its first start."""

    base: str
    home: Path
    passwords: dict[str, str]
    bootstrap_output: str


@pytest.fixture(scope="session")
def release_home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a release of the chain's own: small synthetic deliveries taken all the way.

    ``AFTERCARE_BROWSER_RELEASE`` names a release folder (one with ``aftercare.duckdb`` in it) to
    look at instead, for example one of national volume; it is copied.
    """
    given = os.environ.get("AFTERCARE_BROWSER_RELEASE")
    shown = Path(given) if given else request.getfixturevalue("small_home") / "published" / "current"
    home = tmp_path_factory.mktemp("browser")
    release = home / "published" / "releases" / shown.resolve().name
    release.parent.mkdir(parents=True)
    shutil.copytree(shown.resolve(), release)
    (home / "published" / "current").symlink_to(Path("releases") / release.name)
    return home


def run_bootstrap(home: Path) -> subprocess.CompletedProcess[str]:
    """Set Superset up in ``home`` as ``make demo`` does."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing. Install the dashboards: make install-dashboards")
    return subprocess.run(
        [PYTHON, "-W", "ignore", "-m", "dashboards.superset.bootstrap"],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def environment(home: Path) -> dict[str, str]:
    """The environment of a process that works on ``home``."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AFTERCARE_")}
    return kept | {"AFTERCARE_HOME": str(home)}


@pytest.fixture(scope="session")
def served(release_home: Path) -> Iterator[Served]:
    """The server, started once for all tests and stopped after them."""
    done = run_bootstrap(release_home)
    assert done.returncode == 0, done.stderr[-3000:]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = release_home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [PYTHON, "-W", "ignore", "-m", "dashboards.superset.serve", "--port", str(port)],
            cwd=ROOT,
            env=environment(release_home),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_until_healthy(base, process, log)
            lines = (release_home / "superset" / "logins.txt").read_text("utf-8").splitlines()
            passwords = dict(line.split(" ", 1) for line in lines)
            yield Served(base, release_home, passwords, done.stdout)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_healthy(base: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(START_SECONDS * 2):
        try:
            urllib.request.urlopen(f"{base}/health", timeout=5).close()
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            try:
                process.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
            pytest.fail(f"the server ended: {log.read_text('utf-8')[-3000:]}")
        else:
            return
    pytest.fail(f"no answer in {START_SECONDS} s: {log.read_text('utf-8')[-3000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A headless browser for the session; a machine without one fails with the cure."""
    if driving.chromium_path() is None:
        pytest.fail(
            "There is no Chromium. On Debian: apt-get install chromium fonts-dejavu-core; "
            "or name one in AFTERCARE_CHROMIUM"
        )
    with driving.browser() as started:
        yield started


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Folder for the pictures that the tests take."""
    ARTIFACTS.mkdir(exist_ok=True)
    return ARTIFACTS
