"""The contract files are the single source of every column."""

from __future__ import annotations

import csv
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ingest.contracts import (
    Contract,
    ContractError,
    code_lists,
    contract,
    contracts,
    header_names,
    normalised_header,
)
from ingest.contracts.reading import CONTRACT_FOLDER
from ingest.contracts.render import (
    STAGING_FOLDER,
    TABLE_NAMES_FILE,
    sources_yaml,
    staging_models,
    staging_name,
    staging_sql,
    staging_yaml,
    table_names_sql,
)
from ingest.door.rules import RULES
from ingest.reference import organisations

PROJECT = Path(__file__).parents[2]
CATALOGUE = PROJECT.parent / "shared" / "design" / "indicators.csv"
LANGUAGES = {"fi", "sv", "en"}


def test_every_table_has_a_contract():
    assert set(contracts()) == {
        *("activity_spell", "aftercare_period", "benefit_month", "client", "contact", "cost_row"),
        *("education_enrolment", "education_enrolment_count", "employment_service_spell"),
        *("employment_service_spell_count", "handover", "health_check", "housing_spell"),
        *("leisure_support", "leisure_support_count", "network_meeting", "placement", "plan"),
        *("plan_action", "plan_party", "referral", "rental_housing", "residence_spell"),
        *("support_person", "supported_housing_capacity", "supported_housing_queue"),
        *("survey_response", "survey_wave", "worker_assignment", "workforce_quarter"),
    }


def test_the_end_of_a_spell_is_half_open_in_the_lake():
    column = contract("aftercare_period").column("end_date")
    assert column.lake_name == "end_date_exclusive"
    assert contract("aftercare_period").column("start_date").lake_name == "start_date"


def test_every_text_that_people_read_is_there_in_three_languages():
    texts = [label for code_list in code_lists().values() for label in code_list.labels.values()]
    for table in contracts().values():
        texts += [table.label, table.purpose, table.grains, table.retention_reason]
        texts += [text for column in table.columns for text in (column.label, column.descriptions)]
    for text in texts:
        assert set(text) == LANGUAGES
        assert all(value.strip() == value and value for value in text.values()), text


# ---- code lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code_list", "attribute", "classes"),
    [
        ("housing_type", "housing_class", {"stable", "unstable", "homeless", "temporary", "unknown"}),
        ("main_activity", "activity_class", {"in_work_or_study", "neet", "unknown"}),
        ("education_level", "education_class", {"upper_secondary", "other"}),
        ("target_service", "referral_class", {"municipal", "mental_health_or_substance", "other"}),
    ],
)
def test_every_code_that_a_definition_classifies_has_a_class(code_list: str, attribute: str, classes: set[str]) -> None:
    found = code_lists()[code_list]
    assert {found.attributes[code][attribute] for code in found.codes} == classes


def test_every_housing_type_has_a_default_suitability():
    housing_type = code_lists()["housing_type"]
    suitability = code_lists()["housing_suitability"].codes
    assert {housing_type.attributes[code]["default_suitability"] for code in housing_type.codes} <= set(suitability)


def test_a_referral_to_a_municipal_service_has_a_time_limit_and_no_other_has():
    services = code_lists()["target_service"].attributes
    for code, attributes in services.items():
        assert ("time_limit_days" in attributes) == (attributes["referral_class"] == "municipal"), code


def test_every_code_list_is_used():
    used = {column.code_list for table in contracts().values() for column in table.columns}
    assert set(code_lists()) == used - {None}


def test_municipality_groups_are_those_of_the_reference_tables():
    seed = PROJECT / "dbt_project" / "seeds" / "seed_municipality_group_name.csv"
    with seed.open(encoding="utf-8", newline="") as stream:
        known = {
            row["group_code"]: {language: row[f"name_{language}"] for language in LANGUAGES}
            for row in csv.DictReader(stream)
        }
    assert code_lists()["municipality_group"].labels == known


# ---- what may come in ------------------------------------------------------------------------------


def test_no_column_takes_text_that_somebody_wrote_freely():
    for table in contracts().values():
        for column in table.columns:
            if column.type != "text":
                assert column.pattern is None
                continue
            assert re.fullmatch(column.pattern, column.example)
            for free in ("Nuori muutti takaisin", "a b", "x" * 41, "1.2.2003", "010190-999K", ""):
                assert not re.fullmatch(column.pattern, free), f"{table.table}.{column.name} takes {free!r}"


def test_every_table_with_persons_of_a_municipality_has_a_twin_of_counts_without_keys():
    for table in contracts().values():
        if "kunta" not in table.suppliers or "client_key" not in table.column_names:
            continue
        twin = contract(table.twin or "")
        assert twin.suppliers == table.suppliers
        assert twin.cadence == table.cadence
        assert not [column.name for column in twin.columns if column.type in ("key", "date", "text")]
        assert "municipality_code" in twin.primary_key


