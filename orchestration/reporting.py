"""Progress and results of steps, for whoever started them.

The steps run inside Dagster's executor, which hands nothing back but events; the command line
listens here instead. Without a listener nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Progress = Callable[[str], None]


@dataclass
class Listener:
    """Receives a line of progress at a time, and results by step name."""

    progress: Progress
    results: dict[str, Any] = field(default_factory=dict)


_listeners: list[Listener] = []


@contextmanager
def listening(progress: Progress) -> Iterator[Listener]:
    """Listen while the block runs."""
    listener = Listener(progress)
    _listeners.append(listener)
    try:
        yield listener
    finally:
        _listeners.remove(listener)


def say(text: str) -> None:
    """A line of progress: what is being done, with counts, never with data."""
    for listener in _listeners:
        listener.progress(text)


def record(step: str, result: Any) -> None:
    """Keep the result of a step for the listeners."""
    for listener in _listeners:
        listener.results[step] = result


def speaker(also: Progress | None = None) -> Progress:
    """A progress function that reaches the listeners and ``also`` (Dagster's log, say)."""

    def speak(text: str) -> None:
        say(text)
        if also is not None:
            also(text)

    return speak
