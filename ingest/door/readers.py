"""The former place of ``ingest.door.reading``, for callers that still know its former answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.contracts import contracts
from ingest.door import reading
from ingest.door.reading import EXPECTED_FORMATS, RawTable, ReadError
from ingest.door.rules import RULES

__all__ = ["EXPECTED_FORMATS", "RawTable", "ReadError", "read_table"]


def read_table(content: bytes, path: str, table: str, known: Sequence[str]) -> Any:
    """As ``reading.read_table``, with the header in the contract's names and identifiers as tuples."""
    contract = contracts()[table]
    try:
        raw: Any = reading.read_table(content, path, contract)
    except ReadError as error:
        raise ReadError(error.code if error.code in RULES else "FILE_UNREADABLE", error.expected) from None
    raw.header = [*raw.columns, *raw.twice, *raw.unknown]
    raw.identifiers = [(hit.row, hit.column, hit.sheet) for hit in raw.identifiers]
    return raw
