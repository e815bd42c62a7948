"""Profiles: what is wrong with one is told at once, with file, line and field."""

from __future__ import annotations

import pytest

from ingest.contracts import LANGUAGES, contracts
from ingest.prepare import PrepareError, load_profile
from ingest.prepare.messages import MESSAGES, Problem
from ingest.profiles import profile_names, profile_path

GOOD = """\
profile: example
contract_version: "1.0"
suppliers: [hva]
identity: personal_identity_code
protected:
  - {source: people, client: HETU, flag: TURVA, not_values: [E]}
sources:
  people: {files: [people.csv], dates: [dd.mm.yyyy]}
  homes: {files: [homes.csv]}
code_maps:
  yes_no: {K: "true", E: "false"}
tables:
  client:
    from: people
    join:
      - {source: homes, on: {HETU: PERSON}}
    only:
      - {column: SYNTYNYT, age_on: period_end, at_least: 16}
    columns:
      client_key: {key: HETU}
      birth_year: {year_of: SYNTYNYT}
      gender: {column: SP, codes: {M: 1, N: 2}, otherwise: 9}
      home_municipality: {column: homes.KUNTA, empty: 199}
      responsible_area: {from_run: organisation_code}
      has_children: {column: LAPSIA, codes: yes_no}
"""


def write(tmp_path, text):
    path = tmp_path / "example.yml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(tmp_path, text) -> list[Problem]:
    with pytest.raises(PrepareError) as error:
        load_profile(write(tmp_path, text))
    return list(error.value.problems)


def test_a_good_profile_loads(tmp_path):
    profile = load_profile(write(tmp_path, GOOD))
    assert profile.needed(profile.tables) == {
        "people": ("HETU", "SYNTYNYT", "SP", "LAPSIA", "TURVA"),
        "homes": ("PERSON", "KUNTA"),
    }


@pytest.mark.parametrize("name", profile_names())
def test_the_profiles_that_come_along_load(name):
    assert load_profile(profile_path(name)).name == name


