"""What lies beside the tables says the same as the tables, and the same at every publishing."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import shutil
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest
import yaml

from quality.disclosure.attacker.reading import file_weaknesses
from quality.release import ReleaseError, publish, published_tables
from quality.release.jsonstat import MEASURES
from quality.release.workbooks import UnknownMunicipalityError, write_workbooks

# The warehouse of the contract's tests: ASU-03 of the wellbeing areas, every figure 40 of 100.
from tests.unit.test_published_contract import NOTICE, made_up, make_warehouse  # noqa: F401

HIDDEN, MISSING, FEW, SPLIT = "05", "06", "07", "08"
NEW = "insert into release_candidate.indicator_value by name select * replace"


@pytest.fixture(scope="module")
def candidate(made_up: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """A warehouse with hidden, missing and unreliable figures, a breakdown and two municipalities."""
    file = make_warehouse(made_up, tmp_path_factory.mktemp("candidate"))
    with duckdb.connect(str(file)) as connection:
        for statement in (
            f"update release_candidate.indicator_value set numerator = 2, numerator_clients = 2 "
            f"where area_code = '{HIDDEN}'",
            f"update release_candidate.indicator_value set is_delivered = false where area_code = '{MISSING}'",
            f"update release_candidate.indicator_value set numerator = 7, denominator = 15, numerator_clients = 7, "
            f"denominator_clients = 15 where area_code = '{FEW}'",
            f"{NEW} ('sex' as breakdown, 'female' as category) from release_candidate.indicator_value "
            f"where area_code = '{SPLIT}'",
            f"{NEW} ('municipality' as area_level, '091' as area_code) from release_candidate.indicator_value "
            "where area_code = '09' and period_type = 'year'",
            f"{NEW} ('municipality' as area_level, '049' as area_code, 3.0 as numerator, 3 as numerator_clients) "
            "from release_candidate.indicator_value where area_code = '09' and period = '2025'",
            f"{NEW} ('country' as area_level, 'FI' as area_code, 800.0 as numerator, 2000.0 as denominator, "
            "800 as numerator_clients, 2000 as denominator_clients) "
            "from release_candidate.indicator_value where area_code = '09' and area_level = 'wellbeing_area'",
        ):
            connection.execute(statement)
    return file


@pytest.fixture
def without_country(candidate: Path, tmp_path: Path) -> Path:
    """The same without the country, whose made-up sums are not those of the areas."""
    file = tmp_path / "home" / "warehouse.duckdb"
    file.parent.mkdir()
    shutil.copy(candidate, file)
    with duckdb.connect(str(file)) as connection:
        connection.execute("delete from release_candidate.indicator_value where area_level = 'country'")
    return file


@pytest.fixture(scope="module")
def published(candidate: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published folder with one release."""
    folder = tmp_path_factory.mktemp("files") / "published"
    publish(candidate, folder, code_version="1", input_hash="2")
    return folder


@pytest.fixture
def release(published: Path) -> Path:
    return published / "current"


def rows(release: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str((release / "aftercare.duckdb").resolve()), read_only=True) as connection:
        return connection.execute(query).fetchall()


# ---- JSON-stat ---------------------------------------------------------------------------------


def test_json_stat_has_every_figure_at_its_place_and_no_other(release):
    cube = json.loads((release / "jsonstat" / "ASU-03_SYNTHETIC.json").read_text(encoding="utf-8"))
    codes = {name: cube["dimension"][name]["category"]["index"] for name in cube["id"]}
    assert cube["size"] == [len(codes[name]) for name in cube["id"]]
    assert codes["measure"] == list(MEASURES)
    found = {}
    for place, value in cube["value"].items():
        found[cell(cube, codes, int(place))] = value
    statuses = {cell(cube, codes, int(place)): status for place, status in cube["status"].items()}
    expected, expected_statuses = {}, {}
    for variant, area, kind, period, breakdown, category, status, *figures in rows(
        release,
        "select variant, area_code, period_type, period, breakdown, category, status, "
        f"{', '.join(MEASURES)} from published.indicator_value",
    ):
        split = "total" if breakdown == "total" else f"{breakdown}.{category}"
        for measure, figure in zip(MEASURES, figures, strict=True):
            key = (variant, area, f"{kind}.{period}", split, measure)
            if figure is not None:
                expected[key] = figure
            if status != "shown":
                expected_statuses[key] = status
    assert found == expected
    assert statuses == expected_statuses
    assert set(statuses.values()) == {"hidden", "not_delivered", "too_few"}
    assert not set(found) & set(statuses)


