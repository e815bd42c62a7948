"""Direct identifiers that may not come in: finding them without ever repeating them.

The Finnish personal identity code is ``ddmmyy``, a sign for the century, three digits and a check
character. What counts as a hit is the *form with a day that exists*: codes whose check character
is wrong (typing errors, examples, test persons) are refused as well. Without its sign the form is
any ten-character token, so there the check character must fit.

Everything here answers *where* and *what kind*; nothing returns or logs what was found.
"""

from __future__ import annotations

import re
from calendar import monthrange

import pyarrow as pa
import pyarrow.compute as pc

PERSONAL_IDENTITY_CODE = "personal_identity_code"
WITHHELD = "[withheld]"

# `-` and `+` as typed and as word processors write them (hyphens, dashes, the minus sign).
_HYPHENS = "\u2010-\u2015\u2212"
# Written out: RE2 knows no \u escapes.
_BLANK = "[ \u00a0]"
# Signs of the 1900s (- Y X W V U), 2000s (A to F) and 1800s (+); decree in force since 2023.
_SIGN = rf"[-+A-FU-Ya-fu-y{_HYPHENS}]"
_DAY = r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2}"
_CHECK = r"[0-9A-FHJ-NPR-Ya-fhj-npr-y]"
# Blanks round the sign are tolerated: that is how the code is typed in two fields.
_BODY = rf"{_BLANK}?(?:{_SIGN}{_BLANK}?)?[0-9]{{3}}{_CHECK}"
_PRECISE = re.compile(
    rf"(?<![0-9A-Za-z])(?P<day>{_DAY}){_BLANK}?(?:(?P<sign>{_SIGN}){_BLANK}?)?"
    rf"(?P<number>[0-9]{{3}})(?P<check>{_CHECK})(?![0-9A-Za-z])"
)
# The same for RE2 (no look-around), which looks through a gigabyte in some seconds: finds every
# hit and some that are none.
_COARSE = rf"(?:^|[^0-9A-Za-z])(?:{_DAY}){_BODY}(?:$|[^0-9A-Za-z])"
_SHORTEST = 10
_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CENTURIES = {"+": 1800} | dict.fromkeys("-YXWVU", 1900) | dict.fromkeys("ABCDEF", 2000)


def contains_identifier(text: str) -> bool:
    """Whether a direct identifier stands anywhere in ``text``."""
    return any(_is_identifier(match) for match in _PRECISE.finditer(text))


def withhold_identifiers(text: str) -> str:
    """``text`` with every direct identifier replaced by a fixed word."""
    return _PRECISE.sub(lambda match: WITHHELD if _is_identifier(match) else match[0], text)


def may_contain_identifier(text: bytes) -> bool:
    """A quick look through UTF-8 ``text``: ``False`` is certain, ``True`` needs a closer look.

    Raises ``pyarrow.ArrowInvalid`` when ``text`` is no UTF-8.
    """
    if len(text) < _SHORTEST:
        return False
    ends = pa.array([0, len(text)], pa.int64()).buffers()[1]
    whole = pa.LargeStringArray.from_buffers(1, ends, pa.py_buffer(text))
    return bool(pc.match_substring_regex(whole, _COARSE)[0].as_py())


def rows_with_identifier(column: pa.ChunkedArray | pa.Array) -> list[int]:
    """Positions (from 0) of the values of a text column that hold a direct identifier."""
    longest = pc.max(pc.binary_length(column)).as_py()
    if longest is None or longest < _SHORTEST:
        return []
    suspects = pc.indices_nonzero(pc.fill_null(pc.match_substring_regex(column, _COARSE), False))
    return [
        row
        for row, value in zip(suspects.to_pylist(), column.take(suspects).to_pylist(), strict=True)
        if contains_identifier(value)
    ]


def _is_identifier(match: re.Match[str]) -> bool:
    day, month, year = (int(match["day"][place : place + 2]) for place in (0, 2, 4))
    if match["sign"] is None:
        if not _check_fits(match):
            return False
        centuries = [1800, 1900, 2000]
    else:
        sign = match["sign"].upper()
        centuries = [_CENTURIES.get(sign, 1900)]
    return any(day <= monthrange(century + year, month)[1] for century in centuries)


def _check_fits(match: re.Match[str]) -> bool:
    remainder = int(match["day"] + match["number"]) % len(_CHECK_CHARACTERS)
    return _CHECK_CHARACTERS[remainder] == match["check"].upper()
