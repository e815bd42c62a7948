"""The contract files are the single source of every column."""

from ingest.contracts import code_lists, contract, contracts
from ingest.contracts.render import STAGING_FOLDER, sources_yaml, staging_name, staging_sql, staging_yaml


def test_the_ten_tables_of_the_chain_have_a_contract():
    assert set(contracts()) == {
        "aftercare_period",
        "client",
        "contact",
        "handover",
        "housing_spell",
        "rental_housing",
        "residence_spell",
        "supported_housing_capacity",
        "supported_housing_queue",
        "worker_assignment",
    }


def test_the_end_of_a_spell_is_half_open_in_the_lake():
    column = contract("aftercare_period").column("end_date")
    assert column.lake_name == "end_date_exclusive"
    assert contract("aftercare_period").column("start_date").lake_name == "start_date"


def test_every_code_has_a_label_in_three_languages():
    for code_list in code_lists().values():
        for label in code_list.labels.values():
            assert set(label) == {"fi", "sv", "en"}
            assert all(label.values())


def test_every_housing_type_has_a_class_and_a_default_suitability():
    housing_type = code_lists()["housing_type"]
    suitability = code_lists()["housing_suitability"].codes
    for code in housing_type.codes:
        assert housing_type.attributes[code]["housing_class"] in {
            "stable", "unstable", "homeless", "temporary", "unknown",
        }  # fmt: skip
        assert housing_type.attributes[code]["default_suitability"] in suitability


def test_what_dbt_reads_says_what_the_contracts_say():
    assert (STAGING_FOLDER / "_lake__sources.yml").read_text(encoding="utf-8") == sources_yaml()
    assert (STAGING_FOLDER / "_staging__models.yml").read_text(encoding="utf-8") == staging_yaml()
    for table in contracts().values():
        path = STAGING_FOLDER / f"{staging_name(table)}.sql"
        assert path.read_text(encoding="utf-8") == staging_sql(table)
