"""The steps of an erasure, in an order in which every step can be repeated.

The lake comes last and its dependent tables before those that they refer to: until then the lake
tells which deliveries the person is in, so an erasure that died finds the rest when it is run again.
Originals and refused rows go in the same order, table by table: only they tell the delivered keys of
a person's plans.

Archive, inbox and quarantine hold keys as they were delivered, the lake and what is made from it the
warehouse's own (``ingest.rekeying``); everything is searched for both.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contracts import contracts
from ingest.door.manifest import MANIFEST_NAME
from ingest.door.originals import tables_in
from ingest.erasure.finding import (
    ErasureError,
    connect,
    key_table,
    lake_files,
    person_keys,
    place_of,
    quarantine_files,
)
from ingest.erasure.receipts import clean
from ingest.erasure.records import ErasureRecord, Journal, finish
from ingest.erasure.searching import Held, Keys, filter_parquet, held, remove_rows
from ingest.ledger import LEDGER_SCHEMA, sync_file, write_durably
from ingest.locking import sole_writer
from ingest.state import Home

_KEY = re.compile(r"[0-9a-f]{64}")
# What is made from the lake and can be made again: a file that holds a key, or may, goes.
_DERIVED = ("warehouse", "audiences", "dbt", "quality", "log", "tmp")
_LONGEST_ROLE = 100

Place = tuple[str, str, str]


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

    ``keys`` are client keys as they were delivered, of whatever key domain; ``asked_by`` is a role.
    Interrupted, it is finished by calling it again with the same keys.
    Published releases stand. Raises ``ErasureError`` when something that cannot be written anew
    still holds a key, when the secret of the warehouse's keys is missing or a key is one of the
    warehouse's own (then nothing has been changed), and ``IntakeBusyError`` while an intake is running.
    """
    wanted = set(keys)
    if not wanted or not all(_KEY.fullmatch(key) for key in wanted):
        raise ErasureError("expected keys of 64 digits 0-9 a-f")
    if not asked_by.strip() or len(asked_by) > _LONGEST_ROLE or not asked_by.isprintable():
        raise ErasureError(f"expected the role of who asks, 1 to {_LONGEST_ROLE} characters")
    with sole_writer(home):
        _remove_partials(home)
        found = person_keys(home, wanted)
        every = Keys(found.values)
        result = Erasure()
        in_lake = _rows_by_file(home, every)
        in_quarantine = _quarantined_by_file(home, every)
        for by_file, totals in ((in_lake, result.rows), (in_quarantine, result.rows_in_quarantine)):
            for path, rows in by_file.items():
                totals[_table_of(home, path)] = totals.get(_table_of(home, path), 0) + rows
        not_accepted = list(_not_accepted(home, every))
        result.to_send_again = [place for place, _, holds in not_accepted if holds is Held.YES]
        result.not_searched = [place for place, _, holds in not_accepted if holds is Held.UNKNOWN]
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
        places = {place_of(home, path) for path in (*in_lake, *in_quarantine)}
        progress("receipts, and what was made from the lake")
        _clean_receipts(home, every)
        result.warehouse_removed = _remove_derived(home, every)
        progress(f"originals and refused rows of {len(places)} deliveries")
        originals = list(_originals(home, sorted(places)))
        for rank in sorted({_rank(table) for table in contracts()}):
            for original in originals:
                if original.rank == rank:
                    _rewrite_original(original, every, found.unreadable, journal)
            for path in sorted(in_quarantine):
                if _rank(_table_of(home, path)) == rank:
                    _erase_rows(home, path, every, journal)
        for folder in sorted({original.folder for original in originals}):
            if any(Path(path).is_relative_to(folder) for path in journal.rewritten | journal.removed):
                _note_in_manifest(folder / MANIFEST_NAME)
        progress("the lake")
        for path in sorted(in_lake, key=lambda path: (_rank(_table_of(home, path)), path)):
            _erase_rows(home, path, every, journal)
        _correct_ledger(home, [Path(path) for path in journal.rows])
        _verify(home, every)
        result.record = finish(home, journal, clock())
    return result


# ---- finding ------------------------------------------------------------------------------------


def _rows_by_file(home: Home, keys: Keys) -> dict[Path, int]:
    """Files of the lake with how many rows hold a key; files that no ledger row names included."""
    tables = [folder.name for folder in home.lake.glob("[!_.]*") if folder.is_dir()] if home.lake.exists() else []
    found: dict[Path, int] = {}
    for table in tables:
        found |= _count(lake_files(home, table), keys)
    return found


def _quarantined_by_file(home: Home, keys: Keys) -> dict[Path, int]:
    tables = {path.stem for path in home.quarantine.glob("*/*/*/rows/*.parquet")}
    found: dict[Path, int] = {}
    for table in sorted(tables):
        found |= _count(quarantine_files(home, table), keys)
    return found


def _count(files: list[Path], keys: Keys) -> dict[Path, int]:
    if not files:
        return {}
    with connect() as connection:
        connection.register("wanted", key_table(keys.values))
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


def _table_of(home: Home, path: Path) -> str:
    return path.stem if path.is_relative_to(home.quarantine) else path.relative_to(home.lake).parts[0]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


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


def _only_refers(table: str) -> bool:
    """Whether its rows name no client, only a record that may be a client's."""
    contract = contracts().get(table)
    return contract is not None and "client_key" not in contract.column_names and bool(contract.references)


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


@dataclass(frozen=True)
class _Original:
    """A file of an accepted delivery; without a ``table`` it is the manifest or unknown to it."""

    path: Path
    folder: Path
    table: str | None

    @property
    def rank(self) -> int:
        return _rank(self.table) if self.table else 0


def _originals(home: Home, places: list[Place]) -> Iterator[_Original]:
    for place in places:
        folder = home.archive.joinpath(*place)
        tables = tables_in(folder)
        for path in _files(folder) if folder.is_dir() else ():
            yield _Original(path, folder, tables.get(path.relative_to(folder).as_posix()))


def _rewrite_original(original: _Original, keys: Keys, unreadable: frozenset[Path], journal: Journal) -> None:
    """Take the rows out of a delivered file; one that cannot be written anew goes.

    In an ``unreadable`` folder the person's plans could not be looked up, so what refers to plans goes.
    """
    is_blind = original.folder in unreadable and original.table is not None and _only_refers(original.table)
    if not is_blind and held(original.path, keys) is Held.NO:
        return
    path = str(original.path)
    journal.rewritten.add(path)
    journal.write()
    if is_blind or remove_rows(original.path, keys) is None:
        journal.rewritten.discard(path)
        journal.removed.add(path)
        journal.write()
        original.path.unlink()


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
        place, table = place_of(home, path), _table_of(home, path)
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
