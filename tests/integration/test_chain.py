"""The whole chain on small synthetic deliveries, held against the independent recomputation.

`aftercare run` is called as a user calls it; every figure of the release candidate must equal what
`tests.oracle` computes from the same files by exploding days in pandas.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.conftest import aftercare
from tests.oracle.compare import KEY, differences

pytestmark = pytest.mark.slow

COMPARED = [
    "numerator", "denominator", "lower_95", "upper_95", "lower_998", "upper_998",
    "numerator_clients", "denominator_clients", "unknown_share", "record_share", "is_complete",
]  # fmt: skip
FIGURES = ["numerator", "denominator", "value", "lower_95", "upper_95", "lower_998", "upper_998"]
NOTICE = "SYNTEETTINEN / SYNTETISK / SYNTHETIC: not about the real municipality"


@pytest.fixture(scope="module")
def home(small_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy: some of these tests go on with it."""
    copy = tmp_path_factory.mktemp("copy") / "home"
    shutil.copytree(small_home, copy, symlinks=True)
    return copy


@pytest.fixture(scope="module")
def candidate(home: Path) -> pd.DataFrame:
    with duckdb.connect(str(home / "warehouse" / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select * from release_candidate.indicator_value where not is_outside and breakdown = 'total'"
        ).df()
    figures = [name for name in COMPARED if name != "is_complete"]
    found.loc[~found["is_delivered"], figures] = None
    return found[[*KEY, *COMPARED]]


@pytest.fixture(scope="module")
def release(home: Path) -> duckdb.DuckDBPyConnection:
    return duckdb.connect(str(home / "published" / "current" / "aftercare.duckdb"), read_only=True)


def test_every_figure_equals_the_independent_recomputation(
    small_recomputation: pd.DataFrame, candidate: pd.DataFrame
) -> None:
    oracle = small_recomputation
    common = oracle.merge(candidate[KEY], on=KEY)[KEY]
    # What only one side lists (clients without a home municipality as a group of their own, and
    # twelve months that began before the history) is no figure of the other.
    assert len(common) == len(candidate) > 20_000
    found = differences(candidate, oracle, COMPARED).merge(common, on=KEY)
    assert found.empty, found.head(20).to_string()


def test_a_figure_that_is_not_shown_is_null_everywhere(release: duckdb.DuckDBPyConnection) -> None:
    any_figure = " or ".join(f"{name} is not null" for name in FIGURES)
    leaks = release.execute(
        f"select count(*) from published.indicator_value where status <> 'shown' and ({any_figure})"
    ).fetchone()
    shown = release.execute("select count(*) from published.indicator_value where status = 'shown'").fetchone()
    assert leaks == (0,)
    assert shown is not None and shown[0] > 500


def test_no_small_count_is_shown(home: Path, release: duckdb.DuckDBPyConnection) -> None:
    release.execute(f"attach if not exists '{home / 'warehouse' / 'warehouse.duckdb'}' as warehouse (read_only)")
    small = release.execute(
        """
        select count(*)
        from published.indicator_value as shown
        join warehouse.release_candidate.indicator_value as candidate
            using (indicator_id, variant, area_level, area_code, period_type, period, breakdown, category)
        where shown.status = 'shown' and indicator_id <> 'ASU-06'
            -- Respondents and workers: how many they are decides, not how they answered.
            and (candidate.cell_class not in ('C3', 'C4') or candidate.denominator_clients < 5)
            and (
            candidate.numerator_clients between 1 and 4
            or (candidate.aggregation <> 'count' and (
                candidate.denominator_clients - candidate.numerator_clients between 1 and 4
                or candidate.denominator_clients < 5)))
        """
    ).fetchone()
    assert small == (0,)


def test_every_published_table_says_that_it_is_synthetic(release: duckdb.DuckDBPyConnection) -> None:
    tables = [row[0] for row in release.execute("select table_name from duckdb_tables()").fetchall() if row]
    assert {"indicator", "area", "indicator_value", "delivery_coverage", "release"} <= set(tables)
    for table in ("indicator", "area", "indicator_value", "delivery_coverage", "release"):
        assert release.execute(f"select distinct data_notice from published.{table}").fetchall() == [(NOTICE,)]


def test_a_second_run_does_nothing_and_keeps_the_release(home: Path) -> None:
    before = (home / "published" / "current").resolve()
    ran = aftercare(home, "run")
    assert ran.returncode == 0, ran.stderr
    assert (home / "published" / "current").resolve() == before


def test_a_bad_delivery_stays_out_and_the_release_stays(home: Path, small_synthetic: Path) -> None:
    before = (home / "published" / "current").resolve()
    source = next(path for path in sorted(small_synthetic.glob("kunta-*/*/*")) if list(path.glob("*.csv")))
    target = home / "inbox" / source.relative_to(small_synthetic)
    name = "01" + hashlib.sha256(b"bad").hexdigest()[:24].upper()
    target = target.with_name(name)
    target.mkdir(parents=True)
    manifest = (source / "manifest.json").read_text(encoding="utf-8").replace(source.name, name)
    for file in source.glob("*.csv"):
        (target / file.name).write_bytes(file.read_bytes() + b"\n")
        os.utime(target / file.name, (1_760_000_000, 1_760_000_000))  # not one still on its way
    (target / "manifest.json").write_text(manifest, encoding="utf-8")
    ran = aftercare(home, "ingest")
    assert ran.returncode == 3, ran.stderr
    receipt = home / "outbox" / target.relative_to(home / "inbox") / "receipt.json"
    assert '"FILE_HASH"' in receipt.read_text(encoding="utf-8")
    assert (home / "quarantine" / target.relative_to(home / "inbox") / "manifest.json").exists()
    assert (home / "published" / "current").resolve() == before


def test_every_thorough_data_test_holds(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They cost too much for a nightly build: references, code lists, spans, keys of views."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    from ingest.state import Home
    from orchestration import warehouse

    # A copy: this process reads the original, and DuckDB opens a file with one configuration at a time.
    shutil.copy(home / "warehouse" / "warehouse.duckdb", tmp_path)
    monkeypatch.setenv("AFTERCARE_WAREHOUSE", str(tmp_path / "warehouse.duckdb"))
    monkeypatch.setenv("AFTERCARE_INDICATORS", ",".join(warehouse.indicator_models()))
    arguments = warehouse.dbt_arguments(Home(home), ["test", "--select", warehouse.THOROUGH])
    try:
        tested = dbtRunner().invoke(arguments)
    finally:
        DuckDBConnectionManager.close_all_connections()
    assert tested.result is not None, tested.exception
    assert len(tested.result.results) > 50
    assert [r.node.name for r in tested.result.results if r.status != "pass"] == []
