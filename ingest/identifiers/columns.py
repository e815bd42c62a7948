"""Identifiers in the cells of a table, knowing what each column may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ingest.identifiers.kinds import (
    BIRTH_DATE,
    BUILDING_IDENTIFIER,
    COORDINATES,
    ELECTRONIC_CLIENT_IDENTIFIER,
    FREE_TEXT,
    KINDS,
    NAME,
    PHONE_NUMBER,
)
from ingest.identifiers.names import is_name_value
from ingest.identifiers.patterns import ANY_DATE, COARSE, KEY_LENGTH, SHORTEST, birth_dates, composed, plain, spans
from ingest.identifiers.text import LONGEST_TEXT, is_free_text
from ingest.identifiers.words import announced_kinds

# Columns in which any full date, however written, is a date of birth.
_BIRTH_COLUMNS = frozenset({"birth_year"})
_SHORTEST_NAME = 3
# Days of the years of birth as a spreadsheet counts them (from 1899-12-30).
_SERIAL_DAYS = range(31048, 44197)
_UNBROKEN_DATE = re.compile(
    r"(?:[0-3][0-9][01][0-9](?:(?:19|20)[0-9]{2}|[0-9]{2})|(?:19|20)[0-9]{2}[01][0-9][0-3][0-9])"
)
# A date in ASCII (the months in words have letters enough to be seen), for RE2.
_COARSE_DATE = (
    r"[0-9]{1,2}[-./] ?[0-9]{1,2}[-./] ?[0-9]{2}|[0-9]{4}[-./][0-9]{1,2}[-./][0-9]|[A-Za-z]{3},? (?:19|20)[0-9]{2}"
)
_HEXADECIMAL = b"0123456789abcdefABCDEF"
_DECIMAL_TYPES = frozenset({"decimal"})
_MOSTLY = 0.8
# Values in which nothing was found (others are not kept), with what the answer depends on.
_CLEAN: set[tuple[str, bool, str | None]] = set()
_MOST_CLEAN = 10_000


def hits_in_table(
    columns: Mapping[str, pa.ChunkedArray], types: Mapping[str, str | None], *, suspicious: bool = True
) -> Iterator[tuple[str, int, str]]:
    """Hits in all columns as (column, position from 0, kind), also what only two columns together say.

    ``columns`` are text by contract column name (or by the delivered header where it has none);
    ``types`` gives the contract type of each (missing or ``None``: no column of the contract).
    ``suspicious`` is what ``may_contain_identifier`` said of the text the columns were read from:
    without suspicion only those rules run that need to know the column (a date in ``birth_year``).
    """
    looks = {name: _Look.at(column, name, types.get(name), suspicious) for name, column in columns.items()}
    _look_together([look for look in looks.values() if look is not None])
    for name, column in columns.items():
        look = looks[name]
        announced = announced_kinds(name) if types.get(name) is None else ()
        for position, kind in _announced(column, announced) if announced else look.hits() if look else ():
            yield name, position, kind
    yield from _coordinate_columns({name: column for name, column in columns.items() if types.get(name) is None})


def hits_in_column(
    column: pa.ChunkedArray | pa.Array, name: str, column_type: str | None = None
) -> list[tuple[int, str]]:
    """Hits in a text column as (position from 0, kind), by position.

    ``name`` is the contract's name of the column (or the header, of a column that is in no
    contract: then what the header announces makes every value a hit). ``column_type`` is the type
    of the contract: a date in a ``date`` column is no date of birth.
    """
    return _hits(column, name, column_type, suspicious=True)


def rows_with_identifier(column: pa.ChunkedArray | pa.Array) -> list[int]:
    """Positions (from 0) of the values of a text column that hold a direct identifier."""
    return sorted({position for position, _ in hits_in_column(column, "")})


def _hits(
    column: pa.ChunkedArray | pa.Array, name: str, column_type: str | None, suspicious: bool
) -> list[tuple[int, str]]:
    announced = announced_kinds(name) if column_type is None else ()
    if announced:
        return list(_announced(column, announced))
    look = _Look.at(column, name, column_type, suspicious)
    if look is None:
        return []
    _look_together([look])
    return look.hits()


def _announced(column: pa.ChunkedArray | pa.Array, kinds: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Every value of a column whose name announces identifiers."""
    filled = pc.indices_nonzero(pc.fill_null(pc.greater(pc.binary_length(column), 0), False))
    yield from ((position, kind) for position in filled.to_pylist() for kind in kinds)


