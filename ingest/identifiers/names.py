"""Names of people among other values.

In a cell a whole value of two to four capitalised words is a name unless each word belongs to the
contracts or to a place: no column of a contract holds such words. In running text (and where the
letters give no hint: capitals only, no capitals) at least one of two words side by side must be
known as a name.
"""

from __future__ import annotations

import re

from ingest.identifiers.kinds import NAME
from ingest.identifiers.words import first_names, is_own_word, surnames

Span = tuple[int, int, str]

# Endings of Finnish, Swedish and Russian surnames; words of the contracts never count as names.
_ENDINGS_LIST = """
    nen skä mäki niemi järvi saari maa pää harju koski kangas lahti virta aho oja joki salmi ranta vaara kallio mies
    la lä sto stö ikkö ukko ström berg qvist kvist quist lund gren holm sson son man mark sten dahl vall fors roos
    ius ov ova ev eva sky skij skaja enko chuk yan vic vić zadeh pour oğlu
"""
ENDINGS = tuple(_ENDINGS_LIST.split())
# Endings that hardly any other word has: enough beside a word that is no known name.
_SURE_ENDINGS = ("nen", "ström", "qvist", "kvist", "berg", "lund", "gren", "holm", "sson")
_PARTICLES = frozenset({"af", "von", "de", "van", "der", "den", "di", "da", "la", "el", "al", "bin", "ibn", "zu"})
# What may stand between two names, blanks apart.
_GAPS = frozenset({"", ",", "_", ".", "-"})
_LETTERS = r"[^\W\d_]+(?:['-][^\W\d_]+)*"
_WORD = re.compile(_LETTERS)
_WHOLE = re.compile(rf"{_LETTERS}\.?(?:(?:, ?| )(?:{_LETTERS})\.?){{1,3}}")
_INITIAL = re.compile(
    r"(?<![^\W_])(?:[A-ZÅÄÖ]\.[ -]?){1,2}(?P<after>[^\W\d_]{3,})"
    r"|(?<![^\W_])(?P<before>[^\W\d_]{3,}),? [A-ZÅÄÖ]\.(?!\w)"
)


def is_name_value(text: str) -> bool:
    """Whether a whole cell (plain text) is a name, or holds one."""
    if _WHOLE.fullmatch(text):
        words = [word for word in _WORD.findall(text) if word.casefold() not in _PARTICLES]
        if len(words) >= 2 and not all(map(is_own_word, words)):
            if max(map(len, words)) >= 3 and all(map(_is_title, words)):
                return True
            if any(map(_is_given, words)) and not any(map(is_own_word, words)):
                return True
    elif _WORD.fullmatch(text) and _is_title(text) and not is_own_word(text):
        folded = text.casefold()
        return folded in first_names() or folded in surnames() or folded.endswith(_SURE_ENDINGS)
    return bool(name_spans(text))


def name_spans(text: str) -> list[Span]:
    """Names in running text (plain), as (start, end, kind)."""
    found: list[Span] = []
    before: re.Match[str] | None = None
    for match in _WORD.finditer(text):
        if before is not None and _are_name(before[0], match[0], text[before.end() : match.start()]):
            if found and found[-1][1] == before.end():
                found[-1] = (found[-1][0], match.end(), NAME)
            else:
                found.append((before.start(), match.end(), NAME))
        if match[0].casefold() not in _PARTICLES or before is None:
            before = match
    for match in _INITIAL.finditer(text):
        word = match["after"] or match["before"]
        if _is_title(word) and _is_surname(word) and not is_own_word(word):
            found.append((*match.span(), NAME))
    return found


def _are_name(first: str, second: str, between: str) -> bool:
    if not 0 < len(between) <= 8 or len(first) < 2 or len(second) < 2:
        return False
    gap = between.strip()
    if gap not in _GAPS:
        for particle in _PARTICLES:
            gap = gap.removeprefix(f"{particle} ").removesuffix(f" {particle}") if gap != particle else ""
        if gap not in _GAPS:
            return False
    if is_own_word(first) and is_own_word(second):
        return False
    given = _is_given(first), _is_given(second)
    titled = _is_title(first) and _is_title(second)
    family = tuple(_is_surname(word) if titled else _is_sure_surname(word) for word in (first, second))
    own = is_own_word(first) or is_own_word(second)
    if (given[0] and (family[1] or given[1])) or (given[1] and family[0]):
        # Both are known: however they are written. Words of the contracts only when capitalised.
        return titled or not own
    if gap not in {"", ","} or not titled or own:
        return False
    return any(given) or any(word.casefold().endswith(_SURE_ENDINGS) for word in (first, second))


def _is_given(word: str) -> bool:
    folded = word.casefold()
    return folded in first_names() or ("-" in folded and all(part in first_names() for part in folded.split("-")))


def _is_sure_surname(word: str) -> bool:
    folded = word.casefold()
    if "-" in folded:
        return all(map(_is_sure_surname, folded.split("-")))
    return folded in surnames() or (len(folded) > 4 and folded.endswith(_SURE_ENDINGS))


def _is_surname(word: str) -> bool:
    folded = word.casefold()
    if "-" in folded:
        return all(map(_is_surname, folded.split("-")))
    return _is_sure_surname(folded) or (len(folded) > 4 and folded.endswith(ENDINGS))


def _is_title(word: str) -> bool:
    """Capitalised as names are: ``Anna-Liisa``, ``O'Brien``, ``McCarthy``; not ``ANNA``."""
    return word[:1].isupper() and any(letter.islower() for letter in word)
