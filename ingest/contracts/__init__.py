"""Extract contracts: what a supplier delivers, table by table.

One YAML file a table beside this module, and ``code_lists.yml``. Everything else that knows a
column (types, casts, checks, expectations, dbt sources, documentation, the synthetic deliveries)
derives it from here.
"""

from ingest.contracts.model import (
    CADENCES,
    CLIENT_KEY,
    DATE_TYPES,
    KEY_KINDS,
    LAKE_TYPES,
    LANGUAGES,
    CodeList,
    Column,
    Contract,
    ContractError,
    Reference,
    header_names,
    normalised_header,
)
from ingest.contracts.reading import (
    accepted_versions,
    code_lists,
    contract,
    contracts,
    versions,
)
from ingest.contracts.upgrades import Upgrade, upgrade, upgrade_rows, upgrade_sql

__all__ = [
    "CADENCES",
    "CLIENT_KEY",
    "DATE_TYPES",
    "KEY_KINDS",
    "LAKE_TYPES",
    "LANGUAGES",
    "CodeList",
    "Column",
    "Contract",
    "ContractError",
    "Reference",
    "Upgrade",
    "accepted_versions",
    "code_lists",
    "contract",
    "contracts",
    "header_names",
    "normalised_header",
    "upgrade",
    "upgrade_rows",
    "upgrade_sql",
    "versions",
]