@dataclass
class _Look:
    """A column that has to be looked at: its different values, since dates and codes repeat a million times.

    ``suspects`` are those that the coarse pattern points at.
    """

    name: str
    column_type: str | None
    longest: int
    suspicious: bool
    encoded: pa.DictionaryArray
    suspects: pa.Array | None = None

    @classmethod
    def at(
        cls, column: pa.ChunkedArray | pa.Array, name: str, column_type: str | None, suspicious: bool
    ) -> _Look | None:
        """``None`` when nothing can be wrong with a value of the column, by length and form alone."""
        longest = pc.max(pc.binary_length(column)).as_py()
        if longest is None:
            return None
        needs_column = longest > LONGEST_TEXT or (column_type not in (None, "date") and longest >= SHORTEST)
        if not (suspicious or needs_column) or longest < _SHORTEST_NAME or _is_all_keys(column, longest):
            return None
        return cls(name, column_type, longest, suspicious, _encoded(column))

    def hits(self) -> list[tuple[int, str]]:
        """Places and kinds, after a closer look at the suspects."""
        kinds_of: dict[int, tuple[str, ...]] = {}
        for place in self._to_look_at():
            kinds = _kinds_in_cell(self.encoded.dictionary[place].as_py(), self.name, self.column_type)
            if kinds:
                kinds_of[place] = kinds
        if not kinds_of:
            return []
        values = np.asarray(self.encoded.indices.fill_null(-1))
        guilty = np.flatnonzero(np.isin(values, list(kinds_of)))
        return [(int(position), kind) for position in guilty for kind in kinds_of[int(values[position])]]

    def _to_look_at(self) -> list[int]:
        """Positions of the values that need a closer look."""
        values = self.encoded.dictionary
        masks = [] if self.suspects is None else [self.suspects]
        if self.longest > LONGEST_TEXT:
            masks.append(pc.greater(pc.binary_length(values), LONGEST_TEXT))
        if self.column_type not in (None, "date") and self.longest >= SHORTEST:
            masks.append(pc.match_substring_regex(values, _COARSE_DATE))
            if self.name in _BIRTH_COLUMNS:
                masks.append(pc.greater(pc.binary_length(values), 4))
        if not masks:
            return []
        mask = masks[0]
        for other in masks[1:]:
            mask = pc.or_(mask, other)
        return pc.indices_nonzero(mask).to_pylist()


def _look_together(looks: Sequence[_Look]) -> None:
    """Find the suspects of all columns at once: making the pattern's program takes a millisecond a call,
    which is more than the search in a small file."""
    looks = [look for look in looks if look.suspicious]
    if not looks:
        return
    values = pa.chunked_array([look.encoded.dictionary for look in looks], pa.string())
    together = values.combine_chunks()
    found = pc.match_substring_regex(together, "[^\x00-\x7f]")
    for pattern in COARSE:
        found = pc.or_(found, pc.match_substring_regex(together, pattern))
    start = 0
    for look in looks:
        size = len(look.encoded.dictionary)
        look.suspects = found.slice(start, size)
        start += size


def _encoded(column: pa.ChunkedArray | pa.Array) -> pa.DictionaryArray:
    """The column as positions in its different values."""
    encoded = pc.dictionary_encode(column)
    if isinstance(encoded, pa.ChunkedArray):
        whole = encoded.unify_dictionaries().combine_chunks()
        return whole if isinstance(whole, pa.DictionaryArray) else whole.chunk(0)
    return encoded


