"""The manifest sheet of a template workbook: what stands in ``manifest.json``, to be filled in by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ingest.contracts.model import ContractError, normalised_header

MANIFEST_SHEET = "manifest"
YES, NO = "true", "false"
_YES_WORDS = frozenset({"true", "1", "kyllä", "ja", "yes"})
_NO_WORDS = frozenset({"", "false", "0", "ei", "nej", "no"})


@dataclass(frozen=True)
class ManifestField:
    """A row of the sheet: its name, whether it must be filled in, and what it is."""

    name: str
    required: bool
    about: dict[str, str]


def _field(name: str, required: bool, fi: str, sv: str, en: str) -> ManifestField:
    return ManifestField(name, required, {"fi": fi, "sv": sv, "en": en})


FIELDS = (
    _field(
        "organisation",
        True,
        "Toimittaja: hva-05, kunta-091, kela",
        "Leverantör: hva-05, kunta-091, kela",
        "Supplier: hva-05, kunta-091, kela",
    ),
    _field(
        "period",
        True,
        "Jakso: 2025Q3, 2025H1, 2025",
        "Period: 2025Q3, 2025H1, 2025",
        "Period: 2025Q3, 2025H1, 2025",
    ),
    _field("table", True, "Taulu (täytetty)", "Tabell (ifylld)", "Table (filled in)"),
    _field(
        "contract_version",
        True,
        "Tietosopimuksen versio (täytetty)",
        "Dataavtalets version (ifylld)",
        "Contract version (filled in)",
    ),
    _field(
        "key_domain",
        True,
        "Avainalue: common, tai oma",
        "Nyckeldomän: common, eller egen",
        "Key domain: common, or your own",
    ),
    _field(
        "nothing_to_report",
        True,
        "true, jos jaksolta ei ole mitään ilmoitettavaa",
        "true, om det inte finns något att rapportera för perioden",
        "true if there is nothing to report for the period",
    ),
    _field(
        "extracted_at",
        False,
        "Poiminnan hetki: 2025-10-20T06:12:00+03:00; tyhjä = tiedoston tallennus",
        "Tid för uttaget: 2025-10-20T06:12:00+03:00; tom = när filen sparades",
        "When extracted: 2025-10-20T06:12:00+03:00; empty = when the file was saved",
    ),
    _field(
        "correction_of",
        False,
        "Korjattavan toimituksen tunnus, jos tämä on korjaus",
        "Id för leveransen som rättas, om detta är en rättelse",
        "Id of the delivery that this one corrects, if it is a correction",
    ),
)


def manifest_of_sheet(cells: Sequence[Sequence[str | None]]) -> dict[str, Any]:
    """What the manifest sheet says, in the words of ``manifest.json``; fields left empty are left out.

    ``cells`` are the rows of the sheet as text (``ingest.door.reading.read_sheet``). ``table`` stays
    beside, since ``manifest.json`` has it per file; ``nothing_to_report`` is a list of tables.
    Raises ``ContractError`` when ``nothing_to_report`` is neither yes nor no.
    """
    said = {
        normalised_header(row[0]): (row[1] or "").strip()
        for row in cells
        if len(row) > 1 and row[0] and normalised_header(row[0]) in _NAMES
    }
    answer = said.pop("nothing_to_report", "").casefold()
    if answer not in _YES_WORDS | _NO_WORDS:
        raise ContractError(f"{MANIFEST_SHEET}: nothing_to_report must be {YES} or {NO}")
    found: dict[str, Any] = {name: value for name, value in said.items() if value}
    if answer in _YES_WORDS and "table" in found:
        found["nothing_to_report"] = [found["table"]]
    return found


_NAMES = frozenset(field.name for field in FIELDS)
