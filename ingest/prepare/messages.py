"""What is said to the supplier, in three languages: one entry a code.

``stop`` entries end the run before anything is written; ``row`` entries leave a row out of the
delivery and list it in the report that stays with the supplier.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ingest.contracts import LANGUAGES

STOP, ROW = "stop", "row"


@dataclass(frozen=True)
class Message:
    """A text with ``{seen}`` and ``{expected}`` where they belong."""

    code: str
    kind: str
    fi: str
    sv: str
    en: str

    def text(self, language: str, seen: str | None, expected: str | None) -> str:
        """The text in ``language`` (fi, sv or en)."""
        return getattr(self, language).format(seen=seen or "–", expected=expected or "–")


@dataclass(frozen=True)
class Problem:
    """A message with its place. Nothing here repeats a value of a person: ``seen`` is masked.

    ``line`` is of a profile, ``row`` of a source file (the header is row 1).
    """

    code: str
    file: str | None = None
    line: int | None = None
    row: int | None = None
    sheet: str | None = None
    table: str | None = None
    column: str | None = None
    seen: str | None = None
    expected: str | None = None

    @property
    def message(self) -> Message:
        """The catalogue's entry."""
        return MESSAGES[self.code]

    def text(self, language: str = "en") -> str:
        """Place and message in one line."""
        places = (
            self.file,
            self.line and {"fi": f"rivi {self.line}", "sv": f"rad {self.line}", "en": f"line {self.line}"}[language],
            self.sheet,
            self.row and {"fi": f"rivi {self.row}", "sv": f"rad {self.row}", "en": f"row {self.row}"}[language],
            self.table,
            self.column,
        )
        where = ", ".join(str(place) for place in places if place)
        said = self.message.text(language, self.seen, self.expected)
        return f"{where}: {said}" if where else said

    def as_dict(self) -> dict[str, Any]:
        """For machine output."""
        return {
            "code": self.code,
            "file": self.file,
            "line": self.line,
            "sheet": self.sheet,
            "row": self.row,
            "table": self.table,
            "column": self.column,
            "seen": self.seen,
            "expected": self.expected,
            "message": {language: self.message.text(language, self.seen, self.expected) for language in LANGUAGES},
        }


@dataclass
class PrepareError(Exception):
    """Nothing was prepared. ``problems`` are all that was found, never only the first."""

    problems: tuple[Problem, ...] = field(default_factory=tuple)

    def __str__(self) -> str:
        return "\n".join(problem.text() for problem in self.problems)


