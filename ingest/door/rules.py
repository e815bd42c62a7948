"""The rules of the door: what can be wrong with a delivery, and what is said about it.

A rule is data: a code that never changes its meaning, a severity, and what to say in three
languages. The functions that apply the rules are in ``manifest``, ``readers`` and ``checks``.
Placeholders: ``{seen}`` (already masked) and ``{expected}``.
"""

from __future__ import annotations

from dataclasses import dataclass

LANGUAGES = ("fi", "sv", "en")

REJECT_FILE = "reject_file"  # the whole delivery stays out
QUARANTINE_ROW = "quarantine_row"  # the row stays out
WARN = "warn"  # accepted as it is
REPAIR = "repair"  # the row is accepted, a value was put right

SEVERITIES = (REJECT_FILE, QUARANTINE_ROW, WARN, REPAIR)

CONSEQUENCES = {
    REJECT_FILE: {
        "fi": "Toimitusta ei oteta vastaan. Korjaa ja lähetä koko toimitus uudelleen.",
        "sv": "Leveransen tas inte emot. Rätta och skicka hela leveransen på nytt.",
        "en": "The delivery is not accepted. Correct it and send the whole delivery again.",
    },
    QUARANTINE_ROW: {
        "fi": "Rivi jätetään pois, muut rivit otetaan vastaan. Korjaa ja lähetä jakso uudelleen.",
        "sv": "Raden utelämnas, övriga rader tas emot. Rätta och skicka perioden på nytt.",
        "en": "The row is left out, the other rows are accepted. Correct it and send the period again.",
    },
    WARN: {
        "fi": "Tieto otetaan vastaan sellaisenaan. Tarkista, onko se oikein.",
        "sv": "Uppgiften tas emot som den är. Kontrollera att den stämmer.",
        "en": "It is accepted as it is. Check whether it is right.",
    },
    REPAIR: {
        "fi": "Arvo korjattiin ja rivi otettiin vastaan. Korjaa poiminta.",
        "sv": "Värdet rättades och raden togs emot. Rätta uttaget.",
        "en": "The value was put right and the row accepted. Correct the extract.",
    },
}


@dataclass(frozen=True)
class Rule:
    """One thing that can be wrong. ``fi``, ``sv``, ``en`` say what it is."""

    code: str
    severity: str
    fi: str
    sv: str
    en: str

    def text(self, language: str, seen: str | None, expected: str | None) -> str:
        """The message in ``language`` with what was seen (masked) and expected filled in."""
        template: str = getattr(self, language)
        return template.format(seen=seen or "–", expected=expected or "–")


RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in (
        # ---- the delivery ----
        Rule(
            "MANIFEST_JSON",
            REJECT_FILE,
            "manifest.json ei ole luettavissa JSON-muodossa UTF-8-merkistöllä.",
            "manifest.json kan inte läsas som JSON i UTF-8.",
            "manifest.json cannot be read as JSON in UTF-8.",
        ),
        Rule(
            "MANIFEST_FIELD",
            REJECT_FILE,
            "Manifestin kenttä puuttuu tai on virheellinen. Odotettu: {expected}.",
            "Ett fält i manifestet saknas eller är felaktigt. Förväntat: {expected}.",
            "A field of the manifest is missing or wrong. Expected: {expected}.",
        ),
        Rule(
            "MANIFEST_PLACE",
            REJECT_FILE,
            "Kansion nimi ja manifesti eivät täsmää. Odotettu: {expected}.",
            "Mappens namn och manifestet stämmer inte överens. Förväntat: {expected}.",
            "The name of the folder and the manifest disagree. Expected: {expected}.",
        ),
        Rule(
            "MANIFEST_ORGANISATION",
            REJECT_FILE,
            "Toimittajaa ei tunneta. Odotettu: {expected}.",
            "Leverantören är okänd. Förväntat: {expected}.",
            "The supplier is not known. Expected: {expected}.",
        ),
        Rule(
            "MANIFEST_PERIOD",
            REJECT_FILE,
            "Jakso on virheellinen. Odotettu: {expected}.",
            "Perioden är felaktig. Förväntat: {expected}.",
            "The period is wrong. Expected: {expected}.",
        ),
        Rule(
            "MANIFEST_VERSION",
            REJECT_FILE,
            "Tietosopimuksen versiota ei tueta. Odotettu: {expected}.",
            "Versionen av dataavtalet stöds inte. Förväntat: {expected}.",
            "This version of the data contract is not supported. Expected: {expected}.",
        ),
        Rule(
            "DELIVERY_ID_TAKEN",
            REJECT_FILE,
            "Samalla tunnuksella on jo otettu vastaan toinen toimitus. "
            "Odotettu: uusi tunnus (ULID) jokaiselle toimitukselle.",
            "En annan leverans med samma id har redan tagits emot. Förväntat: ett nytt id (ULID) för varje leverans.",
            "Another delivery with the same id has already been accepted. Expected: a new id (ULID) for each delivery.",
        ),
        Rule(
            "CORRECTION_UNKNOWN",
            WARN,
            "Korjattavaa toimitusta ei ole otettu vastaan tältä toimittajalta tälle jaksolle. "
            "Toimitus käsitellään jakson uusimpana.",
            "Leveransen som rättas har inte tagits emot av denna leverantör för perioden. "
            "Leveransen behandlas som periodens senaste.",
            "The delivery that this one corrects was not accepted from this supplier for this "
            "period. This delivery counts as the latest of the period.",
        ),
        Rule(
            "DELIVERY_LATE",
            WARN,
            "Tiedot on poimittu määräajan jälkeen. Odotettu viimeistään: {expected}.",
            "Uppgifterna har tagits ut efter tidsfristen. Förväntat senast: {expected}.",
            "The data were extracted after the due date. Expected by: {expected}.",
        ),
        # ---- a file ----
        Rule(
            "FILE_PATH",
            REJECT_FILE,
            "Tiedoston polku ei kelpaa. Odotettu: pelkkä tiedostonimi, tavallinen tiedosto "
            "manifestin kansiossa (ei kansioita, ei linkkejä).",
            "Filens sökväg duger inte. Förväntat: endast ett filnamn, en vanlig fil i manifestets "
            "mapp (inga mappar, inga länkar).",
            "The path of the file is not accepted. Expected: a plain file name, an ordinary file "
            "in the manifest's folder (no folders, no links).",
        ),
        Rule(
            "FILE_UNLISTED",
            WARN,
            "Kansiossa on tiedosto, jota manifesti ei mainitse. Sitä ei luettu.",
            "I mappen finns en fil som manifestet inte nämner. Den lästes inte.",
            "The folder holds a file that the manifest does not name. It was not read.",
        ),
        Rule(
            "FILE_TABLE",
            REJECT_FILE,
            "Taulua ei tunneta tai tämä toimittaja ei toimita sitä. Odotettu: {expected}.",
            "Tabellen är okänd eller levereras inte av denna leverantör. Förväntat: {expected}.",
            "The table is not known, or this kind of supplier does not deliver it. Expected: {expected}.",
        ),
        Rule(
            "FILE_TABLE_TWICE",
            REJECT_FILE,
            "Taulu mainitaan manifestissa kahdesti. Odotettu: yksi tiedosto taulua kohti.",
            "Tabellen nämns två gånger i manifestet. Förväntat: en fil per tabell.",
            "The manifest names the table twice. Expected: one file for each table.",
        ),
        Rule(
            "FILE_HASH",
            REJECT_FILE,
            "Tiedoston SHA-256-tiiviste ei ole sama kuin manifestissa: tiedosto on muuttunut tai vioittunut.",
            "Filens SHA-256-kontrollsumma är inte densamma som i manifestet: filen har ändrats eller skadats.",
            "The SHA-256 of the file is not the one in the manifest: the file was changed or damaged.",
        ),
        Rule(
            "FILE_FORMAT",
            REJECT_FILE,
            "Tiedostomuotoa ei tunneta. Odotettu: {expected}.",
            "Filformatet är okänt. Förväntat: {expected}.",
            "The file format is not known. Expected: {expected}.",
        ),
        Rule(
            "FILE_ENCODING",
            REJECT_FILE,
            "Tiedoston merkistöä ei tunnistettu. Odotettu: UTF-8 tai Windows-1252.",
            "Filens teckenkodning kändes inte igen. Förväntat: UTF-8 eller Windows-1252.",
            "The character encoding was not recognised. Expected: UTF-8 or Windows-1252.",
        ),
        Rule(
            "FILE_UNREADABLE",
            REJECT_FILE,
            "Tiedostoa ei voi lukea: se on vioittunut tai eri muotoa kuin pääte sanoo. Odotettu: {expected}.",
            "Filen kan inte läsas: den är skadad eller av ett annat slag än ändelsen säger. Förväntat: {expected}.",
            "The file cannot be read: it is damaged, or not of the kind that its name says. Expected: {expected}.",
        ),
        Rule(
            "FILE_EMPTY",
            REJECT_FILE,
            "Tiedostossa ei ole otsikkoriviä.",
            "Filen saknar rubrikrad.",
            "The file has no header row.",
        ),
        Rule(
            "FILE_ROWS",
            REJECT_FILE,
            "Rivien määrä ei ole sama kuin manifestissa. Nähty: {seen}. Odotettu: {expected}.",
            "Antalet rader är inte detsamma som i manifestet. Sett: {seen}. Förväntat: {expected}.",
            "The number of rows is not the one in the manifest. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "FILE_COLUMN_MISSING",
            REJECT_FILE,
            "Pakollinen sarake puuttuu.",
            "En obligatorisk kolumn saknas.",
            "A required column is missing.",
        ),
        Rule(
            "FILE_COLUMN_UNKNOWN",
            REJECT_FILE,
            "Sarake ei kuulu tietosopimukseen. Odotettu: {expected}.",
            "Kolumnen ingår inte i dataavtalet. Förväntat: {expected}.",
            "The column is not part of the data contract. Expected: {expected}.",
        ),
        Rule(
            "FILE_COLUMN_TWICE",
            REJECT_FILE,
            "Sarake on otsikkorivillä kahdesti.",
            "Kolumnen finns två gånger på rubrikraden.",
            "The column stands twice in the header row.",
        ),
        Rule(
            "FILE_IDENTIFIER",
            REJECT_FILE,
            "Toimituksessa on henkilötunnus. Tunnusta ei toisteta tässä; tarkista paikka omasta "
            "tiedostostasi. Odotettu: vain pseudonyymejä.",
            "Leveransen innehåller en personbeteckning. Den upprepas inte här; kontrollera "
            "platsen i din egen fil. Förväntat: endast pseudonymer.",
            "The delivery holds a Finnish personal identity code. It is not repeated here; look at "
            "the place in your own file. Expected: pseudonyms only.",
        ),
        Rule(
            "FILE_KEY_TWICE",
            REJECT_FILE,
            "Samalla avaimella on useampi rivi. Odotettu: yksi rivi kutakin avainta kohti "
            "({expected}); tyhjä lasketaan arvoksi.",
            "Flera rader har samma nyckel. Förväntat: en rad per nyckel ({expected}); tomt räknas som ett värde.",
            "Several rows have the same key. Expected: one row for each key ({expected}); empty counts as a value.",
        ),
        # ---- a row ----
        Rule(
            "ROW_COLUMNS",
            QUARANTINE_ROW,
            "Rivillä on väärä määrä sarakkeita. Nähty: {seen}. Odotettu: {expected}.",
            "Raden har fel antal kolumner. Sett: {seen}. Förväntat: {expected}.",
            "The row has the wrong number of columns. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_REQUIRED",
            QUARANTINE_ROW,
            "Pakollinen arvo puuttuu.",
            "Ett obligatoriskt värde saknas.",
            "A required value is missing.",
        ),
        Rule(
            "ROW_KEY",
            QUARANTINE_ROW,
            "Avain ei ole pseudonyymi. Odotettu: {expected}.",
            "Nyckeln är inte en pseudonym. Förväntat: {expected}.",
            "The key is no pseudonym. Expected: {expected}.",
        ),
        Rule(
            "ROW_DATE",
            QUARANTINE_ROW,
            "Päivämäärää ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
            "Datumet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
            "The date cannot be read. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_NUMBER",
            QUARANTINE_ROW,
            "Lukua ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
            "Talet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
            "The number cannot be read. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_BOOLEAN",
            QUARANTINE_ROW,
            "Kyllä/ei-arvoa ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
            "Ja/nej-värdet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
            "The yes/no value cannot be read. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_CODE",
            QUARANTINE_ROW,
            "Koodi ei ole koodistossa. Nähty: {seen}. Odotettu: {expected}.",
            "Koden finns inte i kodlistan. Sett: {seen}. Förväntat: {expected}.",
            "The code is not in the code list. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_MUNICIPALITY",
            QUARANTINE_ROW,
            "Kuntanumeroa ei tunneta. Nähty: {seen}. Odotettu: {expected}.",
            "Kommunnumret är okänt. Sett: {seen}. Förväntat: {expected}.",
            "The municipality code is not known. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_AREA",
            QUARANTINE_ROW,
            "Hyvinvointialueen numeroa ei tunneta. Nähty: {seen}. Odotettu: {expected}.",
            "Välfärdsområdets nummer är okänt. Sett: {seen}. Förväntat: {expected}.",
            "The wellbeing area code is not known. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_RANGE",
            QUARANTINE_ROW,
            "Luku on sallitun välin ulkopuolella. Nähty: {seen}. Odotettu: {expected}.",
            "Talet ligger utanför det tillåtna intervallet. Sett: {seen}. Förväntat: {expected}.",
            "The number is outside the permitted range. Seen: {seen}. Expected: {expected}.",
        ),
        Rule(
            "ROW_END_BEFORE_START",
            QUARANTINE_ROW,
            "Jakso päättyy ennen kuin se alkaa. Odotettu: {expected}.",
            "Perioden slutar innan den börjar. Förväntat: {expected}.",
            "The spell ends before it starts. Expected: {expected}.",
        ),
        Rule(
            "ROW_OUTSIDE_PERIOD",
            QUARANTINE_ROW,
            "Tapahtuma ei kuulu manifestin jaksoon. Odotettu: {expected}.",
            "Händelsen hör inte till manifestets period. Förväntat: {expected}.",
            "The event does not belong to the manifest's period. Expected: {expected}.",
        ),
        Rule(
            "ROW_OTHER_MUNICIPALITY",
            QUARANTINE_ROW,
            "Rivi koskee toista kuntaa kuin toimittajaa. Odotettu: {expected}.",
            "Raden gäller en annan kommun än leverantören. Förväntat: {expected}.",
            "The row is about another municipality than the supplier. Expected: {expected}.",
        ),
        # ---- a row, to be looked at ----
        Rule(
            "WARN_AREA",
            WARN,
            "Vastuualue on toinen kuin toimittaja.",
            "Det ansvariga området är ett annat än leverantören.",
            "The responsible area is another one than the supplier.",
        ),
        Rule(
            "WARN_FUTURE",
            WARN,
            "Päivä on tietojen poiminnan jälkeen.",
            "Dagen är efter att uppgifterna togs ut.",
            "The date is after the day on which the data were extracted.",
        ),
        Rule(
            "WARN_AGE",
            WARN,
            "Ikä on jakson lopussa jälkihuollon iän ulkopuolella. Odotettu: {expected}.",
            "Åldern är i slutet av perioden utanför eftervårdens åldrar. Förväntat: {expected}.",
            "The age at the end of the period is outside the ages of aftercare. Expected: {expected}.",
        ),
        # ---- put right ----
        Rule(
            "REPAIR_ZEROS",
            REPAIR,
            "Koodin alusta puuttui nollia. Odotettu: {expected}.",
            "Inledande nollor saknades i koden. Förväntat: {expected}.",
            "Leading zeros of the code were missing. Expected: {expected}.",
        ),
    )
}
