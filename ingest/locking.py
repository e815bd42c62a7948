"""One writer at a time in inbox and lake: the intake, a withdrawal, an erasure, retention."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ingest.state import Home


class IntakeBusyError(RuntimeError):
    """Another intake (or what must not run beside one) is running in the same home."""


@contextmanager
def sole_writer(home: Home) -> Iterator[None]:
    """Hold the lock of the inbox and the lake of ``home``.

    The lock is the kernel's (``flock``): it goes with the process, however that ends. Raises
    ``IntakeBusyError`` at once when another process holds it.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / "intake.lock"
    with path.open("a") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise IntakeBusyError(
                f"another intake is running in {home.root} (it holds {path}); "
                "wait until it has finished and start again"
            ) from None
        yield