def cell(cube: dict[str, Any], codes: dict[str, list[str]], place: int) -> tuple[str, ...]:
    """Codes of a position in the row-major cube."""
    found = []
    for name, size in zip(reversed(cube["id"]), reversed(cube["size"]), strict=True):
        place, index = divmod(place, size)
        found.append(codes[name][index])
    assert place == 0
    return tuple(reversed(found))


def test_json_stat_names_everything_and_says_synthetic(release):
    cube = json.loads((release / "jsonstat" / "ASU-03_SYNTHETIC.json").read_text(encoding="utf-8"))
    assert (cube["version"], cube["class"]) == ("2.0", "dataset")
    assert NOTICE in cube["label"] and NOTICE in cube["note"]
    assert cube["role"] == {"time": ["period"], "geo": ["area"], "metric": ["measure"]}
    for dimension in cube["dimension"].values():
        assert set(dimension["category"]["label"]) == set(dimension["category"]["index"])
    areas = cube["dimension"]["area"]
    assert areas["category"]["label"]["091"] == "Helsinki"
    assert areas["extension"]["category"]["sv"]["091"] == "Helsingfors"
    assert cube["dimension"]["category"]["category"]["label"]["sex.female"] == "Sukupuoli: Nainen"
    assert cube["dimension"]["period"]["category"]["label"]["quarter.2025Q3"] == "2025Q3, neljännes"


# ---- data package ------------------------------------------------------------------------------

READ = {
    "string": str,
    "number": lambda text: float(text) if math.isfinite(float(text)) else 1 / 0,
    "integer": int,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": date.fromisoformat,
    "datetime": lambda text: datetime.strptime(text, "%Y-%m-%d %H:%M:%S"),
}


def test_data_package_describes_every_csv_file_as_it_is(release):
    package = json.loads((release / "datapackage.json").read_text(encoding="utf-8"))
    assert [licence["name"] for licence in package["licenses"]] == ["CC-BY-4.0"]
    assert "Statistics Finland" in package["sources"][0]["title"] and NOTICE in package["title"]
    paths = {resource["path"] for resource in package["resources"]}
    there = {file.relative_to(release).as_posix() for file in [*release.glob("*.csv"), *release.glob("jsonstat/*")]}
    assert paths == there
    tables = {resource["name"]: resource for resource in package["resources"] if "schema" in resource}
    assert set(tables) == {*published_tables(), "data_dictionary"}
    keys: dict[str, set[tuple[str, ...]]] = {}
    for name, resource in tables.items():
        fields = {field["name"]: field for field in resource["schema"]["fields"]}
        with (release / resource["path"]).open(encoding="utf-8", newline="") as handle:
            reader = csv.DictReader(handle)
            assert reader.fieldnames == list(fields)
            lines = list(reader)
        for line in lines:
            for column, text in line.items():
                constraints = fields[column].get("constraints", {})
                if text == "":
                    assert not constraints.get("required"), (name, column)
                    continue
                value = READ[fields[column]["type"]](text)
                assert value in constraints.get("enum", [value]), (name, column)
                assert constraints.get("minimum", value) <= value <= constraints.get("maximum", value), (name, column)
        primary = [tuple(line[column] for column in resource["schema"]["primaryKey"]) for line in lines]
        keys[name] = set(primary)
        assert len(keys[name]) == len(primary), name
    for name, resource in tables.items():
        for foreign in resource["schema"].get("foreignKeys", []):
            target = foreign["reference"]
            assert target["fields"] == tables[target["resource"]]["schema"]["primaryKey"]
            with (release / resource["path"]).open(encoding="utf-8", newline="") as handle:
                used = {tuple(line[column] for column in foreign["fields"]) for line in csv.DictReader(handle)}
            assert used <= keys[target["resource"]], name


# ---- all files ---------------------------------------------------------------------------------


