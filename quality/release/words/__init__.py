"""Texts of what is written beside a release, in Finnish, Swedish and English."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

Texts = dict[str, str]


@cache
def words(name: str) -> dict[str, Any]:
    """The texts of ``<name>.yml``: a text by language under each key, or such texts by code."""
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / f"{name}.yml").read_text(encoding="utf-8"))
    return found


def table(header: list[str], rows: list[list[object]]) -> list[str]:
    """A Markdown table, with an empty line after it; cells that could break it are made safe."""

    def line(cells: list[object]) -> str:
        return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(list(header)), "|" + "---|" * len(header), *(line(row) for row in rows), ""]


def number(value: float, language: str) -> str:
    """A figure to three significant digits, with the language's decimal mark."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    return text if language == "en" or "e" in text else text.replace(".", ",")
