"""`aftercare serve`: two children that start, are watched, and never outlive it."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import threading

import pytest

from ingest.state import Home
from orchestration import serve
from orchestration.errors import OperationError
from orchestration.serve import Children, Server

# Answers every request, and has a child of its own that ignores SIGTERM (as Dagster's may).
ANSWERING = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"],
    stdout=subprocess.PIPE)
child.stdout.readline()
open(sys.argv[2], "w").write(str(child.pid))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    return Home(tmp_path)


def answering(tmp_path, name: str) -> Server:
    port = free_port()
    pid_file = str(tmp_path / f"{name}.pid")
    return Server(name, (sys.executable, "-c", ANSWERING, str(port), pid_file), port, "/")


def has_ended(process: int) -> bool:
    """Whether a process given by its descriptor ends (the kernel takes a moment after a kill)."""
    ready, _, _ = select.select([process], [], [], 10)
    os.close(process)
    return bool(ready)


def test_children_and_their_own_children_end_with_it(home, tmp_path):
    wanted = [answering(tmp_path, "one"), answering(tmp_path, "two")]
    with Children(home, wanted, lambda text: None) as children:
        assert children.wait_until_up(threading.Event())
        heads = [process for _, process in children._running]
        grandchildren = [os.pidfd_open(int((tmp_path / f"{name}.pid").read_text())) for name in ("one", "two")]
        assert not select.select(grandchildren, [], [], 0)[0]
    assert all(process.returncode is not None for process in heads)
    assert all(has_ended(process) for process in grandchildren)


def test_child_that_ends_by_itself_stops_the_other_and_names_its_log(home, tmp_path):
    ending = Server("ending", (sys.executable, "-c", "raise SystemExit(7)"), free_port(), "/")
    with (
        pytest.raises(OperationError, match=r"ending has ended \(code 7\).*ending.log"),
        Children(home, [answering(tmp_path, "one"), ending], lambda text: None) as children,
    ):
        head = children._running[0][1]
        children.wait_until_up(threading.Event())
    assert head.returncode is not None


@pytest.fixture
def set_up(home, monkeypatch, tmp_path) -> Home:
    """A home in which Superset has been set up, with stand-ins for both servers."""
    home.superset.mkdir()
    (home.superset / "logins.txt").write_text("johto secret\n", encoding="utf-8")
    monkeypatch.setattr(serve, "dashboards_python", lambda: tmp_path)
    wanted = (answering(tmp_path, "Dagster"), answering(tmp_path, "Superset"))
    monkeypatch.setattr(serve, "servers", lambda *ports: wanted)
    monkeypatch.setattr(serve.instance, "prepare", lambda home: None)
    return home


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_prints_addresses_and_log_ins_and_stops_on_a_signal(set_up, number):
    said: list[str] = []

    def progress(text: str) -> None:
        said.append(text)
        if text.startswith("Ctrl-C"):
            os.kill(os.getpid(), number)

    before = signal.getsignal(number)
    serve.serve(set_up, progress, dagster_port=1, superset_port=2)
    assert any(text.startswith("Dagster: http://localhost:") for text in said)
    assert any(text.startswith("Superset: http://localhost:") for text in said)
    assert "  johto secret" in said
    assert said[-1] == "stopping"
    assert signal.getsignal(number) == before


def test_taken_port_is_said_before_anything_starts(set_up):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", serve.servers(1, 2)[1].port))
        taken.listen()
        with pytest.raises(OperationError, match=r"is in use\. .*--superset-port"):
            serve.serve(set_up, lambda text: None, dagster_port=1, superset_port=2)


def test_both_servers_listen_on_this_machine_only():
    for server in serve.servers(3000, 8088):
        assert server.command[server.command.index("--host") + 1] == "127.0.0.1"
        assert str(server.port) in server.command
