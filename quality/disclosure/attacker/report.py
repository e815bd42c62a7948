"""What the attack found. Counts and places go anywhere; recovered bounds only where they are asked for."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

# Fail a release.
CONFIDENTIAL = "confidential"  # a count is known, or nearly, and may be small
RECOVERED = "recovered"  # a hidden count is known, or nearly, though it is not small
RULE = "rule"  # what was published breaks a rule that keeps hidden counts hidden
UNDECIDED = "undecided"  # the attack could not prove that the cell is safe
# Reported only.
SOFT = "soft"  # a guess that an outsider may make, not a certainty
SEVERITIES = (CONFIDENTIAL, RECOVERED, RULE, UNDECIDED, SOFT)


@dataclass(frozen=True)
class Finding:
    """One weakness: where, of which kind, by which relations; ``least``/``greatest`` are restricted."""

    kind: str
    severity: str
    indicator_id: str = ""
    variant: str = ""
    area_level: str = ""
    area_code: str = ""
    period_type: str = ""
    period: str = ""
    breakdown: str = ""
    category: str = ""
    quantity: str = ""
    relations: tuple[str, ...] = ()
    note: str = ""
    least: float | None = field(default=None, repr=False)
    greatest: float | None = field(default=None, repr=False)

    def as_dict(self, *, show_bounds: bool = False) -> dict[str, Any]:
        """Everything but the recovered bounds, unless they are asked for."""
        found = asdict(self)
        if not show_bounds:
            del found["least"], found["greatest"]
        return found

    def place(self) -> str:
        """The cell in one line."""
        parts = [self.indicator_id, self.variant, f"{self.area_level} {self.area_code}".strip(), self.period]
        if self.breakdown not in ("", "total"):
            parts.append(f"{self.breakdown} {self.category}")
        return ", ".join(part for part in [*parts, self.quantity] if part)


@dataclass(frozen=True)
class RelationUse:
    """How a kind of sum fared for an indicator and quantity.

    ``tested``: instances with every figure shown; ``broken``: those of them that do not hold;
    ``used``: as an equation, a bound (whole <= sum of parts) or not at all.
    """

    relation: str
    indicator_id: str
    quantity: str
    instances: int
    tested: int
    broken: int
    used: str


@dataclass(frozen=True)
class AttackReport:
    """Outcome for one release. ``passed`` means: nothing but soft findings."""

    release_id: str
    protection: str
    cells: int
    hidden: int
    judged: int
    findings: tuple[Finding, ...]
    relations: tuple[RelationUse, ...]
    contradicted: dict[str, int]
    programs: int
    whole_programs: int
    seconds: float

    @property
    def passed(self) -> bool:
        """Whether the release may be published."""
        return all(finding.severity == SOFT for finding in self.findings)

    @property
    def exposed_cells(self) -> int:
        """Hidden cells of which a figure is known or nearly so."""
        return len(
            {
                (
                    one.indicator_id, one.variant, one.area_level, one.area_code,
                    one.period_type, one.period, one.breakdown, one.category,
                )
                for one in self.findings
                if one.severity in (CONFIDENTIAL, RECOVERED) and one.indicator_id
            }
        )  # fmt: skip

    def counts(self) -> dict[str, dict[str, int]]:
        """Findings by severity and kind."""
        counted = Counter((finding.severity, finding.kind) for finding in self.findings)
        return {
            severity: {kind: number for (one, kind), number in sorted(counted.items()) if one == severity}
            for severity in SEVERITIES
            if any(one == severity for one, _ in counted)
        }

    def as_dict(self, *, show_bounds: bool = False, most: int | None = None) -> dict[str, Any]:
        """For JSON; ``most``: how many findings to list (default: all)."""
        return {
            "release_id": self.release_id,
            "passed": self.passed,
            "protection": self.protection,
            "cells": self.cells,
            "hidden": self.hidden,
            "exposed_cells": self.exposed_cells,
            "counts": self.counts(),
            "findings": [finding.as_dict(show_bounds=show_bounds) for finding in self.findings[:most]],
            "relations": [asdict(relation) for relation in self.relations],
            "contradicted": self.contradicted,
            "judged": self.judged,
            "programs": self.programs,
            "whole_programs": self.whole_programs,
            "seconds": round(self.seconds, 2),
        }
