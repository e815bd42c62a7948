"""Filled-in template workbooks as a delivery: for a sender who has Excel and nothing else.

Each workbook holds one table and, on its sheet ``manifest``, what a manifest says. Workbooks of one
organisation and period become one delivery. Nothing is mapped or hashed here: the workbooks go as
they are, and are checked as the door would.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingest.contracts import ContractError, contracts
from ingest.contracts.template_manifest import FIELDS, MANIFEST_SHEET, manifest_of_sheet
from ingest.door import check_delivery
from ingest.door.reading import ReadError, read_sheet, read_table
from ingest.identifiers import withhold_identifiers
from ingest.periods import Period, PeriodError
from ingest.prepare.delivery import hand_over, new_delivery_id, staging_folder, write_manifest
from ingest.prepare.messages import PrepareError, Problem
from ingest.prepare.report import Prepared
from ingest.reference import organisations

# Workbooks that are sent together must agree on these.
_COMMON = ("organisation", "period", "contract_version", "key_domain", "correction_of")


@dataclass(frozen=True)
class _Filled:
    path: Path
    shown: str
    said: dict[str, Any]
    rows: int

    @property
    def table(self) -> str:
        return str(self.said["table"])

    @property
    def is_empty(self) -> bool:
        return bool(self.said.get("nothing_to_report"))


def deliver_workbooks(
    paths: Sequence[Path], into: Path, data_kind: str | None = None, say: Callable[[str], None] = lambda _line: None
) -> Prepared:
    """Make one delivery of filled-in templates below ``into``; raises ``PrepareError`` with every problem.

    Like ``prepare``, it hands over only what the door would accept.
    """
    problems: list[Problem] = []
    filled: list[_Filled] = []
    for path in paths:
        try:
            filled.append(_read(path))
            say(f"{filled[-1].shown}: {filled[-1].table}, {filled[-1].rows:,} rows")
        except PrepareError as error:
            problems += error.problems
    problems += _across(filled)
    if problems or not filled:
        raise PrepareError(tuple(problems))
    first = filled[0].said
    delivery_id = new_delivery_id()
    organisation, period = str(first["organisation"]), str(first["period"])
    nothing = tuple(sorted(entry.table for entry in filled if entry.is_empty))
    prepared = Prepared(delivery_id, organisation, period, "not_written", None, None, nothing_to_report=nothing)
    parent = into / organisation / period
    staged = staging_folder(parent, delivery_id)
    try:
        files = []
        for entry in filled:
            if entry.is_empty:
                continue
            target = staged / f"{entry.table}.xlsx"
            shutil.copyfile(entry.path, target)
            digest = hashlib.sha256(target.read_bytes()).hexdigest()
            files.append({"table": entry.table, "path": target.name, "sha256": digest, "rows": entry.rows})
        manifest = {"delivery_id": delivery_id} | {name: first[name] for name in _COMMON if name in first}
        manifest["extracted_at"] = max(_extracted_at(entry) for entry in filled).isoformat(timespec="seconds")
        manifest["files"] = files
        if nothing:
            manifest["nothing_to_report"] = list(nothing)
        if data_kind:
            manifest["data_kind"] = data_kind
        write_manifest(staged, manifest)
        receipt = check_delivery(staged)
        prepared.outcome = receipt.outcome
        prepared.receipt = json.loads(receipt.to_json())
        if receipt.is_accepted:
            staged.chmod(0o755)
            hand_over(staged, parent / delivery_id)
            prepared.folder = parent / delivery_id
        return prepared
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _read(path: Path) -> _Filled:
    shown = withhold_identifiers(path.name)
    problems: list[Problem] = []
    try:
        content = path.read_bytes()
        cells = read_sheet(content, path.name, (MANIFEST_SHEET,))
        said = manifest_of_sheet(cells) if cells is not None else None
    except (OSError, ReadError):
        raise PrepareError((Problem("SOURCE_UNREADABLE", file=shown, expected="Excel (.xlsx)"),)) from None
    except ContractError:
        place: dict[str, Any] = {"file": shown, "sheet": MANIFEST_SHEET, "column": "nothing_to_report"}
        raise PrepareError((Problem("WORKBOOK_FIELD", **place, expected="true, false"),)) from None
    if said is None:
        raise PrepareError((Problem("SOURCE_SHEET", file=shown, expected=MANIFEST_SHEET),))
    expected = {
        "organisation": (said.get("organisation") in organisations(), "hva-05, kunta-091"),
        "period": (_is_period(said.get("period")), "2025Q3, 2025H1, 2025"),
        "table": (said.get("table") in contracts(), ", ".join(contracts())),
        "extracted_at": (_moment(said.get("extracted_at")) is not None, "2025-10-20T06:12:00+03:00"),
    }
    for field in FIELDS:
        given = field.name in said or field.name == "nothing_to_report"
        fits, example = expected.get(field.name, (True, field.about["en"]))
        if (field.required and not given) or (given and not fits):
            problems.append(
                Problem("WORKBOOK_FIELD", file=shown, sheet=MANIFEST_SHEET, column=field.name, expected=example)
            )
    if problems:
        raise PrepareError(tuple(problems))
    try:
        rows = read_table(content, path.name, contracts()[str(said["table"])]).rows
    except ReadError as error:
        # An empty data sheet is what a sender with nothing to report sends.
        if not said.get("nothing_to_report"):
            expected_format = error.expected or "Excel (.xlsx)"
            raise PrepareError((Problem("SOURCE_UNREADABLE", file=shown, expected=expected_format),)) from None
        rows = 0
    return _Filled(path, shown, said, rows)


def _across(filled: Sequence[_Filled]) -> list[Problem]:
    problems = []
    tables = [entry.table for entry in filled]
    for entry in filled:
        place: dict[str, Any] = {"file": entry.shown, "sheet": MANIFEST_SHEET}
        for name in _COMMON:
            if entry.said.get(name) != filled[0].said.get(name):
                told = str(filled[0].said.get(name, "–"))
                problems.append(Problem("WORKBOOK_DIFFERS", **place, column=name, expected=told))
        if tables.count(entry.table) > 1:
            problems.append(Problem("WORKBOOK_TWICE", **place, table=entry.table))
        if entry.is_empty and entry.rows:
            problems.append(Problem("TABLE_NOT_EMPTY", **place, table=entry.table, seen=str(entry.rows)))
        if not entry.is_empty and not entry.rows:
            problems.append(Problem("WORKBOOK_EMPTY", **place, table=entry.table))
    return problems


def _is_period(text: str | None) -> bool:
    try:
        return text is not None and Period.parse(text) is not None
    except (PeriodError, ValueError):
        return False


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment if moment is not None and moment.tzinfo is not None else None


def _extracted_at(entry: _Filled) -> datetime:
    """What the sheet says, else when the workbook was saved."""
    saved = datetime.fromtimestamp(entry.path.stat().st_mtime, UTC).astimezone()
    return _moment(entry.said.get("extracted_at")) or saved
