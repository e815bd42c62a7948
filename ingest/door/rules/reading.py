"""What can be wrong with how a file is packed or laid out, and what a sender should know of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ingest.door.rules.model import REJECT_FILE, WARN, Example, Rule
from ingest.door.rules.workbooks import archive, sheet, workbook

_HEAD = ("municipality_code", "offers")
_ROW = ("853", "3")
_TABLE = sheet([_HEAD, _ROW])
# How a file of Office begins that is protected with a password (and any workbook of before 2007).
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504


def _file(name: str, content: bytes | Callable[[], bytes], rows: int = 1) -> Example:
    return Example(files={name: content}, announced={name: {"rows": rows}}, organisation="kunta-853")


def _book(sheets: Mapping[str, str], more: Mapping[str, bytes] | None = None, rows: int = 1) -> Example:
    return _file("rental_housing.xlsx", workbook(sheets, more), rows)


_PLAIN_BOOK = _book({"rental_housing": _TABLE})

RULES = (
    Rule(
        "FILE_ARCHIVE",
        REJECT_FILE,
        "Pakattu tiedosto ei kelpaa. Odotettu: {expected}.",
        "Den packade filen duger inte. Förväntat: {expected}.",
        "The packed file is not accepted. Expected: {expected}.",
        fires=_file(
            "rental_housing.csv.zip",
            archive({"rental_housing.csv": b"municipality_code\n853\n", "other.csv": b"municipality_code\n853\n"}),
        ),
        passes=_file("rental_housing.csv.zip", archive({"rental_housing.csv": b"municipality_code\n853\n"})),
    ),
    Rule(
        "FILE_PROTECTED",
        REJECT_FILE,
        "Tiedosto on suojattu salasanalla tai vanhaa Excel-muotoa (.xls). Odotettu: {expected}.",
        "Filen är skyddad med lösenord eller i det gamla Excelformatet (.xls). Förväntat: {expected}.",
        "The file is protected by a password, or of the old Excel format (.xls). Expected: {expected}.",
        fires=_file("rental_housing.xlsx", _COMPOUND_FILE),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "FILE_TOO_LARGE",
        REJECT_FILE,
        "Tiedosto on liian suuri, tai siinä on liian monta saraketta. Odotettu: {expected}.",
        "Filen är för stor eller har för många kolumner. Förväntat: {expected}.",
        "The file is too large or has too many columns. Expected: {expected}.",
        fires=_file("rental_housing.csv", b"municipality_code" + b"," * 501 + b"\n853" + b"," * 501 + b"\n"),
        passes=_file("rental_housing.csv", b"municipality_code\n853\n"),
    ),
    Rule(
        "FILE_SHEET",
        REJECT_FILE,
        "Monella välilehdellä on tietoja, eikä mikään ole taulun niminen. Odotettu välilehti: {expected}.",
        "Flera blad har data och inget bär tabellens namn. Förväntat blad: {expected}.",
        "Several sheets hold data and none is named after the table. Expected sheet: {expected}.",
        fires=_book({"2024": _TABLE, "2025": _TABLE}),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "FILE_EMBEDDED",
        REJECT_FILE,
        "Työkirjassa on makro tai upotettu tiedosto, jonka sisältöä ei voi tarkistaa. Odotettu: {expected}.",
        "Arbetsboken innehåller ett makro eller en inbäddad fil som inte kan granskas. Förväntat: {expected}.",
        "The workbook holds a macro or an embedded file that cannot be looked into. Expected: {expected}.",
        fires=_book({"rental_housing": _TABLE}, {"xl/vbaProject.bin": b"\0"}),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "NOTE_HIDDEN",
        WARN,
        "Välilehdellä on piilotettuja rivejä tai sarakkeita. Nekin luettiin.",
        "Bladet har dolda rader eller kolumner. Också de lästes.",
        "The sheet has hidden rows or columns. They were read too.",
        fires=_book({"rental_housing": sheet([_HEAD, _ROW], hidden_rows=[2])}),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "NOTE_SHEET",
        WARN,
        "Työkirjassa on toinenkin välilehti, jolla on tietoja. Sitä ei luettu.",
        "Arbetsboken har ett annat blad med data. Det lästes inte.",
        "The workbook has another sheet with data. It was not read.",
        fires=_book({"rental_housing": _TABLE, "2024": _TABLE}),
        passes=_book({"rental_housing": _TABLE, "2024": sheet([])}),
    ),
    Rule(
        "NOTE_MERGED",
        WARN,
        "Riveillä on yhdistettyjä soluja: vain ensimmäisellä solulla on arvo.",
        "Bland raderna finns sammanslagna celler: endast den första cellen har ett värde.",
        "There are merged cells among the rows: only the first cell has the value.",
        fires=_book({"rental_housing": sheet([_HEAD, _ROW], merged="B2:C2")}),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "NOTE_FORMULA",
        WARN,
        "Solussa on kaava ilman laskettua tulosta: solu luettiin tyhjänä. Avaa ja tallenna tiedosto Excelissä.",
        "Cellen har en formel utan beräknat resultat: cellen lästes som tom. Öppna och spara filen i Excel.",
        "The cell holds a formula without a stored result: it was read as empty. Open and save the file in Excel.",
        fires=_book({"rental_housing": sheet([_HEAD, ("853", "=1+2")])}),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "NOTE_HEADER_ROW",
        WARN,
        "Otsikkorivi ei ole ensimmäinen rivi. Sen yläpuolella olevia rivejä ei luettu.",
        "Rubrikraden är inte den första raden. Raderna ovanför den lästes inte.",
        "The header is not the first row. The rows above it were not read.",
        fires=_book({"rental_housing": sheet([("2025",), _HEAD, _ROW])}),
        passes=_PLAIN_BOOK,
    ),
    Rule(
        "NOTE_PICTURE",
        WARN,
        "Työkirjassa on kuva. Sen sisältöä ei voi tarkistaa: varmista, ettei siinä ole henkilötietoja.",
        "Arbetsboken innehåller en bild som inte kan granskas: kontrollera att den saknar personuppgifter.",
        "The workbook holds a picture, which cannot be looked into: make sure that it shows no personal data.",
        fires=_book({"rental_housing": _TABLE}, {"xl/media/image1.png": b"\x89PNG\r\n\x1a\n"}),
        passes=_PLAIN_BOOK,
    ),
)
