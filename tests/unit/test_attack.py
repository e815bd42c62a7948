"""Every known weakness, planted one by one in a small made release, is found; a safe release gives nothing."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import duckdb
import pytest

from orchestration.cli import run
from quality.disclosure import attacker
from quality.disclosure.attacker import attack, bytes_hold
from quality.disclosure.attacker.report import CONFIDENTIAL, RULE, SOFT
from tests.unit.attack_release import MadeRelease

AREAS = ("wellbeing_area:01", "wellbeing_area:02", "wellbeing_area:03", "wellbeing_area:04")
TOWNS = ("municipality:001", "municipality:002", "municipality:003", "municipality:004", "municipality:unknown")


def areas(*counts: tuple[float, float | None]) -> dict[str, tuple[float, float | None]]:
    return dict(zip(AREAS, counts, strict=False))


def found(report, kind):
    return [one for one in report.findings if one.kind == kind and one.severity != SOFT]


def bounds(report, code, quantity="numerator", **also):
    """(least, greatest) of the narrow counts of an area."""
    return [
        (one.least, one.greatest)
        for one in report.findings
        if one.kind in ("narrow", "status", "insider")
        and one.severity != SOFT
        and (one.area_code, one.quantity) == (code, quantity)
        and all(getattr(one, name) == value for name, value in also.items())
    ]


@pytest.fixture
def safe() -> MadeRelease:
    """Two of four areas hidden: 3 of 20 and 30 of 60, so 33 of 80 together."""
    made = MadeRelease()
    made.table("TST-01", "2025", areas((3, 20), (30, 60), (50, 100), (40, 80)), hidden=AREAS[:2])
    return made


def test_safe_release_gives_no_finding(safe, tmp_path):
    report = attack(safe.write(tmp_path / "release", every_format=True))
    assert report.passed
    assert report.findings == ()
    assert (report.hidden, report.judged) == (2, 6)  # numerator, denominator and complement of both


def test_one_hidden_cell_alone_in_a_sum(tmp_path):
    made = MadeRelease()
    made.table("TST-01", "2025", areas((3, 20), (30, 60), (50, 100)), hidden=AREAS[:1])
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01") == [(3, 3)]
    assert bounds(report, "01", "complement") == [(17, 17)]
    one = next(one for one in found(report, "narrow") if one.quantity == "numerator")
    assert one.severity == CONFIDENTIAL
    assert one.relations == ("country_of_areas",)


def test_two_hidden_cells_that_sum_to_one(tmp_path):
    made = MadeRelease()
    made.table("TST-01", "2025", areas((1, 40), (0, 40), (50, 100)), hidden=AREAS[:2])
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01") == bounds(report, "02") == [(0, 1)]


def test_one_who_is_counted_can_tell_how_few_the_others_are(tmp_path):
    """0 to 4 is wide enough for a stranger; one of those counted knows that it is not 0."""
    made = MadeRelease()
    made.table("TST-01", "2025", areas((4, 40), (0, 40), (50, 100)), hidden=AREAS[:2])
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01", kind="insider") == [(0, 4)]


def test_area_of_one_municipality_that_is_always_the_same(tmp_path):
    made = MadeRelease()
    made.area("wellbeing_area", "90")
    made.area("municipality", "091", "90")
    for period, n in (("2024Q1", 7), ("2024Q2", 8), ("2024Q3", 9), ("2024Q4", 3)):
        made.cell("TST-01", "wellbeing_area:90", period, n, 50, "hidden" if n == 3 else "shown")
        made.cell("TST-01", "municipality:091", period, n, 50)
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "90") == [(3, 3)]
    assert not report.passed


def test_area_of_one_municipality_that_is_nearly_the_same_is_a_guess(tmp_path):
    made = MadeRelease()
    made.area("wellbeing_area", "90")
    made.area("municipality", "091", "90")
    for period, n in (("2024Q1", 7), ("2024Q2", 8), ("2024Q3", 9), ("2024Q4", 3)):
        made.cell("TST-01", "wellbeing_area:90", period, n, 50, "hidden" if n == 3 else "shown")
        made.cell("TST-01", "municipality:091", period, n + (period == "2024Q1"), 50)
    report = attack(made.write(tmp_path / "release"))
    assert report.passed
    near = [one for one in report.findings if one.kind == "near_area"]
    assert [(one.area_code, one.period, one.severity, one.least) for one in near] == [("90", "2024Q4", SOFT, 3)]


def test_overlapping_groups_of_peers(tmp_path):
    """a + b, b + c and a + c are published: each of three hidden municipalities follows."""
    made = MadeRelease()
    towns = {"001": (3, 30), "002": (20, 50), "003": (25, 60)}
    for code, (n, d) in towns.items():
        made.area("municipality", code, "01")
        made.cell("TST-01", f"municipality:{code}", "2025", n, d, "hidden")
    for own, peer in (("001", "002"), ("002", "003"), ("003", "001")):
        made.peers.append((own, peer))
        n, d = (towns[own][part] + towns[peer][part] for part in (0, 1))
        made.cell("TST-01", f"area_peer:{own}", "2025", n, d)
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "001", area_level="municipality") == [(3, 3)]
    assert bounds(report, "003", "denominator", area_level="municipality") == []  # 60 is known, and not small
    assert not report.passed


def test_rolling_windows_give_the_quarter(tmp_path):
    """R(2025Q1) - R(2024Q4) + 2024Q1 = 2025Q1."""
    made = MadeRelease()
    quarters = {"2024Q1": 30, "2024Q2": 30, "2024Q3": 30, "2024Q4": 30, "2025Q1": 2}
    for period, n in quarters.items():
        # Two hidden in each window, one of them in both: neither window alone is enough.
        made.cell("TST-01", AREAS[0], period, n, 100, "hidden" if period in ("2024Q2", "2024Q3", "2025Q1") else "shown")
    made.cell("TST-01", AREAS[0], "R2024Q4", 120, 400)
    made.cell("TST-01", AREAS[0], "R2025Q1", 92, 400)
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01", period="2025Q1") == [(2, 2)]
    assert bounds(report, "01", period="2024Q2") == []


def test_year_gives_its_quarter(tmp_path):
    made = MadeRelease()
    for period, n in (("2025Q1", 20), ("2025Q2", 20), ("2025Q3", 20), ("2025Q4", 1)):
        made.cell("TST-01", AREAS[0], period, n, 100, "hidden" if n == 1 else "shown")
    made.cell("TST-01", AREAS[0], "2025", 61, 400)
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01", period="2025Q4") == [(1, 1)]


def test_year_of_a_stock_is_its_last_quarter(tmp_path):
    made = MadeRelease()
    for period, n in (("2025Q1", 20), ("2025Q2", 20), ("2025Q3", 20), ("2025Q4", 3)):
        made.cell("ASU-03", AREAS[0], period, n, 100, "hidden" if n == 3 else "shown")
    made.cell("ASU-03", AREAS[0], "2025", 3, 100)
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01", period="2025Q4") == [(3, 3)]
    assert found(report, "narrow")[0].relations == ("year_end",)


def test_categories_and_groups_and_municipalities(tmp_path):
    made = MadeRelease()
    for code, group in (("001", "KR-1"), ("002", "KR-1"), ("003", "KR-2"), ("004", "KR-2")):
        made.area("municipality", code, "01", group)
    shares = dict(zip(TOWNS, [(3, 50), (20, 60), (30, 70), (30, 70), (10, 20)], strict=True))
    # Two hidden in the country; only the group tells them apart.
    made.table("TST-01", "2025", shares, hidden=(TOWNS[0], TOWNS[2]))
    made.cell("TST-01", "municipality_group:KR-1", "2025", 23, 110)
    made.cell("TST-01", AREAS[0], "2024", 40, 90)
    made.cell("TST-01", AREAS[0], "2024", 38, 50, category="female")
    made.cell("TST-01", AREAS[0], "2024", 2, 40, "hidden", category="male")
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "001") == [(3, 3)]
    assert bounds(report, "01", category="male") == [(2, 2)]
    assert {name for one in found(report, "narrow") for name in one.relations} >= {
        "group_of_municipalities",
        "total_of_categories",
    }


def test_open_percentage_gives_the_counts(safe, tmp_path):
    row = safe.rows[1]
    row["open"] = ("value",)
    report = attack(safe.write(tmp_path / "release"))
    assert {(one.area_code, one.quantity) for one in found(report, "open_figure")} == {("01", "value")}
    assert not report.passed


def test_open_interval_gives_the_denominator(safe, tmp_path):
    """Wilson's limits of 3 of 20 give 20 and 3; with them the other hidden area follows."""
    safe.rows[1]["open"] = ("lower_95", "upper_95")
    report = attack(safe.write(tmp_path / "release"))
    assert {one.quantity for one in found(report, "open_figure")} == {"lower_95", "upper_95"}
    assert bounds(report, "02") == [(30, 30)]


