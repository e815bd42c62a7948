"""Releases: what leaves the warehouse, written new, swapped in whole."""

from quality.release.publish import ReleaseError, ReleaseSummary, publish

__all__ = ["ReleaseError", "ReleaseSummary", "publish"]
