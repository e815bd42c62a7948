"""The words of the specification in three languages, from ``words.yml``."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

Texts = dict[str, str]
_FILE = Path(__file__).with_suffix(".yml")


@cache
def words() -> dict[str, dict[str, Texts]]:
    """Group -> name -> language -> text."""
    found: dict[str, dict[str, Texts]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found
