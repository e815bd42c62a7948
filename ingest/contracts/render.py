"""What dbt reads of the contracts: the sources file and one staging model a table.

``python -m ingest.contracts.render`` writes them into ``dbt_project/models/staging``; they are
committed, and a test fails when they no longer say what the contracts say.
"""

from __future__ import annotations

from pathlib import Path

from ingest.contracts.model import Column, Contract, contracts

STAGING_FOLDER = Path(__file__).parents[2] / "dbt_project" / "models" / "staging"
_GROUPS = ("key", "code", "other", "date")


def staging_name(contract: Contract) -> str:
    """Name of a table's staging model."""
    return f"stg_{contract.supplier}__{contract.table}"


def sources_yaml() -> str:
    """The dbt sources of the lake, columns described by the contracts."""
    lines = [
        "# Written by `make contracts` from ingest/contracts; change the contract instead.",
        "version: 2",
        "sources:",
        "  - name: lake",
        "    description: Accepted, typed, pseudonymised rows that count, and the ledger of deliveries.",
        "    schema: lake",
        "    tables:",
    ]
    for contract in contracts().values():
        lines += [
            f"      - name: {contract.table}",
            f"        description: {_quoted(contract.grain)}",
            "        columns:",
        ]
        for column in contract.columns:
            lines += [
                f"          - name: {column.lake_name}",
                f"            description: {_quoted(column.lake_description)}",
                f"            data_type: {column.lake_type.lower()}",
            ]
        for name, text in _LAKE_COLUMNS:
            lines += [f"          - name: {name}", f"            description: {_quoted(text)}"]
    for table, text in _SYSTEM_TABLES:
        lines += [f"      - name: {table}", f"        description: {_quoted(text)}"]
    return "\n".join(lines) + "\n"


def staging_sql(contract: Contract) -> str:
    """A staging model: the source as it is, columns grouped, nothing joined."""
    columns = [
        column.lake_name
        for group in _GROUPS
        for column in contract.columns
        if _group(column) == group
    ]
    listed = ",\n".join(
        f"        {name}" for name in [*columns, "organisation", "period", "source_row"]
    )
    area = (
        ""
        if contract.supplier != "hva"
        else ",\n        substr(organisation, 5) as wellbeing_area_code"
    )
    return f"""-- Grain: {contract.grain[0].lower()}{contract.grain[1:].rstrip(".")}, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/{contract.table}.yml; change the contract instead.
with source as (

    select * from {{{{ source('lake', '{contract.table}') }}}}

),

renamed as (

    select
{listed}{area}
    from source

)

select * from renamed
"""


def staging_yaml() -> str:
    """Descriptions and tests of the staging models."""
    lines = [
        "# Written by `make contracts` from ingest/contracts; change the contract instead.",
        "version: 2",
        "models:",
    ]
    for contract in contracts().values():
        lines += [
            f"  - name: {staging_name(contract)}",
            "    description: " + _quoted(f"{contract.purpose['en']} {contract.grain}"),
            "    columns:",
        ]
        for column in contract.columns:
            lines += [
                f"      - name: {column.lake_name}",
                f"        description: {_quoted(column.lake_description)}",
            ]
        for name, text in _LAKE_COLUMNS:
            lines += [f"      - name: {name}", f"        description: {_quoted(text)}"]
        if contract.supplier == "hva":
            lines += [
                "      - name: wellbeing_area_code",
                "        description: Code of the area that delivered.",
            ]
    return "\n".join(lines) + "\n"


def write(folder: Path = STAGING_FOLDER) -> list[Path]:
    """Write all files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"_lake__sources.yml": sources_yaml(), "_staging__models.yml": staging_yaml()}
    files |= {
        f"{staging_name(contract)}.sql": staging_sql(contract) for contract in contracts().values()
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


_LAKE_COLUMNS = (
    ("organisation", "The supplier (hva-05, kunta-091)."),
    ("period", "Period of the delivery (2025Q3)."),
    ("source_row", "Row in the file as delivered; the header is row 1."),
)
_SYSTEM_TABLES = (
    (
        "delivery",
        "The intake ledger. One row per delivery and table, with version and is_counting.",
    ),
    ("code", "Code lists of the contracts with labels. One row per code list and code."),
    (
        "code_attribute",
        "What the definitions derive from a code. One row per code list, code and attribute.",
    ),
)


def _group(column: Column) -> str:
    return column.type if column.type in _GROUPS else "other"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


if __name__ == "__main__":
    write()
