"""Reading the supplier's own files: piece by piece, only the columns that the profile asks for.

What is not asked for never leaves the reader. Every value becomes text, trimmed, empty as null,
beside the number of its file and its row (the header is row 1).
"""

from __future__ import annotations

import codecs
import csv
import fnmatch
import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path, PurePath
from typing import IO, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from ingest.identifiers import withhold_identifiers
from ingest.prepare.messages import PrepareError, Problem
from ingest.prepare.profile import Source

EXPECTED_FILES = "CSV (.csv, .txt, .tsv; .gz), Excel (.xlsx), Parquet (.parquet)"
_TEXT_SUFFIXES = frozenset({".csv", ".txt", ".tsv"})
_DELIMITERS = (";", ",", "\t", "|")
# Bytes read at a time: a row longer than this is no row of a client system.
_PIECE = 8 << 20
_ROWS_AT_A_TIME = 20_000
_SAY_EVERY = 1_000_000
# More rows of the wrong length than this: the file or its delimiter is wrong, not its rows.
_LISTED = 100_000


@dataclass(frozen=True)
class SourceFile:
    """A file of a source. ``number`` is its place in ``Loaded.files``."""

    number: int
    path: Path
    sheet: str | None


@dataclass
class Loaded:
    """What was read: tables ``src_<source>`` in the connection.

    ``columns`` maps a source to (its column -> the column of the table); ``absent`` are optional
    sources without a file; ``ragged`` are rows of the wrong length; ``not_used`` maps a file to the
    columns that were left behind, by name.
    """

    files: list[SourceFile] = field(default_factory=list)
    columns: dict[str, dict[str, str]] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    ragged: dict[str, list[Problem]] = field(default_factory=dict)
    not_used: dict[str, list[str]] = field(default_factory=dict)
    other_files: list[str] = field(default_factory=list)


def find_files(given: Sequence[Path]) -> list[Path]:
    """The files named, and those lying directly in the folders named, by name, once each."""
    found: dict[Path, None] = {}
    for path in given:
        if path.is_dir():
            entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
            found |= dict.fromkeys(entry for entry in entries if entry.is_file())
        else:
            found[path] = None
    return list(found)


def load_sources(
    connection: duckdb.DuckDBPyConnection,
    sources: dict[str, Source],
    needed: dict[str, tuple[str, ...]],
    files: Sequence[Path],
    say: Callable[[str], None],
) -> Loaded:
    """Load every source that is ``needed`` (source -> columns). Raises ``PrepareError`` with all problems."""
    loaded = Loaded()
    problems: list[Problem] = []
    used: set[Path] = set()
    for path in files:
        if not path.is_file():
            problems.append(Problem("SOURCE_UNREADABLE", file=_shown(path.name), expected=EXPECTED_FILES))
    for name, source in sources.items():
        matching = [path for path in files if path.is_file() and _matches(path.name, source.files)]
        used |= set(matching)
        if name not in needed:
            continue
        if not matching:
            if source.optional:
                loaded.absent.add(name)
            else:
                problems.append(Problem("SOURCE_MISSING", column=name, expected=", ".join(source.files)))
            continue
        columns = needed[name]
        loaded.columns[name] = {column: f"c{place}" for place, column in enumerate(columns)}
        loaded.rows[name] = 0
        loaded.ragged[name] = []
        _create(connection, name, len(columns))
        for path in matching:
            try:
                _load_file(connection, name, source, columns, path, loaded, say)
            except PrepareError as error:
                problems += error.problems
    loaded.other_files = [_shown(path.name) for path in files if path not in used]
    if problems:
        raise PrepareError(tuple(problems))
    return loaded


def table_name(source: str) -> str:
    """The table in the connection that holds a source."""
    return f'"src_{source}"'


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name.casefold(), pattern.casefold()) for pattern in patterns)


def _create(connection: duckdb.DuckDBPyConnection, source: str, width: int) -> None:
    columns = "".join(f", c{place} varchar" for place in range(width))
    connection.execute(f"create or replace table {table_name(source)} (_file integer, _row bigint{columns})")


@dataclass
class _Piece:
    """Some rows: the wanted columns as text, and the row numbers."""

    columns: list[pa.Array]
    rows: np.ndarray