def test_checksums_cover_every_file(release):
    lines = (release / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    listed = {name: found for found, name in (line.split("  ") for line in lines)}
    files = {file.relative_to(release).as_posix(): file for file in release.rglob("*") if file.is_file()}
    assert set(listed) == set(files) - {"SHA256SUMS"}
    for name, found in listed.items():
        assert hashlib.sha256(files[name].read_bytes()).hexdigest() == found
    assert all(file.stat().st_mode & 0o222 == 0 for file in files.values())


def test_every_file_that_a_person_opens_says_that_it_is_synthetic(release):
    for file in release.rglob("*"):
        if file.suffix in (".csv", ".json", ".md", ".cff") and file.name != "release_change_SYNTHETIC.csv":
            assert NOTICE in file.read_text(encoding="utf-8"), file.name


def test_citation_names_the_release(release):
    found = yaml.safe_load((release / "CITATION.cff").read_text(encoding="utf-8"))
    assert found["cff-version"] == "1.2.0"
    assert found["version"] == release.resolve().name
    assert (found["type"], found["license"]) == ("dataset", "CC-BY-4.0")


def test_quality_report_counts_what_the_tables_hold(release):
    page = (release / "QUALITY.md").read_text(encoding="utf-8")
    counts = dict(
        rows(
            release,
            "select status, count(*) from published.indicator_value where area_level = 'wellbeing_area' group by 1",
        )
    )
    cells = [counts.get(name, 0) for name in ("shown", "hidden", "too_few", "not_recorded", "not_delivered")]
    assert f"| wellbeing area | {' | '.join(map(str, cells))} | 0 |" in page
    # 40 of 100 with limits 0.3 and 0.5: half-width 0.1 of 0.4.
    assert "| ASU-03 | 25 |" in page
    assert page.count("\n# ") == 3
    # All of them are 0.4 like the country: nothing stands out, where chance would give 4.8 and 0.2 of a hundred.
    (verdicts,) = rows(
        release,
        "select count(*) from published.indicator_comparison "
        "where area_level = 'wellbeing_area' and result = 'no_real_difference'",
    )[0]
    assert verdicts > 0
    chance = f"{0.048 * verdicts:.3g} | 0 | {0.002 * verdicts:.3g}"
    assert f"| wellbeing area | rest of the country | {verdicts} | 0 | {chance} |" in page
    query = "select count(*) filter (where status = 'hidden'), count(*) from published.indicator_value"
    (hidden,) = rows(release, query)
    assert f"are hidden ({hidden[0]} of {hidden[1]})" in page


# ---- the same data, the same release -----------------------------------------------------------

SAME_BYTES = (".csv", ".json", ".parquet")


def test_publishing_the_same_twice_gives_the_same(candidate, published, tmp_path):
    """In each the second release, after the same first one; only the table ``release`` may differ."""
    folders = []
    for name in ("one", "other"):
        shutil.copytree(published, tmp_path / name, symlinks=True)
        made = publish(candidate, tmp_path / name, code_version="1", input_hash="2")
        folders.append(made.folder)
    one, other = folders
    assert one.name != other.name
    files = [sorted(file.relative_to(folder) for file in folder.rglob("*")) for folder in folders]
    assert files[0] == files[1]
    compared = [file for file in files[0] if file.suffix in SAME_BYTES and not file.name.startswith("release.")]
    compared = [file for file in compared if file.name != "release_SYNTHETIC.csv"]
    assert len(compared) >= 15
    for file in compared:
        assert (one / file).read_bytes() == (other / file).read_bytes(), file
    assert table_hashes(one) == table_hashes(other)
    books = [write_workbooks(folder, tmp_path / f"{folder.parent.parent.name}-books") for folder in folders]
    for first, second in zip(*books, strict=True):
        assert sheet_rows(first, one.name) == sheet_rows(second, other.name)


def table_hashes(folder: Path) -> dict[str, str]:
    """A hash over the ordered rows of every table but ``release``."""
    found = {}
    with duckdb.connect(str(folder / "aftercare.duckdb"), read_only=True) as connection:
        for table in published_tables():
            if table != "release":
                content = connection.execute(f"select * from published.{table} order by all").fetchall()
                found[table] = hashlib.sha256(repr(content).encode()).hexdigest()
    return found


def test_a_figure_that_is_hidden_now_is_told_and_nowhere_shown(candidate, published, tmp_path):
    """The attacker reads every table, `release_change` too."""
    shutil.copytree(published, tmp_path / "published", symlinks=True)
    warehouse = shutil.copy(candidate, tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "update release_candidate.indicator_value set numerator = 3, numerator_clients = 3 where area_code = '10'"
        )
    folder = publish(Path(warehouse), tmp_path / "published", code_version="1", input_hash="3").folder
    told = rows(
        folder, "select area_code, old_value, new_value from published.release_change where kind = 'newly_hidden'"
    )
    assert set(told) == {("10", None, None)}
    assert file_weaknesses(folder) == []


def test_a_cell_that_is_not_shown_has_no_comparison(release):
    """Comparisons are there for others; one of what is left of a hidden area's sums is there for nobody."""
    compared = set(rows(release, "select distinct area_code from published.indicator_comparison"))
    assert (SPLIT,) in compared
    assert not compared & {(HIDDEN,), (MISSING,), (FEW,)}
    assert file_weaknesses(release) == []


# ---- workbooks ---------------------------------------------------------------------------------


def sheet_rows(file: Path, release_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """Rows by sheet, the release's id left out."""
    book = openpyxl.load_workbook(file)
    return {
        sheet.title: [
            tuple(value.replace(release_id, "ID") if isinstance(value, str) else value for value in row)
            for row in sheet.iter_rows(values_only=True)
        ]
        for sheet in book
    }


def test_workbook_has_the_municipalitys_figures_in_three_languages(release, tmp_path):
    (file,) = write_workbooks(release, tmp_path, ["091"])
    assert file.name == "091_helsinki_SYNTHETIC.xlsx"
    sheets = sheet_rows(file, release.resolve().name)
    assert list(sheets) == ["Suomeksi", "På svenska", "In English"]
    expected = rows(
        release,
        "select period, value, lower_95, upper_95, numerator, denominator from published.indicator_value "
        "where area_code = '091' order by period desc",
    )
    assert len(expected) == 4
    for title, word in (("Suomeksi", "näytetään"), ("På svenska", "visas"), ("In English", "shown")):
        notice, heading, _, header, *figures = sheets[title]
        assert notice[0] == NOTICE
        assert heading[0].startswith("Helsing") or heading[0].startswith("Helsinki")
        assert len(header) == len(figures[0]) == 18
        assert [(row[4], row[8], row[9], row[10], row[11], row[12]) for row in figures] == expected
        assert {row[7] for row in figures} == {word}


def test_workbook_says_in_words_why_there_is_no_figure(release, tmp_path):
    (file,) = write_workbooks(release, tmp_path, ["049"])
    sheets = sheet_rows(file, release.resolve().name)
    for title, word in (("Suomeksi", "suojattu"), ("På svenska", "skyddat"), ("In English", "hidden (protected)")):
        (row,) = sheets[title][4:]
        assert row[7] == word
        assert row[8:13] == (None,) * 5


def test_workbooks_of_all_are_those_with_figures_and_no_other_code(release, tmp_path):
    written = write_workbooks(release, tmp_path)
    assert [file.name[:3] for file in written] == ["049", "091"]
    with pytest.raises(UnknownMunicipalityError, match="999"):
        write_workbooks(release, tmp_path, ["999"])


def test_full_protection_is_told_and_its_report_stays_with_the_warehouse(without_country, tmp_path):
    """One hidden area alone in no published sum needs no other; the files were attacked before they were shown."""
    summary = publish(without_country, tmp_path / "published", code_version="1", input_hash="2", protection="full")
    assert summary.protection == "full"
    assert rows(summary.folder, "select distinct protection from published.release") == [("full",)]
    report = json.loads(
        (without_country.parent / "protection" / f"{summary.release_id}.json").read_text(encoding="utf-8")
    )
    assert report["unprotected"] == 0
    assert report["full"]["hidden"] >= report["primary"] > 0
    page = (summary.folder / "QUALITY.md").read_text(encoding="utf-8")
    told = {number: "fewer than 10" if 0 < number < 10 else str(number) for number in range(report["cells"] + 1)}
    assert f"The release has {report['cells']} cells. For being small themselves {told[report['primary']]} are" in page
    assert f"hidden, and {told[report['secondary']]} because" in page
    full = report["full"]
    assert f"| this release | {told[full['hidden']]} | {100 * full['share_of_clients_shown']:.3g} |" in page
    for rule in ("only cells small themselves", "counts under five", "under five, and never one alone in a sum"):
        assert page.count(f"| {rule} |") == 1
    assert not list(summary.folder.rglob("*protection*"))


def test_unknown_protection_publishes_nothing(candidate, tmp_path):
    with pytest.raises(ReleaseError, match="primary only"):
        publish(candidate, tmp_path / "published", code_version="1", input_hash="2", protection="none")
    assert not (tmp_path / "published" / "current").exists()


def test_weakness_that_the_attack_finds_publishes_nothing(without_country, tmp_path, monkeypatch):
    """Were the protection to do nothing, the attack on the files would stop the release."""
    module = sys.modules["quality.release.publish"]

    def nothing(connection, *_):
        connection.execute("update protected set status = 'hidden' where area_code = '01' and period = '2025'")
        connection.execute(
            "insert into protected by name select * replace ('country' as area_level, 'FI' as area_code, "
            "'shown' as status, (select sum(numerator) from protected as one where one.area_level = 'wellbeing_area' "
            "and one.period = protected.period and one.breakdown = 'total' and one.is_delivered) as numerator, "
            "(select sum(denominator) from protected as one where one.area_level = 'wellbeing_area' "
            "and one.period = protected.period and one.breakdown = 'total' and one.is_delivered) as denominator) "
            "from protected where area_code = '02' and breakdown = 'total'"
        )

    monkeypatch.setattr(module, "protect_table", nothing)
    monkeypatch.setattr(module, "write_report", lambda *_: None)
    with pytest.raises(ReleaseError, match="attack"):
        publish(without_country, tmp_path / "published", code_version="1", input_hash="2", protection="full")
    assert not (tmp_path / "published" / "current").exists()
    assert not list((tmp_path / "published" / "releases").iterdir())