def test_answers_of_a_survey_cannot_be_joined_to_a_client():
    for name in ("survey_response", "survey_wave"):
        assert "client_key" not in contract(name).column_names
        assert all(column.type not in ("municipality", "date") for column in contract(name).columns)


def test_a_birth_date_or_a_name_is_not_asked_for():
    for table in contracts().values():
        for column in table.columns:
            assert not re.search(r"name|birth_date|address|phone|mail|hetu", column.name), column.name


def test_every_kind_of_supplier_is_an_organisation():
    kinds = set(organisations().values())
    assert {kind for table in contracts().values() for kind in table.suppliers} == kinds


def test_one_contract_may_have_two_kinds_of_supplier():
    assert contract("cost_row").suppliers == ("hva", "kunta")
    models = [staging_name(*model) for model in staging_models() if model[0].table == "cost_row"]
    assert models == ["stg_hva__cost_row", "stg_kunta__cost_row"]
    assert "like 'kunta%'" in staging_sql(contract("cost_row"), "kunta")
    assert "where" not in staging_sql(contract("client"), "hva")


# ---- what it is asked for --------------------------------------------------------------------------


def test_every_check_that_a_column_serves_is_a_rule_of_the_door():
    for table in contracts().values():
        for column in table.columns:
            for use in column.serves:
                kind, _, name = use.partition(":")
                assert kind != "check" or name in RULES, f"{table.table}.{column.name}: {use}"


def test_every_column_of_a_primary_key_serves_as_key_or_counts_something():
    for table in contracts().values():
        for name in table.primary_key:
            assert table.column(name).serves


def catalogue() -> dict[str, dict[str, list[str]]]:
    """Indicator -> table -> columns that the catalogue names (none: the table alone is named)."""
    if not CATALOGUE.exists():
        pytest.skip(f"the catalogue of indicators is not here: {CATALOGUE}")
    found: dict[str, dict[str, list[str]]] = {}
    with CATALOGUE.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            for entry in row["source_columns"].split(";"):
                table, _, listed = entry.strip().partition("(")
                columns = [name.split("=")[0].strip() for name in listed.rstrip(")").split(",") if name.strip()]
                found.setdefault(row["id"], {})[table] = columns
    return found


def test_every_column_that_the_catalogue_names_exists_and_serves_its_indicator():
    # VAI-01 is computed from the figures of the others and names no table of a supplier.
    named = {indicator: tables for indicator, tables in catalogue().items() if indicator != "VAI-01"}
    assert len(named) > 50
    for indicator, tables in named.items():
        for table, columns in tables.items():
            agreed = contract(table)
            for name in columns or agreed.column_names:
                column = agreed.column(name)
                if columns:
                    # What tells whose row it is, or which days count, serves every figure of it.
                    assert {indicator, "denominator", "key"} & set(column.serves) or name == "client_key", (
                        f"{indicator}: {table}.{name} serves {column.serves}"
                    )


def test_every_source_table_of_an_indicator_is_one_that_its_kind_of_supplier_delivers():
    """A plain name is an area's table; another supplier's has the kind before it (kunta.cost_row)."""
    files = sorted((PROJECT / "dbt_project" / "models" / "indicators").rglob("ind_*.yml"))
    assert len(files) > 60
    for file in files:
        meta = yaml.safe_load(file.read_text(encoding="utf-8"))["models"][0]["config"]["meta"]
        for source in meta["source_tables"]:
            kind, dot, table = source.rpartition(".")
            assert (kind if dot else "hva") in contract(table).suppliers, f"{meta['indicator_id']}: {source}"


def test_every_indicator_of_the_catalogue_is_served():
    served = {use for table in contracts().values() for column in table.columns for use in column.serves}
    missing = set(catalogue()) - served
    assert missing == set()
    unknown = {use for use in served if re.fullmatch(r"[A-Z]{3}-[0-9]{2}", use)} - set(catalogue())
    assert unknown == set()


# ---- headers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "normalised"),
    [
        ("client_key", "client_key"),
        ("  Client Key ", "client_key"),
        ("CLIENT-KEY", "client_key"),
        ("\ufeffclient__key", "client_key"),
        ("client\u00a0key", "client_key"),
        ("client \u2013 key", "client_key"),
        ("Pa\u0308iva\u0308", "p\u00e4iv\u00e4"),
        ("_date_", "date"),
        ("", ""),
    ],
)
def test_headers_are_compared_without_case_and_separators(header: str, normalised: str) -> None:
    assert normalised_header(header) == normalised


@pytest.mark.parametrize("table", sorted(contracts()))
def test_names_labels_and_aliases_are_headers_of_their_own_column_only(table: str) -> None:
    agreed = contract(table)
    names = header_names(agreed)
    for column in agreed.columns:
        for text in (column.name, *column.label.values(), *column.aliases):
            assert names[normalised_header(text)] == column.name
            assert names[normalised_header(text.upper().replace(" ", "-"))] == column.name
    assert len(set(names.values())) == len(agreed.columns)