def _load_file(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    source: Source,
    wanted: tuple[str, ...],
    path: Path,
    loaded: Loaded,
    say: Callable[[str], None],
) -> None:
    shown = _shown(path.name)
    reader = _open(path, source, wanted, shown)
    number = len(loaded.files)
    loaded.files.append(SourceFile(number, path, reader.sheet))
    loaded.not_used[shown] = sorted(_shown(column) for column in reader.header if column and column not in wanted)
    names = ["_file", "_row", *(f"c{place}" for place in range(len(wanted)))]
    rows = 0
    try:
        for piece in reader.pieces:
            size = len(piece.rows)
            arrays = [pa.array(np.full(size, number, np.int32)), pa.array(piece.rows), *map(_clean, piece.columns)]
            connection.register("piece", pa.Table.from_arrays(arrays, names=names))
            # A row with nothing in what is asked for is a blank line, or one that says nothing here.
            filled = " or ".join(f"{column} is not null" for column in names[2:]) or "true"
            connection.execute(f"insert into {table_name(name)} select * from piece where {filled}")
            connection.unregister("piece")
            if (rows + size) // _SAY_EVERY > rows // _SAY_EVERY:
                say(f"{shown}: {rows + size:,} rows read")
            rows += size
    except (pa.ArrowException, OSError, EOFError, ValueError, RuntimeError) as error:
        code = "SOURCE_ENCODING" if isinstance(error, UnicodeError) else "SOURCE_UNREADABLE"
        expected = source.encoding or EXPECTED_FILES if code == "SOURCE_ENCODING" else EXPECTED_FILES
        raise PrepareError((Problem(code, file=shown, expected=expected),)) from None
    loaded.rows[name] += rows + len(reader.ragged)
    loaded.ragged[name] += [
        Problem("ROW_COLUMNS", file=shown, row=row, sheet=reader.sheet, seen=str(seen), expected=str(expected))
        for row, seen, expected in reader.ragged
    ]
    say(f"{shown}: {rows:,} rows for {name}")


@dataclass
class _Reader:
    header: list[str]
    pieces: Iterator[_Piece]
    sheet: str | None = None
    ragged: list[tuple[int, int, int]] = field(default_factory=list)


def _open(path: Path, source: Source, wanted: tuple[str, ...], shown: str) -> _Reader:
    suffix = PurePath(path.name.removesuffix(".gz")).suffix.lower()
    try:
        if suffix in _TEXT_SUFFIXES:
            return _open_csv(path, source, wanted, shown)
        if suffix == ".xlsx":
            return _open_workbook(path, source, wanted, shown)
        if suffix == ".parquet":
            return _open_parquet(path, wanted, shown)
    except UnicodeError:
        raise PrepareError((Problem("SOURCE_ENCODING", file=shown, expected=source.encoding or "UTF-8"),)) from None
    except (pa.ArrowException, OSError, EOFError, csv.Error, StopIteration):
        pass
    raise PrepareError((Problem("SOURCE_UNREADABLE", file=shown, expected=EXPECTED_FILES),))


def _places(header: Sequence[str], wanted: tuple[str, ...], shown: str) -> list[int]:
    """Where the wanted columns stand. Raises ``PrepareError`` when one is missing or there twice."""
    missing = [column for column in wanted if column not in header]
    problems = [Problem("SOURCE_COLUMNS", file=shown, expected=", ".join(missing))] if missing else []
    problems += [
        Problem("SOURCE_COLUMN_TWICE", file=shown, column=column) for column in wanted if list(header).count(column) > 1
    ]
    if problems:
        raise PrepareError(tuple(problems))
    return [list(header).index(column) for column in wanted]


# ---- CSV -------------------------------------------------------------------------------------------


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as stream:
        yield stream


def _open_csv(path: Path, source: Source, wanted: tuple[str, ...], shown: str) -> _Reader:
    encoding = source.encoding or _encoding(path)
    with _opened(path) as raw:
        text = io.TextIOWrapper(raw, encoding=encoding, newline="")
        start = text.read(1 << 20)
    quoted = '"' in start or _has_quotes(path, encoding)
    lines = start.split("\n")
    skip = source.header_row - 1
    if lines[0].lstrip("\ufeff").casefold().startswith("sep="):
        skip += 1
    first = "\n".join(lines[skip:]).lstrip("\ufeff")
    delimiter, header = _header(first, source.delimiter, wanted)
    places = _places(header, wanted, shown)
    reader = _Reader(header, iter(()))
    reader.pieces = _csv_pieces(path, encoding, delimiter, skip, len(header), places, quoted, reader)
    return reader


