"""What commands tell while they work."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime


def progress(options: argparse.Namespace) -> Callable[[str], None]:
    """Lines on stderr with the time of day; a terminal or a log reads them alike."""
    if options.quiet:
        return lambda text: None

    def say(text: str) -> None:
        sys.stderr.write(f"{datetime.now():%H:%M:%S}  {text}\n")
        sys.stderr.flush()

    return say
