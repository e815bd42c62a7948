"""What Kela delivers: the paid months of everybody who was in aftercare in the year."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from ingest.periods import Period
from ingest.synthetic.benefits import BENEFITS, make_benefits
from ingest.synthetic.days import day_number
from ingest.synthetic.tables import Table, labels
from ingest.synthetic.world import World


def benefit_month_tables(world: World, years: Sequence[Period]) -> dict[str, Table]:
    """The table of each year, by the year's code. Keys are those of the common key domain."""
    months = make_benefits(
        world.places,
        world.persons,
        world.residences,
        world.activities,
        world.scale,
        world.seed,
        day_number(years[0].start),
        day_number(years[-1].last_day),
    )
    tables = {}
    for year in years:
        first, last = day_number(year.start), day_number(year.last_day)
        periods = world.periods
        linked = np.zeros(len(world.persons.birth), dtype=np.bool_)
        linked[periods.person[(periods.start <= last) & (periods.end >= first)]] = True
        january = year.start.year * 12
        rows = months.take((months.month >= january) & (months.month < january + 12) & linked[months.person])
        names = tuple(f"{year.code}-{number:02d}" for number in range(1, 13))
        tables[year.code] = {
            "client_key": world.client_keys.take(pa.array(rows.person)),
            "month": labels(names, rows.month - january),
            "benefit_code": labels(BENEFITS, rows.benefit),
            "municipality_code": world.code(rows.municipality),
        }
    return tables
