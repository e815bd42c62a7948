"""Identifiers in the parts of a workbook that are no cells: properties, comments, links, shapes."""

from __future__ import annotations

from pathlib import PurePosixPath
from xml.parsers import expat

from ingest.identifiers.kinds import (
    BANK_ACCOUNT_NUMBER,
    EMAIL_ADDRESS,
    FREE_TEXT,
    KINDS,
    LEARNER_NUMBER,
    NAME,
    PERSONAL_IDENTITY_CODE,
)
from ingest.identifiers.text import kinds_in

# Kinds with so distinct a form that they may be looked for among the technical texts of a workbook
# (attributes, styles, formulas), which are full of numbers and long sentences.
_DISTINCT = frozenset({PERSONAL_IDENTITY_CODE, LEARNER_NUMBER, EMAIL_ADDRESS, BANK_ACCOUNT_NUMBER})
# Elements whose text is a number, a formula or another cell's business.
_TECHNICAL_ELEMENTS = frozenset({"v", "f", "formula", "formula1", "formula2", "definedName", "c"})
# Who saved the file last: an employee of the sender, whom the program writes there unasked.
_EDITORS = frozenset({"creator", "lastModifiedBy", "author", "Manager", "Company", "Application", "AppVersion"})
_TEXT_FOLDERS = ("docprops/", "customxml/")
_TEXT_NAMES = (
    "comments",
    "threadedcomment",
    "drawing",
    "vmldrawing",
    "sharedstrings",
    "sheet",
    "chart",
    "externallink",
)


def kinds_in_part(path: str, content: bytes) -> tuple[str, ...]:
    """Kinds of identifier in one member of a workbook's archive, in the order of ``KINDS``.

    ``path`` is the member's name in the archive, ``content`` its bytes. Texts of properties,
    comments, shapes, headers and unused shared strings are looked at for all kinds; attributes,
    formulas, styles and what is no XML for those of a form that nothing technical has. Names of the
    people who saved the file are no hit.
    """
    found = set(kinds_in(PurePosixPath(path).name)) - {FREE_TEXT}
    folded = path.casefold()
    if not folded.endswith((".xml", ".rels", ".vml")):
        return _ordered(found)
    texts, technical = _texts(content)
    is_text = folded.startswith(_TEXT_FOLDERS) or PurePosixPath(folded).name.startswith(_TEXT_NAMES)
    for element, text in texts:
        kinds = set(kinds_in(text))
        if not is_text or element in _TECHNICAL_ELEMENTS:
            kinds &= _DISTINCT
        elif element in _EDITORS:
            kinds.discard(NAME)
        found |= kinds
    for text in dict.fromkeys(technical):
        found |= set(kinds_in(text)) & _DISTINCT
    return _ordered(found)


def kinds_in_markup(content: bytes) -> tuple[str, ...]:
    """As ``kinds_in_part`` for an XML part that holds text (a comment, a property)."""
    return kinds_in_part("docProps/markup.xml", content)


def _texts(content: bytes) -> tuple[list[tuple[str, str]], list[str]]:
    """Texts with the local name of their element, and values of attributes.

    What is no well-formed XML is one technical text.
    """
    texts: list[tuple[str, str]] = []
    attributes: list[str] = []
    open_elements: list[str] = []
    collected: list[list[str]] = []
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def start(name: str, values: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        open_elements.append(local)
        collected.append([])
        attributes.extend(value for value in values.values() if len(value) > 4)

    def end(_name: str) -> None:
        element, text = open_elements.pop(), "".join(collected.pop())
        if text.strip():
            texts.append((element, text))
        # A text in several runs (a name half in bold) is one text.
        if element in {"t", "r", "si", "text", "p"} and collected:
            collected[-1].append(text)

    def data(text: str) -> None:
        if collected:
            collected[-1].append(text)

    def comment(text: str) -> None:
        attributes.append(text)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.CommentHandler = comment
    # Entities are never expanded: a workbook needs none, and they can fill the memory.
    parser.EntityDeclHandler = _refuse_entity
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, _EntityDeclaredError):
        attributes.append(content.decode("utf-8", errors="replace"))
    return texts, attributes


class _EntityDeclaredError(Exception):
    """An XML part declares an entity."""


def _refuse_entity(*_: object) -> None:
    raise _EntityDeclaredError


def _ordered(kinds: set[str]) -> tuple[str, ...]:
    return tuple(kind for kind in KINDS if kind in kinds)
