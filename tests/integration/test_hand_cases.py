"""Every hand-computed case, delivered as files and taken through the real door and the real models."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from ingest.door import take_in
from ingest.state import Home
from orchestration import warehouse
from tests.oracle.cases import CASES, Case, write_deliveries
from tests.oracle.cases.packing import packs

pytestmark = pytest.mark.slow

PACKS = packs(CASES)
PLACED = [(number, case) for number, pack in enumerate(PACKS) for case in pack]


@pytest.fixture(scope="module")
def warehouse_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], Path]:
    """The warehouse of a pack of cases, built when it is first asked for."""
    built: dict[int, Path] = {}
    # One place for all: dbt reads its whole project again when the warehouse stands elsewhere.
    home = Home(tmp_path_factory.mktemp("home"))

    def of(number: int) -> Path:
        if number not in built:
            for left in home.root.iterdir():
                if left != home.root / "dbt":
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
            for case in PACKS[number]:
                write_deliveries(case, home.inbox)
            report = take_in(home)
            assert not [found for found in report.deliveries if found.outcome == "rejected"]
            # Only what the pack expects is rolled up; all indicators together are the chain test's.
            wanted = {
                f"ind_{expected.indicator.lower().replace('-', '_')}"
                for case in PACKS[number]
                for expected in case.expected
            }
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(warehouse, "indicator_models", lambda: sorted(wanted))
                warehouse.build(home, lambda text: None)
            kept = tmp_path_factory.mktemp(f"pack{number}") / home.warehouse.name
            built[number] = home.warehouse.replace(kept)
        return built[number]

    return of


def test_every_case_is_in_one_pack() -> None:
    assert sorted(case.name for _, case in PLACED) == sorted(case.name for case in CASES)
    assert len(PACKS) < len(CASES) / 2


@pytest.mark.parametrize(("number", "case"), PLACED, ids=[case.name for _, case in PLACED])
def test_the_chain_gives_what_was_computed_by_hand(
    number: int, case: Case, warehouse_of: Callable[[int], Path]
) -> None:
    with duckdb.connect(str(warehouse_of(number)), read_only=True) as connection:
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
            # The chain rounds sums of fractions to nine decimals.
            assert rows == [pytest.approx((expected.numerator, expected.denominator), abs=1e-9)], expected
