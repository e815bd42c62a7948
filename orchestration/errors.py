"""What can go wrong in a way that the operator can do something about."""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 2
SOME_REJECTED = 3
BUSY = 4
ATTENTION = 5


class OperationError(Exception):
    """Something that the operator can put right: what happened, and what to do.

    Shown without a traceback. Holds no value of the data: the text is stored with the run.
    """

    exit_code = FAILED

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class BusyError(OperationError):
    """Another run is writing in this home."""

    exit_code = BUSY


class GateError(OperationError):
    """The rows of the lake do not meet their expectations, so nothing is built on them."""
