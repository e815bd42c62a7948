"""Rows of an older contract version, brought to the newest one.

What each version changed is data (``changes/<version>/``); an ``Upgrade`` is the sum of the steps
from one version to the newest. Added columns stay empty, removed ones are dropped, renamed columns
and codes get their new names: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import reading
from ingest.contracts.model import LAKE_ARROW_TYPES, ContractError
from ingest.contracts.reading import (
    changes,
    contracts,
    steps_after,
    versions,
)


@dataclass(frozen=True)
class Upgrade:
    """How rows of ``table`` in ``from_version`` become rows of ``to_version``.

    All names are lake names (see ``Column.lake_name``). ``source_of`` maps every column of the
    newest version to the older one it comes from, ``None`` when it was added since; ``removed`` are
    older columns that are dropped; ``codes`` maps a column of the newest version to its old codes
    and what they have become.
    """

    table: str
    from_version: str
    to_version: str
    source_of: Mapping[str, str | None]
    removed: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def added(self) -> tuple[str, ...]:
        """Columns that the older version did not have: empty in its rows."""
        return tuple(name for name, source in self.source_of.items() if source is None)

    @property
    def renamed(self) -> dict[str, str]:
        """Older name -> newest name, of the columns whose name has changed."""
        return {source: name for name, source in self.source_of.items() if source not in (None, name)}

    @property
    def changes_nothing(self) -> bool:
        """Whether the rows are the same in both versions."""
        return not (self.added or self.renamed or self.removed or self.codes)


def upgrade(table: str, version: str, folder: Path | None = None) -> Upgrade:
    """The way of a table's rows from ``version`` to the newest one.

    Raises ``ContractError`` when the version is unknown, or did not have the table.
    """
    return _upgrade(table, version, versions(folder)[-1], reading.CONTRACT_FOLDER if folder is None else folder)


@cache
def _upgrade(table: str, version: str, newest: str, folder: Path) -> Upgrade:
    old, new = contracts(version, folder).get(table), contracts(newest, folder).get(table)
    if old is None or new is None:
        raise ContractError(f"contract version {version} has no table {table!r}")
    was = {column.name: column.name for column in old.columns}
    codes: dict[str, dict[str, str]] = {}
    for step in steps_after(version, folder):
        said = changes(step, folder)
        of_columns = said.get(table, {}).get("columns", {})
        for name in of_columns.get("remove", []):
            was.pop(name)
            codes.pop(name, None)
        for before, after in of_columns.get("rename", {}).items():
            was[after] = was.pop(before)
            if before in codes:
                codes[after] = codes.pop(before)
        for column in contracts(step, folder)[table].columns:
            became = _became(said.get("code_lists", {}).get(column.code_list or "", {}))
            if became and column.name in was:
                codes[column.name] = _chained(codes.get(column.name, {}), became)
    lake_name = {column.name: column.lake_name for column in old.columns}
    source_of = {
        column.lake_name: lake_name[was[column.name]] if column.name in was else None for column in new.columns
    }
    return Upgrade(
        table=table,
        from_version=version,
        to_version=newest,
        source_of=source_of,
        removed=tuple(name for name in old.lake_names if name not in source_of.values()),
        codes={new.column(name).lake_name: found for name, found in codes.items()},
    )


def upgrade_rows(rows: pa.Table, table: str, version: str, folder: Path | None = None) -> pa.Table:
    """Rows in the lake schema of ``version`` as rows in the newest lake schema.

    Columns beside those of the contract (``source_row``, ``organisation``) are kept, at the end.
    Raises ``ContractError`` when a column of the older version is missing.
    """
    way = upgrade(table, version, folder)
    old, new = contracts(version, folder)[table], contracts(way.to_version, folder)[table]
    if missing := set(old.lake_names) - set(rows.column_names):
        raise ContractError(f"{table}: rows of version {version} lack {', '.join(sorted(missing))}")
    if way.changes_nothing:
        return rows
    columns: dict[str, Any] = {}
    for column in new.columns:
        source = way.source_of[column.lake_name]
        if source is None:
            columns[column.lake_name] = pa.nulls(rows.num_rows, LAKE_ARROW_TYPES[column.lake_type])
        else:
            columns[column.lake_name] = _recoded(rows.column(source), way.codes.get(column.lake_name, {}))
    beside = {name: rows.column(name) for name in rows.column_names if name not in old.lake_names}
    return pa.table(columns | beside)


def upgrade_sql(table: str, version: str, folder: Path | None = None) -> dict[str, str]:
    """Newest lake column -> DuckDB expression over the older lake columns, in the newest order."""
    way = upgrade(table, version, folder)
    new = contracts(way.to_version, folder)[table]
    return {column.lake_name: _expression(way, column.lake_name, column.lake_type) for column in new.columns}


def _expression(way: Upgrade, name: str, lake_type: str) -> str:
    source = way.source_of[name]
    if source is None:
        return f"cast(null as {lake_type})"
    if name not in way.codes:
        return f'"{source}"'
    cases = " ".join(f"when {_quoted(old)} then {_quoted(new)}" for old, new in way.codes[name].items())
    return f'case "{source}" {cases} else "{source}" end'


def _became(said: Mapping[str, Any]) -> dict[str, str]:
    """Old code -> new code, of what a difference file says of a code list."""
    named = [*said.get("rename", {}).items(), *said.get("remove", {}).items()]
    return {str(old): str(new) for old, new in named}


def _chained(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """One step after another: a code that was renamed twice gets its last name at once."""
    return {old: after.get(new, new) for old, new in before.items()} | {
        old: new for old, new in after.items() if old not in before
    }


def _recoded(values: pa.ChunkedArray, codes: Mapping[str, str]) -> pa.ChunkedArray:
    if not codes:
        return values
    place = pc.index_in(values, pa.array(list(codes), values.type))
    return pc.coalesce(pc.take(pa.array(list(codes.values()), values.type), place), values)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
