"""What can be wrong with a file: its name, its form, its columns, what must not be in it."""

from __future__ import annotations

from ingest.door.rules.examples import key
from ingest.door.rules.model import ONE_CLIENT, REJECT_FILE, WARN, Example, Rule

RULES = (
    Rule(
        "FILE_PATH",
        REJECT_FILE,
        "Tiedoston polku ei kelpaa. Odotettu: pelkkä tiedostonimi, tavallinen tiedosto manifestin kansiossa "
        "(ei kansioita, ei linkkejä).",
        "Filens sökväg duger inte. Förväntat: endast ett filnamn, en vanlig fil i manifestets mapp (inga "
        "mappar, inga länkar).",
        "The path of the file is not accepted. Expected: a plain file name, an ordinary file in the manifest's "
        "folder (no folders, no links).",
        fires=Example(ONE_CLIENT, announced={"client.csv": {"path": "../client.csv"}}),
        passes=Example(ONE_CLIENT),
    ),
    Rule(
        "FILE_UNLISTED",
        WARN,
        "Kansiossa on tiedosto, jota manifesti ei mainitse. Sitä ei luettu.",
        "I mappen finns en fil som manifestet inte nämner. Den lästes inte.",
        "The folder holds a file that the manifest does not name. It was not read.",
        fires=Example(ONE_CLIENT, files={"notes.txt": b"draft"}),
        passes=Example(ONE_CLIENT, files={"Thumbs.db": b""}),
    ),
    Rule(
        "FILE_TABLE",
        REJECT_FILE,
        "Taulua ei tunneta tai tämä toimittaja ei toimita sitä. Odotettu: {expected}.",
        "Tabellen är okänd eller levereras inte av denna leverantör. Förväntat: {expected}.",
        "The table is not known, or this kind of supplier does not deliver it. Expected: {expected}.",
        fires=Example(ONE_CLIENT, announced={"client.csv": {"table": "rental_housing"}}),
        passes=Example(ONE_CLIENT),
    ),
    Rule(
        "FILE_TABLE_TWICE",
        REJECT_FILE,
        "Taulu mainitaan manifestissa kahdesti. Odotettu: yksi tiedosto taulua kohti.",
        "Tabellen nämns två gånger i manifestet. Förväntat: en fil per tabell.",
        "The manifest names the table twice. Expected: one file for each table.",
        fires=Example(ONE_CLIENT, manifest={"nothing_to_report": ["client"]}),
        passes=Example(ONE_CLIENT, manifest={"nothing_to_report": ["handover"]}),
    ),
    Rule(
        "FILE_HASH",
        REJECT_FILE,
        "Tiedoston SHA-256-tiiviste ei ole sama kuin manifestissa: tiedosto on muuttunut tai vioittunut.",
        "Filens SHA-256-kontrollsumma är inte densamma som i manifestet: filen har ändrats eller skadats.",
        "The SHA-256 of the file is not the one in the manifest: the file was changed or damaged.",
        fires=Example(ONE_CLIENT, announced={"client.csv": {"sha256": "0" * 64}}),
        passes=Example(ONE_CLIENT),
    ),
    Rule(
        "FILE_FORMAT",
        REJECT_FILE,
        "Tiedostomuotoa ei tunneta. Odotettu: {expected}.",
        "Filformatet är okänt. Förväntat: {expected}.",
        "The file format is not known. Expected: {expected}.",
        fires=Example(files={"rental_housing.ods": b"municipality_code\n"}, organisation="kunta-853"),
        passes=Example(files={"rental_housing.csv": b"municipality_code\n"}, organisation="kunta-853"),
    ),
    Rule(
        "FILE_ENCODING",
        REJECT_FILE,
        "Tiedoston merkistöä ei tunnistettu. Odotettu: UTF-8 tai Windows-1252.",
        "Filens teckenkodning kändes inte igen. Förväntat: UTF-8 eller Windows-1252.",
        "The character encoding was not recognised. Expected: UTF-8 or Windows-1252.",
        fires=Example(files={"rental_housing.csv": b"municipality_code,offers\n853,\x81\n"}, organisation="kunta-853"),
        passes=Example(
            files={"rental_housing.csv": b"\xef\xbb\xbfmunicipality_code,offers\n853,1\n"}, organisation="kunta-853"
        ),
    ),
    Rule(
        "FILE_UNREADABLE",
        REJECT_FILE,
        "Tiedostoa ei voi lukea: se on vioittunut tai eri muotoa kuin pääte sanoo. Odotettu: {expected}.",
        "Filen kan inte läsas: den är skadad eller av ett annat slag än ändelsen säger. Förväntat: {expected}.",
        "The file cannot be read: it is damaged, or not of the kind that its name says. Expected: {expected}.",
        fires=Example(files={"rental_housing.xlsx": b"municipality_code\n"}, organisation="kunta-853"),
        passes=Example(files={"rental_housing.csv": b"municipality_code\n"}, organisation="kunta-853"),
    ),
    Rule(
        "FILE_EMPTY",
        REJECT_FILE,
        "Tiedostossa ei ole otsikkoriviä.",
        "Filen saknar rubrikrad.",
        "The file has no header row.",
        fires=Example(
            files={"rental_housing.csv": b""}, announced={"rental_housing.csv": {"rows": 0}}, organisation="kunta-853"
        ),
        passes=Example(files={"rental_housing.csv": b"municipality_code\n"}, organisation="kunta-853"),
    ),
    Rule(
        "FILE_ROWS",
        REJECT_FILE,
        "Rivien määrä ei ole sama kuin manifestissa. Nähty: {seen}. Odotettu: {expected}.",
        "Antalet rader är inte detsamma som i manifestet. Sett: {seen}. Förväntat: {expected}.",
        "The number of rows is not the one in the manifest. Seen: {seen}. Expected: {expected}.",
        fires=Example(ONE_CLIENT, announced={"client.csv": {"rows": 2}}),
        passes=Example(ONE_CLIENT, announced={"client.csv": {"rows": 1}}),
    ),
    Rule(
        "FILE_COLUMN_MISSING",
        REJECT_FILE,
        "Pakollinen sarake puuttuu.",
        "En obligatorisk kolumn saknas.",
        "A required column is missing.",
        fires=Example(files={"rental_housing.csv": b"offers\n3\n"}, organisation="kunta-853"),
        passes=Example(files={"rental_housing.csv": b"municipality_code\n853\n"}, organisation="kunta-853"),
    ),
    Rule(
        "FILE_COLUMN_UNKNOWN",
        REJECT_FILE,
        "Sarake ei kuulu tietosopimukseen. Odotettu: {expected}.",
        "Kolumnen ingår inte i dataavtalet. Förväntat: {expected}.",
        "The column is not part of the data contract. Expected: {expected}.",
        fires=Example(files={"rental_housing.csv": b"municipality_code,vacancies\n853,2\n"}, organisation="kunta-853"),
        passes=Example(files={"rental_housing.csv": b"offers,municipality_code\n3,853\n"}, organisation="kunta-853"),
    ),
    Rule(
        "FILE_COLUMN_TWICE",
        REJECT_FILE,
        "Sarake on otsikkorivillä kahdesti.",
        "Kolumnen finns två gånger på rubrikraden.",
        "The column stands twice in the header row.",
        fires=Example(
            files={"rental_housing.csv": b"municipality_code,offers,offers\n853,3,3\n"}, organisation="kunta-853"
        ),
        passes=Example(files={"rental_housing.csv": b"municipality_code,offers\n853,3\n"}, organisation="kunta-853"),
    ),
    Rule(
        "FILE_IDENTIFIER",
        REJECT_FILE,
        "Toimituksessa on suora tunniste ({kind}). Sitä ei toisteta tässä; tarkista paikka omasta "
        "tiedostostasi. Odotettu: vain pseudonyymejä.",
        "Leveransen innehåller en direkt identifierare ({kind}). Den upprepas inte här; kontrollera platsen i "
        "din egen fil. Förväntat: endast pseudonymer.",
        "The delivery holds a direct identifier ({kind}). It is not repeated here; look at the place in your "
        "own file. Expected: pseudonyms only.",
        fires=Example(
            files={"rental_housing.csv": b"municipality_code,offers\n853,131052-308T\n"},
            organisation="kunta-853",
            also=("ROW_NUMBER",),
        ),
        passes=Example(
            files={"rental_housing.csv": b"municipality_code,offers\n853,131052\n"}, organisation="kunta-853"
        ),
    ),
    Rule(
        "FILE_KEY_TWICE",
        REJECT_FILE,
        "Samalla avaimella on useampi rivi. Odotettu: yksi rivi kutakin avainta kohti ({expected}); tyhjä "
        "lasketaan arvoksi.",
        "Flera rader har samma nyckel. Förväntat: en rad per nyckel ({expected}); tomt räknas som ett värde.",
        "Several rows have the same key. Expected: one row for each key ({expected}); empty counts as a value.",
        fires=Example({"client": ({}, {})}),
        passes=Example({"client": ({}, {"client_key": key(2)})}),
    ),
)
