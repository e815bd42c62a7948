"""What is expected of a lake table, derived from its contract. Needs no Great Expectations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from ingest.contracts import LAKE_TYPES, Column, Contract, code_lists

# Columns of every lake table beside those of its contract.
ROW_COLUMNS = ("organisation", "period")

KEY_PATTERN = "^[0-9a-f]{64}$"
PERIOD_PATTERN = "^[0-9]{4}(Q[1-4]|H[12])?$"
# A place whose codes the caller does not name is checked by form only.
_PLACE_PATTERNS = {"municipality": "^[0-9]{3}$", "wellbeing_area": "^[0-9]{2}$"}
_ORGANISATION_PATTERNS = {"hva": "hva-[0-9]{2}", "kunta": "kunta-[0-9]{3}", "kela": "kela"}
# Names of types as Great Expectations compares them on pandas frames.
_PANDAS_TYPES = {
    "DATE": "datetime64",
    "INTEGER": "int32",
    "DOUBLE": "float64",
    "BOOLEAN": "bool",
}


@dataclass(frozen=True)
class Expectation:
    """One expectation: a code that stays, the Great Expectations type, and words for people.

    ``code`` is the kind and what it is about (``REQUIRED:client_key``); it stands in check
    metadata, so it names columns and never values.
    """

    code: str
    type: str
    arguments: Mapping[str, Any]
    words: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The part of the code before the colon."""
        return self.code.partition(":")[0]

    @property
    def is_about_table(self) -> bool:
        """Whether it can be told of a table without rows."""
        return self.kind in ("COLUMNS", "ROWS")


def suite(
    contract: Contract,
    *,
    rows: int | None = None,
    places: Mapping[str, Collection[str]] | None = None,
) -> tuple[Expectation, ...]:
    """The expectations of one lake table, table first, then column by column.

    ``rows`` is how many rows the ledger says count (``None``: not checked). ``places`` maps the
    column types ``municipality`` and ``wellbeing_area`` to the codes there are.
    """
    places = places or {}
    found = [_columns(contract)]
    if rows is not None:
        found.append(_row_count(rows))
    found.append(_primary_key(contract))
    found += [
        _pattern("ORGANISATION", "organisation", _organisation_pattern(contract)),
        _required("organisation"),
        _pattern("PERIOD", "period", PERIOD_PATTERN),
        _required("period"),
    ]
    for column in contract.columns:
        found += _of_column(column, places)
    return tuple(found)


def _of_column(column: Column, places: Mapping[str, Collection[str]]) -> list[Expectation]:
    name = column.lake_name
    found = []
    if column.required:
        found.append(_required(name))
    if LAKE_TYPES[column.type] in _PANDAS_TYPES:
        found.append(_type(name, LAKE_TYPES[column.type]))
    if column.type == "key":
        found.append(_pattern("KEY", name, KEY_PATTERN))
    if column.pattern:
        found.append(_pattern("PATTERN", name, f"^({column.pattern})$"))
    if column.code_list:
        found.append(_value_set("CODE", name, code_lists()[column.code_list].codes, column.code_list))
    if column.type in _PLACE_PATTERNS:
        if codes := places.get(column.type):
            found.append(_value_set("PLACE", name, sorted(codes), column.type))
        else:
            found.append(_pattern("PLACE", name, _PLACE_PATTERNS[column.type]))
    if column.minimum is not None or column.maximum is not None:
        found.append(_range(name, column.minimum, column.maximum))
    if column.spell_end_of:
        found.append(_spell(column.spell_end_of, name))
    if column.keeps_order:
        order = column.order_name
        found += [_type(order, "INTEGER"), _range(order, 1, None), _order(name, order)]
    return found


def _organisation_pattern(contract: Contract) -> str:
    known = "|".join(_ORGANISATION_PATTERNS[kind] for kind in contract.suppliers)
    return f"^({known})$"


def _columns(contract: Contract) -> Expectation:
    order_names = (column.order_name for column in contract.order_columns)
    names = [*contract.lake_names, *order_names, *ROW_COLUMNS]
    return Expectation(
        "COLUMNS",
        "ExpectTableColumnsToMatchSet",
        {"column_set": names, "exact_match": True},
        {
            "fi": f"Taulussa on täsmälleen sopimuksen {len(names)} saraketta.",
            "sv": f"Tabellen har exakt avtalets {len(names)} kolumner.",
            "en": f"The table has exactly the {len(names)} columns of the contract.",
        },
    )


def _row_count(rows: int) -> Expectation:
    return Expectation(
        "ROWS",
        "ExpectTableRowCountToEqual",
        {"value": rows},
        {
            "fi": f"Rivejä on yhtä monta kuin vastaanottokirja kertoo ({rows}).",
            "sv": f"Antalet rader är detsamma som i mottagningsboken ({rows}).",
            "en": f"There are as many rows as the intake ledger says ({rows}).",
        },
    )


