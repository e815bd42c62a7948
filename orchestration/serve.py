"""`aftercare serve`: Dagster's UI and Superset as children of this process, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ingest.state import ENVIRONMENT_VARIABLE, Home
from orchestration import instance
from orchestration.errors import OperationError
from orchestration.reporting import Progress
from orchestration.versions import PROJECT_ROOT

ADDRESS = "127.0.0.1"
# Both servers answer within half a minute on two idle cores; four times that under load.
START_SECONDS = 120
STOP_SECONDS = 10


@dataclass(frozen=True)
class Server:
    """A child to start: its command and where it answers once it is up."""

    name: str
    command: tuple[str, ...]
    port: int
    path: str

    @property
    def url(self) -> str:
        """Where people open it."""
        return f"http://localhost:{self.port}"


def servers(dagster_port: int, superset_port: int, *, with_superset: bool = True) -> tuple[Server, ...]:
    """The children, without starting them."""
    dagster = Server(
        "Dagster",
        (
            sys.executable, "-m", "dagster", "dev",
            "--module-name", "orchestration.definitions",
            "--host", ADDRESS,
            "--port", str(dagster_port),
        ),
        dagster_port,
        "/server_info",
    )  # fmt: skip
    if not with_superset:
        return (dagster,)
    superset = Server(
        "Superset",
        (
            str(dashboards_python()), "-m", "dashboards.superset.serve",
            "--host", ADDRESS,
            "--port", str(superset_port),
        ),
        superset_port,
        "/health",
    )  # fmt: skip
    return dagster, superset


def dashboards_python() -> Path:
    """The interpreter of the dashboards' environment (another one than this)."""
    return PROJECT_ROOT / ".venv-dash" / "bin" / "python"


def serve(home: Home, progress: Progress, *, dagster_port: int, superset_port: int) -> None:
    """Start both, print addresses and log-ins, and stop both on Ctrl-C or SIGTERM.

    Raises ``OperationError`` when something is missing, a port is taken or a server ends by
    itself; the other one is stopped then too.
    """
    logins = home.superset / "logins.txt"
    if not dashboards_python().exists() or not logins.exists():
        raise OperationError("Superset has not been set up in this home.", "Run `make demo` once; it sets it up.")
    started = servers(dagster_port, superset_port)
    for server in started:
        if _is_taken(server.port):
            raise OperationError(
                f"Port {server.port} on {ADDRESS} is in use.",
                f"Stop what listens there, or give another one: --{server.name.lower()}-port.",
            )
    instance.prepare(home)
    with _stopping_on_signals() as stop, Children(home, started, progress) as children:
        if not children.wait_until_up(stop):
            return
        for server in started:
            progress(f"{server.name}: {server.url}")
        progress(f"Log-ins ({logins}):")
        for line in logins.read_text(encoding="utf-8").splitlines():
            progress(f"  {line}")
        progress("Ctrl-C stops both.")
        while not stop.wait(1):
            children.require_running()
        progress("stopping")


@contextlib.contextmanager
def _stopping_on_signals() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set, instead of ending the process with children running."""
    stop = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stop.set()) for number in numbers]
    try:
        yield stop
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


class Children:
    """Child processes, each the head of a process group, so that their own children stop too."""

    def __init__(self, home: Home, wanted: Sequence[Server], progress: Progress) -> None:
        self._home = home
        self._wanted = wanted
        self._progress = progress
        self._running: list[tuple[Server, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Children:
        folder = self._home.root / "log"
        folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {ENVIRONMENT_VARIABLE: str(self._home.root)}
        try:
            for server in self._wanted:
                self._progress(f"starting {server.name}")
                with self.log(server).open("ab") as log:
                    process = subprocess.Popen(
                        server.command,
                        cwd=PROJECT_ROOT,
                        env=environment,
                        stdin=subprocess.DEVNULL,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                self._running.append((server, process))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def log(self, server: Server) -> Path:
        """Where a child's output goes."""
        return self._home.root / "log" / f"{server.name.lower()}.log"

    def require_running(self) -> None:
        """Raise ``OperationError`` when a child has ended by itself."""
        for server, process in self._running:
            if process.poll() is not None:
                raise OperationError(
                    f"{server.name} has ended (code {process.returncode}).",
                    f"See {self.log(server)}.",
                )

    def wait_until_up(self, stop: threading.Event) -> bool:
        """Wait until all answer; ``False`` when asked to stop before that."""
        deadline = time.monotonic() + START_SECONDS
        for server, _ in self._running:
            while not _answers(server):
                self.require_running()
                if time.monotonic() > deadline:
                    raise OperationError(
                        f"{server.name} does not answer on {server.url}.",
                        f"See {self.log(server)}.",
                    )
                if stop.wait(0.5):
                    return False
        return True

    def stop(self) -> None:
        """Ask all to end, then end those that have not (Dagster's development server does not
        always follow)."""
        for _, process in self._running:
            _signal_group(process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for _, process in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)
            process.wait()
        self._running.clear()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _answers(server: Server) -> bool:
    try:
        with urllib.request.urlopen(f"http://{ADDRESS}:{server.port}{server.path}", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((ADDRESS, port)) == 0
