"""Dagster's entry point: everything in ``defs/``, one thing a file."""

from pathlib import Path

import dagster as dg


@dg.definitions
def defs() -> dg.Definitions:
    """Assets, checks, jobs, the inbox sensor and the nightly schedule."""
    return dg.load_from_defs_folder(path_within_project=Path(__file__).parent)
