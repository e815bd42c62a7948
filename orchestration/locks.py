"""One writing run at a time in a home, whoever started it (command line or Dagster)."""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from ingest.state import Home
from orchestration.errors import BusyError

_held: dict[str, int] = {}
_guard = threading.Lock()


@contextmanager
def writing(home: Home, what: str) -> Iterator[None]:
    """Hold the home's lock while ``what`` is done; nested uses in one process count as one.

    The lock is the kernel's (``flock``): it goes with the process, however that ends. Raises
    ``BusyError`` at once when another process holds it.
    """
    path = home.root / "run.lock"
    key = str(path)
    with _guard:
        nested = key in _held
        if nested:
            _held[key] += 1
        else:
            home.root.mkdir(parents=True, exist_ok=True)
            stream = path.open("a+", encoding="utf-8")
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                stream.seek(0)
                holder = stream.read()
                stream.close()
                raise BusyError(
                    f"Another run is going on in {home.root}{_described(holder)}.",
                    "Wait until it has ended, then try again.",
                ) from None
            stream.truncate(0)
            started = datetime.now().astimezone().isoformat(timespec="seconds")
            stream.write(json.dumps({"pid": os.getpid(), "what": what, "since": started}))
            stream.flush()
            _held[key] = 1
    try:
        yield
    finally:
        with _guard:
            _held[key] -= 1
            if not _held[key]:
                del _held[key]
        if not nested:
            stream.truncate(0)
            stream.close()


def _described(holder: str) -> str:
    try:
        found = json.loads(holder)
        return f" ({found['what']}, process {found['pid']}, since {found['since']})"
    except (ValueError, KeyError):
        return ""
