"""Which release readers see: swapped whole, taken back, or kept under embargo until it is approved."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

from ingest.state import Home
from orchestration import cli, publishing, steps, versions, warehouse
from orchestration.errors import FAILED, OK, OperationError
from quality.release import publish, shelf

ROOT = Path(__file__).parents[2]
OLD, NEW, OTHER = (f"2026010{day}T000000000000Z-synthetic" for day in (1, 2, 3))


def put(folder: Path, release_id: str, compared_with: str | None = None) -> Path:
    """A release of one table, with what the shelf looks at."""
    release = folder / release_id
    release.mkdir(parents=True)
    with duckdb.connect(str(release / "aftercare.duckdb")) as connection:
        connection.execute("create schema published")
        connection.execute(
            f"create table published.release as select '{release_id}' as release_id, i from range(9) t(i)"
        )
    (release / "CHANGES.json").write_text(json.dumps({"compared_with": compared_with}), encoding="utf-8")
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in release.iterdir()]
    (release / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    return release


@pytest.fixture
def home(tmp_path, monkeypatch) -> Home:
    """A home with two published releases, the newer one current."""
    monkeypatch.setenv("AFTERCARE_HOME", str(tmp_path))
    found = Home(tmp_path)
    for release_id in (OLD, NEW):
        put(found.published / "releases", release_id)
    shelf.point_current_at(found.published, NEW)
    return found


def prepare(home: Home, settings: str = "") -> None:
    """Prepare ``OTHER`` under these settings."""
    home.publishing_settings.parent.mkdir(exist_ok=True)
    home.publishing_settings.write_text(settings, encoding="utf-8")
    put(shelf.private_folder(home.prepared), OTHER, NEW)
    publishing.note_terms(home, OTHER, publishing.read_settings(home))


def states(home: Home) -> dict[str, str]:
    return {release.release_id: release.state for release, _ in publishing.releases(home)}


# ---- rollback ----------------------------------------------------------------------------------


def test_rollback_shows_the_release_before_and_the_newer_one_can_be_shown_again(home, capsys):
    assert cli.run(["rollback", "--quiet"]) == OK
    assert states(home) == {NEW: "published", OLD: "current"}
    assert cli.run(["rollback", NEW, "--quiet"]) == OK
    assert states(home) == {NEW: "current", OLD: "published"}
    assert cli.run(["releases"]) == OK
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{NEW}  2026-01-02 00:00 UTC  synthetic  current"
    assert second.endswith("published")
    log = [json.loads(line) for line in (home.root / "log" / "releases.jsonl").read_text("utf-8").splitlines()]
    assert [(entry["before"], entry["now"]) for entry in log] == [(NEW, OLD), (OLD, NEW)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param([NEW], "is the current release already", id="current"),
        pytest.param(["20250101T000000000000Z-synthetic"], "has not been published", id="unknown"),
        pytest.param(["../releases"], "has not been published", id="path"),
    ],
)
def test_rollback_to_what_cannot_be_shown_changes_nothing(home, capsys, arguments, said):
    assert cli.run(["rollback", *arguments]) == FAILED
    assert said in capsys.readouterr().err
    assert states(home)[NEW] == "current"


def test_rollback_never_goes_to_another_kind_of_data_by_itself(home):
    (home.published / "releases" / OLD).rename(home.published / "releases" / OLD.replace("synthetic", "real"))
    with pytest.raises(OperationError, match="no release before"):
        publishing.roll_back(home)


def test_a_rolled_back_release_is_not_published_again_while_nothing_is_new(home, monkeypatch):
    versions.write_mark(publishing.release_mark(home), versions.current(home), release_id=NEW)
    publishing.roll_back(home)
    assert steps.is_up_to_date(home)
    from orchestration.status import _release

    assert _release(home) == {"release_id": OLD, "rolled_back_from": NEW}


# ---- embargo and approvals ---------------------------------------------------------------------


def test_a_prepared_release_lies_where_nobody_else_may_enter(home):
    prepare(home)
    assert home.prepared.stat().st_mode & 0o777 == 0o700
    assert not (home.published / "releases" / OTHER).exists()
    assert states(home)[OTHER] == "prepared" and shelf.current_id(home.published) == NEW
    with pytest.raises(OperationError, match="has not been published"):
        publishing.roll_back(home, OTHER)


def test_without_conditions_a_prepared_release_is_published_when_asked(home):
    prepare(home)
    assert cli.run(["publish", OTHER, "--quiet"]) == OK
    assert states(home) == {OTHER: "current", NEW: "published", OLD: "published"}


def test_embargo_holds_even_when_the_settings_were_relaxed_since(home, capsys):
    prepare(home, "embargo_until: 2099-01-01T08:00:00+02:00")
    home.publishing_settings.unlink()
    assert cli.run(["publish", OTHER]) == FAILED
    assert "its embargo lasts until 2099-01-01T08:00+02:00" in capsys.readouterr().err
    assert states(home)[OTHER] == "prepared"


def test_an_embargo_that_is_over_is_no_obstacle():
    assert not publishing.PublishingSettings(embargo_until=datetime(2026, 1, 1, tzinfo=UTC)).prepares(
        datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_approvals_count_persons_and_hold_for_the_content_that_was_approved(home, capsys):
    prepare(home, "approvals: 2")
    approve = ["approve", OTHER, "--role", "tilastopäällikkö", "--quiet", "--name"]
    assert cli.run([*approve, "Maija Meikäläinen"]) == OK
    assert cli.run([*approve, "maija  meikäläinen"]) == OK
    assert cli.run(["publish", OTHER]) == FAILED
    assert "it needs the approvals of 2, and has 1: Maija Meikäläinen (tilastopäällikkö)" in capsys.readouterr().err
    assert cli.run([*approve, "Matti Meikäläinen"]) == OK
    # What was approved is not this any more.
    sums = home.prepared / OTHER / "SHA256SUMS"
    written = sums.read_text(encoding="utf-8")
    sums.write_text(written + "0  more.csv\n", encoding="utf-8")
    assert cli.run(["publish", OTHER]) == FAILED
    assert "has 0: none" in capsys.readouterr().err
    sums.write_text(written, encoding="utf-8")
    assert cli.run(["publish", OTHER, "--quiet"]) == OK
    assert (home.prepared / f"{OTHER}.approvals.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param("add", "its files are not as they were written: added.csv", id="file_added"),
        pytest.param("change", "not as they were written: CHANGES.json", id="file_changed"),
        pytest.param("terms", "the terms that it was prepared on are missing", id="terms_lost"),
        pytest.param("other", "is current by now: prepare it anew", id="another_is_current"),
    ],
)
def test_a_prepared_release_that_is_not_what_it_was_is_not_published(home, capsys, change, said):
    prepare(home)
    folder = home.prepared / OTHER
    if change == "add":
        (folder / "added.csv").write_text("x", encoding="utf-8")
    elif change == "change":
        (folder / "CHANGES.json").write_text(json.dumps({"compared_with": NEW, "more": 1}), encoding="utf-8")
    elif change == "terms":
        (home.prepared / f"{OTHER}.terms.json").unlink()
    else:
        publishing.roll_back(home)
    assert cli.run(["publish", OTHER]) == FAILED
    assert said in capsys.readouterr().err
    assert states(home)[OTHER] == "prepared"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("embargo: 2026-12-24T08:00:00+02:00", id="misspelt"),
        pytest.param("embargo_until: 2026-12-24T08:00:00", id="no_zone"),
        pytest.param("embargo_until: 2026-12-24", id="day_only"),
        pytest.param("embargo_until: tomorrow", id="no_time"),
        pytest.param("protection: some", id="unknown_protection"),
        pytest.param("approvals: -1", id="negative"),
        pytest.param("approvals: true", id="no_number"),
        pytest.param("prepare_only: 2", id="no_answer"),
        pytest.param("- approvals", id="no_fields"),
        pytest.param("{", id="no_yaml"),
    ],
)
def test_settings_that_are_not_understood_publish_nothing(home, text):
    home.publishing_settings.parent.mkdir()
    home.publishing_settings.write_text(text, encoding="utf-8")
    with pytest.raises(OperationError, match="Nothing was published"):
        publishing.read_settings(home)


# ---- the chain's step --------------------------------------------------------------------------


@pytest.mark.parametrize("settings", ["prepare_only: true", "approvals: 1", "embargo_until: 2099-01-01T00:00:00Z"])
def test_the_nightly_build_prepares_when_the_settings_say_so_and_only_once(home, tmp_path, monkeypatch, settings):
    made = versions.current(home)
    home.warehouse.parent.mkdir()
    home.warehouse.touch()
    versions.write_mark(warehouse.mark_file(home), made)
    home.publishing_settings.parent.mkdir()
    home.publishing_settings.write_text(settings, encoding="utf-8")
    given = {}

    def write(file, published, **options):
        given.update(options)
        put(shelf.private_folder(options["prepared"]), OTHER, NEW)
        return SimpleNamespace(release_id=OTHER, is_prepared=True)

    monkeypatch.setattr("quality.release.publish", write)
    assert not steps.is_up_to_date(home)
    assert steps.publish(home, lambda text: None).is_prepared
    assert given["prepared"] == home.prepared
    assert shelf.current_id(home.published) == NEW
    assert steps.is_up_to_date(home)
    # The day comes when nothing stands in the way any more: then the release of before is old.
    home.publishing_settings.unlink()
    assert not steps.is_up_to_date(home)


# ---- never half visible ------------------------------------------------------------------------

READER = """
    import sys
    import duckdb
    connection = duckdb.connect(sys.argv[1] + "/current/aftercare.duckdb", read_only=True)
    query = "select min(release_id), count(*) from published.release"
    print(*connection.execute(query).fetchone(), flush=True)
    sys.stdin.readline()
    print(*connection.execute(query).fetchone(), flush=True)
    connection.close()
    connection = duckdb.connect(sys.argv[1] + "/current/aftercare.duckdb", read_only=True)
    print(*connection.execute(query).fetchone(), flush=True)
