"""The contract files, checked while they are read, and the yearly changes laid upon them.

The files beside this module are the base; ``changes/<version>/`` holds what each later version
changes: ``<table>.yml`` and ``code_lists.yml``, described in ``ingest/contracts/README.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ingest.contracts.model import (
    CADENCES,
    KEY_KINDS,
    LAKE_TYPES,
    LANGUAGES,
    MODES,
    PERIOD_TYPES,
    REFERENCE_SEVERITIES,
    SUPPLIERS,
    CodeList,
    Column,
    Contract,
    ContractError,
    Reference,
    header_names,
    serves_something,
)
from ingest.periods import DELIVERY_DAYS

CONTRACT_FOLDER = Path(__file__).parent
# The parser in C reads the contracts ten times as fast; both are safe loaders.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
CODE_LISTS = "code_lists.yml"
CHANGES = "changes"

_VERSION = re.compile(r"[0-9]+\.[0-9]+")
_CONTRACT_FIELDS = {
    "table", "version", "suppliers", "mode", "cadence", "period_types", "due_days", "grain",
    "primary_key", "label", "purpose", "aligns", "retention_years", "retention_reason", "references", "within",
    "twin", "columns",
}  # fmt: skip
_COLUMN_FIELDS = {
    "name", "type", "required", "description", "label", "code_list", "minimum", "maximum",
    "spell_end_of", "within_period", "pattern", "example", "aliases", "serves",
    "key_of", "keeps_order",
}  # fmt: skip
# What a later version may say anew of a table and of a column. Everything else would change what
# the rows of the version before mean, or keep them out.
_CHANGEABLE_OF_TABLE = {
    "cadence", "period_types", "due_days", "grain", "label", "purpose", "aligns",
    "retention_years", "retention_reason", "references", "within", "twin",
}  # fmt: skip
_CHANGEABLE_OF_COLUMN = {
    "required", "description", "label", "minimum", "maximum", "aliases", "serves",
}  # fmt: skip


def versions(folder: Path | None = None) -> tuple[str, ...]:
    """The versions there are, oldest first, newest last."""
    return _versions(_here(folder))


def accepted_versions(folder: Path | None = None) -> tuple[str, ...]:
    """The versions in which deliveries are taken: the newest and the one before it."""
    return versions(folder)[-2:]


def code_lists(version: str | None = None, folder: Path | None = None) -> Mapping[str, CodeList]:
    """All code lists by name, as of a version (the newest by default).

    Raises ``ContractError`` when a label is missing in a language or the version is unknown.
    """
    return _code_lists(_known(version, _here(folder)), _here(folder))


def contracts(version: str | None = None, folder: Path | None = None) -> dict[str, Contract]:
    """All contracts by table name, in alphabetical order, as of a version (the newest by default).

    Raises ``ContractError`` on the first file that does not hold together, or when the version is
    unknown.
    """
    return _contracts(_known(version, _here(folder)), _here(folder))


def contract(table: str, version: str | None = None) -> Contract:
    """The contract of one table; ``KeyError`` names the tables there are."""
    known = contracts(version)
    try:
        return known[table]
    except KeyError:
        raise KeyError(f"unknown table {table!r}; known: {', '.join(known)}") from None


def changes(version: str, folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """What a version changes: table, or ``code_lists``, -> content of its difference file."""
    return {path.stem: _yaml(path) for path in sorted((_here(folder) / CHANGES / version).glob("*.yml"))}


def steps_after(version: str, folder: Path | None = None) -> tuple[str, ...]:
    """The versions that came after ``version``, oldest first."""
    return tuple(step for step in versions(folder) if _number(step) > _number(_known(version, _here(folder))))


def _here(folder: Path | None) -> Path:
    """The folder that is meant; looked up at each call, so that there is one place to point it elsewhere."""
    return folder or CONTRACT_FOLDER


@cache
def _versions(folder: Path) -> tuple[str, ...]:
    found = {str(_yaml(path)["version"]) for path in _table_files(folder)}
    found |= {path.name for path in (folder / CHANGES).glob("*") if path.is_dir()}
    for version in found:
        if not _VERSION.fullmatch(version):
            raise ContractError(f"{folder}: {version!r} is no version such as 1.0")
    return tuple(sorted(found, key=_number))


@cache
def _code_lists(version: str, folder: Path) -> dict[str, CodeList]:
    raw = _yaml(folder / CODE_LISTS)
    for step in _steps(version, folder):
        if (change := changes(step, folder).get("code_lists")) is not None:
            raw = _changed_code_lists(raw, change, f"{CHANGES}/{step}/{CODE_LISTS}")
    return {name: _parse_code_list(name, body) for name, body in raw.items()}


@cache
def _contracts(version: str, folder: Path) -> dict[str, Contract]:
    lists = _code_lists(version, folder)
    found = {}
    for path in _table_files(folder):
        raw = _yaml(path)
        if raw["table"] != path.stem:
            raise ContractError(f"{path.name}: the file must be named after its table {raw['table']!r}")
        if _number(str(raw["version"])) > _number(version):
            continue
        for step in _steps(version, folder):
            if (change := changes(step, folder).get(path.stem)) is not None:
                raw = _changed_table(raw, change, f"{CHANGES}/{step}/{path.name}")
        found[path.stem] = _parse(raw | {"version": version}, path.name, lists)
    for step in _steps(version, folder):
        for name in set(changes(step, folder)) - {*found, Path(CODE_LISTS).stem}:
            raise ContractError(f"{CHANGES}/{step}: there is no table {name!r}; known: {', '.join(found)}")
    for table in found.values():
        _check_neighbours(table, found)
    return found


# ---- versions --------------------------------------------------------------------------------------


def _known(version: str | None, folder: Path) -> str:
    known = versions(folder)
    if version is None:
        return known[-1]
    if version not in known:
        raise ContractError(f"there is no contract version {version!r}; known: {', '.join(known)}")
    return version


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _steps(version: str, folder: Path) -> list[str]:
    """The versions whose changes are laid upon the base to reach ``version``."""
    return [step for step in versions(folder) if _number(step) <= _number(version)]


def _changed_table(raw: dict[str, Any], change: dict[str, Any], where: str) -> dict[str, Any]:
    _only(change, {"note", "table", "columns"}, where)
    _texts(change.get("note", {}), f"{where}: note")
    _only(change.get("table", {}), _CHANGEABLE_OF_TABLE, where)
    of_columns = change.get("columns", {})
    _only(of_columns, {"add", "remove", "rename", "change"}, where)
    columns = {column["name"]: dict(column) for column in raw["columns"]}
    needed = {*raw["primary_key"], *(column.get("spell_end_of") for column in columns.values())}
    for name in of_columns.get("remove", []):
        _has(columns, name, where)
        if name in needed:
            raise ContractError(f"{where}: {name} is part of the key or starts a spell and cannot be removed")
        del columns[name]
    for old, new in of_columns.get("rename", {}).items():
        _has(columns, old, where)
        columns = {new if name == old else name: _renamed(column, old, new) for name, column in columns.items()}
    for name, said in of_columns.get("change", {}).items():
        _has(columns, name, where)
        _only(said, _CHANGEABLE_OF_COLUMN, f"{where}: {name}")
        _check_no_narrower(columns[name], said, f"{where}: {name}")
        columns[name] |= said
    for added in of_columns.get("add", []):
        if added["name"] in columns:
            raise ContractError(f"{where}: {added['name']} is there already")
        if added.get("required"):
            raise ContractError(
                f"{where}: {added['name']} is new, so rows of the version before have none: it must be optional"
            )
        columns[added["name"]] = added
    key = [of_columns.get("rename", {}).get(name, name) for name in raw["primary_key"]]
    return {**raw, **change.get("table", {}), "primary_key": key, "columns": list(columns.values())}


def _renamed(column: dict[str, Any], old: str, new: str) -> dict[str, Any]:
    """The column by its new name; the old one stays an accepted header."""
    if column["name"] == old:
        return column | {"name": new, "aliases": [*column.get("aliases", []), old]}
    if column.get("spell_end_of") == old:
        return column | {"spell_end_of": new}
    return column


def _check_no_narrower(column: dict[str, Any], said: dict[str, Any], where: str) -> None:
    """Rows of the version before were checked by its rules and must meet the new ones too."""
    if said.get("required") and not column["required"]:
        raise ContractError(f"{where}: an optional column cannot become required while it is taken empty")
    for bound, is_narrower in (("minimum", int.__gt__), ("maximum", int.__lt__)):
        if said.get(bound) is None:
            continue
        if column.get(bound) is None or is_narrower(said[bound], column[bound]):
            raise ContractError(f"{where}: {bound} can only be made wider")


def _changed_code_lists(raw: dict[str, Any], change: dict[str, Any], where: str) -> dict[str, Any]:
    result = dict(raw)
    for name, said in change.items():
        if name == "note":
            _texts(said, f"{where}: note")
            continue
        if "codes" in said:
            if name in result:
                raise ContractError(f"{where}: {name} is there already; say what is added, renamed or removed")
            result[name] = said
            continue
        _has(result, name, where)
        _only(said, {"add", "rename", "remove", "change"}, f"{where}: {name}")
        result[name] = result[name] | {"codes": _changed_codes(result[name]["codes"], said, f"{where}: {name}")}
    return result


def _changed_codes(codes: dict[Any, Any], said: dict[str, Any], where: str) -> dict[str, Any]:
    found = {str(code): entry for code, entry in codes.items()}
    for old, new in said.get("rename", {}).items():
        _has(found, old, where)
        if new in found:
            raise ContractError(f"{where}: {new} is there already; remove {old} in favour of it")
        found = {new if code == old else code: entry for code, entry in found.items()}
    for code, entry in said.get("change", {}).items():
        _has(found, code, where)
        found[code] = found[code] | entry
    for code, entry in said.get("add", {}).items():
        if code in found:
            raise ContractError(f"{where}: {code} is there already")
        found[code] = entry
    for code in said.get("remove", {}):
        _has(found, code, where)
        del found[code]
    for code, becomes in said.get("remove", {}).items():
        if becomes not in found:
            raise ContractError(f"{where}: rows with {code} would become {becomes!r}, which is no code")
    return found


# ---- one file --------------------------------------------------------------------------------------


def _table_files(folder: Path) -> Iterable[Path]:
    return [path for path in sorted(folder.glob("*.yml")) if path.name != CODE_LISTS]


@cache
def _yaml(path: Path) -> dict[str, Any]:
    found = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    if not isinstance(found, dict):
        raise ContractError(f"{path.name}: no mapping")
    return found


def _parse_code_list(name: str, body: dict[str, Any]) -> CodeList:
    labels, attributes = {}, {}
    for code, entry in body["codes"].items():
        labels[str(code)] = _texts(entry, f"{CODE_LISTS}: {name}.{code}")
        if "attributes" in entry:
            attributes[str(code)] = {key: str(value) for key, value in entry["attributes"].items()}
    return CodeList(name, labels, attributes, body.get("aligns"))


def _parse(raw: dict[str, Any], file: str, lists: dict[str, CodeList]) -> Contract:
    _only(raw, _CONTRACT_FIELDS, file)
    columns = tuple(_parse_column(entry, file, lists) for entry in raw["columns"])
    names = [column.name for column in columns]
    if len(set(names)) != len(names):
        raise ContractError(f"{file}: a column is named twice")
    for name in raw["primary_key"]:
        if name not in names:
            raise ContractError(f"{file}: primary_key names {name!r}, which is no column")
    for column in columns:
        if column.keeps_order and column.order_name in names:
            raise ContractError(f"{file}: {column.order_name} is made by the warehouse and cannot be delivered")
        if column.spell_end_of and column.spell_end_of not in names:
            raise ContractError(f"{file}: {column.name} closes {column.spell_end_of!r}, which is no column")
    if raw["mode"] not in MODES:
        raise ContractError(f"{file}: mode {raw['mode']!r} is none of {', '.join(MODES)}")
    if raw["cadence"] not in CADENCES:
        raise ContractError(f"{file}: cadence {raw['cadence']!r} is none of {', '.join(CADENCES)}")
    suppliers = tuple(raw["suppliers"])
    if not suppliers or set(suppliers) - set(SUPPLIERS):
        raise ContractError(f"{file}: suppliers must be some of {', '.join(SUPPLIERS)}")
    period_types = tuple(raw.get("period_types", CADENCES[raw["cadence"]]))
    if not period_types or set(period_types) - set(PERIOD_TYPES):
        raise ContractError(f"{file}: period_types must be some of {', '.join(PERIOD_TYPES)}")
    parsed = Contract(
        table=raw["table"],
        version=str(raw["version"]),
        suppliers=suppliers,
        mode=raw["mode"],
        cadence=raw["cadence"],
        period_types=period_types,
        due_days=_count(raw.get("due_days", DELIVERY_DAYS), f"{file}: due_days"),
        grains=_texts(raw["grain"], f"{file}: grain"),
        primary_key=tuple(raw["primary_key"]),
        columns=columns,
        label=_texts(raw["label"], f"{file}: label"),
        purpose=_texts(raw["purpose"], f"{file}: purpose"),
        aligns=raw["aligns"],
        retention_years=_count(raw["retention_years"], f"{file}: retention_years"),
        retention_reason=_texts(raw["retention_reason"], f"{file}: retention_reason"),
        references=tuple(_parse_reference(entry, file) for entry in raw.get("references", [])),
        within=raw.get("within"),
        twin=raw.get("twin"),
    )
    header_names(parsed)
    return parsed


def _parse_column(raw: dict[str, Any], file: str, lists: dict[str, CodeList]) -> Column:
    where = f"{file}: column {raw.get('name')!r}"
    _only(raw, _COLUMN_FIELDS, where)
    if raw["type"] not in LAKE_TYPES:
        raise ContractError(f"{where}: type {raw['type']!r} is none of {', '.join(LAKE_TYPES)}")
    if (raw["type"] == "code") != ("code_list" in raw):
        raise ContractError(f"{where}: a code has a code_list, and only a code has one")
    if "code_list" in raw and raw["code_list"] not in lists:
        raise ContractError(f"{where}: unknown code list {raw['code_list']!r}; known: {', '.join(lists)}")
    if (raw["type"] == "text") != ("pattern" in raw and "example" in raw):
        raise ContractError(f"{where}: a text has a pattern and an example, and only a text has them")
    if "pattern" in raw and not re.fullmatch(raw["pattern"], raw["example"]):
        raise ContractError(f"{where}: the example does not match the pattern")
    if (raw["type"] == "key") != ("key_of" in raw):
        raise ContractError(f"{where}: a key says what it identifies (key_of), and only a key does")
    if raw.get("key_of", KEY_KINDS[0]) not in KEY_KINDS:
        raise ContractError(f"{where}: key_of {raw['key_of']!r} is none of {', '.join(KEY_KINDS)}")
    if raw.get("keeps_order") and raw["type"] != "key":
        raise ContractError(f"{where}: only a key keeps_order")
    serves = tuple(raw.get("serves", ()))
    if not serves:
        raise ContractError(f"{where}: serves nothing; a column that nothing uses is not asked for")
    for use in serves:
        if not serves_something(use):
            raise ContractError(
                f"{where}: serves {use!r}, which is no indicator (JAT-01), breakdown:<name>, "
                "check:<RULE>, denominator or key"
            )
    return Column(
        name=raw["name"],
        type=raw["type"],
        required=bool(raw["required"]),
        descriptions=_texts(raw["description"], f"{where}: description"),
        label=_texts(raw["label"], where),
        code_list=raw.get("code_list"),
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        spell_end_of=raw.get("spell_end_of"),
        within_period=bool(raw.get("within_period", False)),
        pattern=raw.get("pattern"),
        example=raw.get("example"),
        aliases=tuple(raw.get("aliases", ())),
        serves=serves,
        key_of=raw.get("key_of"),
        keeps_order=bool(raw.get("keeps_order", False)),
    )


def _parse_reference(raw: dict[str, Any], file: str) -> Reference:
    _only(raw, {"columns", "table", "to_columns", "severity"}, f"{file}: references")
    if raw["severity"] not in REFERENCE_SEVERITIES:
        raise ContractError(
            f"{file}: references: severity {raw['severity']!r} is none of {', '.join(REFERENCE_SEVERITIES)}"
        )
    columns = tuple(raw["columns"])
    return Reference(columns, raw["table"], tuple(raw.get("to_columns", columns)), raw["severity"])


def _check_neighbours(table: Contract, known: dict[str, Contract]) -> None:
    """What a contract says of other tables: they and their columns must exist and fit."""
    for reference in table.references:
        where = f"{table.table}: references {reference.table}"
        target = _neighbour(reference.table, known, where)
        if len(reference.columns) != len(reference.to_columns) or not reference.columns:
            raise ContractError(f"{where}: columns and to_columns must be as many")
        for name, to_name in zip(reference.columns, reference.to_columns, strict=True):
            for side, column in ((table, name), (target, to_name)):
                if column not in side.column_names:
                    raise ContractError(f"{where}: {side.table} has no column {column!r}")
            if table.column(name).type != target.column(to_name).type:
                raise ContractError(f"{where}: {name} and {to_name} are of different types")
            if table.column(name).key_of != target.column(to_name).key_of:
                raise ContractError(f"{where}: {name} and {to_name} identify different things (key_of)")
    if table.within:
        where = f"{table.table}: within {table.within}"
        for side in (table, _neighbour(table.within, known, where)):
            if "client_key" not in side.column_names or not any(column.spell_end_of for column in side.columns):
                raise ContractError(f"{where}: {side.table} has no spells of clients")
    if table.twin:
        target = _neighbour(table.twin, known, f"{table.table}: twin")
        if any(column.type == "key" for column in target.columns):
            raise ContractError(f"{table.table}: twin {table.twin} has keys; a table of counts has none")


def _neighbour(name: str, known: dict[str, Contract], where: str) -> Contract:
    if name not in known:
        raise ContractError(f"{where}: there is no such table; known: {', '.join(known)}")
    return known[name]


def _only(raw: dict[str, Any], allowed: set[str], where: str) -> None:
    if unknown := set(raw) - allowed:
        raise ContractError(f"{where}: unknown field {', '.join(sorted(unknown))}")


def _has(known: dict[str, Any], name: str, where: str) -> None:
    if name not in known:
        raise ContractError(f"{where}: there is no {name!r}; known: {', '.join(map(str, known))}")


def _count(raw: Any, where: str) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw < 1:
        raise ContractError(f"{where}: must be a whole number from 1, not {raw!r}")
    return raw


def _texts(raw: dict[str, Any], where: str) -> dict[str, str]:
    missing = [language for language in LANGUAGES if not raw.get(language)]
    if missing:
        raise ContractError(f"{where}: no text in {', '.join(missing)}")
    return {language: str(raw[language]) for language in LANGUAGES}
