"""Every sum that holds between published cells, tested on the figures that are shown.

An outsider does not know which sums hold; the shown figures tell. A kind of relation that they
speak against is used as a bound, or not at all, and the report says so.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from quality.disclosure.attacker.cells import BELIEVED, QUANTITIES, Cells
from quality.disclosure.attacker.knowledge import PLACE, Knowledge, Quantity
from quality.disclosure.attacker.reading import Release
from quality.disclosure.attacker.report import RelationUse
from quality.disclosure.attacker.system import Flags, Floats, Integers, SystemBuilder

_SAME_TIME = ["indicator_id", "variant", "period_type", "period", "breakdown", "category"]
_SAME_PLACE = ["indicator_id", "variant", "area_level", "area_code", "breakdown", "category"]
# Whole periods and what they are put together from.
_PERIOD_PARTS = (
    ("year", "quarter"),
    ("year", "half_year"),
    ("rolling_12_months", "quarter"),
    ("pooled_3_years", "year"),
)
PEER_LEVELS = ("area_peer", "peer_group")
_NO_ROWS: Integers = np.empty(0, dtype=np.int64)
_NO_PAIRS = pd.DataFrame({"group": _NO_ROWS, "whole": _NO_ROWS, "part": _NO_ROWS})
# So many instances must agree before an area and its only municipality count as the same.
_SAME_AREA_TESTS = 3


class Relations:
    """Adds the relations of ``cells`` to ``builder`` and keeps account of them in ``uses``.

    ``sums``: relation -> pairs (group, whole row, part row), for the comparison with earlier releases.
    """

    def __init__(self, release: Release, cells: Cells, knowledge: Knowledge, builder: SystemBuilder) -> None:
        self.release, self.cells, self.knowledge, self.builder = release, cells, knowledge, builder
        self.table = cells.table
        self.uses: list[RelationUse] = []
        self.sums: dict[str, pd.DataFrame] = {}
        self.near: list[tuple[int, int, float]] = []
        self._indicators = set(self.table["indicator_id"])
        # Only the first row of a shared denominator of the same indicator carries its sums.
        below = cells.count["denominator"]
        self._carries = {
            "numerator": np.ones(len(self.table), dtype=bool),
            "denominator": ~pd.DataFrame({"i": self.table["indicator_id"], "d": below}).duplicated().to_numpy()
            & (below >= 0),
        }

    def add_all(self) -> None:
        """Sums over places, periods and categories; bounds between figures."""
        table = self.table
        country = table[(table["area_level"] == "country") & (table["status"] != "not_delivered")]
        for name, level in (("country_of_areas", "wellbeing_area"), ("country_of_municipalities", "municipality")):
            self._add_sums(name, _pairs(country, table[table["area_level"] == level], _SAME_TIME))
        self._members("group_of_municipalities", ("municipality_group",), self._groups())
        self._members("collaborative_area_of_areas", ("collaborative_area",), self._children("wellbeing_area"))
        peers = self.release.peers
        if len(peers):
            own = pd.DataFrame({"whole_code": peers["area_code"].unique(), "part_code": peers["area_code"].unique()})
            listed = peers.rename(columns={"area_code": "whole_code", "peer_code": "part_code"})
            members = pd.concat([listed[["whole_code", "part_code"]], own]).drop_duplicates()
            self._members("overlapping_peers", PEER_LEVELS, members)
        self._area_of_municipalities()
        self._periods()
        parts = table[table["breakdown"] != "total"]
        if len(parts):
            same = [*PLACE[:4], "indicator_id", "variant"]
            self._add_sums(
                "total_of_categories", _pairs(table[table["breakdown"] == "total"], parts, same, "breakdown_part")
            )
        self._at_most()
        self._shares()
        self._remainders()
        self._days_of_clients()

    # ---- places -----------------------------------------------------------------------------------

    def _groups(self) -> pd.DataFrame:
        areas = self.release.areas
        if "group_code" not in areas:
            return pd.DataFrame(columns=["whole_code", "part_code"])
        members = areas[(areas["area_level"] == "municipality") & areas["group_code"].notna()]
        return members.rename(columns={"group_code": "whole_code", "area_code": "part_code"})[
            ["whole_code", "part_code"]
        ]

    def _children(self, level: str) -> pd.DataFrame:
        areas = self.release.areas
        if "parent_code" not in areas:
            return pd.DataFrame(columns=["whole_code", "part_code"])
        members = areas[(areas["area_level"] == level) & areas["parent_code"].notna()]
        if "valid_to" in members:
            members = members[members["valid_to"].isna()]
        return members.rename(columns={"parent_code": "whole_code", "area_code": "part_code"})[
            ["whole_code", "part_code"]
        ]

    def _member_pairs(self, levels: tuple[str, ...], members: pd.DataFrame, part_level: str) -> pd.DataFrame:
        table = self.table
        wholes = table[table["area_level"].isin(levels)]
        if not len(wholes) or not len(members):
            return _NO_PAIRS
        parts = table[table["area_level"] == part_level]
        left = (
            wholes[_SAME_TIME]
            .assign(whole=wholes.index, whole_code=wholes["area_code"])
            .merge(members, on="whole_code")
        )
        right = parts[_SAME_TIME].assign(part=parts.index, part_code=parts["area_code"])
        pairs = left.merge(right, on=[*_SAME_TIME, "part_code"], how="left")
        # A sum of which a member is not published is no sum.
        lacking = pairs.loc[pairs["part"].isna(), "whole"].unique()
        pairs = pairs[~pairs["whole"].isin(lacking)]
        return pd.DataFrame({"group": pairs["whole"], "whole": pairs["whole"], "part": pairs["part"].astype(np.int64)})

    def _members(self, name: str, levels: tuple[str, ...], members: pd.DataFrame) -> None:
        part = "wellbeing_area" if name == "collaborative_area_of_areas" else "municipality"
        self._add_sums(name, self._member_pairs(levels, members, part))

    def _area_of_municipalities(self) -> None:
        """Areas of one or two municipalities: by responsible area and by home municipality nearly the same.

        Where they always agree in what is shown it is an equation, else a guess (``near``).
        """
        children = self._children("municipality")
        small = children.groupby("whole_code")["part_code"].transform("size") <= 2
        pairs = self._member_pairs(("wellbeing_area",), children[small], "municipality")
        if not len(pairs):
            return
        known = self.cells.known["numerator"]
        tested = self.cells.is_tested["numerator"]
        total = pd.Series(np.where(tested, known, np.nan)[pairs["part"]]).groupby(pairs["whole"].to_numpy())
        frame = pd.DataFrame({"sum": total.sum(min_count=1), "all": total.apply(lambda part: part.notna().all())})
        frame["whole"] = np.where(tested, known, np.nan)[frame.index]
        frame["area"] = self.table.loc[frame.index, "area_code"]
        frame = frame[frame["all"] & frame["whole"].notna()]
        frame["off"] = (frame["whole"] - frame["sum"]).abs()
        agreement = frame.groupby("area")["off"].agg(["size", "max"])
        same = set(agreement.index[(agreement["size"] >= _SAME_AREA_TESTS) & (agreement["max"] < 0.5)])
        area = self.table["area_code"].to_numpy()[pairs["whole"]]
        is_same = np.isin(area, list(same))
        self._add_sums("area_of_municipalities", pairs[is_same])
        for whole, group in pairs[~is_same].groupby("whole"):
            rows = [int(str(whole)), *(int(part) for part in group["part"])]
            hidden = [row for row in rows if self.table["status"].iloc[row] == "hidden" and np.isnan(known[row])]
            if len(hidden) == 1 and sum(np.isnan(known[row]) for row in rows) == 1:
                others = sum(float(known[row]) for row in rows[1:] if row != hidden[0])
                guess = others if hidden[0] == rows[0] else float(known[rows[0]]) - others
                self.near.append((hidden[0], len(rows) - 1, guess))

    # ---- time -------------------------------------------------------------------------------------

    def _periods(self) -> None:
        table = self.table
        columns = ["period_type", "period", "period_start", "period_end"]
        periods = table[columns].drop_duplicates()
        spans = periods.merge(periods, how="cross", suffixes=("", "_part"))
        inside = (spans["period_start_part"] >= spans["period_start"]) & (
            spans["period_end_part"] <= spans["period_end"]
        )
        spans = spans[inside & (spans["period_type"] != spans["period_type_part"])]
        stocks = table["indicator_id"].isin(self.knowledge.stocks)
        for whole_type, part_type in _PERIOD_PARTS:
            chosen = spans[(spans["period_type"] == whole_type) & (spans["period_type_part"] == part_type)]
            days = (chosen["period_end_part"] - chosen["period_start_part"]).dt.days + 1
            length = (chosen["period_end"] - chosen["period_start"]).dt.days + 1
            covered = days.groupby([chosen["period_type"], chosen["period"]]).transform("sum")
            full = chosen[covered == length]
            name = f"{whole_type}_of_{part_type}s"
            if part_type == "year":
                self._add_sums(name, self._period_pairs(table, full), in_time=True)
                continue
            self._add_sums(name, self._period_pairs(table[~stocks], full), in_time=True)
            last = chosen[chosen["period_end_part"] == chosen["period_end"]]
            if whole_type == "year":
                self._add_sums("year_end", self._period_pairs(table[stocks], last), in_time=True)
        same = spans[
            (spans["period_start"] == spans["period_start_part"])
            & (spans["period_end"] == spans["period_end_part"])
            & (spans["period_type"] == "year")
        ]
        self._add_sums("same_period", self._period_pairs(table, same), in_time=True)

    def _period_pairs(self, cells: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
        if not len(spans):
            return _NO_PAIRS
        keys = [*_SAME_PLACE, "period_type", "period"]
        wholes = cells[keys].assign(whole=cells.index)
        linked = spans[["period_type", "period", "period_type_part", "period_part"]]
        left = wholes.merge(linked, on=["period_type", "period"]).drop(columns=["period_type", "period"])
        parts = cells[keys].assign(part=cells.index)
        parts = parts.rename(columns={"period_type": "period_type_part", "period": "period_part"})
        pairs = left.merge(parts, on=[*_SAME_PLACE, "period_type_part", "period_part"], how="left")
        lacking = pairs.loc[pairs["part"].isna(), "whole"].unique()
        pairs = pairs[~pairs["whole"].isin(lacking)]
        return pd.DataFrame({"group": pairs["whole"], "whole": pairs["whole"], "part": pairs["part"].astype(np.int64)})

    # ---- sums -------------------------------------------------------------------------------------

    def _add_sums(self, name: str, pairs: pd.DataFrame, *, in_time: bool = False) -> None:
        """``pairs``: group, whole and part (row numbers); the parts of a group add up to its whole."""
        if not len(pairs):
            return
        self.sums[name] = pairs
        for quantity in QUANTITIES:
            carries = self._carries[quantity]
            kept = pairs[carries[pairs["whole"].to_numpy()] & (self.cells.count[quantity][pairs["part"]] >= 0)]
            if len(kept):
                self._add_sum(name, quantity, kept, in_time)

    def _add_sum(self, name: str, quantity: str, pairs: pd.DataFrame, in_time: bool) -> None:
        group, first = np.unique(pairs["group"].to_numpy(), return_index=True)
        number = np.searchsorted(group, pairs["group"].to_numpy())
        whole = pairs["whole"].to_numpy()[first]
        part = pairs["part"].to_numpy()
        known = np.where(self.cells.is_tested[quantity], self.cells.known[quantity], np.nan)
        total = np.bincount(number, np.nan_to_num(known[part]), minlength=len(group))
        lacking = np.bincount(number, np.isnan(known[part]).astype(float), minlength=len(group))
        largest = np.zeros(len(group))
        np.maximum.at(largest, number, np.nan_to_num(known[part]))
        testable = (lacking == 0) & ~np.isnan(known[whole])
        complete = self.table["is_complete"].to_numpy()
        certain = np.ones(len(group), dtype=bool)
        if in_time:
            # A year has no more areas than each of its quarters, but may have fewer.
            certain = complete[whole] & (
                np.bincount(number, (~complete[part]).astype(float), minlength=len(group)) == 0
            )
        distinct = self.table["is_count"].to_numpy()[whole] & (name != "same_period")
        off = testable & certain & (np.abs(known[whole] - total) > 0.5)
        beyond = testable & ((known[whole] > total + 0.5) | ((known[whole] < largest - 0.5) & certain))
        indicator = self.table["indicator_id"].to_numpy()[whole]
        is_equation = np.zeros(len(group), dtype=bool)
        is_bound = np.zeros(len(group), dtype=bool)
        for one in np.unique(indicator):
            here = indicator == one
            tested = int((testable & here).sum())
            used, broken = "equation", int((off & here).sum())
            if distinct[here].all() or broken > BELIEVED * tested:
                may_be_bound = (in_time or distinct[here].all()) and int((beyond & here).sum()) <= BELIEVED * tested
                used = "bound" if may_be_bound else "no"
            self.uses.append(RelationUse(name, str(one), quantity, int(here.sum()), tested, broken, used))
            is_equation |= here & (used == "equation") & certain & ~off
            is_bound |= here & (used != "no") & ~beyond & ~is_equation
        count = self.cells.count[quantity]
        self._rows(name, count, whole, part, number, is_equation, np.zeros(len(group)))
        self._rows(f"{name} (at most)", count, whole, part, number, is_bound, np.full(len(group), -np.inf))
        # In a count of persons each part is within the whole.
        within = is_bound[number] & (distinct | certain)[number]
        self._lesser(f"{name} (at least)", count[part[within]], count[whole[number[within]]])

    def _rows(
        self,
        name: str,
        count: Integers,
        whole: Integers,
        part: Integers,
        number: Integers,
        chosen: Flags,
        least: Floats,
    ) -> None:
        """whole - sum of parts between ``least`` and 0 for the chosen groups."""
        place = np.cumsum(chosen) - 1
        kept = chosen[number]
        groups = np.flatnonzero(chosen)
        self.builder.add_relation(
            name,
            np.concatenate([place[groups], place[number[kept]]]),
            np.concatenate([count[whole[groups]], count[part[kept]]]),
            np.concatenate([np.ones(len(groups)), -np.ones(int(kept.sum()))]),
            least[groups],
            np.zeros(len(groups)),
        )

    def _lesser(self, name: str, lesser: Integers, greater: Integers, factor: float | Floats = 1.0) -> None:
        """lesser <= factor x greater, one row each."""
        size = len(lesser)
        self.builder.add_relation(
            name,
            np.tile(np.arange(size), 2),
            np.concatenate([lesser, greater]),
            np.concatenate([np.ones(size), -np.broadcast_to(factor, (size,))]),
            np.full(size, -np.inf),
            np.zeros(size),
        )

    # ---- between figures ---------------------------------------------------------------------------

    def _rows_of(self, quantity: Quantity) -> pd.DataFrame:
        indicator, variant, _ = quantity
        rows = self.table[(self.table["indicator_id"] == indicator) & (self.table["variant"] == variant)]
        rows = rows[rows["is_complete"]]
        return rows[list(PLACE)].assign(row=rows.index)

    def _both(self, lesser: Quantity, greater: Quantity) -> tuple[Integers, Integers]:
        indicators = {lesser[0], greater[0]}
        if not indicators <= self._indicators:
            return _NO_ROWS, _NO_ROWS
        pairs = self._rows_of(lesser).merge(self._rows_of(greater), on=list(PLACE), suffixes=("", "_other"))
        return pairs["row"].to_numpy(), pairs["row_other"].to_numpy()

    def _believe(self, name: str, quantity: Quantity, instances: int, testable: Flags, broken: Flags) -> bool:
        tested, number = int(testable.sum()), int((testable & broken).sum())
        believed = number <= BELIEVED * tested
        used = ("equation" if name == "remainder" else "bound") if believed else "no"
        self.uses.append(RelationUse(name, quantity[0], quantity[2], instances, tested, number, used))
        return believed

    def _tested(self, quantity: str) -> Floats:
        return np.where(self.cells.is_tested[quantity], self.cells.known[quantity], np.nan)

    def _at_most(self) -> None:
        for lesser, greater in self.knowledge.at_most:
            left, right = self._both(lesser, greater)
            if not len(left):
                continue
            small, large = self._tested(lesser[2])[left], self._tested(greater[2])[right]
            testable = ~np.isnan(small) & ~np.isnan(large)
            with np.errstate(invalid="ignore"):
                broken = small > large + 0.5
            if self._believe("at_most", lesser, len(left), testable, broken):
                kept = ~(testable & broken)
                self._lesser(
                    "at_most",
                    self.cells.count[lesser[2]][left[kept]],
                    self.cells.count[greater[2]][right[kept]],
                )

    def _shares(self) -> None:
        """The numerator of a share is part of its denominator."""
        rows = np.flatnonzero(self.table["is_share"].to_numpy() & (self.cells.count["denominator"] >= 0))
        small, large = self._tested("numerator")[rows], self._tested("denominator")[rows]
        with np.errstate(invalid="ignore"):
            rows = rows[~(small > large + 0.5)]
        self._lesser("share", self.cells.count["numerator"][rows], self.cells.count["denominator"][rows])

    def _remainders(self) -> None:
        for indicator, column, base in self.knowledge.remainders:
            part: Quantity = (indicator, "main", "denominator")
            left, right = self._both(part, base)
            share = self.table[column].to_numpy(dtype=float)[left]
            given = ~np.isnan(share) & (share < 1)
            left, right, share = left[given], right[given], share[given]
            if not len(left):
                continue
            known, whole = self._tested("denominator")[left], self._tested(base[2])[right]
            testable = ~np.isnan(known) & ~np.isnan(whole)
            with np.errstate(invalid="ignore"):
                broken = np.abs(known - (1 - share) * whole) > 0.5
            if not self._believe("remainder", part, len(left), testable, broken):
                continue
            kept = ~(testable & broken)
            size = int(kept.sum())
            self.builder.add_relation(
                "remainder",
                np.tile(np.arange(size), 2),
                np.concatenate([self.cells.count["denominator"][left[kept]], self.cells.count[base[2]][right[kept]]]),
                np.concatenate([np.ones(size), share[kept] - 1]),
                np.full(size, -0.1),
                np.full(size, 0.1),
            )

    def _days_of_clients(self) -> None:
        for clients, days in self.knowledge.days_of_clients:
            left, right = self._both(clients, days)
            if not len(left):
                continue
            persons, time = self._tested(clients[2])[left], self._tested(days[2])[right]
            length = self.table["days"].to_numpy(dtype=float)[left]
            testable = ~np.isnan(persons) & ~np.isnan(time)
            with np.errstate(invalid="ignore"):
                broken = (persons > time + 0.5) | (time > length * persons + 0.5)
            if self._believe("days_of_clients", clients, len(left), testable, broken):
                kept = ~(testable & broken)
                person, day = self.cells.count[clients[2]][left[kept]], self.cells.count[days[2]][right[kept]]
                self._lesser("days_of_clients", person, day)
                self._lesser("days_of_clients", day, person, length[kept])


def _pairs(wholes: pd.DataFrame, parts: pd.DataFrame, same: list[str], by: str = "") -> pd.DataFrame:
    """Whole and part rows that agree on ``same``; with ``by`` one group per breakdown of the parts."""
    left = wholes[same].assign(whole=wholes.index)
    right = parts[same].assign(part=parts.index, breakdown_part=parts["breakdown"])
    pairs = left.merge(right, on=same)
    group = pairs["whole"]
    if by:
        group = pairs.groupby(["whole", by], sort=False).ngroup()
    return pd.DataFrame({"group": group, "whole": pairs["whole"], "part": pairs["part"]})