def test_no_value_is_guessed_from_its_looks(tmp_path):
    """NO is no false, 005 no five, and 1.0 stays what was written."""
    text = GOOD.replace("{M: 1, N: 2}", "{NO: 1, YES: 2, 005: 9}")
    targets = load_profile(write(tmp_path, text)).tables["client"].columns["gender"].codes.targets
    assert targets == {"NO": "1", "YES": "2", "005": "9"}


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "field"),
    [
        ("profile: example", "profile: [", "PROFILE_YAML", 3, None),
        ("suppliers: [hva]", "suppliers: &x [hva]\nextra: *x", "PROFILE_ALIAS", 3, None),
        ("  client:\n", "  client: {}\n  client:\n", "PROFILE_KEY_TWICE", 14, "tables.client"),
        ("suppliers: [hva]", "suppliers: [hva]\ncolour: red", "PROFILE_FIELD_UNKNOWN", 4, "colour"),
        ("identity: personal_identity_code\n", "", "PROFILE_FIELD_MISSING", 1, None),
        ("suppliers: [hva]", "suppliers: [thl]", "PROFILE_FIELD_FORM", 3, "suppliers"),
        ('"1.0"', '"0.1"', "PROFILE_VERSION", 2, "contract_version"),
        ("  client:\n", "  klient:\n", "PROFILE_TABLE", 13, "tables.klient"),
        ("      birth_year: ", "      birth_date: ", "PROFILE_COLUMN", 21, "tables.client.columns.birth_date"),
        ("      birth_year: {year_of: SYNTYNYT}\n", "", "PROFILE_COLUMN_REQUIRED", 13, "tables.client"),
        ("homes.KUNTA", "people.KUNTA, first_of: [A]", "PROFILE_VALUE_FORM", 23,
         "tables.client.columns.home_municipality"),
        ("{key: HETU}", "HETU", "PROFILE_VALUE_TYPE", 20, "tables.client.columns.client_key"),
        ("{year_of: SYNTYNYT}", "{key: NRO}", "PROFILE_VALUE_TYPE", 21, "tables.client.columns.birth_year"),
        ("N: 2", "N: 3", "PROFILE_CODE", 22, "tables.client.columns.gender.codes.N"),
        ("N: 2", "m: 2", "PROFILE_CODE_TWICE", 22, "tables.client.columns.gender.codes"),
        ("empty: 199", "empty: 999", "PROFILE_CODE", 23, "tables.client.columns.home_municipality.empty"),
        (", empty: 199", "", "PROFILE_PROTECTED_EMPTY", 23, "tables.client.columns.home_municipality"),
        ("{column: homes.KUNTA, empty: 199}", "{constant: 853}", "PROFILE_PROTECTED_EMPTY", 23,
         "tables.client.columns.home_municipality"),
        ("{column: LAPSIA, codes: yes_no}", "HETU", "PROFILE_IDENTITY", 25, "tables.client.columns.has_children"),
        ("dates: [dd.mm.yyyy]", "dates: ['%d']", "PROFILE_DATE_FORMAT", 8, "sources.people.dates"),
        ("personal_identity_code", "local_number", "PROFILE_KEY_DOMAIN", 1, None),
        ("  - {source: people, client: HETU, flag: TURVA, not_values: [E]}", "  []", "PROFILE_PROTECTED", 6,
         "protected"),
        (", not_values: [E]", "", "PROFILE_FIELD_MISSING", 6, "protected[1]"),
        ("codes: yes_no", "codes: no_yes", "PROFILE_FIELD_FORM", 25, "tables.client.columns.has_children.codes"),
        ("from: people", "from: persons", "PROFILE_FIELD_FORM", 14, "tables.client.from"),
        ("age_on: period_end, at_least: 16", "age_on: period_end", "PROFILE_FIELD_MISSING", 18,
         "tables.client.only[1]"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_line_and_field(tmp_path, old, new, code, line, field):
    assert GOOD.count(old) >= 1
    found = [(one.code, one.file, one.line, one.column) for one in problems(tmp_path, GOOD.replace(old, new, 1))]
    assert (code, "example.yml", line, field) in found


def test_all_mistakes_are_told_at_once(tmp_path):
    text = GOOD.replace("N: 2", "N: 3").replace("year_of", "age_of").replace("homes.KUNTA", "houses.KUNTA")
    text = text.replace("from_run: organisation_code", "from_run: name")
    assert {one.code for one in problems(tmp_path, text)} == {
        "PROFILE_CODE",
        "PROFILE_FIELD_UNKNOWN",
        "PROFILE_VALUE_FORM",
        "PROFILE_FIELD_FORM",
    }


def test_a_source_must_be_joined_before_it_is_named(tmp_path):
    text = GOOD.replace("    join:\n      - {source: homes, on: {HETU: PERSON}}\n", "")
    assert ("PROFILE_REFERENCE", 21) in [(one.code, one.line) for one in problems(tmp_path, text)]


def test_an_identity_in_one_table_is_an_identity_in_all(tmp_path):
    text = GOOD + (
        "  survey_wave:\n    from: people\n    columns:\n      wave: HETU\n      area: {from_run: organisation_code}\n"
        "      invited: {constant: 1}\n      responded: {constant: 1}\n"
    )
    assert [(one.code, one.column) for one in problems(tmp_path, text)] == [
        ("PROFILE_IDENTITY", "tables.survey_wave.columns.wave")
    ]


def test_respondents_get_no_key_of_an_identity(tmp_path):
    """A survey is answered without a name: its respondents must not be the clients under another key."""
    text = GOOD + (
        "  survey_response:\n    from: people\n    columns:\n      respondent_key: {key: HETU}\n"
        "      wave: AALTO\n      area: {from_run: organisation_code}\n      item_code: {constant: KUULTU}\n"
        "      instrument: {constant: LASU}\n      value: VASTAUS\n"
    )
    assert [one.code for one in problems(tmp_path, text)] == ["PROFILE_IDENTITY"]


def test_what_a_table_lacks_is_named_as_the_contract_names_it(tmp_path):
    lacking = "not_producible:\n  handover: {missing: [handover_day], why: not kept}\n"
    assert [one.code for one in problems(tmp_path, GOOD + lacking)] == ["PROFILE_NOT_PRODUCIBLE"]


@pytest.mark.parametrize("name", profile_names())
def test_not_producible_tables_lack_what_they_are_said_to_lack(name):
    profile = load_profile(profile_path(name))
    for table, entry in profile.not_producible.items():
        required = {column.name for column in contracts()[table].columns if column.required}
        assert set(entry.missing) <= required
        assert entry.why


def test_every_message_is_there_in_every_language():
    for message in MESSAGES.values():
        texts = [message.text(language, "§1", "§2") for language in LANGUAGES]
        assert all(texts)
        assert len(set(texts)) == len(LANGUAGES)
        # The same places to fill in, or one language would say less.
        filled = [("§1" in text, "§2" in text) for text in texts]
        assert len(set(filled)) == 1, message.code
