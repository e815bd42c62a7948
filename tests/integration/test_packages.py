"""What is installed: the wheel holds all it needs, and a supplier needs no more than ingest's own lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.integration import wheel
from tests.unit.deliveries import client_csv, client_rows, drop

pytestmark = pytest.mark.slow

# Notes for whoever works in the tree; every other file is code or read at run time.
NOTES = {".gitkeep", ".gitignore"}
# Made while working in the tree.
NOT_PACKAGED = {"target", "logs", "dbt_packages", "__pycache__"}


@pytest.fixture(scope="session")
def built_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wheel.build(tmp_path_factory.mktemp("wheel"), Path(sys.executable))


def test_wheel_holds_every_module_and_every_file_read_at_run_time(built_wheel):
    packaged = set(zipfile.ZipFile(built_wheel).namelist())
    expected = {
        path.relative_to(wheel.ROOT).as_posix()
        for name in wheel.PACKAGES
        for path in (wheel.ROOT / name).rglob("*")
        if path.is_file() and path.name not in NOTES and not NOT_PACKAGED & set(path.parts)
    }
    assert {path for path in expected if path.startswith("quality/release/tables/")}
    assert {path for path in expected if path.endswith("/translations/fi.yaml")}
    assert expected - packaged == set()


def test_wheel_holds_nothing_else(built_wheel):
    packaged = zipfile.ZipFile(built_wheel).namelist()
    others = [name for name in packaged if name.split("/")[0] not in wheel.PACKAGES and ".dist-info/" not in name]
    assert others == []
    assert [name for name in packaged if NOT_PACKAGED & set(name.split("/"))] == []
    licences = {Path(name).name for name in packaged if ".dist-info/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


# ---- the supplier's environment ----------------------------------------------------------------

SUPPLIER_LOCK = wheel.ROOT / "requirements" / "supplier.txt"
NOT_FOR_SUPPLIERS = ("dagster", "dagster_dbt", "dbt", "great_expectations", "pandas", "superset")


@pytest.fixture(scope="session")
def supplier(tmp_path_factory: pytest.TempPathFactory, built_wheel: Path) -> Path:
    """The ``bin`` folder of an environment made as the README tells a supplier to."""
    environment = tmp_path_factory.mktemp("supplier") / "environment"
    python = environment / "bin" / "python"
    wheel.uv("venv", "--quiet", "--python", sys.executable, environment)
    wheel.uv("pip", "sync", "--quiet", "--python", python, "--require-hashes", SUPPLIER_LOCK)
    wheel.uv("pip", "install", "--quiet", "--python", python, "--no-deps", built_wheel)
    return python.parent


def run(program: Path, *arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program away from the repository, so that nothing of it is imported from there."""
    kept = {"PATH": os.environ["PATH"], "HOME": str(cwd), "AFTERCARE_HOME": str(cwd / "var")}
    return subprocess.run([program, *arguments], cwd=cwd, env=kept, capture_output=True, text=True, check=False)


def aftercare(folder: Path, *arguments: str | Path, cwd: Path) -> tuple[int, dict]:
    """Exit code and ``--json`` output of the command installed in ``folder``."""
    done = run(folder / "aftercare", *arguments, "--json", "--quiet", cwd=cwd)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("name", NOT_FOR_SUPPLIERS)
def test_supplier_has_nothing_of_the_pipeline(supplier, tmp_path, name):
    done = run(supplier / "python", "-c", f"import {name}", cwd=tmp_path)
    assert done.returncode != 0
    assert f"No module named '{name}'" in done.stderr


def deliveries(folder: Path) -> dict[str, Path]:
    """One delivery for every outcome of a check."""
    rows = client_rows(3)
    bad_row = [rows[0], rows[1].replace(",2005,", ",1805,"), rows[2]]
    return {
        "accepted": drop(folder, number=1),
        "accepted_with_findings": drop(folder, {"client.csv": ("client", client_csv(bad_row), 3)}, number=2),
        "rejected": drop(folder, {"client.csv": ("clients", client_csv(), 3)}, number=3),
    }


@pytest.mark.parametrize("outcome", ["accepted", "accepted_with_findings", "rejected"])
def test_supplier_gets_the_receipt_that_the_operator_would_write(supplier, tmp_path, outcome):
    delivery = deliveries(tmp_path / "inbox")[outcome]
    code, receipt = aftercare(supplier, "check", delivery, cwd=tmp_path)
    assert receipt["outcome"] == outcome
    assert (code, receipt) == aftercare(Path(sys.executable).parent, "check", delivery, cwd=tmp_path)
    assert not (tmp_path / "var").exists()


def test_supplier_who_asks_for_more_is_told_what_is_missing(supplier, tmp_path):
    done = run(supplier / "aftercare", "run", "--quiet", cwd=tmp_path)
    assert done.returncode == 1
    assert "needs the Python package" in done.stderr
    assert "make install" in done.stderr
