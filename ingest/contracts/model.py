"""What a contract says, as frozen objects."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType

import pyarrow as pa

# Contract type -> type of the typed column in the lake (DuckDB and Parquet names).
LAKE_TYPES = {
    "key": "VARCHAR",
    "date": "DATE",
    "municipality": "VARCHAR",
    "wellbeing_area": "VARCHAR",
    "code": "VARCHAR",
    "int": "INTEGER",
    "decimal": "DOUBLE",
    "bool": "BOOLEAN",
    "text": "VARCHAR",
}
# The same types in Arrow.
LAKE_ARROW_TYPES = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "INTEGER": pa.int32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
}
DATE_TYPES = frozenset({"date"})
MODES = ("history", "snapshot", "increment")
SUPPLIERS = ("hva", "kunta", "kela")
LANGUAGES = ("fi", "sv", "en")
# How often a table is delivered, and for which types of period (``ingest.periods``) by default.
CADENCES: dict[str, tuple[str, ...]] = {
    "quarterly": ("quarter",),
    "half_yearly": ("half_year",),
    "twice_a_year": ("half_year",),
    "yearly": ("year",),
}
PERIOD_TYPES = ("quarter", "half_year", "year")
# What a key identifies. A client's key is made in a key domain, every other one by its supplier; keys of
# two kinds are never the same one.
CLIENT_KEY = "client"
KEY_KINDS = (
    CLIENT_KEY, "worker", "team", "dwelling", "aftercare_period", "placement", "plan", "contact", "meeting",
    "referral", "support_person", "housing_unit", "respondent",
)  # fmt: skip
REFERENCE_SEVERITIES = ("warn", "quarantine_row")
# What a column may serve: an indicator (JAT-01), a breakdown, a check of the door, every figure's
# denominator, or the key of its table.
_SERVES = re.compile(r"[A-ZÅÄÖ]{3}-[0-9]{2}|breakdown:[a-z][a-z0-9_]*|check:[A-Z][A-Z0-9_]*|denominator|key")
_BETWEEN_WORDS = re.compile(r"[\s_\-\u2010-\u2015]+")


class ContractError(ValueError):
    """A contract file or code list that does not hold together; names the file and the field."""


@dataclass(frozen=True)
class CodeList:
    """A closed list of codes with labels in three languages.

    ``attributes`` maps a code to what the definitions derive from it (for example the housing
    class of a housing type); empty for most lists.
    """

    name: str
    labels: dict[str, dict[str, str]]
    attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    aligns: str | None = None

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes in the order of the file."""
        return tuple(self.labels)


@dataclass(frozen=True)
class Column:
    """One column of an extract.

    ``spell_end_of`` names the start column of the spell that this date closes: both ends are
    included in an extract, and the lake holds the half-open ``<name>_exclusive`` instead.
    ``within_period`` marks the event date of an increment, which must lie in the manifest's period.
    ``pattern`` (text only, and of every text) is the regular expression that the whole value must
    match, so that nothing written freely comes in; ``example`` is a value that does.
    ``key_of`` (keys only, and of every key) is what it identifies. ``keeps_order`` marks a key by
    whose order ties are broken: the lake keeps its rank as ``order_name``.
    ``aliases`` are headers accepted beside the name and the labels; ``serves`` says what the column
    is asked for (see ``ingest/contracts/README.md``).
    """

    name: str
    type: str
    required: bool
    descriptions: dict[str, str]
    label: dict[str, str]
    code_list: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    spell_end_of: str | None = None
    within_period: bool = False
    pattern: str | None = None
    example: str | None = None
    aliases: tuple[str, ...] = ()
    serves: tuple[str, ...] = ()
    key_of: str | None = None
    keeps_order: bool = False

    @property
    def description(self) -> str:
        """The description in English, as the warehouse carries it."""
        return self.descriptions["en"]

    @property
    def lake_name(self) -> str:
        """Name of the typed column in the lake."""
        return f"{self.name}_exclusive" if self.spell_end_of else self.name

    @property
    def lake_type(self) -> str:
        """DuckDB type of the typed column in the lake."""
        return LAKE_TYPES[self.type]

    @property
    def lake_description(self) -> str:
        """Description of the typed column, which for the end of a spell is a day later."""
        if self.spell_end_of:
            return "Day after the last day of the spell (half-open interval); empty while it goes on."
        if self.key_of:
            return f"{self.description.rstrip('.')}; re-keyed by the warehouse."
        return self.description

    @property
    def order_name(self) -> str:
        """Name of the lake column with the rank of the key as delivered (where ``keeps_order``)."""
        return f"{self.name}_order"

    @property
    def order_description(self) -> str:
        """Description of that column, which no supplier delivers."""
        return (
            f"Rank of {self.name} as delivered among those of its delivery, from 1 (the smallest key); empty with it. "
            "Ties go by it: the warehouse's own keys have another order."
        )


