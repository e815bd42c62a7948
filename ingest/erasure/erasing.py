"""The steps of an erasure, in an order in which every step can be repeated.

The lake comes last and its dependent tables before those that they refer to: until then the lake
tells which deliveries the person is in, so an erasure that died finds the rest when it is run again.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contracts import contracts
from ingest.door.manifest import MANIFEST_NAME
from ingest.erasure.receipts import clean
from ingest.erasure.records import ErasureRecord, Journal, finish
from ingest.erasure.searching import Held, Keys, filter_parquet, held, remove_rows
from ingest.ledger import LEDGER_SCHEMA, sync_file, write_durably
from ingest.locking import sole_writer
from ingest.state import Home

_KEY = re.compile(r"[0-9a-f]{64}")
# What is made from the lake and can be made again: a file that holds a key, or may, goes.
_DERIVED = ("warehouse", "audiences", "dbt", "quality", "log", "tmp")
_MEMORY_LIMIT = "1GB"
_LONGEST_ROLE = 100

Place = tuple[str, str, str]


class ErasureError(RuntimeError):
    """An erasure that cannot be done or finished; the text names files, never a key."""


@dataclass
class Erasure:
    """What an erasure found and did.

    ``rows`` and ``rows_in_quarantine`` map a table to rows, over all versions. ``to_send_again``
    are deliveries (organisation, period, id) that held the person and had not been accepted: they
    are gone, and their supplier has to send them without the person. ``not_searched`` could not be
    read: of refused ones nothing is left when the person was found anywhere else; those in the inbox
    stay, so the erasure has to be run again once they are taken in. ``record`` is ``None`` for a dry
    run, and when there was nothing to erase.
    """

    rows: dict[str, int] = field(default_factory=dict)
    rows_in_quarantine: dict[str, int] = field(default_factory=dict)
    to_send_again: list[Place] = field(default_factory=list)
    not_searched: list[Place] = field(default_factory=list)
    warehouse_removed: bool = False
    record: ErasureRecord | None = None

    @property
    def found(self) -> bool:
        """Whether the person was in anything."""
        return bool(self.rows or self.rows_in_quarantine or self.to_send_again)


def read_keys(text: str) -> set[str]:
    """Keys, one a line, blank lines aside. Raises ``ErasureError`` with the line's number only."""
    keys = set()
    for number, line in enumerate(text.splitlines(), start=1):
        key = line.strip().lower()
        if key and not _KEY.fullmatch(key):
            raise ErasureError(f"line {number} is no key; expected 64 digits 0-9 a-f")
        keys |= {key} - {""}
    if not keys:
        raise ErasureError("there is no key; expected one a line, 64 digits 0-9 a-f")
    return keys


