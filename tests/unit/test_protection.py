"""Secondary protection on tables that can be worked out by hand; an outsider who tries everything agrees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quality.disclosure.alternatives import Alternatives
from quality.disclosure.cells import read_cells
from quality.disclosure.protect import protect
from quality.disclosure.relations import find_relations
from tests.unit.candidate_tables import Candidate, possible_ranges


def statuses(candidate, **also):
    protected = protect(candidate.frame(), candidate.areas(), **also)
    frame = candidate.frame().assign(status=protected.status.to_numpy())
    names = frame["area_code"] + " " + frame["period"] + " " + frame["variant"] + " " + frame["category"]
    return dict(zip(names, frame["status"], strict=True)), protected.report


def country(*codes, level="wellbeing_area"):
    made = Candidate()
    made.place("country", "FI")
    for code in codes:
        made.place(level, code, "FI")
    return made


def hidden(found):
    return {name.split()[0] for name, status in found.items() if status == "hidden"}


def test_nothing_hidden_hides_nothing():
    made = country("01", "02")
    for place, n in (("country:FI", 30), ("wellbeing_area:01", 10), ("wellbeing_area:02", 20)):
        made.cell(place, "2025", n)
    found, report = statuses(made)
    assert hidden(found) == set()
    assert report.is_finished and report.secondary == 0


def test_one_hidden_alone_in_a_sum_takes_another_with_it():
    made = country("01", "02", "03")
    for place, n in (
        ("country:FI", 93),
        ("wellbeing_area:01", 3),
        ("wellbeing_area:02", 20),
        ("wellbeing_area:03", 70),
    ):
        made.cell(place, "2025", n)
    found, report = statuses(made)
    # 20 is the smaller of the two that can give four; the country stays.
    assert hidden(found) == {"01", "02"}
    assert report.secondary == 1


def test_two_that_sum_to_one_need_a_third():
    made = country("01", "02", "03", "04")
    counts = {"country:FI": 91, "wellbeing_area:01": 1, "wellbeing_area:02": 0, "wellbeing_area:03": 30}
    for place, n in counts.items():
        made.cell(place, "2025", n, status="hidden" if n in (0, 1) else None)
    made.cell("wellbeing_area:04", "2025", 60)
    found, _ = statuses(made)
    assert hidden(found) == {"01", "02", "03"}


def test_three_and_two_are_not_enough_for_each_other():
    """Together 5: one who is counted in the 3 knows 1 to 5, which is wide enough; of the 2 as well."""
    made = country("01", "02", "03")
    for place, n in (("country:FI", 65), ("wellbeing_area:01", 3), ("wellbeing_area:02", 2), ("wellbeing_area:03", 60)):
        made.cell(place, "2025", n)
    found, report = statuses(made)
    assert hidden(found) == {"01", "02"}
    assert report.secondary == 0


def test_area_of_one_municipality_is_hidden_with_it():
    made = Candidate()
    made.place("country", "FI")
    for area, town in (("90", "091"), ("01", "002"), ("02", "003")):
        made.place("wellbeing_area", area, "FI")
        made.place("municipality", town, area)
    for period, own in (("2023", 20), ("2024", 22), ("2025", 3)):
        for place, n in (("90", own), ("01", 40), ("02", 50)):
            made.cell(f"wellbeing_area:{place}", period, n)
        for place, n in (("091", own), ("002", 38), ("003", 47)):
            made.cell(f"municipality:{place}", period, n)
        made.cell("country:FI", period, own + 90)
    found, _ = statuses(made)
    assert {name for name, status in found.items() if status == "hidden"} >= {
        "90 2025 main total",
        "091 2025 main total",
    }
    assert found["FI 2025 main total"] == "shown"


def test_municipalities_in_a_group_and_in_the_country():
    """Both sums hold the hidden one: another member of the group balances both."""
    made = Candidate()
    made.place("country", "FI")
    counts = {"001": (3, "A"), "002": (25, "A"), "003": (60, "A"), "004": (8, "B"), "005": (90, "B")}
    for group in ("A", "B"):
        made.place("municipality_group", group, "FI")
        made.cell(f"municipality_group:{group}", "2025", sum(n for n, own in counts.values() if own == group))
    for code, (n, group) in counts.items():
        made.place("municipality", code, None, group)
        made.cell(f"municipality:{code}", "2025", n)
    made.cell("country:FI", "2025", sum(n for n, _ in counts.values()))
    found, _ = statuses(made)
    assert hidden(found) == {"001", "002"}


def test_years_and_their_block():
    """One year of one place: another year of the place, or the block, and the same of another place."""
    made = Candidate()
    made.place("country", "FI")
    counts = {"01": (2, 20, 30), "02": (40, 50, 60), "03": (70, 80, 90)}
    for code in counts:
        made.place("wellbeing_area", code, "FI")
    years = ("2023", "2024", "2025")
    for code, values in counts.items():
        for year, n in zip(years, values, strict=True):
            made.cell(f"wellbeing_area:{code}", year, n)
        made.cell(f"wellbeing_area:{code}", "2023-2025", sum(values))
    for place, year in enumerate(years):
        made.cell("country:FI", year, sum(values[place] for values in counts.values()))
    made.cell("country:FI", "2023-2025", sum(map(sum, counts.values())))
    found, report = statuses(made)
    names = [name for name, status in found.items() if status == "hidden"]
    assert "01 2023 main total" in names
    # Four cells that balance each other in place and time; the country stays whole.
    assert len(names) == 4 and report.secondary == 3
    assert not any(name.startswith("FI") for name in names)


def test_denominator_that_another_variant_shows_is_known_and_not_what_is_protected():
    made = country("01", "02", "03")
    for period in ("2022", "2023", "2024", "2025"):
        for place, n, other, d in (("01", 3, 20, 40), ("02", 20, 25, 50), ("03", 30, 45, 90)):
            made.cell(f"wellbeing_area:{place}", period, n, d)
            made.cell(f"wellbeing_area:{place}", period, other, d, variant="other")
        made.cell("country:FI", period, 53, 180)
        made.cell("country:FI", period, 90, 180, variant="other")
    cells = read_cells(made.frame())
    first = made.frame().query("variant == 'main'").index
    second = made.frame().query("variant == 'other'").index
    assert (cells.count_of["denominator"][first] == cells.count_of["denominator"][second]).all()
    found, report = statuses(made)
    assert report.is_finished
    assert all(status == "shown" for name, status in found.items() if " other " in name)


def test_numerator_close_to_its_denominator():
    """48 of 50: the two others are what is confidential, and they need a partner who has others to give."""
    made = country("01", "02", "03")
    for place, n, d in (("01", 48, 50), ("02", 30, 60), ("03", 100, 200)):
        made.cell(f"wellbeing_area:{place}", "2025", n, d)
    made.cell("country:FI", "2025", 178, 310)
    found, report = statuses(made)
    assert "01" in hidden(found) and len(hidden(found)) == 2
    assert "FI" not in hidden(found) and report.is_finished


def test_what_was_hidden_before_stays_and_what_was_shown_before_is_no_partner():
    made = country("01", "02", "03", "04")
    for place, n in (("01", 3), ("02", 20), ("03", 50), ("04", 60)):
        made.cell(f"wellbeing_area:{place}", "2025", n)
    made.cell("country:FI", "2025", 133)
    earlier = made.frame()[lambda frame: frame["area_code"].isin(["02", "04"])].copy()
    earlier["status"] = ["shown", "hidden"]
    found, report = statuses(made, earlier=earlier)
    assert hidden(found) == {"01", "04"}
    assert report.kept_from_before == 1


def test_unprotectable_is_told_and_not_passed_over():
    """The country and the only other area stand in an earlier release: nothing can be moved."""
    made = country("01", "02")
    for place, n in (("country:FI", 23), ("wellbeing_area:01", 3), ("wellbeing_area:02", 20)):
        made.cell(place, "2025", n)
    earlier = made.frame()[lambda frame: frame["area_code"].isin(["FI", "02"])].copy()
    found, report = statuses(made, earlier=earlier)
    assert hidden(found) == {"01"}
    assert not report.is_finished and report.unprotected == 1


def test_planted_failures_are_no_proof():
    """A change that touches a shown cell, breaks a sum or goes below nothing is refused."""
    made = country("01", "02", "03")
    for place, n in (("country:FI", 66), ("wellbeing_area:01", 3), ("wellbeing_area:02", 3), ("wellbeing_area:03", 60)):
        made.cell(place, "2025", n)
    cells = read_cells(made.frame())
    relations = find_relations(cells, made.areas())
    tried = Alternatives(cells, relations, made.frame()["status"].eq("shown").to_numpy())
    one, two, three = cells.count_of["numerator"][1:4]
    assert tried.broken(*_change({one: 4, three: -4}))
    assert tried.broken(*_change({one: 4}))
    assert tried.broken(*_change({one: 4, two: -4}))
    assert tried.broken(*_change({one: 3, two: -3})) == ""
    assert not tried.is_proven(int(one))
    assert tried.accept(*_change({one: 3, two: -3}))
    # 0 to 6, and 1 to 6 for one who is counted.
    assert tried.is_proven(int(one)) and tried.is_proven(int(two))


def _change(moves):
    return np.array(sorted(moves)), np.array([float(moves[count]) for count in sorted(moves)])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 9), min_size=4, max_size=6), st.data())
def test_every_hidden_count_of_a_small_hierarchy_is_wide_enough(counts, data):
    """Country > areas, two groups of them besides; every whole-number table is tried."""
    made = Candidate()
    made.place("country", "FI")
    groups = [data.draw(st.sampled_from("AB"), label=f"group {place}") for place in range(len(counts))]
    names = {}
    for place, (n, group) in enumerate(zip(counts, groups, strict=True)):
        code = f"00{place}"
        made.place("municipality", code, None, group)
        made.cell(f"municipality:{code}", "2025", n)
        names[code] = n
    sums = []
    for group in sorted(set(groups)):
        members = [f"00{place}" for place, own in enumerate(groups) if own == group]
        names[group] = sum(names[one] for one in members)
        made.place("municipality_group", group, "FI")
        made.cell(f"municipality_group:{group}", "2025", names[group])
        sums.append((group, members))
    codes = [f"00{place}" for place in range(len(counts))]
    names["FI"] = sum(counts)
    made.cell("country:FI", "2025", names["FI"])
    sums.append(("FI", codes))
    found, report = statuses(made)
    status = {name.split()[0]: one for name, one in found.items()}
    secret = [code for code in names if status[code] == "hidden"]
    assert report.is_finished
    if not secret:
        return
    # The wholes follow from the parts, so only these are tried.
    shown = {code: names[code] for code in names if code not in secret}
    most = max(names["FI"] + 5 if "FI" in secret else names["FI"], 9)
    free = [code for code in secret if code in codes]
    if (min(most, 14) + 1) ** len(free) > 400_000:
        return
    fixed = [(whole, parts) for whole, parts in sums if whole in shown]
    ranges = possible_ranges({k: v for k, v in shown.items()}, free, fixed, min(most, 14))
    for code in free:
        low, high = ranges[code]
        assert high - max(low, 1) >= 4, (code, low, high)


@pytest.mark.parametrize("n", range(1, 5))
def test_every_small_count_can_be_five_or_more(n):
    made = country("01", "02", "03")
    for place, value in (("01", n), ("02", 30), ("03", 60)):
        made.cell(f"wellbeing_area:{place}", "2025", value)
    made.cell("country:FI", "2025", n + 90)
    found, _ = statuses(made)
    assert hidden(found) == {"01", "02"}