@dataclass(frozen=True)
class Reference:
    """Rows of ``columns`` must be found in ``to_columns`` of ``table``, from the same supplier.

    An empty cell refers to nothing. ``severity`` is what happens to a row that refers to nothing
    there: it is told (``warn``) or stays out (``quarantine_row``).
    """

    columns: tuple[str, ...]
    table: str
    to_columns: tuple[str, ...]
    severity: str


# Read once and shared, so it is equal to itself only, and can be a key of caches.
@dataclass(frozen=True, eq=False)
class Contract:
    """One table of a supplier: columns, key, delivery mode and what it is for.

    ``suppliers`` are the kinds of organisation that may deliver it. ``period_types`` are the types
    of period that a delivery of it may be for, and it is late when it was extracted more than
    ``due_days`` after its period ended. ``within`` names the table whose spells of the same
    client should contain these spells: others are told, never kept out. ``twin`` of a table with
    persons is its counterpart in counts, which is always enough.
    """

    table: str
    version: str
    suppliers: tuple[str, ...]
    mode: str
    cadence: str
    period_types: tuple[str, ...]
    due_days: int
    grains: dict[str, str]
    primary_key: tuple[str, ...]
    columns: tuple[Column, ...]
    label: dict[str, str]
    purpose: dict[str, str]
    aligns: str
    retention_years: int
    retention_reason: dict[str, str]
    references: tuple[Reference, ...] = ()
    within: str | None = None
    twin: str | None = None

    @property
    def grain(self) -> str:
        """The grain in English, as the warehouse carries it."""
        return self.grains["en"]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names as delivered."""
        return tuple(column.name for column in self.columns)

    @property
    def lake_names(self) -> tuple[str, ...]:
        """Names as stored in the lake, without the system columns."""
        return tuple(column.lake_name for column in self.columns)

    @property
    def order_columns(self) -> tuple[Column, ...]:
        """The keys whose order the lake keeps, each in a column of its own (``order_name``)."""
        return tuple(column for column in self.columns if column.keeps_order)

    def column(self, name: str) -> Column:
        """The column of that delivered name; ``KeyError`` when there is none."""
        for candidate in self.columns:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.table} has no column {name!r}; it has {', '.join(self.column_names)}")


def normalised_header(text: str) -> str:
    """A header as it is compared: without case, and with one ``_`` for blanks, hyphens and the like."""
    composed = unicodedata.normalize("NFC", text).replace("\ufeff", "")
    return _BETWEEN_WORDS.sub("_", composed.strip().casefold()).strip("_")


@cache
def header_names(contract: Contract) -> Mapping[str, str]:
    """Normalised header -> column: names, labels in three languages and aliases.

    Raises ``ContractError`` when a header would mean two columns.
    """
    found: dict[str, str] = {}
    for column in contract.columns:
        for text in (column.name, *column.label.values(), *column.aliases):
            header = normalised_header(text)
            if found.setdefault(header, column.name) != column.name:
                raise ContractError(
                    f"{contract.table}: the header {text!r} means both {found[header]} and {column.name}"
                )
    return MappingProxyType(found)


def serves_something(use: str) -> bool:
    """Whether an entry of a column's ``serves`` has one of the forms there are."""
    return _SERVES.fullmatch(use) is not None
