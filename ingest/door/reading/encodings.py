"""Which encoding a text has, found by looking through all of it, and the same text in UTF-8.

What a supplier's old system writes is one of five: UTF-8 with or without byte order mark, UTF-16
with one (Excel's "Unicode text"), Windows-1252 and ISO-8859-15. The last two differ in 8 letters and
signs of text (€ Š š Ž ž Œ œ Ÿ) and in the bytes 80–9F, which only Windows uses.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ingest.door.reading.packed import Source
from ingest.door.reading.table import ReadError

_ASCII = bytes(range(128))
_WINDOWS_ONLY = frozenset(range(0x80, 0xA0))
_DIFFERENT = frozenset((0xA4, 0xA6, 0xA8, 0xB4, 0xB8, 0xBC, 0xBD, 0xBE))
_NOT_IN_WINDOWS_1252 = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))
# Signs of Windows-1252 that no extract needs (¤ ¦ ¨ ¸) are letters and the euro in ISO-8859-15. ´ is typed
# for an apostrophe inside words, ½ ¼ ¾ stand alone or after digits: there they are what Windows says.
_LETTER = rb"[A-Za-z\xc0-\xff]"
_LATIN_9 = re.compile(
    rb"[\xa4\xa6\xa8\xb8]|(?<!%b)\xb4%b|%b[\xbc-\xbe]|(?<![0-9])[\xbc-\xbe]%b" % (_LETTER, _LETTER, _LETTER, _LETTER)
)


def encoding_of(source: Source) -> str:
    """Name of the encoding. Raises ``ReadError`` FILE_ENCODING when it is none of the five."""
    high: set[int] = set()
    decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    for number, block in enumerate(source.blocks()):
        if number == 0 and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in block:  # no text, or UTF-16 without its mark
            raise ReadError("FILE_ENCODING")
        if block.isascii() and not high:
            continue
        if decoder is not None:
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                decoder = None
        high.update(block.translate(None, _ASCII))
    if decoder is not None:
        try:
            decoder.decode(b"", final=True)
            return "utf-8"
        except UnicodeDecodeError:
            pass
    if not high & _WINDOWS_ONLY:
        return "iso8859-15" if high & _DIFFERENT and _is_latin_9(source) else "cp1252"
    if high & _NOT_IN_WINDOWS_1252:
        raise ReadError("FILE_ENCODING")
    return "cp1252"


def _is_latin_9(source: Source) -> bool:
    last = b""
    for block in source.blocks():
        if _LATIN_9.search(last + block):
            return True
        last = block[-1:]
    return False


def utf_8_blocks(source: Source, encoding: str) -> Iterator[bytes]:
    """The text in UTF-8 without byte order mark, in blocks that may end inside a character."""
    if encoding == "utf-8":
        yield from _without_mark(source.blocks())
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in source.blocks():
            if text := decoder.decode(block):
                yield _checked(text)
        if text := decoder.decode(b"", final=True):
            yield _checked(text)
    except UnicodeDecodeError:
        raise ReadError("FILE_ENCODING") from None


def _checked(text: str) -> bytes:
    if "\0" in text:
        raise ReadError("FILE_ENCODING")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half of a pair of UTF-16
        raise ReadError("FILE_ENCODING") from None


def _without_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    start = b""
    for block in blocks:
        start += block
        if len(start) >= len(codecs.BOM_UTF8):
            break
    start = start.removeprefix(codecs.BOM_UTF8)
    if start:
        yield start
    yield from blocks
