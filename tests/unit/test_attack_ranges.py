"""The least and greatest that the attacker finds are those of all tables, counted out one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.disclosure.attacker.figures import events_behind_rate, rate_limits, smallest_base, total_behind_share
from quality.disclosure.attacker.ranges import SolverLimits, find_ranges, width
from quality.disclosure.attacker.system import SystemBuilder
from tests.unit.attack_release import wilson

TOP = 4
EXACT = SolverLimits(narrow=math.inf)


@st.composite
def knowledge(draw):
    """A true table of up to six counts of 0 to 4 and sums that hold in it, some of them bounds only."""
    size = draw(st.integers(2, 6))
    truth = np.array(draw(st.lists(st.integers(0, TOP), min_size=size, max_size=size)))
    sums = []
    for _ in range(draw(st.integers(1, 4))):
        factor = np.array(draw(st.lists(st.sampled_from([-1, 0, 0, 1, 1, 2]), min_size=size, max_size=size)))
        slack = draw(st.sampled_from([(0, 0), (0, 0), (1, 0), (0, 2)]))
        sums.append((factor, factor @ truth - slack[0], factor @ truth + slack[1]))
    return size, sums


def system_of(size, sums):
    builder = SystemBuilder()
    builder.add_counts(np.zeros(size), np.full(size, float(TOP)))
    for factor, least, greatest in sums:
        members = np.flatnonzero(factor)
        builder.add_relation(
            "sum", np.zeros(len(members), dtype=np.int64), members, factor[members],
            np.array([float(least)]), np.array([float(greatest)]),
        )  # fmt: skip
    return builder.build()


def counted_out(size, sums):
    tables = np.array(list(itertools.product(range(TOP + 1), repeat=size)))
    for factor, least, greatest in sums:
        value = tables @ factor
        tables = tables[(value >= least) & (value <= greatest)]
    return tables.min(axis=0), tables.max(axis=0)


@settings(max_examples=60, deadline=None)
@given(knowledge())
def test_exact_ranges_are_those_of_all_tables(known):
    size, _ = known
    least, greatest = counted_out(*known)
    found = find_ranges(system_of(*known), np.arange(size), np.full(size, np.inf), np.zeros(size))
    assert found.least.tolist() == least.tolist()
    assert found.greatest.tolist() == greatest.tolist()
    assert not found.is_undecided.any()


@settings(max_examples=60, deadline=None)
@given(knowledge(), st.sampled_from([1.0, 2.0, 3.0]), st.sampled_from([0.0, 1.0]))
def test_narrow_is_what_all_tables_say(known, needed, floor):
    """Also where witnesses, neighbourhoods and floors are used instead of exact ranges."""
    size, _ = known
    least, greatest = counted_out(*known)
    for limits in (EXACT, SolverLimits(narrow=math.inf, near_rows=1)):
        found = find_ranges(system_of(*known), np.arange(size), np.full(size, needed), np.full(size, floor), limits)
        expected = width(least, greatest, np.full(size, floor)) < needed
        assert found.is_narrow.tolist() == expected.tolist()
        assert (found.least <= least).all()
        assert (found.greatest >= greatest).all()


def test_sums_that_contradict_each_other_are_left_out_and_named():
    builder = SystemBuilder()
    builder.add_counts(np.array([0.0, 5.0]), np.array([9.0, 5.0]))
    builder.add_relation(
        "first", np.zeros(2, dtype=np.int64), np.array([0, 1]), np.ones(2), np.array([3.0]), np.array([3.0])
    )
    found = find_ranges(builder.build(), np.array([0]), np.array([np.inf]), np.zeros(1))
    assert found.bounds.contradicted.tolist() == [0]
    assert (found.least[0], found.greatest[0]) == (0, 9)


def test_what_cannot_be_proven_in_time_is_undecided_and_not_safe():
    """No seconds at all: a range that only whole numbers make narrow stays undecided."""
    builder = SystemBuilder()
    builder.add_counts(np.zeros(3), np.full(3, 50.0))
    row = np.zeros(3, dtype=np.int64)
    builder.add_relation("odd", row, np.arange(3), np.array([6.0, 10.0, 15.0]), np.array([61.0]), np.array([61.0]))
    target, needed, floor = np.array([2]), np.array([4.0]), np.zeros(1)
    decided = find_ranges(builder.build(), target, needed, floor)
    assert decided.is_narrow.tolist() == [True]
    cut_off = find_ranges(builder.build(), target, needed, floor, SolverLimits(seconds=0.0))
    assert (cut_off.is_narrow | cut_off.is_undecided).tolist() == [True]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 3000), st.data(), st.sampled_from(["95", "998"]), st.booleans())
def test_limits_of_a_share_give_its_denominator(total, data, confidence, with_share):
    events = data.draw(st.integers(0, total))
    lower, upper = wilson(events, total, confidence)
    found = total_behind_share(lower, upper, events / total if with_share else None, confidence)
    assert found == total


@pytest.mark.parametrize("events", [1, 4, 9, 10, 37, 400])
@pytest.mark.parametrize("confidence", ["95", "998"])
def test_limits_of_a_rate_give_its_events(events, confidence):
    days = 7300
    lower, upper = (limit * 1000 / days for limit in rate_limits(events, confidence))
    assert events_behind_rate(events * 1000 / days, lower, upper, confidence) == events


def test_exact_poisson_limits_are_those_of_the_tables():
    """Garwood's limits of 3 events: 0.6187 and 8.7673; of none 0 and 3.6889."""
    assert rate_limits(3, "95") == pytest.approx((0.6187, 8.7673), abs=1e-4)
    assert rate_limits(0, "95") == pytest.approx((0.0, 3.6889), abs=1e-4)


@pytest.mark.parametrize(("share", "base"), [(2 / 3, 3), (0.75, 4), (11 / 17, 17), (0.0, None), (1.0, None)])
def test_exact_share_gives_its_smallest_base(share, base):
    assert smallest_base(share) == base


def test_share_of_many_has_no_small_base():
    assert smallest_base(0.2509660310058798, 100) is None