def test_status_that_tells_the_reason(safe, tmp_path):
    safe.rows[2]["status"] = "hidden_secondary"
    report = attack(safe.write(tmp_path / "release"))
    assert {one.area_code for one in found(report, "status")} == {"02"}


def test_primary_protection_alone_tells_that_a_count_is_small(tmp_path):
    made = MadeRelease(protection="primary only")
    made.table("PER-01", "2025", areas((3, None), (2, None), (50, None)), hidden=AREAS[:2])
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01", kind="status") == bounds(report, "02", kind="status") == [(1, 4)]


def test_too_few_is_a_bound(tmp_path):
    """`too_few` says 10 to 19 people: the hidden rest is what the country lacks."""
    made = MadeRelease()
    made.table("TST-01", "2025", areas((5, 17), (1, 2), (50, 100)), hidden=AREAS[1:2])
    made.rows[1]["status"] = "too_few"
    report = attack(made.write(tmp_path / "release"))
    # 119 people less 100 less at least 10: at most 9, so nobody can tell much.
    assert bounds(report, "02", "denominator") == []
    made.rows[0] |= {"denominator": 113.0}
    made.rows[1] |= {"denominator": 11.0}
    report = attack(made.write(tmp_path / "again"))
    assert bounds(report, "02", "denominator") == [(0, 3)]


