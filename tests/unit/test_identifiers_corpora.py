"""Both sides measured on generated corpora: nothing missed, nothing innocent refused."""

from __future__ import annotations

import random

import pyarrow as pa
import pytest

from ingest.contracts import code_lists, contracts
from ingest.identifiers import (
    KIND_LABELS,
    KINDS,
    Hit,
    contains_identifier,
    hits_in_column,
    hits_in_table,
    kinds_in,
    kinds_in_header,
    kinds_in_part,
    may_contain_identifier,
    withhold_identifiers,
)
from ingest.reference import municipalities, wellbeing_areas
from tests.identifier_corpora import FILE_NAMES, NEGATIVES, ONLY_IN_CELLS, POSITIVES, kind_fits

MANY = 150


def made(form: str, generate, count: int = MANY) -> list[str]:
    chance = random.Random(form)
    return [generate(chance) for _ in range(count)]


def found_in(values: list[str], column_type: str | None = "text") -> list[set[str]]:
    kinds: list[set[str]] = [set() for _ in values]
    for position, kind in hits_in_column(pa.chunked_array([pa.array(values)]), "wave", column_type):
        kinds[position].add(kind)
    return kinds


@pytest.mark.parametrize("form", POSITIVES)
def test_no_form_is_missed_in_a_cell(form):
    kind, generate = POSITIVES[form]
    values = made(form, generate)
    assert [place for place, found in enumerate(found_in(values)) if not kind_fits(kind, found, values[place])] == []


@pytest.mark.parametrize("form", [form for form in POSITIVES if form not in ONLY_IN_CELLS])
def test_no_form_is_missed_in_a_file_name_sheet_name_header_property_or_comment(form):
    kind, generate = POSITIVES[form]
    for place, value in enumerate(made(form, generate)):
        for text in (value, f" {value} ", f"raportti_({value})"):
            assert kind_fits(kind, set(kinds_in(text)), value), (form, place)
            assert kinds_in_header(text)
        part = f'<cp xmlns="x"><t>{_escaped(value)}</t></cp>'.encode()
        for path in ("docProps/core.xml", "xl/comments1.xml", "xl/sharedStrings.xml", "xl/drawings/drawing1.xml"):
            assert kind_fits(kind, set(kinds_in_part(path, part)), value), (form, place, path)


@pytest.mark.parametrize("form", [form for form in POSITIVES if form not in ONLY_IN_CELLS | {"free text"}])
def test_the_quick_look_sees_every_form_among_rows_and_messages_withhold_it(form):
    _, generate = POSITIVES[form]
    before, after = "a3f0,2025-01-31,VASTUU,091\n", "\nb4e1,2025-02-28,OHJAAJA,005\n"
    for place, value in enumerate(made(form, generate)):
        assert contains_identifier(value), (form, place)
        assert may_contain_identifier((before + value + after).encode()), (form, place)
        withheld = withhold_identifiers(f"x: {value}.")
        assert not contains_identifier(withheld) and value not in withheld, (form, place)


@pytest.mark.parametrize("form", NEGATIVES)
def test_what_a_delivery_rightly_holds_is_no_hit(form):
    column_type, generate = NEGATIVES[form]
    assert not any(found_in(made(form, generate, 20 * MANY), column_type))


@pytest.mark.parametrize("name", FILE_NAMES)
def test_ordinary_names_of_files_and_sheets_are_no_hit(name):
    assert kinds_in(name) == ()


def test_no_header_label_or_name_of_the_contracts_and_no_place_is_a_hit():
    headers = {
        text
        for contract in contracts().values()
        for column in contract.columns
        for text in (column.name, *column.label.values(), *column.aliases)
    }
    assert [header for header in headers if kinds_in_header(header)] == []
    values = [text for codes in code_lists().values() for labels in codes.labels.values() for text in labels.values()]
    values += [code for codes in code_lists().values() for code in codes.labels]
    values += [text for place in municipalities().values() for text in (place.name_fi, place.name_sv)]
    values += [text for area in wellbeing_areas().values() for text in vars(area).values() if isinstance(text, str)]
    assert [value for value, found in zip(values, found_in(values), strict=True) if found] == []
    assert [value for value, found in zip(values, found_in(values, "municipality"), strict=True) if found] == []