"""


def test_a_reader_goes_on_with_the_release_that_it_opened(home):
    prepare(home)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(READER), str(home.published)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        assert reader.stdout.readline() == f"{NEW} 9\n"
        publishing.publish_prepared(home, OTHER)
        publishing.roll_back(home, OLD)
        publishing.roll_back(home, OTHER)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readlines() == [f"{NEW} 9\n", f"{OTHER} 9\n"]


KILLED = """
    import os, signal, sys
    from pathlib import Path
    from quality.release import publish, shelf
    module = sys.modules["quality.release.publish"]

    def die(*given, **options):
        os.kill(os.getpid(), signal.SIGKILL)

    where, warehouse, published = sys.argv[1:]
    if where == "before_the_link":
        shelf.point_current_at = die
    elif where == "replacing_the_link":
        Path.replace = die
    elif where == "moving_the_folder":
        Path.rename = die
    else:
        setattr(module, where, die)
    module.publish(Path(warehouse), Path(published), code_version="1", input_hash="3")
"""


@pytest.fixture(scope="module")
def candidate(tmp_path_factory):
    from tests.browser import fake_release
    from tests.unit.test_published_contract import make_warehouse

    made_up = fake_release.write_release(tmp_path_factory.mktemp("made_up"))
    return make_warehouse(made_up, tmp_path_factory.mktemp("warehouse"))


@pytest.mark.parametrize(
    "where",
    [
        pytest.param("_require_contract", marks=pytest.mark.slow),
        "write_accompanying",
        pytest.param("_write_checksums", marks=pytest.mark.slow),
        pytest.param("moving_the_folder", marks=pytest.mark.slow),
        pytest.param("before_the_link", marks=pytest.mark.slow),
        "replacing_the_link",
    ],
)
def test_killed_at_any_moment_publishing_leaves_the_release_of_before(candidate, tmp_path, where):
    published = tmp_path / "published"
    before = publish(candidate, published, code_version="1", input_hash="2").folder
    content = {file: file.read_bytes() for file in before.rglob("*") if file.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), where, str(candidate), str(published)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    assert shelf.current_id(published) == before.name
    assert {file: file.read_bytes() for file in before.rglob("*") if file.is_file()} == content
    # Nothing half written counts as a release, and the next publishing goes through.
    whole = {release.release_id for release in shelf.releases(published, tmp_path / "prepared")}
    assert all((published / "releases" / name / "SHA256SUMS").is_file() for name in whole)
    again = publish(candidate, published, code_version="1", input_hash="3")
    assert shelf.current_id(published) == again.release_id
    assert not [*published.glob(".*"), *published.glob("releases/.*")]
