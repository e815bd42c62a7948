"""National volume: the chain against the independent recomputation (`make test-national`, long)."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ingest.synthetic import synthesize
from tests.integration.test_chain import COMPARED, aftercare
from tests.oracle import compute
from tests.oracle.compare import KEY, differences

pytestmark = [pytest.mark.national, pytest.mark.slow]


def test_every_national_figure_equals_the_independent_recomputation(tmp_path: Path) -> None:
    synthesize(tmp_path / "home" / "inbox")
    synthesize(tmp_path / "deliveries")
    ran = aftercare(tmp_path / "home", "run")
    assert ran.returncode == 0, ran.stderr
    figures = [name for name in COMPARED if name != "is_complete"]
    warehouse = tmp_path / "home" / "warehouse" / "warehouse.duckdb"
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        candidate = connection.execute(
            "select * from release_candidate.indicator_value where not is_outside and breakdown = 'total'"
        ).df()
    candidate.loc[~candidate["is_delivered"], figures] = None
    oracle = compute(tmp_path / "deliveries")
    common = oracle.merge(candidate[KEY], on=KEY)[KEY]
    assert len(common) == len(candidate) > 20_000
    found = differences(candidate[[*KEY, *figures]], oracle, figures).merge(common, on=KEY)
    assert found.empty, found.head(20).to_string()
