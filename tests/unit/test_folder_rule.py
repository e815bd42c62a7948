"""Who may import whom: orchestration the others, quality the contracts, ingest nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("ingest", "quality", "orchestration", "dashboards")
# Package -> module prefixes of this project that it may import beside its own.
ALLOWED = {
    "ingest": (),
    "quality": ("ingest.contracts",),
    "orchestration": ("ingest", "quality"),
    "dashboards": (),
}


def imported_modules(source: str, module: str) -> Iterator[str]:
    """Absolute names of everything imported anywhere in ``source``, inside functions too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")[: -node.level] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)


def breaches(package: str, source: str, module: str) -> list[str]:
    """Imports of other packages of this project that ``package`` may not import."""
    return [
        name
        for name in imported_modules(source, module)
        if name.split(".")[0] in PACKAGES
        and name.split(".")[0] != package
        and not any(name == allowed or name.startswith(f"{allowed}.") for allowed in ALLOWED[package])
    ]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("package", PACKAGES)
def test_package_imports_only_what_it_may(package):
    files = sorted((ROOT / package).rglob("*.py"))
    assert files, f"no module found in {package}"
    found = {
        module_name(path): wrong
        for path in files
        if (wrong := breaches(package, path.read_text(encoding="utf-8"), module_name(path)))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("ingest", "import quality.expectations"),
        ("ingest", "def f():\n    from orchestration import steps"),
        ("quality", "from ingest import lake"),
        ("quality", "from ingest.lake import counting"),
        ("dashboards", "from ingest.state import Home"),
        ("orchestration", "import dashboards.superset.serve"),
    ],
)
def test_rule_sees_a_breach(package, source):
    assert breaches(package, source, f"{package}.some_module")


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("quality", "from ingest.contracts import Contract"),
        ("quality", "from ingest.contracts.model import Column"),
        ("orchestration", "from ingest import door"),
        ("ingest", "from ingest.lake import counting"),
    ],
)
def test_rule_lets_through_what_is_allowed(package, source):
    assert breaches(package, source, f"{package}.some_module") == []


NEEDED_ONLY_AFTER_INTAKE = ("dagster", "dagster_dbt", "dbt", "great_expectations", "pandas")

_BLOCKED = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked in this test")

sys.meta_path.insert(0, Blocked())
import ingest
for module in pkgutil.walk_packages(ingest.__path__, "ingest."):
    importlib.import_module(module.name)
"""


def test_ingest_imports_without_the_pipeline():
    """A supplier installs ingest alone: no Dagster, dbt, Great Expectations or pandas."""
    code = _BLOCKED.format(blocked=NEEDED_ONLY_AFTER_INTAKE)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Not pandas: PyArrow imports it by itself wherever it is installed.
SLOW_TO_IMPORT = ("dagster", "dagster_dbt", "dbt", "great_expectations")


@pytest.mark.parametrize("arguments", [["--help"], ["status"]])
def test_quick_commands_import_no_dagster(arguments, tmp_path):
    code = (
        "import sys\n"
        "from orchestration.cli import run\n"
        "try:\n"
        f"    run({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        f"heavy = {set(SLOW_TO_IMPORT)!r} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"AFTERCARE_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
