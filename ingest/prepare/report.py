"""The report of a run. It stays with the supplier: it says which of its own rows were not sent."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.contracts import LANGUAGES
from ingest.prepare.mapping import Mapped
from ingest.prepare.messages import Problem
from ingest.prepare.profile import NotProducible

NOT_MAPPED = "rows_not_mapped.csv"
FOUND_BY_CHECK = "rows_found_by_check.csv"
SUMMARY = "prepare.json"
# A spreadsheet would run a cell that begins so.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass
class Prepared:
    """What came of a run.

    ``outcome`` is the word of the door's receipt, or ``not_written`` when the delivery was held back
    before it (``problems`` say why). ``folder`` is the delivery; ``None`` when none was handed over.
    ``not_used`` maps a source file to the columns that were left behind.
    """

    delivery_id: str
    organisation: str
    period: str
    outcome: str
    folder: Path | None
    report: Path | None
    tables: list[Mapped] = field(default_factory=list)
    nothing_to_report: tuple[str, ...] = ()
    not_this_period: dict[str, str] = field(default_factory=dict)
    not_producible: dict[str, NotProducible] = field(default_factory=dict)
    not_in_profile: tuple[str, ...] = ()
    not_used: dict[str, list[str]] = field(default_factory=dict)
    other_files: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    receipt: dict[str, Any] | None = None
    dry_run: bool = False

    @property
    def handed_over(self) -> bool:
        """Whether the delivery lies in its folder, or (``dry_run``) would."""
        return self.folder is not None or (self.dry_run and self.outcome.startswith("accepted"))

    def as_dict(self) -> dict[str, Any]:
        """For machine output."""
        return {
            "delivery_id": self.delivery_id,
            "organisation": self.organisation,
            "period": self.period,
            "outcome": self.outcome,
            "dry_run": self.dry_run,
            "delivery": str(self.folder) if self.folder else None,
            "report": str(self.report) if self.report else None,
            "tables": [
                {
                    "table": table.table,
                    "rows_read": table.rows_read,
                    "rows": table.rows,
                    "rows_left_out_by_profile": table.left_out,
                    "rows_not_mapped": table.rows_not_mapped,
                    "rows_same_as_another": table.rows_same,
                }
                for table in self.tables
            ],
            "nothing_to_report": list(self.nothing_to_report),
            "not_this_period": self.not_this_period,
            "not_producible": {
                name: {"missing": list(entry.missing), "why": entry.why} for name, entry in self.not_producible.items()
            },
            "not_in_profile": list(self.not_in_profile),
            "columns_not_used": self.not_used,
            "files_not_used": list(self.other_files),
            "problems": [problem.as_dict() for problem in self.problems],
            "receipt": self.receipt,
        }


def write_report(prepared: Prepared, folder: Path, found_by_check: list[dict[str, Any]]) -> None:
    """Write the report into ``folder`` (readable by its owner only)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = json.dumps(prepared.as_dict(), ensure_ascii=False, indent=1)
    (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
    columns = ["table", "file", "sheet", "row", "column", "code", "seen", "expected", *LANGUAGES]
    rows = [
        {name: getattr(problem, name) for name in columns[:5]}
        | {"code": problem.code, "seen": problem.seen, "expected": problem.expected}
        | {language: problem.message.text(language, problem.seen, problem.expected) for language in LANGUAGES}
        for table in prepared.tables
        for problem in table.not_mapped
    ]
    _write_csv(folder / NOT_MAPPED, columns, rows)
    checked = ["table", "file", "row", "column", "rule", "delivered_row", *LANGUAGES]
    _write_csv(folder / FOUND_BY_CHECK, checked, found_by_check)


def lines(prepared: Prepared, language: str) -> list[str]:
    """The result for a person, in ``language`` (fi, sv or en)."""
    words = _WORDS[language]
    told = []
    for table in prepared.tables:
        left_out = sum(table.left_out.values())
        told.append(
            words["table"].format(
                table=table.table,
                read=f"{table.rows_read:,}",
                rows=f"{table.rows:,}",
                left_out=f"{left_out:,}",
                not_mapped=f"{table.rows_not_mapped:,}",
                same=f"{table.rows_same:,}",
            )
        )
        told += [f"    {count:,}: {reason}" for reason, count in table.left_out.items()]
        counted: dict[tuple[str, str | None], list[Problem]] = {}
        for problem in table.not_mapped:
            counted.setdefault((problem.code, problem.column), []).append(problem)
        for problems in counted.values():
            told.append(f"    {problems[0].code} × {len(problems):,}: {problems[0].text(language)}")
    for name, entry in prepared.not_producible.items():
        told.append(words["not_producible"].format(table=name, missing=", ".join(entry.missing), why=entry.why))
    for name, types in prepared.not_this_period.items():
        told.append(words["not_this_period"].format(table=name, types=types))
    if prepared.not_in_profile:
        told.append(words["not_in_profile"].format(tables=", ".join(prepared.not_in_profile)))
    for file, names in prepared.not_used.items():
        if names:
            told.append(words["not_used"].format(file=file, columns=", ".join(names)))
    if prepared.other_files:
        told.append(words["other_files"].format(files=", ".join(prepared.other_files)))
    told += [problem.text(language) for problem in prepared.problems]
    for entry in (prepared.receipt or {}).get("findings", []):
        where = " ".join(str(entry[name]) for name in ("file", "column") if entry.get(name))
        told.append(f"{entry['rule']} × {entry['count']} {where}: {entry['message'][language]}")
    told.append(words["outcome"].format(outcome=prepared.outcome))
    if prepared.dry_run:
        told.append(words["dry_run"])
    elif prepared.folder:
        told.append(words["delivery"].format(folder=prepared.folder))
    else:
        told.append(words["none"])
    if prepared.report:
        told.append(words["report"].format(folder=prepared.report))
    return told


_WORDS = {
    "fi": {
        "table": "{table}: luettiin {read} riviä, lähtee {rows}; profiili jätti pois {left_out}, "
        "ei voitu muuntaa {not_mapped}, samoja {same}",
        "not_producible": "{table}: ei saada tästä lähteestä (puuttuu {missing}): {why}",
        "not_this_period": "{table}: toimitetaan muulle jaksolle ({types})",
        "not_in_profile": "Ei profiilissa: {tables}",
        "not_used": "{file}: näitä sarakkeita ei pyydetty, eivätkä ne lähde: {columns}",
        "other_files": "Tiedostot, joita profiili ei tunne (ei luettu): {files}",
        "outcome": "Ovi sanoisi: {outcome}",
        "dry_run": "Koeajo: mitään ei kirjoitettu.",
        "delivery": "Toimitus: {folder}",
        "none": "Toimitusta ei syntynyt.",
        "report": "Raportti (jää teille, älkää lähettäkö): {folder}",
    },
    "sv": {
        "table": "{table}: {read} rader lästes, {rows} sänds; profilen utelämnade {left_out}, "
        "kunde inte omvandlas {not_mapped}, likadana {same}",
        "not_producible": "{table}: fås inte ur den här källan (saknas {missing}): {why}",
        "not_this_period": "{table}: levereras för andra perioder ({types})",
        "not_in_profile": "Inte i profilen: {tables}",
        "not_used": "{file}: dessa kolumner efterfrågas inte och sänds inte: {columns}",
        "other_files": "Filer som profilen inte känner (lästes inte): {files}",
        "outcome": "Dörren skulle säga: {outcome}",
        "dry_run": "Provkörning: inget skrevs.",
        "delivery": "Leverans: {folder}",
        "none": "Ingen leverans uppstod.",
        "report": "Rapport (stannar hos er, sänd den inte): {folder}",
    },
    "en": {
        "table": "{table}: {read} rows read, {rows} to send; left out by the profile {left_out}, "
        "could not be mapped {not_mapped}, same as another {same}",
        "not_producible": "{table}: not producible from this source (lacks {missing}): {why}",
        "not_this_period": "{table}: delivered for other periods ({types})",
        "not_in_profile": "Not in the profile: {tables}",
        "not_used": "{file}: these columns are not asked for and do not leave: {columns}",
        "other_files": "Files that the profile does not know (not read): {files}",
        "outcome": "The door would say: {outcome}",
        "dry_run": "Dry run: nothing was written.",
        "delivery": "Delivery: {folder}",
        "none": "There is no delivery.",
        "report": "Report (stays with you, do not send it): {folder}",
    },
}


def _write_csv(path: Path, columns: list[str], rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, columns, delimiter=";")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _safe(row.get(name)) for name in columns})


def _safe(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value
