"""The warehouse as it was: built through dbt, before a correction and before a withdrawal.

The figures of an earlier moment must be those that were built at that moment, row by row.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ingest.door import take_in
from ingest.ledger import last_number
from ingest.state import Home
from ingest.synthetic import synthesize
from ingest.withdrawal import withdraw
from orchestration import cli, warehouse

pytestmark = pytest.mark.slow

FIRST, CORRECTED, WITHDRAWN = (datetime(2026, 11, day, 12, tzinfo=UTC) for day in (20, 21, 22))
CORRECTION = "7" + "Y" * 25
SUPPLIER, PERIOD = "hva-05", "2026Q3"
TABLES = ("indicator_value", "delivery_coverage", "indicator", "area")
Rows = dict[str, pd.DataFrame]


def candidate(file: Path) -> Rows:
    """All rows of the release candidate, in an order of their own."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return {
            table: connection.execute(f"select * from release_candidate.{table} order by all").df() for table in TABLES
        }


def differing(one: Rows, other: Rows) -> list[str]:
    return [table for table in TABLES if not one[table].equals(other[table])]


def different_rows(one: pd.DataFrame, other: pd.DataFrame) -> str:
    """What differs, for the message of a failure."""
    if one.shape != other.shape:
        return f"{one.shape} and {other.shape}"
    return str(one.compare(other, keep_shape=False).head(10).to_dict())


def built(home: Home, as_of: int | datetime | None = None) -> Rows:
    warehouse.build(home, lambda _: None, as_of)
    return candidate(warehouse.built_file(home, as_of))


def correct(home: Home) -> None:
    """The newest delivery of one area once more: every second assignment, and no handover at all."""
    (source,) = (home.archive / SUPPLIER / PERIOD).iterdir()
    target = home.inbox / SUPPLIER / PERIOD / CORRECTION
    shutil.copytree(source, target)
    manifest = json.loads((target / "manifest.json").read_text("utf-8"))
    files = {file["table"]: file for file in manifest["files"]}
    assignments = files["worker_assignment"]
    path = target / assignments["path"]
    head, *rows = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(head + b"".join(rows[::2]))
    assignments |= {"rows": len(rows[::2]), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (target / files.pop("handover")["path"]).unlink()
    manifest |= {
        "delivery_id": CORRECTION,
        "correction_of": source.name,
        "files": list(files.values()),
        "nothing_to_report": ["handover"],
    }
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for path in target.iterdir():
        os.utime(path, (1_760_000_000, 1_760_000_000))  # not one still on its way


def test_an_earlier_moment_is_built_as_it_was_after_a_correction_and_after_its_withdrawal(tmp_path, capsys):
    home = Home(tmp_path)
    synthesize(home.inbox, scale="small", years=1)
    assert take_in(home, clock=lambda: FIRST).rejected == 0
    before = last_number(home)
    first = built(home)
    assert len(first["indicator_value"]) > 1_000

    correct(home)
    assert take_in(home, clock=lambda: CORRECTED).accepted == 1
    corrected = built(home)
    assert differing(first, corrected) == ["indicator_value", "delivery_coverage"]
    coverage = corrected["delivery_coverage"].query(
        "organisation == @SUPPLIER and period == @PERIOD and table_name == 'handover'"
    )
    assert coverage[["version", "rows", "nothing_to_report"]].to_numpy().tolist() == [[2, 0, True]]
    again = built(home, before)
    assert differing(first, again) == [], different_rows(first["indicator_value"], again["indicator_value"])
    # The warehouse that releases are made from is still the newest.
    assert differing(corrected, candidate(home.warehouse)) == []

    withdraw(home, CORRECTION, reason="sent by mistake", asked_by="supplier", clock=lambda: WITHDRAWN)
    assert differing(first, built(home)) == []
    # By its time, as an operator asks for it: on the evening of the day of the correction.
    assert cli.run(["build", "--home", str(home.root), "--as-of", "2026-11-21T20:00:00+02:00", "--json"]) == 0
    file = Path(json.loads(capsys.readouterr().out)["warehouse"])
    assert file.parent.name == str(before + 1)
    assert differing(corrected, candidate(file)) == []
