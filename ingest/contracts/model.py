"""The contract files as frozen objects, checked while they are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

CONTRACT_FOLDER = Path(__file__).parent

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
DATE_TYPES = frozenset({"date"})
MODES = ("history", "snapshot", "increment")
SUPPLIERS = ("hva", "kunta", "kela")
LANGUAGES = ("fi", "sv", "en")


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
    """

    name: str
    type: str
    required: bool
    description: str
    label: dict[str, str]
    code_list: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    spell_end_of: str | None = None
    within_period: bool = False

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
            return (
                "Day after the last day of the spell (half-open interval); empty while it goes on."
            )
        return self.description


# Read once and shared, so it is equal to itself only, and can be a key of caches.
@dataclass(frozen=True, eq=False)
class Contract:
    """One table of a supplier: columns, key, delivery mode and what it is for."""

    table: str
    version: str
    supplier: str
    mode: str
    cadence: str
    grain: str
    primary_key: tuple[str, ...]
    columns: tuple[Column, ...]
    label: dict[str, str]
    purpose: dict[str, str]
    aligns: str
    retention_years: int

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names as delivered."""
        return tuple(column.name for column in self.columns)

    @property
    def lake_names(self) -> tuple[str, ...]:
        """Names as stored in the lake, without the system columns."""
        return tuple(column.lake_name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of that delivered name; ``KeyError`` when there is none."""
        for candidate in self.columns:
            if candidate.name == name:
                return candidate
        raise KeyError(
            f"{self.table} has no column {name!r}; it has {', '.join(self.column_names)}"
        )


@cache
def code_lists(folder: Path = CONTRACT_FOLDER) -> dict[str, CodeList]:
    """All code lists by name. Raises ``ContractError`` when a label is missing in a language."""
    path = folder / "code_lists.yml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    lists = {}
    for name, body in raw.items():
        labels, attributes = {}, {}
        for code, entry in body["codes"].items():
            where = f"{path.name}: {name}.{code}"
            labels[str(code)] = _texts(entry, where)
            if "attributes" in entry:
                attributes[str(code)] = {
                    key: str(value) for key, value in entry["attributes"].items()
                }
        lists[name] = CodeList(name, labels, attributes, body.get("aligns"))
    return lists


@cache
def contracts(folder: Path = CONTRACT_FOLDER) -> dict[str, Contract]:
    """All contracts by table name, in alphabetical order of the table.

    Raises ``ContractError`` on the first file that does not hold together.
    """
    found = {}
    for path in sorted(folder.glob("*.yml")):
        if path.name == "code_lists.yml":
            continue
        parsed = _parse(
            yaml.safe_load(path.read_text(encoding="utf-8")), path.name, code_lists(folder)
        )
        if parsed.table != path.stem:
            raise ContractError(
                f"{path.name}: the file must be named after its table {parsed.table!r}"
            )
        found[parsed.table] = parsed
    return found


def contract(table: str) -> Contract:
    """The contract of one table; ``KeyError`` names the tables there are."""
    try:
        return contracts()[table]
    except KeyError:
        raise KeyError(f"unknown table {table!r}; known: {', '.join(contracts())}") from None


def _parse(raw: dict[str, Any], file: str, lists: dict[str, CodeList]) -> Contract:
    columns = tuple(_parse_column(entry, file, lists) for entry in raw["columns"])
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ContractError(f"{file}: a column is named twice")
    for name in raw["primary_key"]:
        if name not in names:
            raise ContractError(f"{file}: primary_key names {name!r}, which is no column")
    for column in columns:
        if column.spell_end_of and column.spell_end_of not in names:
            raise ContractError(
                f"{file}: {column.name} closes {column.spell_end_of!r}, which is no column"
            )
    if raw["mode"] not in MODES:
        raise ContractError(f"{file}: mode {raw['mode']!r} is none of {', '.join(MODES)}")
    if raw["supplier"] not in SUPPLIERS:
        raise ContractError(
            f"{file}: supplier {raw['supplier']!r} is none of {', '.join(SUPPLIERS)}"
        )
    return Contract(
        table=raw["table"],
        version=str(raw["version"]),
        supplier=raw["supplier"],
        mode=raw["mode"],
        cadence=raw["cadence"],
        grain=raw["grain"],
        primary_key=tuple(raw["primary_key"]),
        columns=columns,
        label=_texts(raw["label"], f"{file}: label"),
        purpose=_texts(raw["purpose"], f"{file}: purpose"),
        aligns=raw["aligns"],
        retention_years=int(raw["retention_years"]),
    )


def _parse_column(raw: dict[str, Any], file: str, lists: dict[str, CodeList]) -> Column:
    where = f"{file}: column {raw.get('name')!r}"
    unknown = set(raw) - {
        "name", "type", "required", "description", "label", "code_list",
        "minimum", "maximum", "spell_end_of", "within_period",
    }  # fmt: skip
    if unknown:
        raise ContractError(f"{where}: unknown field {', '.join(sorted(unknown))}")
    if raw["type"] not in LAKE_TYPES:
        raise ContractError(f"{where}: type {raw['type']!r} is none of {', '.join(LAKE_TYPES)}")
    if (raw["type"] == "code") != ("code_list" in raw):
        raise ContractError(f"{where}: a code has a code_list, and only a code has one")
    if "code_list" in raw and raw["code_list"] not in lists:
        raise ContractError(
            f"{where}: unknown code list {raw['code_list']!r}; known: {', '.join(lists)}"
        )
    return Column(
        name=raw["name"],
        type=raw["type"],
        required=bool(raw["required"]),
        description=raw["description"],
        label=_texts(raw["label"], where),
        code_list=raw.get("code_list"),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        spell_end_of=raw.get("spell_end_of"),
        within_period=bool(raw.get("within_period", False)),
    )


def _texts(raw: dict[str, Any], where: str) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not raw.get(language)]
    if missing:
        raise ContractError(f"{where}: no text in {', '.join(missing)}")
    return {language: str(raw[language]) for language in LANGUAGES}
