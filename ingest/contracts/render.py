"""What others read of the contracts: dbt its sources file and one staging model a table, the dashboards names.

``python -m ingest.contracts.render`` writes them into ``dbt_project/models/staging`` and among the
dashboards' fragments; they are committed, and a test fails when they no longer say what the contracts say.
"""

from __future__ import annotations

from pathlib import Path

from ingest.contracts.model import Column, Contract
from ingest.contracts.reading import contracts

STAGING_FOLDER = Path(__file__).parents[2] / "dbt_project" / "models" / "staging"
TABLE_NAMES_FILE = Path(__file__).parents[2] / "dashboards" / "superset" / "assets" / "fragments" / "table_names.sql"
_GROUPS = ("key", "code", "other", "date")


def staging_name(contract: Contract, supplier: str) -> str:
    """Name of the staging model of a table from one kind of supplier."""
    return f"stg_{supplier}__{contract.table}"


def staging_models() -> list[tuple[Contract, str]]:
    """Every staging model: a contract and the kind of supplier whose rows it takes."""
    return [(contract, supplier) for contract in contracts().values() for supplier in contract.suppliers]


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
        for name, text in _beside(contract):
            lines += [f"          - name: {name}", f"            description: {_quoted(text)}"]
    for table, text in _SYSTEM_TABLES:
        lines += [f"      - name: {table}", f"        description: {_quoted(text)}"]
    return "\n".join(lines) + "\n"


def staging_sql(contract: Contract, supplier: str) -> str:
    """A staging model: the source as it is, columns grouped, nothing joined."""
    columns = [column.lake_name for group in _GROUPS for column in contract.columns if _group(column) == group]
    listed = ",\n".join(f"        {name}" for name in [*columns, *(name for name, _ in _beside(contract))])
    area = "" if supplier != "hva" else ",\n        substr(organisation, 5) as wellbeing_area_code"
    only = f"\n    where organisation like '{supplier}%'" if len(contract.suppliers) > 1 else ""
    return f"""-- Grain: {contract.grain[0].lower()}{contract.grain[1:].rstrip(".")}, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/{contract.table}.yml; change the contract instead.
with source as (

    select * from {{{{ source('lake', '{contract.table}') }}}}

),

renamed as (

    select
{listed}{area}
    from source{only}

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
    for contract, supplier in staging_models():
        lines += [
            f"  - name: {staging_name(contract, supplier)}",
            "    description: " + _quoted(f"{contract.purpose['en']} {contract.grain}"),
            *_primary_key_test(contract, supplier),
            "    columns:",
        ]
        for column in contract.columns:
            lines += [
                f"      - name: {column.lake_name}",
                f"        description: {_quoted(column.lake_description)}",
            ]
        for name, text in _beside(contract):
            lines += [f"      - name: {name}", f"        description: {_quoted(text)}"]
        if supplier == "hva":
            lines += [
                "      - name: wellbeing_area_code",
                "        description: Code of the area that delivered.",
            ]
    return "\n".join(lines) + "\n"


def _primary_key_test(contract: Contract, supplier: str) -> list[str]:
    """The key within the supplier; of a snapshot, which repeats its rows, within the period too."""
    scope = ["organisation", "period"] if contract.mode == "snapshot" else ["organisation"]
    key = [contract.column(name) for name in contract.primary_key]
    arguments = f"columns: [{', '.join([*scope, *(column.lake_name for column in key)])}]"
    if optional := [column.lake_name for column in key if not column.required]:
        arguments += f", may_be_empty: [{', '.join(optional)}]"
    return [
        "    data_tests:",
        "      - primary_key:",
        f"          name: {staging_name(contract, supplier)}__primary_key",
        f"          arguments: {{{arguments}}}",
        # The gate on the lake has checked the same rows before every build.
        "          config: {tags: [thorough]}",
    ]


def table_names_sql() -> str:
    """The Finnish names of the delivered tables, for the dashboards' queries."""
    rows = ",\n".join(f"    ('{contract.table}', '{contract.label['fi']}')" for contract in contracts().values())
    return f"""-- Delivered tables by their name in the contract.
-- Written by `make contracts` from ingest/contracts; change the contract instead.
table_names (table_name, table_label) as (
    values
{rows}
),
"""


def write(folder: Path = STAGING_FOLDER, table_names: Path = TABLE_NAMES_FILE) -> list[Path]:
    """Write all files; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"_lake__sources.yml": sources_yaml(), "_staging__models.yml": staging_yaml()}
    files |= {
        f"{staging_name(contract, supplier)}.sql": staging_sql(contract, supplier)
        for contract, supplier in staging_models()
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    table_names.write_text(table_names_sql(), encoding="utf-8")
    return [*(folder / name for name in files), table_names]


_LAKE_COLUMNS = (
    ("organisation", "The supplier (hva-05, kunta-091)."),
    ("period", "Period of the delivery (2025Q3)."),
    ("source_row", "Row in the file as delivered; the header is row 1."),
)
_SYSTEM_TABLES = (
    (
        "delivery",
        "The intake ledger. One row per delivery and table, with version, is_counting, is_withdrawn and is_expired.",
    ),
    (
        "delivery_due",
        "What was delivered, or should have been by the contracts. One row per organisation, table and period.",
    ),
    ("code", "Code lists of the contracts with labels. One row per code list and code."),
    (
        "code_attribute",
        "What the definitions derive from a code. One row per code list, code and attribute.",
    ),
)


def _beside(contract: Contract) -> list[tuple[str, str]]:
    """What a row of the lake has beside the contract's columns: name and description."""
    return [*((column.order_name, column.order_description) for column in contract.order_columns), *_LAKE_COLUMNS]


def _group(column: Column) -> str:
    return column.type if column.type in _GROUPS else "other"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '\\"') + '"'


if __name__ == "__main__":
    write()
