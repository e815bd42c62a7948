"""Regular expressions of the door's modules as a browser understands them, and the constants beside them."""

from __future__ import annotations

import re
from collections.abc import Collection
from types import ModuleType
from typing import Any

_CONSTANT = re.compile(r"_?[A-Z][A-Z0-9_]*")
_COUNTS = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
# Classes whose meaning in Python (letters of every alphabet) has to be spelled out.
_WHOLE_CLASSES = {
    r"[^\W\d_]": r"[\p{L}\p{Nl}\p{No}]",
    r"[^\W\d_-]": r"[\p{L}\p{Nl}\p{No}]",
    r"[^\W_]": r"[\p{L}\p{N}]",
}
_OUTSIDE = {
    "w": r"[\p{L}\p{N}_]", "W": r"[^\p{L}\p{N}_]", "d": r"\p{Nd}", "D": r"\P{Nd}", "s": r"\s", "S": r"\S",
    "Z": "$", "A": "^",
}  # fmt: skip
_INSIDE = {"w": r"\p{L}\p{N}_", "d": r"\p{Nd}", "s": r"\s"}
_ASCII_OUTSIDE = _OUTSIDE | {"w": r"\w", "W": r"\W", "d": r"\d", "D": r"\D", "b": r"\b"}
_ASCII_INSIDE = {"w": r"\w", "d": r"\d", "s": r"\s"}
_SYNTAX = frozenset("^$\\.*+?()[]{}|/")
_FLAGS = ((re.IGNORECASE, "i"), (re.DOTALL, "s"), (re.MULTILINE, "m"))


def javascript(pattern: re.Pattern[str] | re.Pattern[bytes]) -> dict[str, str]:
    """``source`` and ``flags`` for ``new RegExp``; a pattern of bytes is for their Latin-1 text.

    Raises ``ValueError`` for what has no counterpart.
    """
    written = pattern.pattern
    is_ascii = isinstance(written, bytes)
    source = written.decode("latin-1") if isinstance(written, bytes) else written
    flags = "u" + "".join(letter for flag, letter in _FLAGS if pattern.flags & flag)
    return {"source": "".join(_translated(source, is_ascii)), "flags": flags}


def _translated(source: str, is_ascii: bool) -> list[str]:
    outside = _ASCII_OUTSIDE if is_ascii else _OUTSIDE
    inside = _ASCII_INSIDE if is_ascii else _INSIDE
    found: list[str] = []
    place, in_class = 0, False
    while place < len(source):
        sign = source[place]
        if sign == "\\":
            escaped = source[place + 1]
            found.append(_escape(escaped, inside if in_class else outside, in_class))
            place += 2
            continue
        whole = next((text for text in _WHOLE_CLASSES if source.startswith(text, place)), None)
        if not in_class and whole and not is_ascii:
            found.append(_WHOLE_CLASSES[whole])
            place += len(whole)
            continue
        if in_class:
            in_class = sign != "]"
            found.append("\\[" if sign == "[" else sign)
        elif sign == "[":
            in_class = True
            found.append(sign)
        elif source.startswith("(?P<", place):
            found.append("(?<")
            place += 3
        elif source.startswith(("(?P=", "(?>", "(?(", "*+", "++", "?+", "}+"), place):
            raise ValueError(f"no counterpart in JavaScript: {source[place : place + 4]!r} in {source!r}")
        elif sign == "{" and not _COUNTS.match(source, place):
            found.append("\\{")
        elif sign == "}" and not re.search(r"\{[0-9]+(?:,[0-9]*)?\Z", source[:place]):
            found.append("\\}")
        else:
            found.append(sign)
        place += 1
    return found


def _escape(escaped: str, known: dict[str, str], in_class: bool) -> str:
    if escaped in known:
        return known[escaped]
    if escaped in _SYNTAX or escaped in "nrtfvxu" or (escaped == "-" and in_class):
        return "\\" + escaped
    if escaped.isalnum():
        raise ValueError(f"no counterpart in JavaScript: \\{escaped}")
    return escaped


def constants(module: ModuleType, without: Collection[str] = ()) -> dict[str, Any]:
    """The constants of a module that JSON can hold, without leading underscores; patterns as above."""
    found = {}
    for name, value in vars(module).items():
        if not _CONSTANT.fullmatch(name) or name in without:
            continue
        if (plain := _plain(value)) is not None:
            found[name.lstrip("_")] = plain
    return found


def _plain(value: object) -> Any:
    match value:
        case re.Pattern():
            return javascript(value)
        case bool() | int() | float() | str():
            return value
        case range():
            return [value.start, value.stop]
        case frozenset() if all(isinstance(item, str) for item in value):
            return sorted(value)
        case tuple() if all(isinstance(item, str) for item in value):
            return list(value)
        case dict() if all(isinstance(key, str) and isinstance(item, str | int) for key, item in value.items()):
            return value
        case _:
            return None
