"""`aftercare run` on small synthetic deliveries: the whole chain, and what happens when it breaks.

One home for the module; the tests build on each other's state in the order of the file only where
a fixture says so. Each command is a process of its own, as an operator starts it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingest.contracts import contracts
from ingest.lake import read_ledger
from ingest.state import Home
from orchestration.errors import FAILED, OK, SOME_REJECTED

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
KEY = re.compile(rb"[0-9a-f]{64}")


def aftercare(home: Home, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command with --json."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "orchestration.cli", *arguments, "--json"]


def environment(home: Home) -> dict[str, str]:
    return os.environ | {"AFTERCARE_HOME": str(home.root)}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    """A home with a year of small synthetic deliveries in its inbox."""
    found = Home(tmp_path_factory.mktemp("chain"))
    done = aftercare(found, "synthesize", "--scale", "small", "--years", "1", "--quiet")
    assert done.returncode == OK, done.stderr
    return found


@pytest.fixture(scope="module")
def first_run(home) -> dict:
    """The chain's first run."""
    done = aftercare(home, "run")
    assert done.returncode == OK, done.stderr
    return json.loads(done.stdout) | {"progress": done.stderr}


@pytest.fixture
def saved(home, first_run, tmp_path) -> Iterator[None]:
    """Put lake and ledger back after a test that breaks them."""
    copy = tmp_path / "lake"
    shutil.copytree(home.lake, copy)
    yield
    shutil.rmtree(home.lake)
    shutil.copytree(copy, home.lake)


def fingerprint(home: Home) -> tuple[str, str]:
    """The current release's name and the warehouse's content."""
    content = hashlib.sha256(home.warehouse.read_bytes()).hexdigest()
    return home.current_release.resolve().name, content


def test_run_takes_everything_from_the_inbox_to_a_release(home, first_run):
    assert first_run["intake"]["rejected"] == []
    assert first_run["intake"]["deliveries"] == len(read_ledger(home)["delivery_id"].unique())
    assert home.current_release.resolve().name == first_run["release_id"]
    release = str(home.current_release / "aftercare.duckdb")
    with duckdb.connect(release, read_only=True) as connection:
        (shown,) = connection.execute(
            "select count(*) from published.indicator_value where status = 'shown'"
        ).fetchone()
        (code_version,) = connection.execute("select code_version from published.release").fetchone()
    assert shown > 0
    assert re.fullmatch(r".+\+[0-9a-f]{12}", code_version)


def test_progress_names_models_as_they_are_built(first_run):
    assert re.search(r"\d+ of \d+  int_worker_run  success", first_run["progress"])


def test_run_stands_in_dagster_with_the_delivered_partitions(home, first_run, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(home.dagster))
    import dagster as dg

    ledger = read_ledger(home)
    delivered = set(zip(ledger["organisation"].to_pylist(), ledger["period"].to_pylist(), strict=True))
    with dg.DagsterInstance.get() as instance:
        run = instance.get_run_by_id(first_run["run_id"])
        assert run is not None
        assert run.status == dg.DagsterRunStatus.SUCCESS
        areas = instance.get_materialized_partitions(dg.AssetKey(["delivery", "wellbeing_area"]))
        towns = instance.get_materialized_partitions(dg.AssetKey(["delivery", "municipality"]))
    assert areas == {f"{who}|{when}" for who, when in delivered if who.startswith("hva-")}
    assert towns == {when for who, when in delivered if who.startswith("kunta-")}


def test_no_key_of_a_person_reaches_dagster(home, first_run):
    """A row's keys are 64 hexadecimal digits; events hold counts and codes only."""
    keys = {key.encode() for key in _client_keys(home)}
    databases = list(home.dagster.rglob("*.db"))
    assert keys and databases
    for database in databases:
        with sqlite3.connect(database) as connection:
            dump = "\n".join(connection.iterdump()).encode()
        assert not keys & set(KEY.findall(dump)), database


def _client_keys(home: Home) -> set[str]:
    files = (home.lake / "client").rglob("*.parquet")
    return {key for path in files for key in pq.read_table(path)["client_key"].to_pylist()}


def test_telemetry_is_off_and_the_gate_left_its_pages(home, first_run):
    assert "enabled: false" in (home.dagster / "dagster.yaml").read_text(encoding="utf-8")
    site = home.quality / "expectations" / "site"
    assert (site / "index.html").exists()
    assert len(list(site.glob("*.html"))) == 1 + len(contracts())  # the index and a page a table


def test_second_run_finds_nothing_to_do(home, first_run):
    done = aftercare(home, "run")
    found = json.loads(done.stdout)
    assert done.returncode == OK
    assert found["did_something"] is False
    assert found["release_id"] == first_run["release_id"]
    assert "up to date" in done.stderr


def test_lake_that_breaks_its_contract_stops_the_build_and_is_named(home, saved):
    before = fingerprint(home)
    for path in (home.lake / "housing_spell").rglob("*.parquet"):
        rows = pq.read_table(path)
        broken = pa.array(["NO_SUCH_CODE"] * rows.num_rows, pa.string())
        place = rows.schema.get_field_index("housing_type")
        pq.write_table(rows.set_column(place, "housing_type", broken), path)
    done = aftercare(home, "build")
    assert done.returncode == FAILED
    assert "housing_spell (CODE:housing_type)" in done.stderr
    assert "NO_SUCH_CODE" not in done.stderr
    assert fingerprint(home) == before


def test_killed_run_leaves_the_release_and_the_next_run_goes_through(home, first_run):
    """Killed in the middle of dbt. The next run also finds a delivery with a wrong hash: it is
    rejected, everything else goes on, and the exit code says so."""
    before = fingerprint(home)
    process = subprocess.Popen(
        command("run", "--force"), cwd=ROOT, env=environment(home), stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "int_" in line:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    process.stderr.close()
    assert process.returncode == -signal.SIGKILL
    assert fingerprint(home) == before

    delivery_id = _deliver_with_wrong_hash(home)
    done = aftercare(home, "run")
    assert done.returncode == SOME_REJECTED, done.stderr
    found = json.loads(done.stdout)
    assert [entry["delivery_id"] for entry in found["intake"]["rejected"]] == [delivery_id]
    assert "FILE_HASH" in found["intake"]["rejected"][0]["rules"]
    assert found["release_id"] != before[0]
    assert home.current_release.resolve().name == found["release_id"]

    status = json.loads(aftercare(home, "status").stdout)
    assert [entry["delivery_id"] for entry in status["rejected"]] == [delivery_id]
    assert status["is_up_to_date"] is True


def _deliver_with_wrong_hash(home: Home) -> str:
    """A copy of the newest delivery of one area under a new id, one file changed on the way."""
    source = max((home.archive / "hva-05").glob("*/*"), key=lambda path: path.name)
    delivery_id = "7" + "Z" * 25
    target = home.inbox / "hva-05" / source.parent.name / delivery_id
    shutil.copytree(source, target)
    manifest = json.loads((target / "manifest.json").read_text(encoding="utf-8"))
    manifest["delivery_id"] = delivery_id
    manifest["files"][0]["sha256"] = "0" * 64
    (target / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return delivery_id