def test_shared_denominators(tmp_path):
    """Each of two indicators hides two areas; only together they give the days of the one in both."""
    made = MadeRelease()
    made.table("JAT-01", "2025Q1", areas((3, 90), (30, 900), (50, 4000), (60, 5000)), hidden=(AREAS[0], AREAS[1]))
    alone = attack(made.write(tmp_path / "alone"))
    assert bounds(alone, "01", "denominator") == []
    made.table("JAT-04", "2025Q1", areas((3, 90), (300, 900), (500, 4000), (600, 5000)), hidden=(AREAS[0], AREAS[2]))
    report = attack(made.write(tmp_path / "both"))
    assert bounds(report, "01", "denominator") == [(90, 90)]


def test_count_of_days_is_judged_in_days_of_a_person(tmp_path):
    """0 to 180 days in a quarter are two people or so, however many numbers lie between."""
    made = MadeRelease()
    made.cell("PER-01", "country:FI", "2025Q1", 112)
    made.table("JAT-01", "2025Q1", areas((3, 90), (4, 90), (50, 4000), (60, 5000)), hidden=(AREAS[0], AREAS[1]))
    report = attack(made.write(tmp_path / "release"))
    assert bounds(report, "01", "denominator") == [(0, 180)]


def test_revision_between_releases(tmp_path):
    """The country rose by one and every shown area stayed: one person more in the hidden one."""
    for name, hidden_count in (("before", 3), ("after", 4)):
        made = MadeRelease()
        made.table("TST-01", "2025", areas((hidden_count, 20), (30, 60), (50, 100)), hidden=AREAS[:1])
        made.write(tmp_path / name)
    report = attack(tmp_path / "after", tmp_path / "before")
    revised = found(report, "revision")
    assert [(one.area_code, one.quantity, one.least) for one in revised] == [("01", "numerator", 1)]


