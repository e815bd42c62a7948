"""Killing, starving and squeezing a process at a chosen moment, for real.

A step is an operation on the file system below a folder: opening a file for writing, renaming,
removing, making or removing a folder. Python tells of each before it happens, and then the process
is killed with SIGKILL, so nothing is cleaned up.
"""

from __future__ import annotations

import codecs
import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

_CONTEXT = multiprocessing.get_context("forkserver")
# Imported once, so that a child costs milliseconds.
_CONTEXT.set_forkserver_preload(
    ["ingest.door", "ingest.erasure", "ingest.retention", "ingest.withdrawal", "tests.unit.faults"]
)

KILLED = -signal.SIGKILL
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "os.chmod", "os.truncate"})
# What a child ends with when its work raised an error of the operating system.
OS_ERROR = 33


def run_in_child(work: Callable[..., Any], *arguments: Any, timeout: float = 120) -> int:
    """Run ``work`` in a process of its own; its exit code (0, ``OS_ERROR``, or ``KILLED``)."""
    child = start(work, *arguments)
    child.join(timeout)
    if child.exitcode is None:
        child.kill()
        child.join()
        raise AssertionError(f"{work.__name__} did not end within {timeout} s")
    return child.exitcode


def start(work: Callable[..., Any], *arguments: Any) -> Any:
    """Start ``work`` in a process of its own and go on."""
    child = _CONTEXT.Process(target=_call, args=(work, arguments))
    child.start()
    return child


# Each step is a process of its own, so the ordinary run looks at some of them and the long run at every one.
# The stride is a prime: steps come in rounds (write, rename, sync), and none of them is always passed over.
STRIDES = pytest.mark.parametrize(
    "stride", [pytest.param(7, id="some_steps"), pytest.param(1, id="every_step", marks=pytest.mark.national)]
)


def kill_at(step: int, root: Path, work: Callable[..., Any], *arguments: Any) -> int:
    """Run ``work`` in a child that is killed just before its ``step``-th change below ``root``."""
    return run_in_child(_killed_at, step, root, work, arguments)


def with_file_size_limit(limit: int, work: Callable[..., Any], *arguments: Any) -> int:
    """Run ``work`` in a child that can write no file larger than ``limit`` bytes."""
    return run_in_child(_limited, limit, work, arguments)


def as_nobody(work: Callable[..., Any], *arguments: Any) -> int:
    """Run ``work`` in a child without the superuser's rights (as ``nobody`` where we are root)."""
    return run_in_child(_without_rights, work, arguments)


def _call(work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        work(*arguments)
    except OSError as error:
        sys.stderr.write(f"{error!r}\n")
        sys.exit(OS_ERROR)


def _killed_at(step: int, root: Path, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    seen = 0
    below = str(root) + os.sep

    def watch(event: str, details: tuple[Any, ...]) -> None:
        nonlocal seen
        if not _is_change(event, details) or not isinstance(details[0], str | os.PathLike):
            return
        if os.fspath(details[0]).startswith(below):
            seen += 1
            if seen == step:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    work(*arguments)


def _is_change(event: str, details: tuple[Any, ...]) -> bool:
    if event == "open":
        return isinstance(details[2], int) and bool(details[2] & _WRITING)
    return event in _CHANGES


def _limited(limit: int, work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # the write fails instead
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    work(*arguments)


def _without_rights(work: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    for name in ("utf-8-sig", "ascii", "latin-1"):
        codecs.lookup(name)  # loaded when first used, from where nobody may not read
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
    work(*arguments)