def _primary_key(contract: Contract) -> Expectation:
    """Unique within the supplier; of a snapshot, which repeats its rows, within the period too."""
    lake_names = {column.name: column.lake_name for column in contract.columns}
    scope = ["organisation", "period"] if contract.mode == "snapshot" else ["organisation"]
    names = [*scope, *(lake_names[name] for name in contract.primary_key)]
    listed = ", ".join(names)
    return Expectation(
        "PRIMARY_KEY",
        "ExpectCompoundColumnsToBeUnique",
        # An empty cell counts as a value: two rows that differ in nothing else are doubles.
        {"column_list": names, "ignore_row_if": "never"},
        {
            "fi": f"Avain on yksikäsitteinen: {listed}.",
            "sv": f"Nyckeln är unik: {listed}.",
            "en": f"The key is unique: {listed}.",
        },
    )


def _required(name: str) -> Expectation:
    return Expectation(
        f"REQUIRED:{name}",
        "ExpectColumnValuesToNotBeNull",
        {"column": name},
        {
            "fi": f"{name} on täytetty joka rivillä.",
            "sv": f"{name} är ifylld på varje rad.",
            "en": f"{name} is filled in on every row.",
        },
    )


def _order(key: str, order: str) -> Expectation:
    """Where there is a key there is its rank among the keys as delivered: ties go by it."""
    return Expectation(
        f"ORDER:{order}",
        "ExpectColumnValuesToNotBeNull",
        {"column": order, "row_condition": f"{key}.notna()", "condition_parser": "pandas"},
        {
            "fi": f"{order} on täytetty joka rivillä, jolla on {key}.",
            "sv": f"{order} är ifylld på varje rad som har {key}.",
            "en": f"{order} is filled in on every row that has {key}.",
        },
    )


def _type(name: str, lake_type: str) -> Expectation:
    words = {
        "DATE": ("päivämäärä", "ett datum", "a date"),
        "INTEGER": ("kokonaisluku", "ett heltal", "a whole number"),
        "DOUBLE": ("luku", "ett tal", "a number"),
        "BOOLEAN": ("kyllä tai ei", "ja eller nej", "yes or no"),
    }[lake_type]
    return Expectation(
        f"TYPE:{name}",
        "ExpectColumnValuesToBeOfType",
        {"column": name, "type_": _PANDAS_TYPES[lake_type]},
        {
            "fi": f"{name} on tyypiltään {words[0]}.",
            "sv": f"{name} är till sin typ {words[1]}.",
            "en": f"{name} is typed as {words[2]}.",
        },
    )


def _pattern(kind: str, name: str, pattern: str) -> Expectation:
    return Expectation(
        f"{kind}:{name}",
        "ExpectColumnValuesToMatchRegex",
        {"column": name, "regex": pattern},
        {
            "fi": f"{name} on muotoa {pattern}.",
            "sv": f"{name} har formen {pattern}.",
            "en": f"{name} has the form {pattern}.",
        },
    )


def _value_set(kind: str, name: str, codes: Collection[str], of: str) -> Expectation:
    return Expectation(
        f"{kind}:{name}",
        "ExpectColumnValuesToBeInSet",
        {"column": name, "value_set": list(codes)},
        {
            "fi": f"{name} on koodiston {of} koodi ({len(codes)} koodia).",
            "sv": f"{name} är en kod i kodlistan {of} ({len(codes)} koder).",
            "en": f"{name} is a code of the list {of} ({len(codes)} codes).",
        },
    )


def _range(name: str, minimum: int | None, maximum: int | None) -> Expectation:
    low, high = (("" if bound is None else str(bound)) for bound in (minimum, maximum))
    return Expectation(
        f"RANGE:{name}",
        "ExpectColumnValuesToBeBetween",
        {"column": name, "min_value": minimum, "max_value": maximum},
        {
            "fi": f"{name} on välillä {low}–{high}.",
            "sv": f"{name} ligger mellan {low}–{high}.",
            "en": f"{name} lies in {low}–{high}.",
        },
    )


def _spell(start: str, end: str) -> Expectation:
    return Expectation(
        f"SPELL:{end}",
        "ExpectColumnPairValuesAToBeGreaterThanB",
        {
            "column_A": end,
            "column_B": start,
            "or_equal": False,
            "ignore_row_if": "either_value_is_missing",
        },
        {
            "fi": f"{end} on myöhempi kuin {start}, kun jakso on päättynyt.",
            "sv": f"{end} är senare än {start} när perioden har avslutats.",
            "en": f"{end} is later than {start} where the spell has ended.",
        },
    )
