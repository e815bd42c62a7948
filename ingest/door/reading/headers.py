"""Headers as delivered, in any of three languages and any order, and the contract's columns they mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.contracts import Contract, header_names, normalised_header
from ingest.identifiers import contains_identifier, kinds_in_header

# The header may stand below a title, but not further down than this.
HEADER_ROWS = 20
_LONGEST_NAME = 40
# What the name of a column looks like: a longer run of digits may be a key, a date or a number.
_PLAIN_NAME = re.compile(r"(?!.*[0-9]{3})[\w .,:;/()%€&'+-]*", re.DOTALL)


@dataclass(frozen=True)
class Heading:
    """A header row. ``columns`` gives the contract's column of each header, ``None`` when there is none.

    ``shown`` are the headers as they may be repeated to the sender. ``kinds`` are kinds of
    identifier that stand in a header or that a header announces.
    """

    shown: tuple[str, ...]
    columns: tuple[str | None, ...]
    kinds: tuple[str, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Headers that mean no column, each once."""
        pairs = zip(self.shown, self.columns, strict=True)
        return tuple(dict.fromkeys(shown for shown, column in pairs if column is None))

    @property
    def twice(self) -> tuple[str, ...]:
        """Columns that two headers mean."""
        known = [column for column in self.columns if column is not None]
        return tuple(dict.fromkeys(column for column in known if known.count(column) > 1))


def heading(cells: Sequence[str], contract: Contract) -> Heading:
    """What the cells of a header row mean in ``contract``.

    A row in which no cell is a known header is most likely data, so none of it is shown.
    """
    names = header_names(contract)
    cells = [cell.strip() for cell in cells]
    columns = tuple(names.get(normalised_header(cell)) for cell in cells)
    is_header = any(column is not None for column in columns)
    shown = tuple(
        cell if column is not None or (is_header and _may_be_shown(cell)) else masked_name(cell)
        for cell, column in zip(cells, columns, strict=True)
    )
    unknown = [cell for cell, column in zip(cells, columns, strict=True) if column is None]
    kinds = dict.fromkeys(kind for cell in unknown for kind in kinds_in_header(cell))
    return Heading(shown, columns, tuple(kinds))


def known_headers(cells: Sequence[str], contract: Contract) -> int:
    """How many columns of ``contract`` the cells name."""
    names = header_names(contract)
    return len({names[name] for name in map(normalised_header, cells) if name in names})


def masked_name(text: str) -> str:
    """A name as it may be shown when its content may not: first character and length."""
    if not text:
        return ""
    first = text[0] if text[0].isprintable() else "?"
    return f"{first}… ({len(text)})"


def _may_be_shown(name: str) -> bool:
    return (
        len(name) <= _LONGEST_NAME
        and _PLAIN_NAME.fullmatch(name) is not None
        and name.isprintable()
        and not contains_identifier(name)
    )
