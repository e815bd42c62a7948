"""Extract contracts: what a supplier delivers, table by table.

One YAML file a table beside this module, and ``code_lists.yml``. Everything else that knows a
column (types, casts, checks, expectations, dbt sources, documentation, the synthetic deliveries)
derives it from here.
"""

from ingest.contracts.model import (
    DATE_TYPES,
    LAKE_TYPES,
    CodeList,
    Column,
    Contract,
    ContractError,
    code_lists,
    contract,
    contracts,
)

__all__ = [
    "DATE_TYPES",
    "LAKE_TYPES",
    "CodeList",
    "Column",
    "Contract",
    "ContractError",
    "code_lists",
    "contract",
    "contracts",
]
