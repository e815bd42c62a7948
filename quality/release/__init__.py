"""Releases: what leaves the warehouse, held against a contract, written new, swapped in whole."""

from quality.release.contract import PublishedContractError, PublishedTable, published_table, published_tables
from quality.release.publish import ReleaseError, ReleaseSummary, publish
from quality.release.shelf import ShelfError, Terms

__all__ = [
    "PublishedContractError",
    "PublishedTable",
    "ReleaseError",
    "ReleaseSummary",
    "ShelfError",
    "Terms",
    "publish",
    "published_table",
    "published_tables",
]
