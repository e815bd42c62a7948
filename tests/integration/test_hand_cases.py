"""Every hand-computed case, delivered as files and taken through the real door and the real models."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from ingest.door import take_in
from ingest.state import Home
from orchestration import warehouse
from tests.oracle.cases import CASES, Case, write_deliveries

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def parsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's parse cache, shared by the homes of all cases: parsing anew would double their time."""
    return tmp_path_factory.mktemp("dbt") / "target"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_chain_gives_what_was_computed_by_hand(case: Case, tmp_path: Path, parsed: Path) -> None:
    home = Home(tmp_path)
    write_deliveries(case, home.inbox)
    report = take_in(home)
    assert not [found for found in report.deliveries if found.outcome == "rejected"]
    target = warehouse.target_folder(home)
    if parsed.exists():
        shutil.copytree(parsed, target)
    warehouse.build(home, lambda text: None)
    if not parsed.exists():
        shutil.copytree(target, parsed)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        for expected in case.expected:
            rows = connection.execute(
                """
                select
                    case when is_delivered then numerator end,
                    case when is_delivered then denominator end
                from release_candidate.indicator_value
                where indicator_id = ? and variant = ? and area_level = ? and area_code = ? and period = ?
                """,
                [expected.indicator, expected.variant, expected.level, expected.area, expected.period],
            ).fetchall()
            assert rows == [(expected.numerator, expected.denominator)], expected
