"""Every key under which a person stands somewhere: as delivered and the warehouse's own, plans included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import Column, Contract, contracts
from ingest.door.originals import Place, folder_of, key_columns
from ingest.door.reading import ReadError
from ingest.rekeying import SecretError, WarehouseKeys, client_forms, keys_in_use
from ingest.state import Home

_KEY = re.compile(r"[0-9a-f]{64}")
_MEMORY_LIMIT = "1GB"


class ErasureError(RuntimeError):
    """An erasure that cannot be done or finished; the text names files, never a key."""


@dataclass(frozen=True, repr=False)
class PersonKeys:
    """All keys of the persons to be erased.

    ``unreadable`` are folders of originals in which the delivered keys of a person's plans could not
    be looked up any more.
    """

    values: set[str]
    unreadable: frozenset[Path]


def person_keys(home: Home, wanted: set[str]) -> PersonKeys:
    """The delivered client keys ``wanted``, the warehouse's keys made of them, and both forms of the
    keys of records that are about these clients and that other tables refer to.

    A plan is its client's, so the parties of the plan go with it; a worker is not. Raises
    ``ErasureError`` when the warehouse's keys cannot be made, or when a wanted key is one of them.
    """
    try:
        keys = keys_in_use(home)
    except SecretError as error:
        raise ErasureError(f"{error}. Without it the person cannot be found in the lake") from error
    if keys is None:
        return PersonKeys(wanted | _refused_dependents(home, wanted), frozenset())
    if _stand_in_lake(home, wanted):
        raise ErasureError(
            "a key is one of the warehouse's own, by which originals cannot be searched; "
            "expected the client key as its supplier delivered it"
        )
    found = wanted | client_forms(keys, home, wanted)
    unreadable: set[Path] = set()
    for target, column in _dependents():
        in_lake, places = _values_in_lake(home, target, column, found)
        delivered: dict[str, set[str]] = {}
        for organisation, key in _refused_values(home, target, column, wanted):
            delivered.setdefault(organisation, set()).add(key)
        for place in places:
            folder = folder_of(home, place)
            try:
                here = _original_values(folder, target, column, wanted) if folder else set()
            except (OSError, ReadError):
                unreadable.add(folder or Path())
                continue
            delivered.setdefault(place[0], set()).update(here)
        found |= in_lake
        for organisation, own in delivered.items():
            found |= own | _forms(keys, column, organisation, own)
    return PersonKeys(found, frozenset(unreadable))


def lake_files(home: Home, table: str) -> list[Path]:
    """All files of a table in the lake, over all versions."""
    return sorted((home.lake / table).glob("organisation=*/period=*/[!.]*.parquet"))


def quarantine_files(home: Home, table: str) -> list[Path]:
    """All refused rows of a table."""
    return sorted(home.quarantine.glob(f"*/*/*/rows/{table}.parquet"))


def place_of(home: Home, path: Path) -> Place:
    """Organisation, period and id of the delivery from which a file of lake or quarantine came."""
    if path.is_relative_to(home.quarantine):
        parts = path.relative_to(home.quarantine).parts
        return parts[0], parts[1], parts[2]
    _, organisation, period, file = path.relative_to(home.lake).parts
    return organisation.partition("=")[2], period.partition("=")[2], file.removesuffix(".parquet")


def connect() -> duckdb.DuckDBPyConnection:
    """A connection that spills nothing to disk: what is searched for would stand there."""
    return duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 2, "temp_directory": ""})


def key_table(keys: Iterable[str]) -> pa.Table:
    """Keys as a table with the column ``key``."""
    return pa.table({"key": pa.array(sorted(keys), pa.string())})


def _dependents() -> Iterator[tuple[Contract, Column]]:
    """Tables about clients that others refer to by a key of their own, and that key."""
    seen = set()
    for contract in contracts().values():
        for reference in contract.references:
            target = contracts()[reference.table]
            whole_key = reference.to_columns == target.primary_key and len(target.primary_key) == 1
            is_own = reference.to_columns != ("client_key",) and "client_key" in target.column_names
            if whole_key and is_own and target.table not in seen:
                seen.add(target.table)
                yield target, target.column(target.primary_key[0])


def _refused_dependents(home: Home, wanted: set[str]) -> set[str]:
    return {key for target, column in _dependents() for _, key in _refused_values(home, target, column, wanted)}


def _values_in_lake(home: Home, target: Contract, column: Column, keys: set[str]) -> tuple[set[str], list[Place]]:
    """Warehouse keys in the rows of the clients, over all versions, and the deliveries with such rows."""
    rows = _rows_of(lake_files(home, target.table), column, keys)
    return {key for _, key in rows}, sorted({place_of(home, path) for path, _ in rows})


def _refused_values(home: Home, target: Contract, column: Column, keys: set[str]) -> list[tuple[str, str]]:
    """Supplier and delivered key of the clients' refused rows."""
    rows = _rows_of(quarantine_files(home, target.table), column, keys)
    return [(place_of(home, path)[0], key) for path, key in rows]


def _rows_of(files: list[Path], column: Column, keys: set[str]) -> list[tuple[Path, str]]:
    if not files:
        return []
    with connect() as connection:
        connection.register("wanted", key_table(keys))
        rows = connection.execute(
            f"select distinct filename, lower(trim({column.name})) "
            "from read_parquet(?, union_by_name = true, filename = true, hive_partitioning = false) "
            "where lower(trim(client_key)) in (select key from wanted)",
            [[str(file) for file in files]],
        ).fetchall()
    return [(Path(name), value) for name, value in rows if value and _KEY.fullmatch(value)]


def _original_values(folder: Path, target: Contract, column: Column, keys: set[str]) -> set[str]:
    """Delivered keys in the clients' rows of an original."""
    wanted = pa.array(sorted(keys), pa.string())
    found: set[str] = set()
    for piece in key_columns(folder, target, ("client_key", column.name)):
        own = piece.filter(pc.is_in(piece.column("client_key"), value_set=wanted)).column(column.name)
        found |= {value for value in own.unique().to_pylist() if value and _KEY.fullmatch(value)}
    return found


def _forms(keys: WarehouseKeys, column: Column, organisation: str, delivered: set[str]) -> set[str]:
    assert column.key_of is not None and column.key_of != "client"
    return set(keys.of(pa.array(sorted(delivered), pa.string()), column.key_of, "", organisation).to_pylist())


def _stand_in_lake(home: Home, keys: set[str]) -> bool:
    """Whether a key stands in the lake just as it was given."""
    for contract in contracts().values():
        files = lake_files(home, contract.table)
        if not files or "client_key" not in contract.column_names:
            continue
        with connect() as connection:
            connection.register("wanted", key_table(keys))
            query = "select 1 from read_parquet(?) where client_key in (select key from wanted) limit 1"
            if connection.execute(query, [[str(file) for file in files]]).fetchall():
                return True
    return False
