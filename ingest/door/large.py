"""Tables too large for memory: their rows go through the checks piece by piece, into files.

What one table leaves behind here is what ``Checked`` holds of a smaller one: accepted rows, refused
rows, findings. A finding is summed over the pieces; doubled keys are looked for over the whole
table; files are read back through the engine or some rows at a time, so memory stays bounded.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.contracts import Contract, contracts, upgrade, upgrade_rows
from ingest.door.checks import CheckInput, check_tables, plan_of, reasons_of, record_column
from ingest.door.findings import LISTED_PLACES, Finding, finding, masked_key
from ingest.door.rules import QUARANTINE_ROW
from ingest.lake import quoted, table_schema

# What a delivery, and a batch of them, may hold as text in memory; the checks take about ten times
# that at their peak. A table that does not fit goes through here.
LARGEST_HELD = 64_000_000
# Rows that are read back at a time.
_ROWS_AT_A_TIME = 200_000
_REPAIRED, _WARNED, _REFUSED = 1, 2, 4
# Between the columns of a key, and in the place of an empty one: signs that no value has.
_BETWEEN, _EMPTY = "\x1f", "\x1e"


class StoredRows:
    """Rows in a Parquet file; ``columns`` is SQL for the newest columns of the table out of it."""

    def __init__(self, path: Path, columns: str = "*") -> None:
        self.path = path
        self.columns = columns

    @property
    def relation(self) -> str:
        """The file as a relation in SQL."""
        # Not with the columns that `=` in a path would stand for.
        return f"read_parquet({quoted(str(self.path))}, hive_partitioning = false)"


# Accepted rows in memory or in a file.
Rows: TypeAlias = pa.Table | StoredRows


class Spool:
    """The folder that such tables are kept in while their delivery is looked at; made when needed."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.connection = connection
        self._tables = 0

    def table(self, contract: Contract) -> LargeTable:
        """A place for the rows of one table."""
        self._tables += 1
        folder = self.folder / str(self._tables)
        folder.mkdir(parents=True, mode=0o700)
        return LargeTable(folder, contract, self.connection)

    def clear(self) -> None:
        """Remove everything, also what an interrupted intake left."""
        if self.folder.exists():
            shutil.rmtree(self.folder)


