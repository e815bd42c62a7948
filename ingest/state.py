"""Where the state of an installation lies on disk (everything below ``$AFTERCARE_HOME``)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT_VARIABLE = "AFTERCARE_HOME"
DEFAULT_ROOT = Path("var")


@dataclass(frozen=True)
class Home:
    """Paths of one installation. Makes no folder by itself."""

    root: Path

    @classmethod
    def from_environment(cls) -> Home:
        """The home named by ``AFTERCARE_HOME``, else ``./var``."""
        return cls(Path(os.environ.get(ENVIRONMENT_VARIABLE) or DEFAULT_ROOT).absolute())

    @property
    def inbox(self) -> Path:
        """Deliveries as dropped: ``<organisation>/<period>/<delivery_id>/``."""
        return self.root / "inbox"

    @property
    def archive(self) -> Path:
        """Originals after intake, same layout."""
        return self.root / "archive"

    @property
    def outbox(self) -> Path:
        """Receipts for the suppliers, same layout."""
        return self.root / "outbox"

    @property
    def quarantine(self) -> Path:
        """Rejected deliveries and rows, same layout."""
        return self.root / "quarantine"

    @property
    def lake(self) -> Path:
        """Accepted rows: ``<table>/organisation=…/period=…/<delivery_id>.parquet``."""
        return self.root / "lake"

    @property
    def arriving(self) -> Path:
        """Rows of large tables while their delivery is looked at; gone when the intake has ended."""
        return self.lake / "_arriving"

    @property
    def ledger(self) -> Path:
        """The intake ledger: which file of the lake was accepted when, one Parquet file a batch."""
        return self.lake / "_ledger"

    @property
    def events(self) -> Path:
        """What became of accepted deliveries (withdrawals, ends of retention), beside the ledger."""
        return self.lake / "_events"

    @property
    def erasures(self) -> Path:
        """Records of erasures: when, who asked (a role), how many rows of which table."""
        return self.lake / "_erasures"

    @property
    def secrets(self) -> Path:
        """What only the operator may read: the secret of the warehouse's own keys."""
        return self.root / "secrets"

    @property
    def warehouse_secret(self) -> Path:
        """The secret with which all keys are replaced on arrival; must be backed up."""
        return self.secrets / "warehouse.secret"

    @property
    def secret_fingerprint(self) -> Path:
        """What tells, beside the ledger, with which secret the keys of the lake were made."""
        return self.lake / "_secret_fingerprint"

    @property
    def warehouse(self) -> Path:
        """The restricted DuckDB file with record-level marts."""
        return self.root / "warehouse" / "warehouse.duckdb"

    @property
    def quality(self) -> Path:
        """Results of the checks on the lake and their static site (Data Docs)."""
        return self.root / "quality"

    @property
    def published(self) -> Path:
        """``releases/<release_id>/`` and the symlink ``current``."""
        return self.root / "published"

    @property
    def current_release(self) -> Path:
        """The symlink that readers follow."""
        return self.published / "current"

    @property
    def prepared(self) -> Path:
        """Releases that nobody may see yet, with their terms and approvals; the operator's only."""
        return self.root / "prepared"

    @property
    def publishing_settings(self) -> Path:
        """Whether releases are published at once, or under embargo and approvals first (may be missing)."""
        return self.root / "settings" / "publishing.yml"

    @property
    def dagster(self) -> Path:
        """``DAGSTER_HOME``."""
        return self.root / "dagster"

    @property
    def superset(self) -> Path:
        """Superset's metadata, secrets and log."""
        return self.root / "superset"
