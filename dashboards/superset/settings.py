"""Where Superset's own files lie and the secrets made at its first start.

Everything stands in ``$AFTERCARE_HOME/superset`` (default ``./var/superset``), readable by its
owner only. Imported by the configuration, the bootstrap and the server; imports nothing of
Superset, so that it costs nothing.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
CONFIG_FILE = HERE / "superset_config.py"
# Read-only alone lets SQL Lab read and write any file of the machine: all three, always.
CONNECTION_RULES = "access_mode=READ_ONLY&enable_external_access=false&lock_configuration=true&threads=2"
# The word that marks synthetic data, as the release itself has it; no row or NULL for real data.
NOTICE_SQL = "select split_part(any_value(data_notice), ' /', 1) from published.release where data_kind = 'synthetic'"


@dataclass(frozen=True)
class Settings:
    """Paths of one installation's Superset."""

    home: Path

    @classmethod
    def from_environment(cls) -> Settings:
        """The installation named by ``AFTERCARE_HOME``, else ``./var``."""
        return cls(Path(os.environ.get("AFTERCARE_HOME") or "var").absolute())

    @property
    def folder(self) -> Path:
        """Metadata, secret key, log-ins, compiled translations."""
        return self.home / "superset"

    @property
    def release_file(self) -> Path:
        """The published database that Superset opens, through the symlink ``current``."""
        return self.home / "published" / "current" / "aftercare.duckdb"

    @property
    def release_uri(self) -> str:
        """SQLAlchemy address of the published database: read-only, locked, no file access."""
        return f"duckdb:///{self.release_file}?{CONNECTION_RULES}"

    @property
    def metadata_uri(self) -> str:
        """Superset's own database: ``AFTERCARE_SUPERSET_DB_URL``, else SQLite in the folder."""
        return (
            os.environ.get("AFTERCARE_SUPERSET_DB_URL")
            or f"sqlite:///{self.folder / 'superset.db'}?check_same_thread=false"
        )

    @property
    def logins_file(self) -> Path:
        """User names and first passwords, one ``name password`` a line."""
        return self.folder / "logins.txt"

    @property
    def translations(self) -> Path:
        """Compiled message catalogues, made by the bootstrap."""
        return self.folder / "translations"

    def make_folder(self) -> None:
        """Make the folder, closed to other users of the machine."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)

    def secret_key(self) -> str:
        """The key that signs sessions; made at first use, mode 600."""
        self.make_folder()
        path = self.folder / "secret_key"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text(encoding="utf-8").strip()
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            key = secrets.token_urlsafe(48)
            handle.write(key + "\n")
        return key

    def read_logins(self) -> dict[str, str]:
        """First passwords by user name; empty before the first start."""
        if not self.logins_file.exists():
            return {}
        lines = self.logins_file.read_text(encoding="utf-8").splitlines()
        return dict(line.split(" ", 1) for line in lines if line.strip())

    def write_logins(self, logins: dict[str, str]) -> None:
        """Write the log-ins, readable by the owner only from the first byte."""
        fresh = self.logins_file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.writelines(f"{name} {password}\n" for name, password in logins.items())
        fresh.replace(self.logins_file)

    def prepare_environment(self) -> None:
        """Set what Superset reads from the environment, before it is imported."""
        self.make_folder()
        os.environ["AFTERCARE_HOME"] = str(self.home)
        os.environ["SUPERSET_CONFIG_PATH"] = str(CONFIG_FILE)
        os.environ["SUPERSET_HOME"] = str(self.folder)
        os.environ["SCARF_ANALYTICS"] = "false"
        root = str(HERE.parents[1])
        paths = [part for part in os.environ.get("PYTHONPATH", "").split(os.pathsep) if part]
        if root not in paths:
            os.environ["PYTHONPATH"] = os.pathsep.join([root, *paths])