class LargeTable:
    """One delivered table on disk. ``add`` takes its pieces in order, ``close`` comes after the last."""

    def __init__(self, folder: Path, contract: Contract, connection: duckdb.DuckDBPyConnection) -> None:
        self.contract = contract
        self.findings: list[Finding] = []
        self._connection = connection
        self._absent: frozenset[str] = frozenset()
        text = [(name, pa.string()) for name in contract.column_names]
        refused = pa.schema([*text, ("source_row", pa.int32()), ("reasons", pa.string()), ("_key", pa.string())])
        # Hidden and called partial, so that whoever clears up after a crash knows them.
        self._accepted = PieceWriter(folder / ".accepted.partial", table_schema(contracts()[contract.table]))
        self._refused = PieceWriter(folder / ".refused.partial", refused)
        self._hashes = PieceWriter(
            folder / ".hashes.partial", pa.schema([("hash", pa.uint64()), ("source_row", pa.int32())])
        )
        # Only rows that may still be refused after the checks of the rows are needed as delivered.
        may_be_refused = any(
            reference.severity == QUARANTINE_ROW for reference in contracts()[contract.table].references
        )
        text_schema = pa.schema([*text, ("source_row", pa.int32())])
        self._texts = PieceWriter(folder / ".texts.partial", text_schema) if may_be_refused else None
        self._marks = np.zeros(0, dtype=np.uint8)  # along source_row
        self._late: list[tuple[npt.NDArray[np.int32], str]] = []

    # ---- the pieces ------------------------------------------------------------------------------

    def add(self, item: CheckInput) -> None:
        """Check a piece and keep its rows."""
        checked = check_tables(self._connection, self.contract, [item], is_piece=True)[0]
        self._absent = item.absent
        rows = item.raw.source_row
        if len(rows):
            self._reach(int(rows[-1]))
        accepted = upgrade_rows(checked.accepted, self.contract.table, self.contract.version)
        self._accepted.write(accepted)
        if checked.refused is not None:
            self._refused.write(
                checked.refused.append_column(
                    "_key", pa.array([joined_key(key) for key in checked.refused_keys], pa.string())
                )
            )
        self._hashes.write(
            pa.table([pa.array(checked.hashes), pa.array(rows, pa.int32())], names=["hash", "source_row"])
        )
        if self._texts is not None:
            self._texts.write(item.raw_rows(self.contract))
        self._marks[checked.repaired] |= _REPAIRED
        self._marks[checked.warned] |= _WARNED
        for found in checked.findings:
            self._sum_up(found)

    def close(self, file: str, sheet: str | None) -> None:
        """Finish the files and look for doubled keys over the whole table."""
        for writer in (self._accepted, self._refused, self._hashes, self._texts):
            if writer is not None:
                writer.close()
        doubled = self._doubled_keys(file, sheet)
        order = {
            (check.rule.code, check.column.name): place for place, check in enumerate(plan_of(self.contract).checks)
        }
        # As a table in memory has them: rows of the wrong length, doubled keys, then check by check.
        self.findings.sort(key=lambda found: order.get((found.rule.code, found.column or ""), -1))
        first = sum(found.rule.code == "ROW_COLUMNS" for found in self.findings)
        self.findings[first:first] = doubled
        self._hashes.path.unlink()

    def _sum_up(self, found: Finding) -> None:
        for known in self.findings:
            if (known.rule, known.column, known.expected) == (found.rule, found.column, found.expected):
                known.count += found.count
                known.places = (known.places + found.places)[:LISTED_PLACES]
                return
        self.findings.append(found)

    def _doubled_keys(self, file: str, sheet: str | None) -> list[Finding]:
        names = self.contract.primary_key
        if self._hashes.rows < 2 or set(names) & self._absent:
            return []
        hashes = StoredRows(self._hashes.path).relation
        run = self._connection.execute
        run(f"create or replace temp table doubled as select hash from {hashes} group by hash having count(*) > 1")
        try:
            if not _number(self._connection, "select count(*) from doubled"):
                return []
            # Two keys may have one hash: the keys themselves decide.
            record, source = record_column(self.contract), self._source_of()
            of_accepted = f'cast("{source[record]}" as varchar)' if record else "null"
            of_refused = f'"{record}"' if record else "null"
            run(
                f"""
                create or replace temp table suspect as
                with suspect as (
                    select source_row, hash from {hashes} where hash in (select hash from doubled)
                )
                select source_row, hash, {self._key_sql()} as key, {of_accepted} as record
                from suspect inner join {StoredRows(self._accepted.path).relation} using (source_row)
                union all
                select source_row, hash, _key, {of_refused}
                from suspect inner join {StoredRows(self._refused.path).relation} using (source_row)
                """
            )
            run(
                "create or replace temp table doubled as select source_row, record from suspect where (hash, key) in "
                "(select (hash, key) from suspect group by hash, key having count(*) > 1)"
            )
            count = _number(self._connection, "select count(*) from doubled")
            listed = run(f"select source_row, record from doubled order by source_row limit {LISTED_PLACES}").fetchall()
        finally:
            run("drop table if exists doubled")
            run("drop table if exists suspect")
        if not count:
            return []
        return [
            finding(
                "FILE_KEY_TWICE",
                table=self.contract.table,
                file=file,
                sheet=sheet,
                column=", ".join(names),
                expected=", ".join(names),
                count=count,
                places=[(row, None, masked_key(record)) for row, record in listed],
            )
        ]

    def _source_of(self) -> dict[str | None, str]:
        """Column as delivered -> newest column of the lake."""
        way = upgrade(self.contract.table, self.contract.version)
        became = {source: name for name, source in way.source_of.items() if source is not None}
        return {column.name: became[column.lake_name] for column in self.contract.columns if column.lake_name in became}

    def _key_sql(self) -> str:
        source = self._source_of()
        parts = [f'coalesce(cast("{source[name]}" as varchar), {quoted(_EMPTY)})' for name in self.contract.primary_key]
        return f" || {quoted(_BETWEEN)} || ".join(parts)

    def _reach(self, row: int) -> None:
        if row >= len(self._marks):
            longer = np.zeros(max(row + 1, 2 * len(self._marks)), dtype=np.uint8)
            longer[: len(self._marks)] = self._marks
            self._marks = longer

    # ---- what came of it -------------------------------------------------------------------------

    @property
    def rows_accepted(self) -> int:
        """Rows that are, or would be, stored."""
        return self._accepted.rows

    @property
    def rows_repaired(self) -> int:
        """Accepted rows in which a value was put right."""
        return self._marked(_REPAIRED)

    @property
    def rows_warned(self) -> int:
        """Accepted rows about which something is to be looked at."""
        return self._marked(_WARNED)

    def _marked(self, mark: int) -> int:
        return int(np.count_nonzero((self._marks & (mark | _REFUSED)) == mark))

    @property
    def rows(self) -> StoredRows:
        """The accepted rows, as those of the lake."""
        return StoredRows(self._accepted.path)

    @property
    def has_refused(self) -> bool:
        """Whether any row was refused."""
        return self._refused.rows > 0

    def accepted_pieces(self) -> Iterator[pa.Table]:
        """The accepted rows in the lake's schema, some at a time."""
        if not self._accepted.rows:
            return iter([self._accepted.schema.empty_table()])
        return _pieces(self._accepted.path)

    def rewritten(self, schema: pa.Schema, change: Callable[[pa.Table], pa.Table]) -> StoredRows:
        """The accepted rows as ``change`` (which takes some at a time) makes them, in a file beside them."""
        writer = PieceWriter(self._accepted.path.with_name(".rewritten.partial"), schema)
        for piece in self.accepted_pieces():
            writer.write(change(piece))
        writer.close()
        return StoredRows(writer.path)

    def refused_pieces(self) -> Iterator[pa.Table]:
        """The refused rows as delivered, with ``source_row`` and ``reasons``, some at a time."""
        return (piece.drop_columns(["_key"]) for piece in _pieces(self._refused.path))

    def warn(self, rows: npt.NDArray[np.int32]) -> None:
        """Count accepted rows (``source_row``) among those to be looked at."""
        self._marks[rows] |= _WARNED

    def refuse(self, rows: npt.NDArray[np.int32], reason: str) -> None:
        """Take accepted rows (``source_row``) out once ``settle`` is called, with the reason beside them."""
        self._late.append((rows, reason))
        self._marks[rows] |= _REFUSED

    def records(self, rows: npt.NDArray[np.int32]) -> list[str | None]:
        """Which records stand in accepted rows (``source_row``, ascending), masked."""
        name = record_column(contracts()[self.contract.table])
        if name is None or not len(rows):
            return [None] * len(rows)
        self._connection.register("wanted", pa.table({"source_row": pa.array(rows, pa.int32())}))
        found = self._connection.execute(
            f'select "{name}" from {self.rows.relation} where source_row between {rows[0]} and {rows[-1]} '
            "and source_row in (select source_row from wanted) order by source_row"
        ).fetchall()
        self._connection.unregister("wanted")
        return [masked_key(value) for (value,) in found]

    def settle(self) -> None:
        """Move the rows that were refused after the checks of the rows from the accepted to the refused ones."""
        if not self._late:
            return
        assert self._texts is not None  # or no rule refuses a row of this table
        kept = PieceWriter(self._accepted.path.with_name(".kept.partial"), self._accepted.schema)
        for piece in _pieces(self._accepted.path):
            kept.write(piece.filter(pa.array(~self._is_refused(piece))))
        late = PieceWriter(self._refused.path.with_name(".late.partial"), self._refused.schema)
        for piece in _pieces(self._texts.path):
            taken = piece.filter(pa.array(self._is_refused(piece)))
            late.write(
                taken.append_column("reasons", pa.array(reasons_of(taken["source_row"].to_numpy(), self._late)))
                .append_column("_key", pa.nulls(taken.num_rows, pa.string()))
                .cast(self._refused.schema)
            )
        kept.close()
        late.close()
        both = f"{StoredRows(self._refused.path).relation} union all from {StoredRows(late.path).relation}"
        ordered = PieceWriter(self._refused.path.with_name(".ordered.partial"), self._refused.schema)
        for batch in self._connection.sql(f"from {both} order by source_row").to_arrow_reader(_ROWS_AT_A_TIME):
            ordered.write(pa.Table.from_batches([batch]).cast(self._refused.schema))
        ordered.close()
        for old in (self._accepted, self._refused, self._texts, late):
            old.path.unlink()
        self._accepted, self._refused, self._late = kept, ordered, []

    def _is_refused(self, piece: pa.Table) -> npt.NDArray[np.bool_]:
        return (self._marks[piece["source_row"].to_numpy()] & _REFUSED) != 0


class PieceWriter:
    """A Parquet file that grows piece by piece."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path = path
        self.schema = schema
        self.rows = 0
        self._writer = pq.ParquetWriter(path, schema, compression="zstd", compression_level=1)

    def write(self, rows: pa.Table) -> None:
        """Add rows."""
        if rows.num_rows:
            self._writer.write_table(rows)
            self.rows += rows.num_rows

    def close(self) -> None:
        """Write what a Parquet file ends with."""
        self._writer.close()


def joined_key(key: tuple[str | None, ...]) -> str:
    """A primary key in one text, as ``_key_sql`` makes it of accepted rows."""
    return _BETWEEN.join(_EMPTY if part is None else part for part in key)


def _pieces(path: Path) -> Iterator[pa.Table]:
    # With a buffer of its own it would keep all of the file that it has read.
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME, use_threads=False):
            yield pa.Table.from_batches([batch])


def _number(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    found = connection.execute(sql).fetchone()
    assert found is not None  # a count has one row
    return int(found[0])
