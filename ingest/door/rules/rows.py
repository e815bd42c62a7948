"""What can be wrong with a value or a row by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingest.contracts import Column, Contract
from ingest.door.rules.model import QUARANTINE_ROW, REPAIR, WARN, Condition, Example, Rule
from ingest.door.values import code_width, expected_values, is_serial, quoted
from ingest.reference import municipalities

# Ages of aftercare: from the youngest who leave a placement to the highest limit there was.
YOUNGEST, OLDEST = 16, 25
# Stands for the days of the manifest's period until these are known.
PERIOD_MARK = "<period>"


def _required(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.required:
        yield Condition(f"r_{column.name} is null", expected_values(column, contract.version))


def _unreadable(*types: str) -> Callable[[Contract, Column], Iterator[Condition]]:
    def conditions(contract: Contract, column: Column) -> Iterator[Condition]:
        if column.type in types:
            yield Condition(
                f"r_{column.name} is not null and t_{column.name} is null", expected_values(column, contract.version)
            )

    return conditions


def _wrong_form(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.pattern:
        yield Condition(f"not regexp_full_match(t_{column.name}, {quoted(column.pattern)})", column.pattern)


def _out_of_range(contract: Contract, column: Column) -> Iterator[Condition]:
    limits = (("<", "≥", column.minimum), (">", "≤", column.maximum))
    broken = [f"t_{column.name} {sign} {limit}" for sign, _, limit in limits if limit is not None]
    wanted = [f"{sign} {limit}" for _, sign, limit in limits if limit is not None]
    if broken:
        yield Condition(" or ".join(broken), ", ".join(wanted))


def _end_before_start(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.spell_end_of:
        wanted = f"{column.name} ≥ {column.spell_end_of}"
        yield Condition(f"t_{column.name} < t_{column.spell_end_of}", wanted)


def _outside_period(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.within_period:
        yield Condition(f"t_{column.name} < _period_start or t_{column.name} >= _period_end", PERIOD_MARK)


def _other_municipality(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.name == "municipality_code" and contract.suppliers == ("kunta",):
        # A municipality may still deliver for one that has merged into it.
        merged = " ".join(
            f"when {quoted(code)} then {quoted(municipality.merged_into)}"
            for code, municipality in municipalities().items()
            if municipality.merged_into
        )
        typed = f"t_{column.name}"
        yield Condition(
            f"{typed} <> _supplier and (case {typed} {merged} else {typed} end) <> _supplier",
            "organisation = kunta-<municipality_code>",
            is_code=True,
        )


def _other_area(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.type == "wellbeing_area" and "hva" in contract.suppliers:
        # A municipality belongs to one area; its supplier code has three digits, an area's two.
        own = "_supplier"
        if "kunta" in contract.suppliers:
            own = "coalesce(area_of_municipality(_supplier), _supplier)"
        yield Condition(f"t_{column.name} <> {own}", is_code=True)


def _home_in_other_area(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.name == "home_municipality":
        # A macro, since a list of 309 municipalities in the query would be read anew for each row.
        yield Condition(f"area_of_municipality(t_{column.name}) <> _supplier", is_code=True)


def _future(contract: Contract, column: Column) -> Iterator[Condition]:
    # What a supplier plans or decides (the end of a right) may lie ahead; what has begun not.
    if column.type == "date" and (column.required or column.spell_end_of):
        yield Condition(f"t_{column.name} > _extracted_on")


def _age(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.name == "birth_year":
        # With the year alone the age is one of two; told when neither is possible.
        turned = f"(year(_period_end - 1) - t_{column.name})"
        yield Condition(f"{turned} < {YOUNGEST} or {turned} - 1 > {OLDEST}", f"{YOUNGEST}–{OLDEST}")


def _lost_zeros(contract: Contract, column: Column) -> Iterator[Condition]:
    if code_width(column, contract.version):
        yield Condition(f"t_{column.name} <> r_{column.name}", expected_values(column, contract.version), is_code=True)


def _serial_date(contract: Contract, column: Column) -> Iterator[Condition]:
    if column.type == "date":
        # The length first: it spares the pattern on nearly every row.
        text = f"r_{column.name}"
        condition = f"strlen({text}) < 10 and {is_serial(text)}"
        yield Condition(condition, expected_values(column, contract.version))


def _client(**change: str | None) -> Example:
    return Example({"client": (change,)})


def _residence(**change: str | None) -> Example:
    return Example({"residence_spell": (change,)})


def _contact(**change: str | None) -> Example:
    return Example({"contact": (change,)})


def _service(**change: str | None) -> Example:
    return Example({"employment_service_spell": (change,)}, organisation="kunta-853")


RULES = (
    Rule(
        "ROW_COLUMNS",
        QUARANTINE_ROW,
        "Rivillä on väärä määrä sarakkeita. Nähty: {seen}. Odotettu: {expected}.",
        "Raden har fel antal kolumner. Sett: {seen}. Förväntat: {expected}.",
        "The row has the wrong number of columns. Seen: {seen}. Expected: {expected}.",
        fires=Example(
            files={"rental_housing.csv": b"municipality_code,offers\n853,3\n853,3,4\n"}, organisation="kunta-853"
        ),
        passes=Example(files={"rental_housing.csv": b"municipality_code,offers\n853,\n"}, organisation="kunta-853"),
    ),
    Rule(
        "ROW_REQUIRED",
        QUARANTINE_ROW,
        "Pakollinen arvo puuttuu.",
        "Ett obligatoriskt värde saknas.",
        "A required value is missing.",
        fires=_client(home_municipality=None),
        passes=_client(gender=None),
        row=_required,
    ),
    Rule(
        "ROW_KEY",
        QUARANTINE_ROW,
        "Avain ei ole pseudonyymi. Odotettu: {expected}.",
        "Nyckeln är inte en pseudonym. Förväntat: {expected}.",
        "The key is no pseudonym. Expected: {expected}.",
        fires=_client(client_key="A-1024"),
        passes=_client(client_key="AB" * 32),
        row=_unreadable("key"),
    ),
    Rule(
        "ROW_DATE",
        QUARANTINE_ROW,
        "Päivämäärää ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
        "Datumet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
        "The date cannot be read. Seen: {seen}. Expected: {expected}.",
        fires=_residence(start_date="30.2.2024"),
        passes=_residence(start_date="29.2.2024"),
        row=_unreadable("date"),
    ),
    Rule(
        "ROW_NUMBER",
        QUARANTINE_ROW,
        "Lukua ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
        "Talet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
        "The number cannot be read. Seen: {seen}. Expected: {expected}.",
        fires=_client(birth_year="2005,5"),
        passes=_client(birth_year="2005,0"),
        row=_unreadable("int", "decimal"),
    ),
    Rule(
        "ROW_BOOLEAN",
        QUARANTINE_ROW,
        "Kyllä/ei-arvoa ei voi lukea. Nähty: {seen}. Odotettu: {expected}.",
        "Ja/nej-värdet kan inte läsas. Sett: {seen}. Förväntat: {expected}.",
        "The yes/no value cannot be read. Seen: {seen}. Expected: {expected}.",
        fires=_client(has_children="2"),
        passes=_client(has_children="Kyllä"),
        row=_unreadable("bool"),
    ),
    Rule(
        "ROW_CODE",
        QUARANTINE_ROW,
        "Koodi ei ole koodistossa. Nähty: {seen}. Odotettu: {expected}.",
        "Koden finns inte i kodlistan. Sett: {seen}. Förväntat: {expected}.",
        "The code is not in the code list. Seen: {seen}. Expected: {expected}.",
        fires=_client(in_touch_status="kylla"),
        passes=_client(in_touch_status="EI"),
        row=_unreadable("code"),
    ),
    Rule(
        "ROW_MUNICIPALITY",
        QUARANTINE_ROW,
        "Kuntanumeroa ei tunneta. Nähty: {seen}. Odotettu: {expected}.",
        "Kommunnumret är okänt. Sett: {seen}. Förväntat: {expected}.",
        "The municipality code is not known. Seen: {seen}. Expected: {expected}.",
        fires=_residence(municipality="999"),
        passes=_residence(municipality="588"),
        row=_unreadable("municipality"),
    ),
    Rule(
        "ROW_AREA",
        QUARANTINE_ROW,
        "Hyvinvointialueen numeroa ei tunneta. Nähty: {seen}. Odotettu: {expected}.",
        "Välfärdsområdets nummer är okänt. Sett: {seen}. Förväntat: {expected}.",
        "The wellbeing area code is not known. Seen: {seen}. Expected: {expected}.",
        fires=_client(responsible_area="22"),
        passes=_client(responsible_area="05"),
        row=_unreadable("wellbeing_area"),
    ),
    Rule(
        "ROW_FORM",
        QUARANTINE_ROW,
        "Arvo ei ole sovittua muotoa. Nähty: {seen}. Odotettu: {expected}.",
        "Värdet har inte den avtalade formen. Sett: {seen}. Förväntat: {expected}.",
        "The value is not of the agreed form. Seen: {seen}. Expected: {expected}.",
        fires=_service(employment_area_code="Turku"),
        passes=_service(employment_area_code="02"),
        row=_wrong_form,
    ),
    Rule(
        "ROW_RANGE",
        QUARANTINE_ROW,
        "Luku on sallitun välin ulkopuolella. Nähty: {seen}. Odotettu: {expected}.",
        "Talet ligger utanför det tillåtna intervallet. Sett: {seen}. Förväntat: {expected}.",
        "The number is outside the permitted range. Seen: {seen}. Expected: {expected}.",
        fires=Example({"rental_housing": ({"offers": "-1"},)}, organisation="kunta-853"),
        passes=Example({"rental_housing": ({"offers": "0"},)}, organisation="kunta-853"),
        row=_out_of_range,
    ),
    Rule(
        "ROW_END_BEFORE_START",
        QUARANTINE_ROW,
        "Jakso päättyy ennen kuin se alkaa. Odotettu: {expected}.",
        "Perioden slutar innan den börjar. Förväntat: {expected}.",
        "The spell ends before it starts. Expected: {expected}.",
        fires=_residence(start_date="2024-03-02", end_date="2024-03-01"),
        passes=_residence(start_date="2024-03-01", end_date="2024-03-01"),
        row=_end_before_start,
    ),
    Rule(
        "ROW_OUTSIDE_PERIOD",
        QUARANTINE_ROW,
        "Tapahtuma ei kuulu manifestin jaksoon. Odotettu: {expected}.",
        "Händelsen hör inte till manifestets period. Förväntat: {expected}.",
        "The event does not belong to the manifest's period. Expected: {expected}.",
        fires=_contact(date="2025-10-01"),
        passes=_contact(date="2025-09-30"),
        row=_outside_period,
    ),
    Rule(
        "ROW_OTHER_MUNICIPALITY",
        QUARANTINE_ROW,
        "Rivi koskee toista kuntaa kuin toimittajaa. Odotettu: {expected}.",
        "Raden gäller en annan kommun än leverantören. Förväntat: {expected}.",
        "The row is about another municipality than the supplier. Expected: {expected}.",
        fires=Example({"rental_housing": ({"municipality_code": "091"},)}, organisation="kunta-853"),
        # Pertunmaa (588) has merged into Mäntyharju (507).
        passes=Example({"rental_housing": ({"municipality_code": "588"},)}, organisation="kunta-507"),
        row=_other_municipality,
    ),
    # ---- to be looked at ----
    Rule(
        "WARN_AREA",
        WARN,
        "Vastuualue on toinen kuin toimittaja. Nähty: {seen}.",
        "Det ansvariga området är ett annat än leverantören. Sett: {seen}.",
        "The responsible area is another one than the supplier. Seen: {seen}.",
        fires=_client(responsible_area="06"),
        passes=_client(responsible_area="05"),
        row=_other_area,
    ),
    Rule(
        "WARN_HOME_AREA",
        WARN,
        "Kotikunta kuuluu toiseen hyvinvointialueeseen kuin toimittajaan. Se on mahdollista (sijoitus tai "
        "opiskelu). Nähty: {seen}.",
        "Hemkommunen hör till ett annat välfärdsområde än leverantören. Det är möjligt (placering eller "
        "studier). Sett: {seen}.",
        "The home municipality belongs to another wellbeing area than the supplier. That may be (a placement "
        "or studies). Seen: {seen}.",
        fires=_client(home_municipality="091"),
        passes=_client(home_municipality="199"),  # not known where: in no area
        row=_home_in_other_area,
    ),
    Rule(
        "WARN_FUTURE",
        WARN,
        "Päivä on tietojen poiminnan jälkeen.",
        "Dagen är efter att uppgifterna togs ut.",
        "The date is after the day on which the data were extracted.",
        fires=_residence(start_date="2025-10-21", end_date=None),
        passes=_residence(start_date="2025-10-20", end_date=None),
        row=_future,
    ),
    Rule(
        "WARN_AGE",
        WARN,
        "Ikä on jakson lopussa jälkihuollon iän ulkopuolella. Odotettu: {expected}.",
        "Åldern är i slutet av perioden utanför eftervårdens åldrar. Förväntat: {expected}.",
        "The age at the end of the period is outside the ages of aftercare. Expected: {expected}.",
        fires=_client(birth_year="2010"),
        passes=_client(birth_year="2009"),
        row=_age,
    ),
    # ---- put right ----
    Rule(
        "REPAIR_ZEROS",
        REPAIR,
        "Koodin alusta puuttui nollia. Nähty: {seen}. Odotettu: {expected}.",
        "Inledande nollor saknades i koden. Sett: {seen}. Förväntat: {expected}.",
        "Leading zeros of the code were missing. Seen: {seen}. Expected: {expected}.",
        fires=_residence(municipality="5"),
        passes=_residence(municipality="005"),
        row=_lost_zeros,
    ),
    Rule(
        "REPAIR_DATE",
        REPAIR,
        "Päivä oli taulukkolaskennan päivänumerona. Nähty: {seen}. Odotettu: {expected}.",
        "Dagen stod som ett kalkylprograms dagnummer. Sett: {seen}. Förväntat: {expected}.",
        "The date was a spreadsheet's number of a day. Seen: {seen}. Expected: {expected}.",
        fires=_residence(start_date="45292"),  # 2024-01-01
        passes=_residence(start_date="2024-01-01 00:00:00"),
        row=_serial_date,
    ),
)
