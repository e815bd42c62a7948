"""The package as a wheel, built once a session from a copy of what a wheel is made of."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UV = ROOT / ".venv-uv" / "bin" / "uv"
PACKAGES = ("ingest", "quality", "orchestration", "dashboards", "dbt_project")
FILES = ("pyproject.toml", "README.md", "LICENSE", "NOTICE")
# What working in the tree leaves behind; a wheel built here must leave it out by its own rules,
# so only what would cost time to copy is skipped.
_SKIPPED = shutil.ignore_patterns("__pycache__")


def uv(*arguments: str | Path) -> str:
    """Run the project's installer; returns what it says. Raises AssertionError with it when it fails."""
    assert UV.exists(), f"{UV} is missing. Install it: make install-dev"
    done = subprocess.run([UV, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def build(folder: Path, python: Path) -> Path:
    """Build the wheel below ``folder`` and return its path; the working tree is left as it is."""
    source = folder / "source"
    source.mkdir(parents=True)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=_SKIPPED)
    for name in FILES:
        shutil.copy2(ROOT / name, source / name)
    uv("build", "--quiet", "--wheel", "--python", python, "--out-dir", folder / "dist", source)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel
