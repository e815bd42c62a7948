"""Erasing a person everywhere: lake, quarantine, inbox, archive, receipts, warehouse.

The person is named by the client key that its suppliers deliver; the warehouse's own key is found by it.

What stays is a record: when, who asked (a role), how many rows of which table. Neither a key nor its
hash is kept, so a later delivery that brings the person back cannot be recognised here. Whoever keeps
the list of erased keys (the controller; outside this home) runs the erasure again with it: it erases
what came back and says so, and does nothing where nothing did.
"""

from ingest.erasure.erasing import Erasure, ErasureError, erase, read_keys
from ingest.erasure.records import ErasureRecord, records, unfinished

__all__ = ["Erasure", "ErasureError", "ErasureRecord", "erase", "read_keys", "records", "unfinished"]