def test_revision_of_one_of_two_hidden_cells_is_told_as_a_guess(safe, tmp_path):
    safe.write(tmp_path / "before")
    safe.rows[0] |= {"numerator": 124.0}
    safe.rows[1] |= {"numerator": 4.0}
    report = attack(safe.write(tmp_path / "after"), tmp_path / "before")
    assert report.passed
    assert {(one.kind, one.area_code) for one in report.findings} == {("revision", "01"), ("revision", "02")}


def test_cell_newly_hidden_whose_old_value_stands(safe, tmp_path):
    after = safe.write(tmp_path / "after")
    safe.rows[1]["status"] = "shown"
    before = safe.write(tmp_path / "before")
    report = attack(after, before)
    assert [(one.area_code, one.least, one.severity) for one in found(report, "shown_before")] == [
        ("01", 3, CONFIDENTIAL)
    ]
    # With the old value of one the other follows.
    assert bounds(report, "02") == [(30, 30)]
    assert attack(after).passed


def test_cell_hidden_before_and_shown_now(safe, tmp_path):
    before = safe.write(tmp_path / "before")
    safe.rows[1]["status"] = safe.rows[2]["status"] = "shown"
    report = attack(safe.write(tmp_path / "after"), before)
    assert {(one.area_code, one.severity) for one in found(report, "hidden_before")} == {("01", RULE), ("02", RULE)}


def test_releases_that_hide_different_pairs(tmp_path):
    """Areas 1 and 2 hidden in one release, 1 and 3 in the other: together nothing of 1 is hidden."""
    for name, hidden in (("before", (AREAS[0], AREAS[1])), ("after", (AREAS[0], AREAS[2]))):
        made = MadeRelease()
        made.table("TST-01", "2025", areas((3, 20), (30, 60), (50, 100), (40, 80)), hidden=hidden)
        made.write(tmp_path / name)
    report = attack(tmp_path / "after", tmp_path / "before")
    assert bounds(report, "01") == [(3, 3)]


def test_value_left_in_one_of_the_formats(safe, tmp_path):
    folder = safe.write(tmp_path / "release", every_format=True)
    csv = folder / "indicator_value_SYNTHETIC.csv"
    lines = csv.read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    row = next(number for number, line in enumerate(lines) if ",hidden," in line)
    fields = lines[row].split(",")
    fields[header.index("numerator")] = "3.0"
    csv.write_text("\n".join([*lines[:row], ",".join(fields), *lines[row + 1 :]]) + "\n", encoding="utf-8")
    report = attack(folder)
    assert [one.quantity for one in found(report, "open_figure")] == ["numerator"]
    assert "CSV" in found(report, "open_figure")[0].note
    assert len(found(report, "formats_differ")) == 1


def test_value_left_in_the_bytes_of_the_database(safe, tmp_path):
    """A value set to null by UPDATE still stands in the file; one that was never written does not."""
    clean = safe.write(tmp_path / "clean", every_format=True)
    planted = 7_654_321.125
    assert bytes_hold(clean, {"planted": planted}) == {}
    dirty = tmp_path / "dirty"
    shutil.copytree(clean, dirty)
    with duckdb.connect(str(dirty / "aftercare.duckdb")) as connection:
        connection.execute("create table published.kept as select range::double as i from range(100)")
        connection.execute(f"insert into published.kept select {planted} from range(2000)")
        connection.execute("checkpoint")
        connection.execute("drop table published.kept")
        connection.execute("checkpoint")
    assert bytes_hold(dirty, {"planted": planted}) == {"planted": ["aftercare.duckdb"]}
    assert found(attack(dirty), "bytes")


