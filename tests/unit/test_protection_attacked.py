"""What the protection hides, the attacker, who shares no code with it, cannot find: 0 of a small release exposed."""

from __future__ import annotations

import random

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.disclosure.attacker import attack
from quality.disclosure.protect import Protected, protect
from tests.unit.attack_release import PERIODS, MadeRelease

QUARTERS = [f"2025Q{quarter}" for quarter in (1, 2, 3, 4)]
YEARS = ["2024", "2025"]
# (indicator, variant); the second has the denominators of the first.
SERIES = [("TST-01", "main"), ("TST-01", "other"), ("JAT-01", "main")]


class World:
    """Areas, and municipalities in two groups: counts by municipality and quarter, the others are their sums."""

    def __init__(self, seed: int, towns: int = 24, areas: int = 6) -> None:
        self.rng = random.Random(seed)
        self.towns = {f"{place:03}": (f"{place % areas + 1:02}", "AB"[place % 2]) for place in range(towns)}
        self.made = MadeRelease(protection="full")
        for area in sorted({area for area, _ in self.towns.values()}):
            self.made.area("wellbeing_area", area)
        for group in "AB":
            self.made.area("municipality_group", group)
        for code, (area, group) in self.towns.items():
            self.made.area("municipality", code, area, group)
        size = {code: self.rng.choice([1, 3, 8, 20]) for code in self.towns}
        self.count: dict[tuple[str, str, str, str], tuple[int, int]] = {}
        for quarter in ["2024", *QUARTERS]:
            for code in self.towns:
                below = self.rng.randint(0, 2 * size[code]) * (4 if quarter == "2024" else 1)
                days = 90 * below
                for series in SERIES:
                    above = sum(self.rng.random() < 0.35 for _ in range(below))
                    self.count[(*series, code, quarter)] = (above, days if series[0] == "JAT-01" else below)

    def cells(self) -> None:
        places = {"country:FI": list(self.towns)}
        for code, (area, group) in self.towns.items():
            places.setdefault(f"wellbeing_area:{area}", []).append(code)
            places.setdefault(f"municipality_group:{group}", []).append(code)
            places[f"municipality:{code}"] = [code]
        for place, members in places.items():
            is_fine = place.startswith(("country", "wellbeing_area"))
            for period in [*YEARS, *(QUARTERS if is_fine else [])]:
                parts = QUARTERS if period == "2025" else [period]
                for series in SERIES:
                    found = [self.count[(*series, code, part)] for code in members for part in parts]
                    above, below = (sum(one[side] for one in found) for side in (0, 1))
                    if not below:
                        continue
                    small = (above, below - above) if series[0] == "TST-01" else (above,)
                    people = below if series[0] == "TST-01" else below // 90
                    is_small = any(1 <= one <= 4 for one in small) or people < 5
                    is_small |= above in (0, below) and people < 10
                    status = "hidden" if is_small else ("too_few" if people < 20 else "shown")
                    self.made.cell(series[0], place, period, above, below, status, variant=series[1])

    def candidate(self) -> pd.DataFrame:
        frame = pd.DataFrame(self.made.rows).drop(columns="open")
        frame["period_end_exclusive"] = pd.to_datetime(frame["period_end"]) + pd.Timedelta(days=1)
        frame["period_start"] = pd.to_datetime(frame["period_start"])
        frame["unit"] = frame["indicator_id"].map({"TST-01": "share", "JAT-01": "per_1000_days"})
        frame["interval_method"] = frame["indicator_id"].map({"TST-01": "wilson", "JAT-01": "byar"})
        frame["cell_class"] = "C1"
        frame["numerator_clients"] = frame["numerator"]
        frame["denominator_clients"] = frame["denominator"]
        return frame


def _status(world: World) -> Protected:
    """Protect the made release; its rows get their final status."""
    protected = protect(world.candidate(), pd.DataFrame(world.made.areas))
    for row, status in zip(world.made.rows, protected.status, strict=True):
        row["status"] = status
    return protected


def test_protected_release_gives_the_attacker_nothing(tmp_path):
    assert set(QUARTERS + YEARS) <= set(PERIODS)
    world = World(1)
    world.cells()
    exposed = attack(world.made.write(tmp_path / "primary"))
    assert not exposed.passed
    protected = _status(world)
    assert protected.report.is_finished, protected.places
    report = attack(world.made.write(tmp_path / "full"))
    assert report.passed, [(one.kind, one.place(), one.relations, one.note) for one in report.findings][:10]
    shown = sum(row["status"] == "shown" for row in world.made.rows)
    assert shown > 0.2 * len(world.made.rows)
    assert protected.report.full.share_of_clients_shown <= protected.report.primary_only.share_of_clients_shown


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6), st.integers(2, 12), st.integers(1, 4))
def test_every_small_release_is_finished_and_holds(tmp_path_factory, seed, towns, areas):
    world = World(seed, towns=towns, areas=areas)
    world.cells()
    protected = _status(world)
    assert protected.report.is_finished, protected.places
    report = attack(world.made.write(tmp_path_factory.mktemp("made") / "full"))
    assert report.passed, [(one.kind, one.place(), one.relations, one.note) for one in report.findings][:10]
