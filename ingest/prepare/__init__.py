"""Preparing a delivery at the supplier: own names and codes in, the contract's tables out.

A profile (``ingest/profiles``, ``docs/preparing.md``) says how the supplier's files become tables
of the contract. Identity numbers become keyed hashes, birth dates years; what is not asked for
never leaves the reader; the delivery is checked as the door would before anyone sees it.
"""

from ingest.prepare.keying import (
    CLIENT_SECRET_VARIABLE,
    SUPPLIER_SECRET_VARIABLE,
    Secrets,
    new_secret,
    read_secrets,
)
from ingest.prepare.messages import PrepareError, Problem
from ingest.prepare.profile import Profile, load_profile
from ingest.prepare.report import Prepared, lines
from ingest.prepare.run import DEFAULT_MEMORY, FORMATS, NOT_WRITTEN, Order, prepare
from ingest.prepare.sources import find_files
from ingest.prepare.workbooks import deliver_workbooks

__all__ = [
    "CLIENT_SECRET_VARIABLE",
    "DEFAULT_MEMORY",
    "FORMATS",
    "NOT_WRITTEN",
    "SUPPLIER_SECRET_VARIABLE",
    "Order",
    "PrepareError",
    "Prepared",
    "Problem",
    "Profile",
    "Secrets",
    "deliver_workbooks",
    "find_files",
    "lines",
    "load_profile",
    "new_secret",
    "prepare",
    "read_secrets",
]