def _encoding(path: Path) -> str:
    """UTF-8 when the whole file is, else Windows-1252 (in which old systems write)."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with _opened(path) as raw:
        start = raw.read(4)
        if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return "utf-16"
        try:
            decoder.decode(start)
            while piece := raw.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig" if start[:3] == b"\xef\xbb\xbf" else "utf-8"


def _has_quotes(path: Path, encoding: str) -> bool:
    mark = '"'.encode(encoding if encoding != "utf-16" else "utf-16-le")[-2:]
    with _opened(path) as raw:
        while piece := raw.read(_PIECE):
            if mark in piece:
                return True
    return False


def _header(text: str, delimiter: str | None, wanted: tuple[str, ...]) -> tuple[str, list[str]]:
    best: tuple[int, int, str, list[str]] | None = None
    for candidate in (delimiter,) if delimiter else _DELIMITERS:
        cells = [cell.strip() for cell in next(csv.reader(io.StringIO(text), delimiter=candidate))]
        rank = (len(set(wanted) & set(cells)), len(cells))
        if best is None or rank > best[:2]:
            best = (*rank, candidate, cells)
    assert best is not None
    return best[2], best[3]


def _csv_pieces(
    path: Path,
    encoding: str,
    delimiter: str,
    skip: int,
    width: int,
    places: list[int],
    quoted: bool,
    reader: _Reader,
) -> Iterator[_Piece]:
    names = [str(place) for place in range(width)]
    wrong: set[int] = set()

    def leave_out(row: Any) -> str:
        # Arrow counts the rows it was told to skip as well.
        wrong.add(row.number - skip)
        if len(reader.ragged) < _LISTED:
            reader.ragged.append((row.number, row.actual_columns, row.expected_columns))
        return "skip"

    with _opened(path) as raw:
        try:
            stream = pa_csv.open_csv(
                pa.PythonFile(raw, mode="r"),
                pa_csv.ReadOptions(
                    use_threads=False,
                    block_size=_PIECE,
                    skip_rows=skip,
                    column_names=names,
                    encoding="utf8" if encoding.startswith("utf-8") else encoding,
                ),
                pa_csv.ParseOptions(
                    delimiter=delimiter,
                    newlines_in_values=quoted,
                    ignore_empty_lines=False,
                    invalid_row_handler=leave_out,
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=[names[place] for place in places],
                    null_values=[""],
                    strings_can_be_null=True,
                ),
            )
        except pa.ArrowInvalid as error:
            if "Empty CSV" in str(error):
                return
            raise
        next_row = 1
        for batch in stream:
            numbers = np.empty(batch.num_rows, np.int64)
            for place in range(batch.num_rows) if wrong else ():
                while next_row in wrong:
                    next_row += 1
                numbers[place] = next_row
                next_row += 1
            if not wrong:
                numbers[:] = np.arange(next_row, next_row + batch.num_rows)
                next_row += batch.num_rows
            columns = [batch.column(names[place]) for place in places]
            if len(numbers) and numbers[0] == 1:  # the header itself
                columns, numbers = [column.slice(1) for column in columns], numbers[1:]
            yield _Piece(columns, numbers + skip)


# ---- Excel and Parquet ---------------------------------------------------------------------------------


def _open_workbook(path: Path, source: Source, wanted: tuple[str, ...], shown: str) -> _Reader:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
        by_name = {name.strip().casefold(): name for name in workbook.sheet_names}
        sheet = by_name.get(source.sheet.strip().casefold()) if source.sheet else next(iter(by_name.values()), None)
        if sheet is None:
            raise PrepareError((Problem("SOURCE_SHEET", file=shown, expected=source.sheet or "1"),))
        cells = iter(workbook.get_sheet_by_name(sheet).to_python(skip_empty_area=False))
    except (CalamineError, ValueError, RuntimeError):
        raise OSError("workbook") from None
    for _ in range(source.header_row - 1):
        next(cells, None)
    header = [_cell(cell) or "" for cell in next(cells, [])]
    places = _places(header, wanted, shown)
    return _Reader(header, _workbook_pieces(cells, places, source.header_row + 1), _shown(sheet))


def _workbook_pieces(cells: Iterator[list[Any]], places: list[int], first: int) -> Iterator[_Piece]:
    kept: list[list[str | None]] = []
    start = first
    for number, row in enumerate(cells, start=first):
        kept.append([_cell(row[place]) if place < len(row) else None for place in places])
        if len(kept) == _ROWS_AT_A_TIME:
            yield _as_piece(kept, start, len(places))
            kept, start = [], number + 1
    if kept:
        yield _as_piece(kept, start, len(places))


def _as_piece(rows: list[list[str | None]], start: int, width: int) -> _Piece:
    columns = [pa.array([row[place] for row in rows], pa.string()) for place in range(width)]
    return _Piece(columns, np.arange(start, start + len(rows), dtype=np.int64))


def _cell(cell: Any) -> str | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time(0) else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip() or None


def _open_parquet(path: Path, wanted: tuple[str, ...], shown: str) -> _Reader:
    # With a buffer of its own it would keep all of the file that it has read.
    file = pq.ParquetFile(path, pre_buffer=False)
    header = list(file.schema_arrow.names)
    _places(header, wanted, shown)
    return _Reader(header, _parquet_pieces(file, wanted))


def _parquet_pieces(file: pq.ParquetFile, wanted: tuple[str, ...]) -> Iterator[_Piece]:
    row = 2
    for batch in file.iter_batches(batch_size=_ROWS_AT_A_TIME, columns=list(wanted), use_threads=False):
        columns = [_as_text(batch.column(name)) for name in wanted]
        yield _Piece(columns, np.arange(row, row + batch.num_rows, dtype=np.int64))
        row += batch.num_rows


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_timestamp(kind):
        days = column.cast(pa.date32(), safe=False)
        if pc.all(pc.equal(days.cast(kind), column)).as_py() is not False:
            column = days
    elif pa.types.is_floating(kind) and pc.all(pc.equal(pc.floor(column), column)).as_py() is not False:
        column = column.cast(pa.int64())
    return column.cast(pa.string())


def _clean(column: pa.Array) -> pa.Array:
    trimmed = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, pa.string()), trimmed)


def _shown(name: str) -> str:
    """A name of a file or column as it may be told: an identifier in it is withheld."""
    text = withhold_identifiers(name)
    return "".join(character if character.isprintable() else "?" for character in text)[:80]