def erase(
    home: Home,
    keys: Iterable[str],
    *,
    asked_by: str,
    dry_run: bool = False,
    progress: Callable[[str], None] = lambda _line: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Erasure:
    """Erase everything about the clients with ``keys``, and whatever only refers to them.

    ``asked_by`` is a role. Interrupted, it is finished by calling it again with the same keys.
    Published releases stand. Raises ``ErasureError`` when something that cannot be written anew
    still holds a key, and ``IntakeBusyError`` while an intake is running.
    """
    wanted = set(keys)
    if not wanted or not all(_KEY.fullmatch(key) for key in wanted):
        raise ErasureError("expected keys of 64 digits 0-9 a-f")
    if not asked_by.strip() or len(asked_by) > _LONGEST_ROLE or not asked_by.isprintable():
        raise ErasureError(f"expected the role of who asks, 1 to {_LONGEST_ROLE} characters")
    with sole_writer(home):
        _remove_partials(home)
        every = Keys(_with_dependents(home, wanted))
        result = Erasure()
        in_lake = _rows_by_file(home, every)
        in_quarantine = _quarantined_by_file(home, every)
        for found, totals in ((in_lake, result.rows), (in_quarantine, result.rows_in_quarantine)):
            for path, rows in found.items():
                totals[_table_of(home, path)] = totals.get(_table_of(home, path), 0) + rows
        not_accepted = list(_not_accepted(home, every))
        result.to_send_again = [place for place, _, found in not_accepted if found is Held.YES]
        result.not_searched = [place for place, _, found in not_accepted if found is Held.UNKNOWN]
        if dry_run:
            return result
        journal = Journal.open(home, wanted, asked_by, clock())
        if not result.found and not journal.exists:
            _verify(home, every)
            return result
        journal.write()
        progress(f"erasing {sum(in_lake.values())} rows of the lake, {sum(in_quarantine.values())} of the quarantine")
        for _, path, holds in not_accepted:
            if holds is Held.YES or path.is_relative_to(home.quarantine):
                _remove(path, journal)
        places = {_place_of(home, path) for path in (*in_lake, *in_quarantine)}
        progress(f"originals and receipts of {len(places)} deliveries")
        for place in sorted(places):
            _rewrite_originals(home.archive.joinpath(*place), every, journal)
        _clean_receipts(home, every)
        progress("what was made from the lake")
        result.warehouse_removed = _remove_derived(home, every)
        progress("lake and quarantine")
        for path in sorted({**in_lake, **in_quarantine}, key=lambda path: (_rank(_table_of(home, path)), path)):
            _erase_rows(home, path, every, journal)
        _correct_ledger(home, [Path(path) for path in journal.rows])
        _verify(home, every)
        result.record = finish(home, journal, clock())
    return result


# ---- finding ------------------------------------------------------------------------------------


def _with_dependents(home: Home, keys: set[str]) -> set[str]:
    """The keys, and those of records that are about the clients and that other tables refer to.

    A plan is its client's, so the parties of the plan go with it; a worker is not.
    """
    found = set(keys)
    while True:
        added: set[str] = set()
        for contract in contracts().values():
            for reference in contract.references:
                target = contracts()[reference.table]
                whole_key = reference.to_columns == target.primary_key and len(target.primary_key) == 1
                if whole_key and reference.to_columns != ("client_key",) and "client_key" in target.column_names:
                    added |= _values(home, reference.table, reference.to_columns[0], found)
        if added <= found:
            return found
        found |= added


def _values(home: Home, table: str, column: str, keys: set[str]) -> set[str]:
    """Values of a column in the rows of a client, over all versions, refused rows included."""
    values: set[str] = set()
    for files in (_lake_files(home, table), _quarantine_files(home, table)):
        if files:
            with _connect() as connection:
                connection.register("wanted", _key_table(keys))
                rows = connection.execute(
                    f"select distinct lower(trim({column})) from read_parquet(?, union_by_name = true) "
                    "where lower(trim(client_key)) in (select key from wanted)",
                    [[str(file) for file in files]],
                ).fetchall()
            values |= {value for (value,) in rows if value and _KEY.fullmatch(value)}
    return values


def _rows_by_file(home: Home, keys: Keys) -> dict[Path, int]:
    """Files of the lake with how many rows hold a key; files that no ledger row names included."""
    tables = [folder.name for folder in home.lake.glob("[!_.]*") if folder.is_dir()] if home.lake.exists() else []
    found: dict[Path, int] = {}
    for table in tables:
        found |= _count(_lake_files(home, table), keys)
    return found


def _quarantined_by_file(home: Home, keys: Keys) -> dict[Path, int]:
    tables = {path.stem for path in home.quarantine.glob("*/*/*/rows/*.parquet")}
    found: dict[Path, int] = {}
    for table in sorted(tables):
        found |= _count(_quarantine_files(home, table), keys)
    return found


def _count(files: list[Path], keys: Keys) -> dict[Path, int]:
    if not files:
        return {}
    with _connect() as connection:
        connection.register("wanted", _key_table(keys.values))
        source = "read_parquet($files, union_by_name = true, filename = true, hive_partitioning = false)"
        names = [str(file) for file in files]
        described = connection.execute(f"describe select * exclude (filename) from {source}", {"files": names})
        texts = [name for name, kind, *_ in described.fetchall() if kind == "VARCHAR"]
        if not texts:
            return {}
        condition = " or ".join(f'lower(trim("{name}")) in (select key from wanted)' for name in texts)
        rows = connection.execute(
            f"select filename, count(*) from {source} where {condition} group by filename", {"files": names}
        ).fetchall()
    return {Path(name): count for name, count in rows}


def _not_accepted(home: Home, keys: Keys) -> Iterator[tuple[Place, Path, Held]]:
    """Folders of deliveries in the inbox or refused whole that hold a key, or may."""
    for root in (home.inbox, home.quarantine):
        for folder in sorted(root.glob("*/*/*")):
            if not folder.is_dir() or folder.is_symlink():
                continue
            files = [path for path in _files(folder) if path.relative_to(folder).parts[0] != "rows"]
            found = {held(path, keys) for path in files}
            organisation, period, name = folder.relative_to(root).parts
            for answer in (Held.YES, Held.UNKNOWN):
                if answer in found:
                    yield (organisation, period, name), folder, answer
                    break


def _place_of(home: Home, path: Path) -> Place:
    if path.is_relative_to(home.quarantine):
        parts = path.relative_to(home.quarantine).parts
        return parts[0], parts[1], parts[2]
    _, organisation, period, file = path.relative_to(home.lake).parts
    return organisation.partition("=")[2], period.partition("=")[2], file.removesuffix(".parquet")


def _table_of(home: Home, path: Path) -> str:
    return path.stem if path.is_relative_to(home.quarantine) else path.relative_to(home.lake).parts[0]


def _lake_files(home: Home, table: str) -> list[Path]:
    return sorted((home.lake / table).glob("organisation=*/period=*/[!.]*.parquet"))


def _quarantine_files(home: Home, table: str) -> list[Path]:
    return sorted(home.quarantine.glob(f"*/*/*/rows/{table}.parquet"))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _connect() -> duckdb.DuckDBPyConnection:
    # Nothing may be spilled to disk: what is searched for would stand there.
    return duckdb.connect(config={"memory_limit": _MEMORY_LIMIT, "threads": 2, "temp_directory": ""})


def _key_table(keys: Iterable[str]) -> pa.Table:
    return pa.table({"key": pa.array(sorted(keys), pa.string())})


def _rank(table: str) -> int:
    """Tables that refer to others (``plan_party``) before those that they refer to (``plan``)."""
    contract = contracts().get(table)
    if contract is None or "client_key" not in contract.column_names:
        return 0
    referred = any(
        reference.table == table and reference.to_columns == contract.primary_key
        for other in contracts().values()
        for reference in other.references
    )
    return 2 if referred else 1


# ---- removing -----------------------------------------------------------------------------------


def _remove_partials(home: Home) -> None:
    """What interrupted writers left; nobody else writes now."""
    for root in (home.lake, home.quarantine, home.archive):
        for path in root.rglob(".*.partial"):
            path.unlink()


def _remove(folder: Path, journal: Journal) -> None:
    """Remove a delivery that was not accepted; refused rows of an accepted one beside it stay."""
    journal.removed.add(str(folder))
    journal.write()
    for path in sorted(folder.iterdir()):
        if path.name == "rows" and path.is_dir():
            continue
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _rewrite_originals(folder: Path, keys: Keys, journal: Journal) -> None:
    """Take the rows out of an accepted delivery's files; what cannot be written anew goes."""
    if not folder.is_dir():
        return
    changed = False
    for path in _files(folder):
        if held(path, keys) is Held.NO:
            continue
        changed = True
        journal.rewritten.add(str(path))
        journal.write()
        if remove_rows(path, keys) is None:
            journal.rewritten.discard(str(path))
            journal.removed.add(str(path))
            journal.write()
            path.unlink()
    if changed:
        _note_in_manifest(folder / MANIFEST_NAME)


def _note_in_manifest(path: Path) -> None:
    """Say in the archived manifest that its hashes are no longer those of the files."""
    try:
        manifest = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return
    if isinstance(manifest, dict) and not manifest.get("rewritten"):
        partial = path.with_name(f".{path.name}.partial")
        partial.write_text(json.dumps(manifest | {"rewritten": True}, ensure_ascii=False), encoding="utf-8")
        partial.replace(path)


def _clean_receipts(home: Home, keys: Keys) -> None:
    """Receipts that name a record of the person, by its key or the beginning of it, lose that place."""
    for receipt in sorted(home.outbox.glob("*/*/*/receipt.json")):
        clean(receipt.parent, keys)


def _remove_derived(home: Home, keys: Keys) -> bool:
    """Remove what was made from the lake; whether a warehouse was among it."""
    had_warehouse = home.warehouse.exists()
    for name in _DERIVED:
        for path in _files(home.root / name) if (home.root / name).exists() else ():
            if held(path, keys) is not Held.NO:
                path.unlink()
    return had_warehouse and not home.warehouse.exists()


def _erase_rows(home: Home, path: Path, keys: Keys, journal: Journal) -> None:
    partial = path.with_name(f".{path.name}.partial")
    try:
        rows = filter_parquet(path, partial, keys)
        sync_file(partial)
        journal.note(path, _table_of(home, path), rows)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    if path.is_relative_to(home.quarantine) and pq.ParquetFile(path).metadata.num_rows == 0:
        path.unlink()


def _correct_ledger(home: Home, paths: list[Path]) -> None:
    """Make the ledger's counts those of the files again."""
    wanted: dict[tuple[str, str], dict[str, int]] = {}
    for path in paths:
        place, table = _place_of(home, path), _table_of(home, path)
        column = "rows_quarantined" if path.is_relative_to(home.quarantine) else "rows"
        rows = pq.ParquetFile(path).metadata.num_rows if path.exists() else 0
        wanted.setdefault((place[2], table), {})[column] = rows
    if not wanted:
        return
    for file in sorted(home.ledger.glob("[!.]*.parquet")):
        ledger = pq.ParquetFile(file).read()
        pairs = list(zip(ledger["delivery_id"].to_pylist(), ledger["table_name"].to_pylist(), strict=True))
        if not any(pair in wanted for pair in pairs):
            continue
        for column in ("rows", "rows_quarantined"):
            counts = ledger[column].to_pylist()
            corrected = [wanted.get(pair, {}).get(column, count) for pair, count in zip(pairs, counts, strict=True)]
            index = ledger.schema.get_field_index(column)
            ledger = ledger.set_column(index, LEDGER_SCHEMA.field(column), pa.array(corrected, pa.int64()))
        write_durably(ledger, file)


def _verify(home: Home, keys: Keys) -> None:
    """Look for the keys once more, in everything but the published releases."""
    left = [*_rows_by_file(home, keys), *_quarantined_by_file(home, keys)]
    for path in _files(home.root) if home.root.exists() else ():
        if not path.is_relative_to(home.published) and held(path, keys) is Held.YES:
            left.append(path)
    if left:
        listed = ", ".join(str(path.relative_to(home.root)) for path in sorted(set(left))[:10])
        raise ErasureError(f"a key still stands in {listed}; remove or rewrite these and run the erasure again")
