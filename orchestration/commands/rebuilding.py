"""The warehouse anew, after what it was built from has become less."""

from __future__ import annotations

from collections.abc import Callable

from ingest.state import Home
from orchestration.errors import OperationError


def build_anew(home: Home, say: Callable[[str], None], done: str) -> None:
    """Check the lake and build; ``done`` says what has been done already, whatever becomes of it."""
    from orchestration import steps

    try:
        steps.require_passed(home, steps.check_lake(home, say))
        steps.build(home, say)
    except OperationError as error:
        raise OperationError(
            f"{done}, but the warehouse could not be built anew: {error.message}", error.remedy
        ) from error
