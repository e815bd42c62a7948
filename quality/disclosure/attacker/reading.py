"""Read a published release: the files alone, in every format that it has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from quality.disclosure.attacker.knowledge import FIGURES, KEY, SHARES, STATUSES
from quality.disclosure.attacker.report import CONFIDENTIAL, RULE, Finding

SCHEMA = "published"
VALUES = "indicator_value"
_NUMBERS = {"DOUBLE", "FLOAT", "BIGINT", "INTEGER", "DECIMAL", "HUGEINT", "SMALLINT"}
# Of `release_change`: the number of a row, and how many figures it is about.
_NO_FIGURES = {"change_number", "figures"}
_DEFAULTS = {"variant": "main", "breakdown": "total", "category": "total"}


class NoReleaseError(ValueError):
    """The folder does not hold the published files of a release."""


@dataclass(frozen=True)
class Release:
    """Published tables. ``values`` has every column of ``indicator_value``, one row a cell."""

    folder: Path
    release_id: str
    protection: str
    values: pd.DataFrame
    indicators: pd.DataFrame
    areas: pd.DataFrame
    peers: pd.DataFrame


def read_release(folder: Path) -> Release:
    """The release in ``folder``; raises ``NoReleaseError`` where a table that is needed is missing."""
    with duckdb.connect() as connection:
        sources = _sources(connection, folder)
        for needed in (VALUES, "indicator", "area"):
            if needed not in sources:
                raise NoReleaseError(f"{folder} has no published table {needed} (Parquet, DuckDB or CSV).")

        def table(name: str) -> pd.DataFrame:
            return connection.execute(f"select * from {next(iter(sources[name].values()))}").df()

        values = table(VALUES)
        for column in (*FIGURES, *SHARES, "coverage"):
            if column not in values:
                values[column] = None
        for column in (name for name in (*FIGURES, *SHARES, "coverage") if name != "trend"):
            values[column] = pd.to_numeric(values[column]).astype(float)
        for column in KEY:
            values[column] = values[column].astype(str) if column in values else _DEFAULTS[column]
        for column in ("period_start", "period_end"):
            values[column] = pd.to_datetime(values[column])
        release = table("release") if "release" in sources else pd.DataFrame()
        peers = table("area_peer") if "area_peer" in sources else pd.DataFrame(columns=["area_code", "peer_code"])
        return Release(
            folder,
            str(release["release_id"].iloc[0]) if len(release) else folder.name,
            str(release["protection"].iloc[0]) if len(release) else "",
            values.sort_values(list(KEY), ignore_index=True),
            table("indicator"),
            table("area"),
            peers,
        )


def file_weaknesses(folder: Path) -> list[Finding]:
    """Figures that stand in a file though their status says no, files that differ, and old pages."""
    found: list[Finding] = []
    with duckdb.connect() as connection:
        sources = _sources(connection, folder)
        for form, relation in sources.get(VALUES, {}).items():
            found += _open_figures(connection, relation, form)
        for name, forms in sources.items():
            found += _differences(connection, name, forms)
            if name != VALUES and VALUES in sources:
                found += _elsewhere(connection, name, next(iter(forms.values())), next(iter(sources[VALUES].values())))
        if (folder / "aftercare.duckdb").exists():
            row = connection.execute("select free_blocks from pragma_database_size() where database_name = 'release'")
            free = row.fetchone()
            if free and free[0]:
                found.append(
                    Finding(
                        "bytes", RULE, note=f"aftercare.duckdb has {free[0]} freed blocks; old rows may stand there"
                    )
                )
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if file.suffix in {".wal", ".tmp", ".bak", ".db"}:
            found.append(Finding("bytes", RULE, note=f"{file.name} does not belong in a release"))
    return found


def bytes_hold(folder: Path, planted: dict[str, float]) -> dict[str, list[str]]:
    """Names of the files whose bytes hold a planted value: as a double, a whole number or text.

    For values that nothing else can equal (tests plant such); compressed pages may escape it, which is
    why the formats are read as tables too.
    """
    found: dict[str, list[str]] = {}
    for name, value in planted.items():
        patterns = [pd.Series([value], dtype="<f8").to_numpy().tobytes(), repr(float(value)).encode()]
        if float(value).is_integer():
            patterns += [int(value).to_bytes(8, "little"), str(int(value)).encode()]
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                content = file.read_bytes()
                if any(pattern in content for pattern in patterns):
                    found.setdefault(name, []).append(file.name)
    return found


def _sources(connection: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, dict[str, str]]:
    """Table -> format -> what to select from; Parquet first, then DuckDB, then CSV."""
    found: dict[str, dict[str, str]] = {}
    for file in sorted(folder.glob("*.parquet")):
        found.setdefault(file.stem, {})["Parquet"] = f"read_parquet('{_quoted(file)}')"
    database = folder / "aftercare.duckdb"
    if database.exists():
        connection.execute(f"attach '{_quoted(database)}' as release (read_only)")
        rows = connection.execute("select schema_name, table_name from duckdb_tables() where database_name = 'release'")
        for schema, name in rows.fetchall():
            found.setdefault(name, {})["DuckDB"] = f'release."{schema}"."{name}"'
    for file in sorted(folder.glob("*.csv")):
        name = max((one for one in found if file.stem == one or file.stem.startswith(f"{one}_")), key=len, default="")
        types = ""
        if name:
            described = connection.execute(f"describe select * from {next(iter(found[name].values()))}").fetchall()
            types = ", types = {" + ", ".join(f"'{row[0]}': '{row[1]}'" for row in described) + "}"
        elif file.stem.startswith("data_dictionary"):
            continue
        name = name or file.stem.rsplit("_", 1)[0] if file.stem[-1:].isupper() else name or file.stem
        found.setdefault(name, {})["CSV"] = f"read_csv('{_quoted(file)}', header = true{types})"
    return found


def _open_figures(connection: duckdb.DuckDBPyConnection, relation: str, form: str) -> list[Finding]:
    """Figures that are not null in rows that show none; and statuses that are not of the list."""
    here = {row[0] for row in connection.execute(f"describe select * from {relation}").fetchall()}
    checks = [(name, "status <> 'shown'") for name in FIGURES]
    checks += [(name, "status not in ('shown', 'not_recorded')") for name in SHARES]
    key = ", ".join(f"cast({name} as varchar)" if name in here else f"'{_DEFAULTS.get(name, '')}'" for name in KEY)
    found = []
    checks = [(name, condition) for name, condition in checks if name in here]
    anything = " or ".join(f"({name} is not null and {condition})" for name, condition in checks)
    if connection.execute(f"select 1 from {relation} where {anything} limit 1").fetchone() is None:
        checks = []
    for name, condition in checks:
        query = f"select {key}, status from {relation} where {name} is not null and ({condition})"
        for row in connection.execute(query).fetchall():
            severity = CONFIDENTIAL if row[-1].startswith("hidden") else RULE
            found.append(
                Finding(
                    "open_figure",
                    severity,
                    **_key(row),
                    quantity=name,
                    note=f"{form}: {name} of a row that is {row[-1]}",
                )
            )
    known = ", ".join(f"'{status}'" for status in STATUSES)
    rows = connection.execute(f"select {key}, status from {relation} where status not in ({known})").fetchall()
    found += [
        Finding("status", RULE, **_key(row), note=f"{form}: status {row[-1]} tells why the cell is hidden")
        for row in rows
    ]
    return found


def _differences(connection: duckdb.DuckDBPyConnection, name: str, forms: dict[str, str]) -> list[Finding]:
    first, *others = forms.items()
    found = []
    for form, relation in others:
        try:
            row = connection.execute(
                f"select (select count(*) from (select * from {first[1]} except all select * from {relation})) "
                f"+ (select count(*) from (select * from {relation} except all select * from {first[1]}))"
            ).fetchone()
            number = int(row[0]) if row else 0
        except duckdb.Error:
            number = -1
        if number:
            many = f"{number} rows differ" if number > 0 else "columns differ"
            found.append(Finding("formats_differ", RULE, note=f"{name}: {first[0]} and {form}: {many}"))
    return found


def _elsewhere(connection: duckdb.DuckDBPyConnection, name: str, relation: str, values: str) -> list[Finding]:
    """Figures of another table about a cell that the values hide (a funnel point, a comparison)."""
    described = connection.execute(f"describe select * from {relation}").fetchall()
    columns = {row[0]: str(row[1]) for row in described}
    key = [column for column in KEY if column in columns]
    if not {"indicator_id", "area_code", "period"} <= set(key):
        return []
    figures = [
        column
        for column, kind in columns.items()
        if column not in KEY
        and (kind.partition("(")[0] in _NUMBERS or column in {"result", "trend"})
        and not column.startswith("benchmark")
        and column not in _NO_FIGURES
    ]
    found = []
    joined = " and ".join(f"other.{column} = value.{column}" for column in key)
    for column in figures:
        rows = connection.execute(
            f"select {', '.join(f'cast(value.{one} as varchar)' for one in KEY)} from {relation} as other "
            f"inner join {values} as value on {joined} where value.status = 'hidden' and other.{column} is not null"
        ).fetchall()
        found += [
            Finding(
                "open_figure",
                CONFIDENTIAL,
                **_key(row),
                quantity=column,
                note=f"table {name} shows {column} of a hidden cell",
            )
            for row in rows
        ]
    return found


def _key(row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(KEY, row, strict=False))


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
