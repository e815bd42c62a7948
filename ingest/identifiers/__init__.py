"""Direct identifiers that may not come in: finding them without ever repeating them.

Everything here answers *where* and *what kind*; nothing returns, logs or raises what was found.
"""

from ingest.identifiers.columns import hits_in_column, hits_in_table, rows_with_identifier
from ingest.identifiers.kinds import (
    BANK_ACCOUNT_NUMBER,
    BIRTH_DATE,
    BUILDING_IDENTIFIER,
    COORDINATES,
    ELECTRONIC_CLIENT_IDENTIFIER,
    EMAIL_ADDRESS,
    FREE_TEXT,
    KIND_LABELS,
    KINDS,
    LEARNER_NUMBER,
    NAME,
    PERSONAL_IDENTITY_CODE,
    PHONE_NUMBER,
    STREET_ADDRESS,
    Hit,
    kind_label,
)
from ingest.identifiers.text import (
    WITHHELD,
    contains_identifier,
    kinds_in,
    kinds_in_header,
    may_contain_identifier,
    withhold_identifiers,
)
from ingest.identifiers.workbook import kinds_in_markup, kinds_in_part

__all__ = [
    "BANK_ACCOUNT_NUMBER",
    "BIRTH_DATE",
    "BUILDING_IDENTIFIER",
    "COORDINATES",
    "ELECTRONIC_CLIENT_IDENTIFIER",
    "EMAIL_ADDRESS",
    "FREE_TEXT",
    "KINDS",
    "KIND_LABELS",
    "LEARNER_NUMBER",
    "NAME",
    "PERSONAL_IDENTITY_CODE",
    "PHONE_NUMBER",
    "STREET_ADDRESS",
    "WITHHELD",
    "Hit",
    "contains_identifier",
    "hits_in_column",
    "hits_in_table",
    "kind_label",
    "kinds_in",
    "kinds_in_header",
    "kinds_in_markup",
    "kinds_in_part",
    "may_contain_identifier",
    "rows_with_identifier",
    "withhold_identifiers",
]
