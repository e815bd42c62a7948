"""Source files for the tests of `prepare`: a Finnish client system's export, and how to run on it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from ingest.prepare import Order, Prepared, Secrets, load_profile, prepare
from ingest.profiles import profile_path

SECRETS = Secrets(
    bytes.fromhex("17" * 4 + "a0b1c2d3e4f5061728394a5b6c7d8e9fa1b2c3d4e5f60718293a4b5c"), bytes(range(7, 39))
)
EXTRACTED = datetime.fromisoformat("2025-10-20T06:12:00+03:00")
_CHECK = "0123456789ABCDEFHJKLMNPRSTUVWXY"


def hetu(day: str, sign: str, number: int) -> str:
    """An identity code with its right check character, of a number no real person has (900-999)."""
    assert 900 <= number <= 999
    return f"{day}{sign}{number}{_CHECK[int(f'{day}{number}') % 31]}"


ANNA = hetu("010203", "A", 901)
BERTTA = hetu("020304", "A", 902)
CARL = hetu("030405", "A", 903)
DAVID = hetu("040506", "A", 904)

SOURCES: dict[str, list[dict[str, Any]]] = {
    "asiakkaat.csv": [
        {"HETU": ANNA, "SUKUNIMI": "Esimerkki", "SYNTYMAAIKA": "01.02.2003", "SUKUPUOLI": "N", "KOTIKUNTA": "853",
         "AIDINKIELI": "FI", "YHTEYS": "YHT", "LAPSIA": "E", "TURVAKIELTO": "E"},
        {"HETU": BERTTA, "SUKUNIMI": "Näyte", "SYNTYMAAIKA": "02.03.2004", "SUKUPUOLI": "N", "KOTIKUNTA": "734",
         "AIDINKIELI": "SV", "YHTEYS": "YHT", "LAPSIA": "K", "TURVAKIELTO": "K"},
        {"HETU": CARL, "SUKUNIMI": "Malli", "SYNTYMAAIKA": "03.04.2005", "SUKUPUOLI": "M", "KOTIKUNTA": "",
         "AIDINKIELI": "", "YHTEYS": "", "LAPSIA": "", "TURVAKIELTO": ""},
    ],
    "kotikuntahistoria.csv": [
        {"HETU": ANNA, "KUNTA": "853", "ALKUPVM": "01.01.2010", "PAATTYEN": ""},
        {"HETU": BERTTA, "KUNTA": "853", "ALKUPVM": "01.01.2010", "PAATTYEN": "01.06.2020"},
        {"HETU": BERTTA, "KUNTA": "734", "ALKUPVM": "01.06.2020", "PAATTYEN": ""},
        {"HETU": CARL, "KUNTA": "", "ALKUPVM": "01.01.2012", "PAATTYEN": ""},
    ],
    "asiakkuudet.csv": [
        {"HETU": person, "ASIAKKUUSNRO": f"A{place}", "PALVELU": service, "ALKUPVM": "01.02.2021", "LOPPUPVM": "",
         "PAATTYMISSYY": "", "PERUSTE": "HUO", "OIKEUS_PAATTYY": ""}
        for place, (person, service) in enumerate([(ANNA, "JH"), (BERTTA, "JH"), (CARL, "Jälkihuolto"), (CARL, "LS")])
    ],
    "vastuutyontekijat.csv": [
        {"HETU": person, "TYONTEKIJA": worker, "ROOLI": role, "TIIMI": "17", "ALKUPVM": "01.02.2021",
         "LOPPUPVM": "", "SYY": "UUSI"}
        for person, worker, role in ((ANNA, "t17", "STT"), (BERTTA, "t17", "STT"), (CARL, "T18", "SO"))
    ],
    "tapahtumat.csv": [
        {"TAPAHTUMANRO": "1", "HETU": ANNA, "PVM": "05.08.2025", "LAJI": "TAP", "TYONTEKIJA": "T17",
         "TAVOITETTU": "K", "SIIRTOTAPA": "", "UUSI_TYONTEKIJA": "", "KUVAUS": "Tapasimme kahvilassa."},
        {"TAPAHTUMANRO": "2", "HETU": CARL, "PVM": "06.08.2025", "LAJI": "SIIRTO", "TYONTEKIJA": "T17",
         "TAVOITETTU": "K", "SIIRTOTAPA": "YHD", "UUSI_TYONTEKIJA": "T18", "KUVAUS": ""},
        {"TAPAHTUMANRO": "3", "HETU": ANNA, "PVM": "06.01.2025", "LAJI": "PUH", "TYONTEKIJA": "T17",
         "TAVOITETTU": "E", "SIIRTOTAPA": "", "UUSI_TYONTEKIJA": "", "KUVAUS": ""},
        {"TAPAHTUMANRO": "4", "HETU": ANNA, "PVM": "07.08.2025", "LAJI": "MUISTIO", "TYONTEKIJA": "T17",
         "TAVOITETTU": "", "SIIRTOTAPA": "", "UUSI_TYONTEKIJA": "", "KUVAUS": ""},
    ],
    "asumiset.xlsx": [
        {"Henkilötunnus": ANNA, "Katuosoite": "Esimerkkikatu 1", "Postinumero": "20100", "Kunta": "853",
         "Asumismuoto": "Vuokra", "Alkaen": datetime(2022, 5, 1), "Saakka": None, "Suunniteltu": "K"},
        {"Henkilötunnus": BERTTA, "Katuosoite": "Salainentie 2", "Postinumero": "24100", "Kunta": 734,
         "Asumismuoto": "Tuettu", "Alkaen": "01.05.2022", "Saakka": None, "Suunniteltu": "E"},
        {"Henkilötunnus": CARL, "Katuosoite": None, "Postinumero": None, "Kunta": None,
         "Asumismuoto": "Asunnoton", "Alkaen": "01.05.2022", "Saakka": None, "Suunniteltu": None},
    ],
}  # fmt: skip


def write_sources(folder: Path, changed: dict[str, list[dict[str, Any]]] | None = None) -> Path:
    """Write the export as that system would: semicolons and Windows-1252, and a workbook."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (SOURCES | (changed or {})).items():
        if name.endswith(".xlsx"):
            book = Workbook()
            sheet = book.active
            assert sheet is not None
            sheet.title = "Asumiset"
            sheet.append(list(rows[0]))
            for row in rows:
                sheet.append(list(row.values()))
            book.save(folder / name)
            continue
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), delimiter=";", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        (folder / name).write_bytes(text.getvalue().encode("cp1252"))
    return folder


def order(root: Path, **changed: Any) -> Order:
    """An order on the sources below ``root``."""
    fields: dict[str, Any] = {
        "organisation": "hva-05",
        "period": "2025Q3",
        "sources": (root / "source",),
        "into": root / "outgoing",
        "reports": root / "reports",
        "extracted_at": EXTRACTED,
        "data_kind": "synthetic",
    }
    return Order(**(fields | changed))


def run(
    root: Path,
    changed: dict[str, list[dict[str, Any]]] | None = None,
    tables: tuple[str, ...] | None = None,
    **fields: Any,
) -> Prepared:
    """Prepare the export (or only some ``tables`` of it), with some of its files or of the order changed."""
    write_sources(root / "source", changed)
    profile = load_profile(profile_path("asiakastieto"))
    if tables:
        profile = replace(profile, tables={table: profile.tables[table] for table in tables})
    return prepare(profile, order(root, **fields), SECRETS)


def delivered(prepared: Prepared, table: str) -> list[dict[str, str]]:
    """The rows of a delivered CSV table."""
    assert prepared.folder is not None, [problem.text() for problem in prepared.problems]
    with (prepared.folder / f"{table}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
