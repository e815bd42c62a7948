"""Words that decide: names of people, names of places, words of the contracts, names of columns."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path

import yaml

from ingest.identifiers.kinds import KINDS

_FOLDER = Path(__file__).parent
_WORD = re.compile(r"[^\W\d_]+")


@cache
def first_names() -> frozenset[str]:
    """Given names, case folded."""
    return _word_list("first_names.txt")


@cache
def surnames() -> frozenset[str]:
    """Surnames that no ending gives away, case folded."""
    return _word_list("surnames.txt")


def _word_list(file: str) -> frozenset[str]:
    lines = (_FOLDER / file).read_text(encoding="utf-8").splitlines()
    return frozenset(word.casefold() for line in lines if not line.startswith("#") for word in line.split())


@cache
def places() -> frozenset[str]:
    """Words of the names of municipalities and wellbeing areas, case folded."""
    from ingest.reference import municipalities, wellbeing_areas

    names: list[str] = []
    for municipality in municipalities().values():
        names += [municipality.name_fi, municipality.name_sv]
    for area in wellbeing_areas().values():
        names += [value for value in vars(area).values() if isinstance(value, str)]
    return frozenset(word.casefold() for name in names for word in _WORD.findall(name))


def is_place(word: str) -> bool:
    """Whether ``word`` belongs to the name of a municipality or wellbeing area."""
    folded = word.casefold()
    return folded in places() or all(part in places() for part in folded.split("-"))


@cache
def own_texts() -> frozenset[str]:
    """Labels, codes, names of tables and columns, and of areas, case folded."""
    from ingest.contracts import code_lists, contracts
    from ingest.reference import wellbeing_areas

    texts: list[str] = [
        value for area in wellbeing_areas().values() for value in vars(area).values() if isinstance(value, str)
    ]
    for code_list in code_lists().values():
        texts += list(code_list.labels)
        texts += [text for labels in code_list.labels.values() for text in labels.values()]
    for contract in contracts().values():
        texts += [contract.table, *contract.label.values()]
        texts += [text for column in contract.columns for text in (column.name, *column.label.values())]
    return frozenset(text.casefold() for text in texts)


@cache
def own_words() -> frozenset[str]:
    """The words of ``own_texts``."""
    return frozenset(word for text in own_texts() for word in _WORD.findall(text))


def is_own_text(text: str) -> bool:
    """Whether ``text`` is a label, code, table or column name of the contracts, or the name of an area."""
    return text.strip().casefold() in own_texts()


def is_own_word(word: str) -> bool:
    """Whether ``word`` stands in a label, code, table or column name of the contracts, or is a place."""
    folded = word.casefold()
    return folded in own_words() or is_place(word)


@cache
def announcements() -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """What the names of columns announce: (whole header -> kind, (part of a header, kind) …)."""
    raw = yaml.safe_load((_FOLDER / "headers.yml").read_text(encoding="utf-8"))
    unknown = set(raw) - set(KINDS)
    if unknown:
        raise ValueError(f"headers.yml: unknown kinds {', '.join(sorted(unknown))}")
    whole = {header_key(str(word)): kind for kind, entry in raw.items() for word in entry["whole"]}
    anywhere = tuple((header_key(word), kind) for kind, entry in raw.items() for word in entry["anywhere"])
    return whole, anywhere


def header_key(header: str) -> str:
    """A header as it is compared: letters and digits in lower case, nothing between them."""
    composed = unicodedata.normalize("NFC", header).casefold()
    return "".join(character for character in composed if character.isalnum())


def announced_kinds(header: str) -> tuple[str, ...]:
    """Kinds of identifier that a column of this name announces."""
    key = header_key(header)
    if not key:
        return ()
    whole, anywhere = announcements()
    found = {kind for word, kind in anywhere if word in key}
    # Numbered columns: "name 2", "Etunimi1".
    for candidate in {key, key.rstrip("0123456789")}:
        if candidate in whole:
            found.add(whole[candidate])
    return tuple(kind for kind in KINDS if kind in found)
