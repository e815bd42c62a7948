"""What lies in a release beside the tables: for other tools, for people, for who wants to cite it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from quality.release.changes import Before
from quality.release.changes_page import write_changes
from quality.release.contract import published_tables
from quality.release.datapackage import write_datapackage
from quality.release.jsonstat import write_jsonstat
from quality.release.quality_page import write_quality

if TYPE_CHECKING:
    from quality.disclosure.protect import ProtectionReport


@dataclass(frozen=True)
class Occasion:
    """The publishing: its id and time (UTC), the release that this one is compared with, and what the full protection
    did (None where there was none)."""

    release_id: str
    created_at: datetime
    data_kind: str
    notice: str
    code_version: str
    before: Before | None
    protection: ProtectionReport | None = None


def write_accompanying(connection: duckdb.DuckDBPyConnection, schema: str, folder: Path, occasion: Occasion) -> None:
    """Write JSON-stat datasets, data package, changes, quality report and citation from ``schema``'s tables.

    JSON files are the same at every publishing of the same data after the same release.
    """
    write_jsonstat(connection, schema, folder / "jsonstat", occasion.data_kind, occasion.notice)
    write_datapackage(published_tables(), folder, occasion.data_kind, occasion.notice, occasion.code_version)
    write_changes(
        connection,
        schema,
        folder,
        release_id=occasion.release_id,
        before=occasion.before,
        notice=occasion.notice,
    )
    write_quality(
        connection,
        schema,
        folder,
        release_id=occasion.release_id,
        notice=occasion.notice,
        protection=occasion.protection,
    )
    (folder / "CITATION.cff").write_text(_citation(occasion), encoding="utf-8")


def _citation(occasion: Occasion) -> str:
    """Citation File Format 1.2.0. The quotes keep a colon in a text from being read as YAML."""
    return f"""cff-version: 1.2.0
type: dataset
message: "Please cite the release by its version. {occasion.notice}"
title: "Saattaen: aftercare indicators of Finnish wellbeing services counties and municipalities ({occasion.notice})"
authors:
  - name: Saattaen
version: "{occasion.release_id}"
date-released: "{occasion.created_at:%Y-%m-%d}"
license: CC-BY-4.0
keywords:
  - aftercare
  - child welfare
  - Finland
  - {occasion.data_kind}
"""
