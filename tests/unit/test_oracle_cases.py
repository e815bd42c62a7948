"""The recomputation gives what was computed by hand, before it judges anything else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tests.oracle import compute, intervals
from tests.oracle.cases import CASES, Case, write_deliveries
from tests.oracle.compare import figure

STYLED = "variants_of_changes"


@pytest.fixture(scope="module")
def case_of_all_types() -> Case:
    return next(case for case in CASES if case.name == STYLED)


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_hand_computed_case(case: Case, tmp_path: Path) -> None:
    write_deliveries(case, tmp_path)
    wanted = {expected.indicator for expected in case.expected}
    result = compute(tmp_path, home_organisations=case.organisations, only=wanted)
    for expected in case.expected:
        row = figure(result, expected)
        for column, wanted in {
            "numerator": expected.numerator,
            "denominator": expected.denominator,
            **expected.also,
        }.items():
            found = row[column]
            if wanted is None:
                assert pd.isna(found), f"{expected}: {column} should be empty, is {found}"
            else:
                assert found == pytest.approx(wanted), f"{expected}: {column} is {found}"


@pytest.mark.slow
@pytest.mark.parametrize("style", ["cp1252_semicolon", "parquet", "xlsx"])
def test_format_of_the_files_makes_no_difference(style: str, case_of_all_types: Case, tmp_path: Path) -> None:
    write_deliveries(case_of_all_types, tmp_path / "plain")
    write_deliveries(case_of_all_types, tmp_path / "styled", style)
    plain, styled = compute(tmp_path / "plain"), compute(tmp_path / "styled")
    pd.testing.assert_frame_equal(plain, styled)


def test_delivery_with_a_wrong_hash_does_not_count(case_of_all_types: Case, tmp_path: Path) -> None:
    (folder,) = write_deliveries(case_of_all_types, tmp_path)
    file = folder / "worker_assignment.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(ValueError, match="no aftercare periods"):
        compute(tmp_path)


def test_country_is_incomplete_while_areas_are_missing(case_of_all_types: Case, tmp_path: Path) -> None:
    write_deliveries(case_of_all_types, tmp_path)
    country = compute(tmp_path, only={"PER-01"}).query("area_level == 'country'")
    assert not country["is_complete"].any()
    alone = compute(tmp_path, home_organisations=["hva-08"], only={"PER-01"}).query("area_level == 'country'")
    assert alone["is_complete"].all()


def test_wilson_limits_of_a_published_example() -> None:
    # Newcombe 1998 (Statistics in Medicine 17, 857-872), method 3: 81 of 263 and 0 of 20.
    z = intervals.LEVELS["95"][0]
    assert intervals.wilson(81, 263, z) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert intervals.wilson(0, 20, z) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_poisson_limits_below_and_above_the_switch() -> None:
    z, alpha = intervals.LEVELS["95"]
    assert intervals.poisson(0, alpha, z) == pytest.approx((0.0, 3.6889), abs=5e-5)
    assert intervals.poisson(9, alpha, z) == pytest.approx((4.1154, 17.0848), abs=5e-5)
    # Byar's approximation at 10 lies within 0.01 of the exact 4.7954 and 18.3904.
    assert intervals.poisson(10, alpha, z) == pytest.approx((4.7954, 18.3904), abs=1e-2)


def test_days_of_one_client_are_worth_one_unit_not_many() -> None:
    assert intervals.effective_n([10], [92]) == 1
    assert intervals.effective_n([0, 0, 0], [92, 92, 10]) == 3
    # p = 0.5, m = 2: v = 2/1 * (50^2 + 50^2) / 200^2 = 0.25, so n = 0.25 / 0.25 = 1.
    assert intervals.effective_n([100, 0], [100, 100]) == pytest.approx(1.0)