HEADERS = {
    "name": ("nimi", "Etunimi", "SUKUNIMI", "Asiakkaan etunimi", "förnamn", "Efternamn", "first_name", "Last Name"),
    "personal_identity_code": ("hetu", "Henkilötunnus", "personbeteckning", "Asiakas HETU-tunnus", "SSN"),
    "phone_number": ("puhelin", "Puh. nro", "telefonnummer", "mobile phone"),
    "email_address": ("sähköposti", "e-post", "E-mail"),
    "street_address": ("osoite", "Katuosoite", "adress", "postal_code", "Postinumero"),
    "coordinates": ("lat", "Longitude", "N-koordinaatti", "ETRS-TM35FIN N"),
    "birth_date": ("syntymäaika", "Födelsedatum", "date of birth", "birth-date", "DOB"),
    "bank_account_number": ("IBAN", "Tilinumero", "kontonummer"),
    "free_text": ("huomautus", "Kommentar", "notes"),
}


@pytest.mark.parametrize(("kind", "header"), [(kind, header) for kind, row in HEADERS.items() for header in row])
def test_a_header_that_announces_an_identifier_is_a_hit_and_so_is_every_value_below(kind, header):
    assert kind in kinds_in_header(header)
    column = pa.chunked_array([pa.array(["x", None, "7"])])
    assert [position for position, found in hits_in_column(column, header, None) if found == kind] == [0, 2]


BIRTHS = ("12.3.2004", "2004-03-12", "12032004", "120304", "20040312", "38058", "12/03/2004", "2004-03-12T00:00:00")


@pytest.mark.parametrize("value", BIRTHS)
def test_a_full_date_in_the_year_of_birth_is_a_date_of_birth_even_without_suspicion(value):
    columns = {"birth_year": pa.chunked_array([pa.array(["2004", value])])}
    assert ("birth_year", 1, "birth_date") in list(hits_in_table(columns, {"birth_year": "int"}, suspicious=False))
    assert list(hits_in_table({"start_date": columns["birth_year"]}, {"start_date": "date"}, suspicious=False)) == []


@pytest.mark.parametrize(("one", "other"), [("60.16988", "24.93842"), ("6672710", "385430")], ids=["degrees", "metres"])
def test_coordinates_in_two_columns_of_any_name_are_a_hit(one, other):
    columns = {"a": pa.chunked_array([pa.array([one])]), "b": pa.chunked_array([pa.array([other])])}
    assert {(name, kind) for name, _, kind in hits_in_table(columns, {})} == {
        ("a", "coordinates"),
        ("b", "coordinates"),
    }


def test_the_person_who_saved_a_workbook_is_no_hit_but_a_client_in_its_title_is():
    by = b"<p><creator>Anna Virtanen</creator><lastModifiedBy>Anna Virtanen</lastModifiedBy></p>"
    assert kinds_in_part("docProps/core.xml", by) == ()
    assert kinds_in_part("docProps/core.xml", b"<p><title>Anna Virtanen</title></p>") == ("name",)


def test_a_comment_in_several_runs_is_read_as_one():
    part = b"<comments><text><r><t>0101</t></r><r><t>90-999K</t></r></text></comments>"
    assert "personal_identity_code" in kinds_in_part("xl/comments1.xml", part)


def test_a_part_that_declares_entities_is_searched_without_expanding_them():
    bomb = b'<!DOCTYPE x [<!ENTITY a "010190-999K">]><x>&a;</x>'
    assert kinds_in_part("xl/comments1.xml", bomb) == ("personal_identity_code",)


def test_every_kind_has_a_name_in_three_languages_and_a_corpus():
    assert all(set(labels) == {"fi", "sv", "en"} and all(labels.values()) for labels in KIND_LABELS.values())
    assert {kind for kind, _ in POSITIVES.values()} == set(KINDS)


def test_a_hit_holds_kind_and_place_only():
    assert set(Hit.__dataclass_fields__) == {"kind", "row", "column", "sheet"}


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("form", POSITIVES)
def test_the_quick_look_sees_what_the_close_look_sees_between_nordic_letters(form):
    """The quick look decides whether there is a close one, so nothing may pass it."""
    _kind, generate = POSITIVES[form]
    around = random.Random(form)
    for value in made(form, generate):
        before, after = ("".join(around.choices("aäöåÄÖÅ ,;.-", k=around.randint(0, 3))) for _ in range(2))
        text = f"{before}{value}{after}"
        assert may_contain_identifier(text.encode()) or not contains_identifier(text)