def _is_all_keys(column: pa.ChunkedArray | pa.Array, longest: int) -> bool:
    """Whether every value is 64 hexadecimal digits, as most values of a delivery are."""
    if longest != KEY_LENGTH or pc.min(pc.binary_length(column)).as_py() != KEY_LENGTH:
        return False
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return not any(_text_of(chunk.cast(pa.string())).translate(None, _HEXADECIMAL) for chunk in chunks)


def _text_of(column: pa.StringArray) -> bytes:
    """All values of a text column, one after the other."""
    if not len(column):
        return b""
    _, offsets, text = column.buffers()
    if text is None:
        return b""
    ends = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + len(column) + 1]
    return text[int(ends[0]) : int(ends[-1])].to_pybytes()


def _kinds_in_cell(value: str, name: str, column_type: str | None) -> tuple[str, ...]:
    """Kinds of identifier in a value. Codes of the contracts come again in every file."""
    asked = (value, name in _BIRTH_COLUMNS, column_type)
    if asked in _CLEAN:
        return ()
    kinds = _kinds_in_new_cell(value, name, column_type)
    if not kinds and len(_CLEAN) < _MOST_CLEAN:
        _CLEAN.add(asked)
    return kinds


def _kinds_in_new_cell(value: str, name: str, column_type: str | None) -> tuple[str, ...]:
    text = plain(composed(value)).strip()
    found = {kind for _, _, kind in spans(text)}
    if column_type == "date":
        # Eight digits of a day are a date in another form here, nothing else.
        if found & {PHONE_NUMBER} and _UNBROKEN_DATE.fullmatch(text):
            found.discard(PHONE_NUMBER)
    elif column_type is not None and (birth_dates(text) or (name in _BIRTH_COLUMNS and _is_full_date(text))):
        found.add(BIRTH_DATE)
    if column_type in _DECIMAL_TYPES and text.isdigit() and not text.startswith("0"):
        # A whole number of nine or ten digits is an amount here.
        found -= {ELECTRONIC_CLIENT_IDENTIFIER, BUILDING_IDENTIFIER}
    if is_name_value(text):
        found.add(NAME)
    if is_free_text(value.strip()):
        found.add(FREE_TEXT)
    return tuple(kind for kind in KINDS if kind in found)


def _is_full_date(text: str) -> bool:
    if text.isdigit():
        return _UNBROKEN_DATE.fullmatch(text) is not None or (len(text) == 5 and int(text) in _SERIAL_DAYS)
    return ANY_DATE.search(text) is not None


def _coordinate_columns(columns: Mapping[str, pa.ChunkedArray]) -> Iterator[tuple[str, int, str]]:
    """Two columns outside the contract that hold latitudes and longitudes, whatever they are called."""
    kinds: dict[str, list[str]] = {}
    for name, column in columns.items():
        for side, pattern in _SIDES.items():
            if _mostly(column, pattern):
                kinds.setdefault(side, []).append(name)
    for one, other in (("latitude", "longitude"), ("northing", "easting")):
        if one in kinds and other in kinds:
            for name in (*kinds[one], *kinds[other]):
                filled = pc.indices_nonzero(pc.is_valid(columns[name]))
                yield from ((name, position, COORDINATES) for position in filled.to_pylist())


_SIDES = {
    "latitude": r"^(?:59|6[0-9]|70)[.,][0-9]{3,}$",
    "longitude": r"^0?(?:19|2[0-9]|3[01])[.,][0-9]{3,}$",
    "northing": r"^(?:6[5-9]|7[0-8])[0-9]{5}(?:[.,][0-9]+)?$",
    "easting": r"^(?:3[1-7][0-9]{5}|(?:19|2[0-9]|3[01])[0-9]{6}|[1-7][0-9]{5}|[5-9][0-9]{4})(?:[.,][0-9]+)?$",
}


def _mostly(column: pa.ChunkedArray, pattern: str) -> bool:
    fitting = pc.mean(pc.cast(pc.match_substring_regex(column, pattern), pa.float64())).as_py()
    return fitting is not None and fitting >= _MOSTLY
