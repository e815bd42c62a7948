"""Results of the gate as objects and as JSON files. Counts and codes, never a value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ExpectationResult:
    """One expectation: how many rows were looked at and how many did not fit.

    ``checked`` leaves out empty cells where the expectation is about filled ones. For an
    expectation about the whole table ``checked`` is 1. With ``checked`` 0 it holds of nothing, which
    is told apart from having been tested (``has_checked``). ``error`` says that the expectation could
    not be evaluated at all (then it counts as failed).
    """

    code: str
    type: str
    words: dict[str, str]
    checked: int
    unexpected: int
    passed: bool
    error: str | None = None

    @property
    def has_checked(self) -> bool:
        """Whether there was anything to look at."""
        return self.checked > 0


@dataclass(frozen=True)
class TableResult:
    """All expectations of one lake table."""

    table: str
    label: dict[str, str]
    contract_version: str
    rows: int
    checked_at: str
    expectations: tuple[ExpectationResult, ...]

    @property
    def passed(self) -> bool:
        """Whether every expectation held."""
        return all(result.passed for result in self.expectations)

    @property
    def outcome(self) -> str:
        """``failed``, ``no_rows`` (nothing has been delivered: nothing was tested) or ``passed``."""
        if not self.passed:
            return "failed"
        return "passed" if self.rows else "no_rows"

    @property
    def failed_codes(self) -> tuple[str, ...]:
        """Codes of the expectations that did not hold."""
        return tuple(result.code for result in self.expectations if not result.passed)


def write_results(results: Iterable[TableResult], folder: Path) -> list[Path]:
    """Write ``<table>.json`` for each result; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for result in results:
        path = folder / f"{result.table}.json"
        partial = path.with_suffix(".partial")
        body = asdict(result) | {"passed": result.passed, "outcome": result.outcome}
        partial.write_text(json.dumps(body, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.replace(path)
        written.append(path)
    return written


def read_results(folder: Path) -> list[TableResult]:
    """The results that lie in ``folder``, by table name; empty when there is none."""
    return [_parse(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]


def _parse(body: dict[str, Any]) -> TableResult:
    fields = {name: value for name, value in body.items() if name not in ("passed", "outcome", "expectations")}
    expectations = tuple(ExpectationResult(**entry) for entry in body["expectations"])
    return TableResult(**fields, expectations=expectations)
