"""Profiles that come with the project: worked examples, one YAML file each."""

from __future__ import annotations

from pathlib import Path

PROFILE_FOLDER = Path(__file__).parent


def profile_names() -> tuple[str, ...]:
    """Names of the profiles in this folder."""
    return tuple(sorted(path.stem for path in PROFILE_FOLDER.glob("*.yml")))


def profile_path(name: str) -> Path:
    """The file of a profile here, or else ``name`` as a path."""
    return PROFILE_FOLDER / f"{name}.yml" if name in profile_names() else Path(name)