def test_hidden_cell_shown_in_another_table(safe, tmp_path):
    folder = safe.write(tmp_path / "release")
    duckdb.sql(
        "select 'TST-01' as indicator_id, '01' as area_code, '2025' as period, 20.0 as denominator"
    ).write_parquet(str(folder / "indicator_funnel.parquet"))
    report = attack(folder)
    assert [(one.area_code, one.quantity) for one in found(report, "open_figure")] == [("01", "denominator")]


def test_exact_coverage_of_a_few_clients(safe, tmp_path):
    safe.area("municipality", "001", "01")
    safe.cell("TST-01", "municipality:001", "2025", 3, 20, "hidden", coverage=2 / 3, is_complete=False)
    report = attack(safe.write(tmp_path / "release"))
    assert [(one.area_code, one.least) for one in found(report, "coverage_share")] == [("001", 3)]


def test_relation_that_the_shown_figures_speak_against_is_not_believed(tmp_path):
    """Areas that do not add up to the country: the hidden one cannot be had by subtracting."""
    made = MadeRelease()
    for year in ("2024", "2025"):
        made.cell("TST-01", "country:FI", year, 150, 400)
        for place, n in zip(AREAS[:3], (3 if year == "2025" else 60, 50, 60), strict=True):
            made.cell("TST-01", place, year, n, 100, "hidden" if n == 3 else "shown")
    report = attack(made.write(tmp_path / "release"))
    used = {(one.relation, one.quantity): (one.tested, one.broken, one.used) for one in report.relations}
    assert used["country_of_areas", "numerator"] == (1, 1, "no")
    assert bounds(report, "01") == []


# ---- report and command ---------------------------------------------------------------------------


def test_report_tells_places_and_keeps_the_bounds_unless_asked(tmp_path):
    made = MadeRelease()
    made.table("TST-01", "2025", areas((3, 20), (30, 60), (50, 100)), hidden=AREAS[:1])
    report = attack(made.write(tmp_path / "release"))
    assert all("least" not in one and "greatest" not in one for one in report.as_dict()["findings"])
    assert {one["least"] for one in report.as_dict(show_bounds=True)["findings"]} == {3.0, 17.0, 20.0}
    assert "least=" not in repr(report.findings)


@pytest.mark.parametrize("shown", [False, True])
def test_command_ends_with_1_when_something_is_found(tmp_path, capsys, shown):
    made = MadeRelease()
    made.table("TST-01", "2025", areas((3, 20), (30, 60), (50, 100)), hidden=AREAS[:1])
    folder = made.write(tmp_path / "release")
    arguments = ["attack", str(folder), "--home", str(tmp_path), "--quiet"] + (["--show-bounds"] if shown else [])
    assert run(arguments) == 1
    told = capsys.readouterr().out
    assert "wellbeing_area 01" in told
    assert ("3 to 3" in told) is shown
    assert run([*arguments, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_command_ends_with_0_for_a_safe_release(safe, tmp_path, capsys):
    folder = safe.write(tmp_path / "release")
    assert run(["attack", str(folder), "--home", str(tmp_path), "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] is True


def test_command_refuses_a_folder_without_a_release(tmp_path, capsys):
    assert run(["attack", str(tmp_path), "--home", str(tmp_path), "--quiet"]) == 1
    assert "no published table" in capsys.readouterr().err


def test_attacker_shares_no_code_with_the_protection():
    """Nothing of this project but itself is imported: what both agree on, they found apart."""
    folder = Path(attacker.__file__).parent
    imported = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{file.name}: relative import"
                imported.add(node.module or "")
    ours = {name for name in imported if name.split(".")[0] in ("ingest", "quality", "orchestration", "dashboards")}
    assert ours
    assert all(name.startswith("quality.disclosure.attacker") for name in ours)
