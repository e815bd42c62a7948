"""Identifiers in a text that stands alone: a file or sheet name, a header, a property, a comment."""

from __future__ import annotations

import re
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from ingest.identifiers.kinds import FREE_TEXT, KINDS
from ingest.identifiers.names import name_spans
from ingest.identifiers.patterns import COARSE, KEY_LENGTH, SHORTEST, Span, composed, free_spans, plain, spans
from ingest.identifiers.words import announced_kinds, is_own_text

WITHHELD = "[withheld]"
# Longer than this, a text is a narrative (extract contracts hold codes and names of instruments).
LONGEST_TEXT = 40
# RE2 compiles the pattern anew for every text (0.7 ms); Python keeps it, and is slow.
_SMALL = 1_000
_COARSE = re.compile("|".join(COARSE))
# Most of a delivery's text; a key is no reason for a closer look.
_KEYS = re.compile(rb"\b[0-9A-Fa-f]{%d}\b" % KEY_LENGTH)
_HASH = re.compile("[0-9A-Fa-f]*")
# Letters of the words that deliveries do hold ("kyllä"): they are no reason for a closer look.
_NORDIC = tuple((letter.encode(), simple.encode()) for letter, simple in zip("åäöÅÄÖ", "aaoAAO", strict=True))
# Names of fields, tables, files and styles come again in every delivery: what was seen of them is remembered.
_SHORT_TEXT = 100
_TECHNICAL = re.compile(r"(?=\S*[0-9])[\x21-\x7e]+")


def kinds_in(text: str) -> tuple[str, ...]:
    """Kinds of identifier in one value that stands alone, in the order of ``KINDS``."""
    return _known_kinds(text) if len(text) <= _SHORT_TEXT else _ordered(_kinds(text))


@lru_cache(maxsize=16_384)
def _known_kinds(text: str) -> tuple[str, ...]:
    return _ordered(_kinds(text))


def kinds_in_header(text: str) -> tuple[str, ...]:
    """As ``kinds_in``, and the kinds that the name of a column announces (``etunimi``, ``adress``)."""
    return _ordered(_kinds(text) | set(announced_kinds(text)))


def contains_identifier(text: str) -> bool:
    """Whether an identifier stands anywhere in ``text``, which may be a whole document.

    Length alone is no identifier here: ``FREE_TEXT`` is a matter of single values (``kinds_in``).
    """
    if len(text) == KEY_LENGTH and _HASH.fullmatch(text):  # of a file, different in every manifest
        return False
    return _contains(text) if len(text) <= _SHORT_TEXT else bool(_spans(plain(composed(text))))


@lru_cache(maxsize=16_384)
def _contains(text: str) -> bool:
    return bool(_spans(plain(composed(text))))


def withhold_identifiers(text: str) -> str:
    """``text`` with every identifier that ``contains_identifier`` sees replaced by a fixed word."""
    shown = composed(text)
    if not contains_identifier(shown):  # mostly so, and for short texts remembered
        return shown
    for _ in range(_MOST_ROUNDS):
        found = _spans(plain(shown))
        if not found:
            return shown
        for start, end, _kind in sorted(found, reverse=True):
            shown = shown[:start] + WITHHELD + shown[end:]
    return WITHHELD


# What is left after one round can be an identifier again (two that shared characters); a text in
# which that goes on is not shown at all.
_MOST_ROUNDS = 5


def may_contain_identifier(text: bytes) -> bool:
    """A quick look through UTF-8 ``text``: ``False`` is certain, ``True`` needs a closer look.

    Raises ``pyarrow.ArrowInvalid`` when ``text`` is no UTF-8.
    """
    if len(text) < SHORTEST:
        return False
    text = _KEYS.sub(b"k", text)
    if text.isascii():
        return _may_contain(text)
    # To a name such a letter is a letter; before and after a code it ends a word as a blank does.
    as_letters = as_blanks = text
    for letter, plain_letter in _NORDIC:
        as_letters = as_letters.replace(letter, plain_letter)
        as_blanks = as_blanks.replace(letter, b" ")
    if not as_letters.isascii():
        pa.array([text], pa.binary()).cast(pa.string())  # raises when it is no UTF-8
        return True
    return _may_contain(as_letters) or _may_contain(as_blanks)


def _may_contain(text: bytes) -> bool:
    if len(text) < _SMALL:
        return _COARSE.search(text.decode("ascii")) is not None
    ends = pa.array([0, len(text)], pa.int64()).buffers()[1]
    whole = pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(text))
    return any(pc.match_substring_regex(whole, pattern)[0].as_py() for pattern in COARSE)


def is_free_text(value: str) -> bool:
    """Whether a value is longer than any code, no label of the contracts and no technical id of one piece."""
    return len(value) > LONGEST_TEXT and _TECHNICAL.fullmatch(value) is None and not is_own_text(value)


def _kinds(text: str) -> set[str]:
    value = composed(text)
    found = {kind for _, _, kind in _spans(plain(value))}
    if is_free_text(value.strip()):
        found.add(FREE_TEXT)
    return found


def _spans(text: str) -> list[Span]:
    return free_spans(text, spans(text), name_spans(text))


def _ordered(kinds: set[str]) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind in kinds)