# ---- a contract that does not hold together ------------------------------------------------------------


def changed(tmp_path: Path, change: Callable[[dict], None], table: str = "worker_assignment") -> Contract:
    """The contracts with one of them changed, read anew."""
    folder = tmp_path / "contracts"
    shutil.copytree(CONTRACT_FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    path = folder / f"{table}.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(raw)
    path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
    return contracts(folder=folder)[table]


def text_column(**said: str) -> dict:
    """A column of text as it stands in a file."""
    words = dict.fromkeys(("fi", "sv", "en"), "note")
    return {"name": "note", "type": "text", "required": False, "label": words, "description": words} | {
        "serves": ["JAT-01"],
        **said,
    }


BROKEN: dict[str, tuple[Callable[[dict], object], str]] = {
    "column that serves nothing": (lambda raw: raw["columns"][0].update(serves=[]), "serves nothing"),
    "column that serves a word": (lambda raw: raw["columns"][0].update(serves=["reports"]), "no indicator"),
    "two columns by one header": (
        lambda raw: raw["columns"][1].update(aliases=["Client-Key"]),
        "means both client_key and worker_key",
    ),
    "unknown field": (lambda raw: raw.update(retention="long"), "unknown field retention"),
    "unknown field of a column": (lambda raw: raw["columns"][0].update(unit="x"), "unknown field unit"),
    "cadence in words": (lambda raw: raw.update(cadence="every now and then"), "cadence"),
    "no supplier": (lambda raw: raw.update(suppliers=[]), "suppliers"),
    "unknown supplier": (lambda raw: raw.update(suppliers=["hva", "school"]), "suppliers"),
    "period type of an indicator": (lambda raw: raw.update(period_types=["pooled_3_years"]), "period_types"),
    "retention in words": (lambda raw: raw.update(retention_years="long"), "retention_years"),
    "retention without an end": (lambda raw: raw.update(retention_years=0), "retention_years"),
    "no Swedish": (lambda raw: raw["label"].pop("sv"), "no text in sv"),
    "key that is no column": (lambda raw: raw["primary_key"].append("case_key"), "case_key"),
    "text without a pattern": (lambda raw: raw["columns"].append(text_column()), "a text has a pattern"),
    "example that does not match": (
        lambda raw: raw["columns"].append(text_column(pattern="[0-9]", example="x")),
        "example does not match",
    ),
    "reference to no table": (lambda raw: raw["references"][0].update(table="person"), "no such table"),
    "reference to no column": (lambda raw: raw["references"][0].update(to_columns=["id"]), "no column 'id'"),
    "reference between types": (
        lambda raw: raw["references"][0].update(columns=["start_date"], to_columns=["client_key"]),
        "different types",
    ),
    "reference that refuses the file": (lambda raw: raw["references"][0].update(severity="reject"), "severity"),
    "within a table without spells": (lambda raw: raw.update(within="client"), "no spells"),
    "twin with keys": (lambda raw: raw.update(twin="client"), "has keys"),
    "named after another table": (lambda raw: raw.update(table="assignment"), "named after its table"),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_contract_that_does_not_hold_together_is_refused_by_name(what: str, tmp_path: Path) -> None:
    change, message = BROKEN[what]
    with pytest.raises(ContractError, match=re.escape(message)):
        changed(tmp_path, lambda raw: change(raw) and None)


def test_an_unchanged_copy_of_the_contracts_is_read(tmp_path: Path) -> None:
    assert changed(tmp_path, lambda raw: None).column_names == contract("worker_assignment").column_names


# ---- what dbt reads --------------------------------------------------------------------------------


def test_what_dbt_reads_says_what_the_contracts_say():
    assert (STAGING_FOLDER / "_lake__sources.yml").read_text(encoding="utf-8") == sources_yaml()
    assert (STAGING_FOLDER / "_staging__models.yml").read_text(encoding="utf-8") == staging_yaml()
    for table, supplier in staging_models():
        path = STAGING_FOLDER / f"{staging_name(table, supplier)}.sql"
        assert path.read_text(encoding="utf-8") == staging_sql(table, supplier)


def test_dashboards_name_the_tables_as_the_contracts_do():
    assert TABLE_NAMES_FILE.read_text(encoding="utf-8") == table_names_sql()


def test_no_staging_model_is_left_of_a_table_that_is_gone():
    written = {path.stem for path in STAGING_FOLDER.glob("stg_*.sql")}
    # Those that read the ledger, what is due and the code lists are written by hand.
    by_hand = {
        "stg_lake__delivery",
        "stg_lake__delivery_due",
        "stg_lake__education_level",
        "stg_lake__housing_type",
        "stg_lake__main_activity",
        "stg_lake__target_service",
    }
    assert written - by_hand == {staging_name(*model) for model in staging_models()}