MESSAGES: dict[str, Message] = {
    message.code: message
    for message in (
        # ---- the profile ----
        Message(
            "PROFILE_YAML",
            STOP,
            "Profiili ei ole luettavaa YAMLia tällä rivillä.",
            "Profilen är inte läsbar YAML på den här raden.",
            "The profile is no readable YAML at this line.",
        ),
        Message(
            "PROFILE_ALIAS",
            STOP,
            "YAML-viittaus (&, *) tai liian syvä rakenne. Odotettu: koodistot kohdassa code_maps.",
            "YAML-referens (&, *) eller för djup struktur. Förväntat: kodmappningar under code_maps.",
            "A YAML alias (&, *), or too deep. Expected: code maps stand under code_maps.",
        ),
        Message(
            "PROFILE_KEY_TWICE",
            STOP,
            "Sama nimi on kahdesti. Odotettu: yhden kerran.",
            "Samma namn förekommer två gånger. Förväntat: en gång.",
            "The same name stands twice. Expected: once.",
        ),
        Message(
            "PROFILE_FIELD_UNKNOWN",
            STOP,
            "Kenttää ei tunneta. Odotettu jokin näistä: {expected}.",
            "Fältet är okänt. Förväntat något av: {expected}.",
            "The field is not known. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_FIELD_MISSING",
            STOP,
            "Kenttä puuttuu. Odotettu: {expected}.",
            "Ett fält saknas. Förväntat: {expected}.",
            "A field is missing. Expected: {expected}.",
        ),
        Message(
            "PROFILE_FIELD_FORM",
            STOP,
            "Arvo on väärää muotoa. Odotettu: {expected}.",
            "Värdet har fel form. Förväntat: {expected}.",
            "The value has the wrong form. Expected: {expected}.",
        ),
        Message(
            "PROFILE_TABLE",
            STOP,
            "Taulua ei ole tietosopimuksessa. Odotettu jokin näistä: {expected}.",
            "Tabellen finns inte i dataavtalet. Förväntat någon av: {expected}.",
            "The table is not in the contract. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_COLUMN",
            STOP,
            "Saraketta ei ole taulun tietosopimuksessa. Odotettu jokin näistä: {expected}.",
            "Kolumnen finns inte i tabellens dataavtal. Förväntat någon av: {expected}.",
            "The column is not in the contract of the table. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_COLUMN_REQUIRED",
            STOP,
            "Pakollisille sarakkeille ei ole lähdettä: {expected}. Anna ne tai siirrä taulu kohtaan not_producible.",
            "Obligatoriska kolumner saknar källa: {expected}. Ange dem eller flytta tabellen till not_producible.",
            "Required columns have no source: {expected}. Give them, or move the table to not_producible.",
        ),
        Message(
            "PROFILE_NOT_PRODUCIBLE",
            STOP,
            "not_producible-taulun puuttuvat sarakkeet on nimettävä. Odotettu jokin näistä: {expected}.",
            "De kolumner som saknas för en not_producible-tabell ska namnges. Förväntat någon av: {expected}.",
            "A table under not_producible names the required columns it lacks. Expected some of: {expected}.",
        ),
        Message(
            "PROFILE_REFERENCE",
            STOP,
            "Viitattua lähdettä ei ole tai sitä ei ole liitetty tähän tauluun. Odotettu jokin näistä: {expected}.",
            "Källan finns inte eller är inte kopplad till den här tabellen. Förväntat någon av: {expected}.",
            "There is no such source, or it is not joined to this table. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_VALUE_FORM",
            STOP,
            "Sarake saadaan täsmälleen yhdellä tavalla. Odotettu yksi näistä: {expected}.",
            "En kolumn fås på exakt ett sätt. Förväntat ett av: {expected}.",
            "A column is made in exactly one way. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_VALUE_TYPE",
            STOP,
            "Tämä tapa ei sovi sarakkeen tyyppiin. Odotettu: {expected}.",
            "Det här sättet passar inte kolumnens typ. Förväntat: {expected}.",
            "This way does not fit the type of the column. Expected: {expected}.",
        ),
        Message(
            "PROFILE_CODE",
            STOP,
            "Kohdekoodia ei ole koodistossa. Odotettu jokin näistä: {expected}.",
            "Målkoden finns inte i kodlistan. Förväntat någon av: {expected}.",
            "The target code is not in the code list. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_CODE_TWICE",
            STOP,
            "Sama lähdekoodi on mainittu kahdesti (isoja ja pieniä kirjaimia ei eroteta).",
            "Samma källkod nämns två gånger (stora och små bokstäver skiljs inte åt).",
            "The same source code is named twice (capital and small letters are not told apart).",
        ),
        Message(
            "PROFILE_IDENTITY",
            STOP,
            "Lähdesarake on asiakkaan tunniste: siitä tehdään vain avaimia. Odotettu: key.",
            "Källkolumnen är klientens identitet: av den görs bara nycklar. Förväntat: key.",
            "The source column identifies the client: only keys are made of it. Expected: key.",
        ),
        Message(
            "PROFILE_PROTECTED",
            STOP,
            "Turvakiellon alaiset on osoitettava. Odotettu: {expected}.",
            "Personer med spärrmarkering ska anges. Förväntat: {expected}.",
            "Persons under a non-disclosure order must be pointed out. Expected: {expected}.",
        ),
        Message(
            "PROFILE_PROTECTED_EMPTY",
            STOP,
            "Turvakiellon alaisen kunta tyhjennetään, joten tyhjällä lähdearvolla on oltava arvo. "
            "Odotettu: empty: 198, 199 tai 200.",
            "Kommunen för en person med spärrmarkering töms, så ett tomt källvärde behöver ett värde. "
            "Förväntat: empty: 198, 199 eller 200.",
            "The municipality of a protected person is emptied, so an empty source value needs a value. "
            "Expected: empty: 198, 199 or 200.",
        ),
        Message(
            "PROFILE_KEY_DOMAIN",
            STOP,
            "Omat asiakasnumerot eivät sovi yhteiseen avainalueeseen. Odotettu: key_domain, joka ei ole common.",
            "Egna klientnummer hör inte hemma i den gemensamma nyckeldomänen. "
            "Förväntat: en annan key_domain än common.",
            "A system's own client numbers do not belong in the common key domain. Expected: key_domain not common.",
        ),
        Message(
            "PROFILE_DATE_FORMAT",
            STOP,
            "Päivämäärän muotoa ei tunneta. Odotettu jokin näistä: {expected}.",
            "Datumformatet är okänt. Förväntat något av: {expected}.",
            "The date format is not known. Expected one of: {expected}.",
        ),
        Message(
            "PROFILE_VERSION",
            STOP,
            "Tietosopimuksen versiota ei oteta vastaan. Odotettu jokin näistä: {expected}.",
            "Dataavtalets version tas inte emot. Förväntat någon av: {expected}.",
            "Deliveries in this version of the contract are not taken. Expected one of: {expected}.",
        ),
        # ---- the run ----
        Message(
            "RUN_ORGANISATION",
            STOP,
            "Organisaatiota ei tunneta tai profiili ei ole sille. Nähty: {seen}. Odotettu: {expected}.",
            "Organisationen är okänd eller profilen är inte för den. Sett: {seen}. Förväntat: {expected}.",
            "The organisation is not known, or the profile is not for it. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "RUN_PERIOD",
            STOP,
            "Jaksoa ei tunneta. Nähty: {seen}. Odotettu: {expected}.",
            "Perioden är okänd. Sett: {seen}. Förväntat: {expected}.",
            "The period is not known. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "RUN_TIME",
            STOP,
            "Poimintahetki on ennen jakson alkua tai ilman aikavyöhykettä. Odotettu: {expected}.",
            "Uttagstiden är före periodens början eller utan tidszon. Förväntat: {expected}.",
            "The time of extraction is before the period, or has no time zone. Expected: {expected}.",
        ),
        Message(
            "RUN_REPORTS",
            STOP,
            "Raportin kansio on toimituskansion sisällä, vaikka raporttia ei saa lähettää. Nähty: {seen}. "
            "Odotettu: kansio muualla kuin {expected}.",
            "Rapportmappen ligger i leveransmappen, fast rapporten inte får sändas. Sett: {seen}. "
            "Förväntat: en mapp utanför {expected}.",
            "The folder for reports lies in the folder for deliveries, but a report must not be sent. "
            "Seen: {seen}. Expected: a folder outside {expected}.",
        ),
        Message(
            "RUN_NO_TABLE",
            STOP,
            "Yhtään taulua ei synny tälle jaksolle ja toimittajalle. Odotettu jokin näistä: {expected}.",
            "Ingen tabell uppstår för den här perioden och leverantören. Förväntat någon av: {expected}.",
            "No table comes out for this period and supplier. Expected some of: {expected}.",
        ),
        Message(
            "SOURCE_MISSING",
            STOP,
            "Lähteelle ei löytynyt tiedostoa. Odotettu: {expected}.",
            "Ingen fil hittades för källan. Förväntat: {expected}.",
            "No file was found for the source. Expected: {expected}.",
        ),
        Message(
            "SOURCE_UNREADABLE",
            STOP,
            "Tiedostoa ei voi lukea. Odotettu: {expected}.",
            "Filen kan inte läsas. Förväntat: {expected}.",
            "The file cannot be read. Expected: {expected}.",
        ),
        Message(
            "SOURCE_ENCODING",
            STOP,
            "Tiedoston merkistö on toinen kuin sanottu. Odotettu: {expected}.",
            "Filens teckenkodning är en annan än angetts. Förväntat: {expected}.",
            "The file is in another encoding than said. Expected: {expected}.",
        ),
        Message(
            "SOURCE_COLUMNS",
            STOP,
            "Sarakkeita puuttuu otsikkoriviltä. Odotettu: {expected}.",
            "Kolumner saknas på rubrikraden. Förväntat: {expected}.",
            "Columns are missing in the header. Expected: {expected}.",
        ),
        Message(
            "SOURCE_COLUMN_TWICE",
            STOP,
            "Tarvittava sarake on otsikkorivillä kahdesti. Odotettu: kerran.",
            "En kolumn som behövs finns två gånger på rubrikraden. Förväntat: en gång.",
            "A column that is needed stands twice in the header. Expected: once.",
        ),
        Message(
            "SOURCE_SHEET",
            STOP,
            "Taulukkovälilehteä ei ole työkirjassa. Odotettu: {expected}.",
            "Bladet finns inte i arbetsboken. Förväntat: {expected}.",
            "The workbook has no such sheet. Expected: {expected}.",
        ),
        Message(
            "PROTECTED_UNREADABLE",
            STOP,
            "Turvakiellon alaisen tunnistetta ei voi lukea, joten häntä ei voi suojata. "
            "Odotettu: {expected}. Korjaa rivi; mitään ei kirjoitettu.",
            "Identiteten för en person med spärrmarkering kan inte läsas, så personen kan inte skyddas. "
            "Förväntat: {expected}. Rätta raden; inget skrevs.",
            "The identity of a protected person cannot be read, so the person cannot be protected. "
            "Expected: {expected}. Correct the row; nothing was written.",
        ),
        Message(
            "TABLE_EMPTY",
            STOP,
            "Tauluun ei tullut yhtään riviä. Jos se on oikein, sano se: --nothing-to-report {expected}.",
            "Tabellen fick inga rader. Om det stämmer, säg det: --nothing-to-report {expected}.",
            "The table has no row. If that is true, say so: --nothing-to-report {expected}.",
        ),
        Message(
            "TABLE_NOT_EMPTY",
            STOP,
            "Taulussa on rivejä, vaikka sanottiin, ettei ilmoitettavaa ole. Nähty: {seen}.",
            "Tabellen har rader trots att det sades att inget finns att rapportera. Sett: {seen}.",
            "The table has rows, though it was said that there is nothing to report. Seen: {seen}.",
        ),
        # ---- template workbooks ----
        Message(
            "WORKBOOK_FIELD",
            STOP,
            "Manifestilehden kenttä puuttuu tai on väärin. Odotettu: {expected}.",
            "Ett fält på manifestbladet saknas eller är fel. Förväntat: {expected}.",
            "A field of the manifest sheet is missing or wrong. Expected: {expected}.",
        ),
        Message(
            "WORKBOOK_DIFFERS",
            STOP,
            "Työkirjat eivät kuulu samaan toimitukseen. Odotettu sama kuin ensimmäisessä: {expected}.",
            "Arbetsböckerna hör inte till samma leverans. Förväntat samma som i den första: {expected}.",
            "The workbooks do not belong to one delivery. Expected the same as in the first: {expected}.",
        ),
        Message(
            "WORKBOOK_TWICE",
            STOP,
            "Sama taulu on kahdessa työkirjassa. Odotettu: yksi työkirja taulua kohti.",
            "Samma tabell finns i två arbetsböcker. Förväntat: en arbetsbok per tabell.",
            "The same table is in two workbooks. Expected: one workbook for each table.",
        ),
        Message(
            "WORKBOOK_EMPTY",
            STOP,
            "Työkirjassa ei ole rivejä. Jos se on oikein, kirjoita manifestilehdelle nothing_to_report: true.",
            "Arbetsboken har inga rader. Om det stämmer, skriv nothing_to_report: true på manifestbladet.",
            "The workbook has no row. If that is true, write nothing_to_report: true on the manifest sheet.",
        ),
        Message(
            "LEFT_OUT_LIMIT",
            STOP,
            "Liian moni rivi jäisi pois. Nähty: {seen}. Odotettu: enintään {expected}. Toimitusta ei kirjoitettu; "
            "katso raportti, korjaa profiili tai lähde, tai hyväksy --accept-left-out.",
            "För många rader skulle utelämnas. Sett: {seen}. Förväntat: högst {expected}. Leveransen skrevs inte; "
            "se rapporten, rätta profilen eller källan, eller godkänn med --accept-left-out.",
            "Too many rows would be left out. Seen: {seen}. Expected: at most {expected}. The delivery was not "
            "written; see the report, correct the profile or the source, or accept with --accept-left-out.",
        ),
        # ---- secrets ----
        Message(
            "SECRET_MISSING",
            STOP,
            "Salaisuus puuttuu. Odotettu: {expected}.",
            "En hemlighet saknas. Förväntat: {expected}.",
            "A secret is missing. Expected: {expected}.",
        ),
        Message(
            "SECRET_FILE",
            STOP,
            "Salaisuuden tiedostoa ei voi lukea. Odotettu: tavallinen tiedosto, ei linkki.",
            "Hemlighetens fil kan inte läsas. Förväntat: en vanlig fil, ingen länk.",
            "The file of the secret cannot be read. Expected: an ordinary file, no link.",
        ),
        Message(
            "SECRET_MODE",
            STOP,
            "Muutkin kuin omistaja voivat lukea salaisuuden tiedoston. Nähty: {seen}. Odotettu: chmod 600.",
            "Fler än ägaren kan läsa hemlighetens fil. Sett: {seen}. Förväntat: chmod 600.",
            "Others than the owner can read the file of the secret. Seen: {seen}. Expected: chmod 600.",
        ),
        Message(
            "SECRET_FORM",
            STOP,
            "Salaisuus on väärää muotoa. Odotettu: {expected}.",
            "Hemligheten har fel form. Förväntat: {expected}.",
            "The secret has the wrong form. Expected: {expected}.",
        ),
        Message(
            "SECRET_WEAK",
            STOP,
            "Salaisuus on arvattavissa. Odotettu: satunnainen, esimerkiksi aftercare prepare --new-secret.",
            "Hemligheten går att gissa. Förväntat: slumpmässig, till exempel aftercare prepare --new-secret.",
            "The secret can be guessed. Expected: a random one, as from aftercare prepare --new-secret.",
        ),
        Message(
            "SECRET_SAME",
            STOP,
            "Avainalueen salaisuus ja oma salaisuus ovat samat. Odotettu: kaksi eri salaisuutta.",
            "Nyckeldomänens hemlighet och den egna är desamma. Förväntat: två olika hemligheter.",
            "The secret of the key domain and the supplier's own are the same. Expected: two different ones.",
        ),
        # ---- a row ----
        Message(
            "ROW_COLUMNS",
            ROW,
            "Rivillä on väärä määrä sarakkeita. Nähty: {seen}. Odotettu: {expected}.",
            "Raden har fel antal kolumner. Sett: {seen}. Förväntat: {expected}.",
            "The row has the wrong number of columns. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "ROW_EMPTY",
            ROW,
            "Pakollinen arvo puuttuu. Odotettu: {expected}.",
            "Ett obligatoriskt värde saknas. Förväntat: {expected}.",
            "A required value is missing. Expected: {expected}.",
        ),
        Message(
            "ROW_DATE",
            ROW,
            "Päivämäärää ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
            "Datumet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
            "The date cannot be read. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "ROW_NUMBER",
            ROW,
            "Lukua ei voi lukea tai se on rajojen ulkopuolella. Nähty: {seen}. Odotettu: {expected}.",
            "Talet kan inte läsas eller ligger utanför gränserna. Sett: {seen}. Förväntat: {expected}.",
            "The number cannot be read, or is out of range. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "ROW_CODE",
            ROW,
            "Koodille ei ole vastinetta. Nähty: {seen}. Odotettu: {expected}.",
            "Koden har ingen motsvarighet. Sett: {seen}. Förväntat: {expected}.",
            "The code has no counterpart. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "ROW_PLACE",
            ROW,
            "Kunta- tai aluenumeroa ei tunneta. Nähty: {seen}. Odotettu: {expected}.",
            "Kommun- eller områdesnumret är okänt. Sett: {seen}. Förväntat: {expected}.",
            "The municipality or area code is not known. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "ROW_TEXT",
            ROW,
            "Teksti on liian pitkä. Nähty: {seen}. Odotettu: {expected}.",
            "Texten är för lång. Sett: {seen}. Förväntat: {expected}.",
            "The text is too long. Seen: {seen}. Expected: {expected}.",
        ),
        Message(
            "ROW_IDENTITY",
            ROW,
            "Asiakkaan tunniste puuttuu tai ei ole henkilötunnus. Sitä ei toisteta. Odotettu: {expected}.",
            "Klientens identitet saknas eller är ingen personbeteckning. Den upprepas inte. Förväntat: {expected}.",
            "The client's identity is missing or is no personal identity code. It is not repeated. "
            "Expected: {expected}.",
        ),
        Message(
            "ROW_END_BEFORE_START",
            ROW,
            "Jakso päättyy ennen kuin se alkaa. Odotettu: {expected}.",
            "Perioden slutar innan den börjar. Förväntat: {expected}.",
            "The spell ends before it starts. Expected: {expected}.",
        ),
        Message(
            "ROW_LOOKUP_MISSING",
            ROW,
            "Liitettävästä lähteestä ei löydy riviä. Odotettu: rivi lähteessä {expected}.",
            "Ingen rad hittades i den kopplade källan. Förväntat: en rad i {expected}.",
            "The joined source has no row for it. Expected: a row in {expected}.",
        ),
        Message(
            "ROW_LOOKUP_TWICE",
            ROW,
            "Liitettävässä lähteessä on useita eri rivejä. Odotettu: yksi rivi lähteessä {expected}.",
            "Den kopplade källan har flera olika rader. Förväntat: en rad i {expected}.",
            "The joined source has several different rows for it. Expected: one row in {expected}.",
        ),
        Message(
            "ROW_KEY_TWICE",
            ROW,
            "Samalla avaimella on erilaisia rivejä. Odotettu: yksi rivi kutakin avainta kohti ({expected}).",
            "Olika rader har samma nyckel. Förväntat: en rad per nyckel ({expected}).",
            "Different rows have the same key. Expected: one row for each key ({expected}).",
        ),
    )
}
