"""The written forms of identifiers: a coarse pattern for RE2, exact ones for a closer look.

``spans`` works on text as ``plain`` leaves it (ASCII digits, ``-`` for every dash, one kind of
blank). Sources: personal identity code and its signs, decree 128/2010 as amended from 2023; check
character modulo 31 shared with the electronic client identifier and the permanent building
identifier (Digital and Population Data Services Agency); learner number as an OID under
1.2.246.562.24 (Finnish National Agency for Education); ISO 13616 for IBAN; ITU-T E.164 and the
national numbering plan for phone numbers; ETRS-TM35FIN as in JHS 197.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from stdnum import iban, numdb

from ingest.identifiers.kinds import (
    BANK_ACCOUNT_NUMBER,
    BIRTH_DATE,
    BUILDING_IDENTIFIER,
    COORDINATES,
    ELECTRONIC_CLIENT_IDENTIFIER,
    EMAIL_ADDRESS,
    LEARNER_NUMBER,
    PERSONAL_IDENTITY_CODE,
    PHONE_NUMBER,
    STREET_ADDRESS,
)
from ingest.identifiers.words import is_own_word, is_place

Span = tuple[int, int, str]

# Years in which the clients of the contracts are born (contract `client`, column birth_year): a
# full date of these years where no date belongs is taken for a date of birth.
BIRTH_YEARS = range(1985, 2021)

# ---- plain text ------------------------------------------------------------------------------

_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u00ad\ufe58\ufe63\uff0d")
_MARKS = {"\u00ba": "°", "\u2019": "'", "\u02bc": "'", "\u2032": "'", "\u00b4": "'", "\u2033": '"', "\u201d": '"'}


def composed(text: str) -> str:
    """``text`` with composed letters and without invisible characters (soft hyphens, joiners)."""
    if text.isascii():
        return text
    composed_text = unicodedata.normalize("NFC", text)
    return "".join(letter for letter in composed_text if unicodedata.category(letter) != "Cf")


def plain(text: str) -> str:
    """``text`` (composed) with look-alikes of digits, dashes and blanks made plain; same length."""
    return text if text.isascii() else "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if character.isascii() or "À" <= character <= "ž":
        return character
    if character in _DASHES:
        return "-"
    if character in _MARKS:
        return _MARKS[character]
    if unicodedata.category(character) == "Zs":
        return " "
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    compatible = unicodedata.normalize("NFKC", character)
    return compatible if len(compatible) == 1 else character


# ---- exact patterns --------------------------------------------------------------------------

_START, _END = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
# Letters of the check character: without G, I, O, Q and Z.
_CHECK = "[0-9A-FHJ-NPR-Ya-fhj-npr-y]"
_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_CENTURIES = {"+": 1800} | dict.fromkeys("-YXWVU", 1900) | dict.fromkeys("ABCDEF", 2000)
# Keyed hashes (keys of the contracts) and UUIDs are technical ids; their groups of digits look like many things.
KEY_LENGTH = 64
_TECHNICAL_ID = re.compile(
    rf"{_START}(?:[0-9A-Fa-f]{{{KEY_LENGTH}}}|[0-9A-Fa-f]{{8}}(?:-[0-9A-Fa-f]{{4}}){{3}}-[0-9A-Fa-f]{{12}}){_END}"
)

# Blanks are tolerated anywhere in a code that has its sign (two fields, or letter-spaced), and
# points between day, month and year. Without the sign: one blank before the number.
_SIGNED_CODE = re.compile(
    rf"{_START}(?P<day>[0-3] ?[0-9][ .]?[01] ?[0-9][ .]?[0-9] ?[0-9]) ?(?P<sign>[-+A-FU-Ya-fu-y]) ?"
    rf"(?P<number>[0-9] ?[0-9] ?[0-9]) ?(?P<check>{_CHECK}){_END}"
)
_UNSIGNED_CODE = re.compile(
    rf"{_START}(?P<day>[0-3][0-9][01][0-9]{{3}}) ?(?P<number>[0-9]{{3}})(?P<check>{_CHECK}){_END}"
)
_CHECKED_NUMBER = re.compile(rf"{_START}(?P<digits>[0-9]{{8,9}})(?P<check>{_CHECK}){_END}")
# Nodes 24 and 98 of the person register of the education administration.
_LEARNER = re.compile(r"(?<![0-9.])1\.2\.246\.562\.(?:24|98)\.[0-9]{8,14}(?![0-9])")
# A local part has at most 64 characters (RFC 5321); looking no further keeps the time in proportion
# to the text, also in one endless word.
_LOCAL_PART = 64
_BEFORE_AT = re.compile(r"[^\s@<>()\[\]{}\",;:|=]*[^\W_][._+'-]*\Z")
_AFTER_AT = re.compile(r"[^\W_][\w.-]*[^\W_]|[^\W_]")
_WRITTEN_AT = re.compile(
    rf"[^\W_][\w.+'-]{{0,{_LOCAL_PART}}}\s?[(\[{{]\s?(?:at|a|ät|miukumauku)\s?[)\]}}]\s?[^\W_][\w.-]*",
    re.IGNORECASE,
)
_IBAN = re.compile(rf"{_START}[A-Za-z]{{2}}[0-9]{{2}}(?:[ -]?[0-9A-Za-z]){{11,30}}")
_SEPARATED = r"(?:[ .\-/()]{0,3}[0-9])"
_INTERNATIONAL = re.compile(
    rf"(?<![0-9A-Za-z+])\+ ?[(]?[1-9]{_SEPARATED}{{6,14}}{_END}"
    rf"|(?<![0-9A-Za-z.])00[ -]?[1-9]{_SEPARATED}{{7,13}}{_END}"
    rf"|(?<![0-9A-Za-z.])358[ -][1-9]{_SEPARATED}{{5,10}}{_END}"
    rf"|(?<![0-9A-Za-z.])358(?:4[0-9]|50)(?:[0-9]{{7}}|[ -]{_SEPARATED}{{5,8}}){_END}"
)
# A national number: area or mobile code with its 0. Not in the middle of a date or a decimal.
_NATIONAL = re.compile(rf"(?<![0-9A-Za-z])(?<![0-9][.\-/:])\(?0\)?[1-9]{_SEPARATED}{{5,10}}{_END}")
# What is read as a date before phone numbers are looked for: whole dates and months with a year.
# Eight digits without a sign only from 2021 on: of earlier years they are as good a phone number,
# and a date of birth is no better.
_DATES = re.compile(
    r"(?<![0-9])(?:[0-3]?[0-9] ?[./-] ?[01]?[0-9] ?[./-] ?(?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}[./-][01]?[0-9][./-][0-3]?[0-9]"
    r"|[0-3]?[0-9]\.[01]?[0-9]\.[0-9]{2}|(?:0?[1-9]|1[0-2])[./](?:19|20)[0-9]{2}"
    r"|[0-3][0-9][01][0-9]20(?:2[1-9]|[3-9][0-9]))(?![0-9])"
    r"|(?<![0-9])[0-3][0-9] [01][0-9] (?:19|20)[0-9]{2}(?![0-9])"
)
_DATE_GROUPS = re.compile(r"[0-3]?[0-9] [01]?[0-9] (?:19|20)[0-9]{2}")
_DIGITS = re.compile("[0-9]+")
# A cell that is one number: with decimals, or with its thousands apart.
_NUMBER = re.compile(r"-?(?:(?:0|[1-9][0-9]*)[.,][0-9]+|(?!358)[1-9][0-9]{0,2}(?: [0-9]{3})+(?:[.,][0-9]+)?)")

_FIRM_STREETS = (
    "katu kadun kadulla kadulta kadulle tie tien tiellä tieltä tielle kuja kujan kujalla kujalle polku polun polulla "
    "raitti bulevardi esplanadi aukio väylä puistikko tanhua penger pengertie taival "
    "gatan gata vägen gränd gränden stigen torget allén esplanaden esplanad boulevard boulevarden bulevarden "
    "street avenue"
)
# Words of nature and buildings are street names only as the end of a compound.
_COMPOUND_STREETS = (
    "kaari rinne ranta mäki piha pihat portti puisto laituri silta veräjä haara harju kallio kulma kumpu lehto "
    "niemi niitty pelto tori linja kierto kehä reuna rivi aitta aho metsä nummi kangas suora kaarre mutka laita "
    "laakso käytävä väg stig torg backen stranden platsen kajen bryggan brinken parken ringen svängen kroken leden "
    "lunden bågen gården tomten åsen linjen allé planen slingan road"
)
_HOUSE = r"[0-9]{1,4}(?![0-9])(?![.,][0-9])"
_STREET = re.compile(
    rf"(?P<firm>{'|'.join(_FIRM_STREETS.split())})(?:,?[ _]{{1,2}}{_HOUSE}"
    rf"|(?<=[^\W\d_]{{7}})[0-9]{{1,3}}[a-z]?(?![^\W_]))"
    rf"|(?<=[^\W\d_]{{2}})(?:{'|'.join(_COMPOUND_STREETS.split())}),?[ _]{{1,2}}{_HOUSE}"
    r"|(?<![^\W_])P\.? ?[LB]\.? ?[0-9]{1,5},? +[0-9]{5}(?![0-9])",
    re.IGNORECASE,
)
_OTHER_PATHS = ("palvelu", "hoito", "asiakas", "oppimis", "koulutus", "kuntoutus")
_POSTAL = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:FI|AX)[ -]?)?(?P<code>[0-9]{5})[ ,_]{1,2}(?P<place>[^\W\d_][^\W\d_-]+)"
    r"|(?<![0-9A-Za-z])(?:SE?[ -]?)?(?P<swedish>[1-9][0-9]{2} [0-9]{2}) +(?P<town>[A-ZÅÄÖ][^\W\d_-]+)"
)

_DECIMALS = r"[.,][0-9]"
# Between the two numbers of a pair: marks, and what the second one is called.
_APART = r"(?: ?°)?(?: ?[NSEWPIL])?(?: ?m)?[\s,;/|\"']{1,4}(?:[^\W\d_]{1,12}[\"']?[:=]? ?)?"
_WGS84 = re.compile(
    # in and around Finland, from a hundred metres on
    rf"(?<![0-9.,])(?:59|6[0-9]|70){_DECIMALS}{{3,}}{_APART}0?(?:19|2[0-9]|3[01]){_DECIMALS}{{3,}}"
    rf"|(?<![0-9.,])0?(?:19|2[0-9]|3[01]){_DECIMALS}{{3,}}{_APART}(?:59|6[0-9]|70){_DECIMALS}{{3,}}"
    # anywhere, from ten metres on
    rf"|(?<![0-9.,])[0-9]{{1,3}}\.[0-9]{{4,}}{_APART}-?[0-9]{{1,3}}\.[0-9]{{4,}}(?![0-9.])"
    # degrees, minutes and seconds
    r"|[0-9] ?°\s?(?:[0-9]|[NSEWPIL](?![A-Za-z]))",
    re.IGNORECASE,
)
_NORTH = r"(?:6[5-9]|7[0-8])[0-9]{5}(?:[.,][0-9]+)?"
# TM35FIN, the uniform coordinates before it (zone 3) and the GK zones 19 to 31.
_EAST = r"(?:3[1-7][0-9]{5}|(?:19|2[0-9]|3[01])[0-9]{6}|[1-7][0-9]{5}|[5-9][0-9]{4})(?:[.,][0-9]+)?"
_GRID = re.compile(
    rf"(?<![0-9.,])(?:{_NORTH}{_APART}{_EAST}|{_EAST}{_APART}{_NORTH})(?![0-9])",
    re.IGNORECASE,
)

_MONTHS = (
    "tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu",
    "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december",
    "january|february|march|april|may|june|july|august|september|october|november|december",
)
_WRITTEN_MONTH = rf"(?:(?:{_MONTHS[0]})kuu(?:ta|n|ssa)?|{_MONTHS[1]}|{_MONTHS[2]})"
_DATE = (
    r"(?:(?P<iso>(?:19|20)[0-9]{2}[-./](?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12][0-9]|3[01]))"
    r"|(?P<day_first>(?:0?[1-9]|[12][0-9]|3[01])[-./] ?(?:0?[1-9]|1[0-2])[-./] ?(?:(?:19|20)[0-9]{2}|[0-9]{2}))"
    rf"|(?P<written>(?:0?[1-9]|[12][0-9]|3[01])\.?(?:st|nd|rd|th)? {_WRITTEN_MONTH},? (?:19|20)[0-9]{{2}}"
    rf"|{_WRITTEN_MONTH} [0-3]?[0-9](?:st|nd|rd|th)?,? (?:19|20)[0-9]{{2}}))"
)
ANY_DATE = re.compile(rf"(?<![0-9A-Za-z.,\-/]){_DATE}(?![0-9A-SU-Za-su-z]|[.,\-/][0-9])", re.IGNORECASE)
_BORN = re.compile(
    r"(?<![^\W_])(?:synt(?:ynyt|yi|\.|aika)?|syntymäaika|syntymäpäivä|s\.|född|född den|f\.|födelse(?:datum|tid|dag)"
    rf"|born(?: on)?|b\.|dob|d\.o\.b\.|(?:date of )?birth(?:[ _-]?da(?:te|y))?)[ _]*[:=]?[ _]*(?:on |den )?{_DATE}"
    r"(?![0-9])",
    re.IGNORECASE,
)


# ---- coarse pattern --------------------------------------------------------------------------

# For RE2 (no look-around), which looks through a gigabyte in seconds: matches wherever an exact
# pattern does, and in some other places, in ASCII text. What a delivery normally holds (hexadecimal
# keys, codes in capitals, ISO and Finnish dates, numbers) matches nowhere.
# Written out for ASCII: the program for every other letter of Unicode costs more than the search.
_NO_LETTER = r"[\x00-/:-@\[-`{-\x7f]"
_NO_DIGIT = r"[\x00-/:-\x7f]"
_B, _E = rf"(?:^|{_NO_LETTER})", rf"(?:$|{_NO_LETTER})"
# Before a phone number: not the middle of a date or decimal.
_P = r"(?:^[.\-/:]?|[\x00-,;-@\[-`{-\x7f]|[\x00-/:-\x7f][.\-/:])"
_GAP = r"[ A-Za-z\"']{0,4}[ ,;/|\"'\t\r\n]{1,4}(?:[A-Za-z]{1,12}[\"']?[:=]? ?)?-?"
_S = r"[ .\-/()]{1,3}"
# The third group of digits of a date is a year.
_NO_YEAR = (
    rf"(?:[0-9](?:$|{_NO_DIGIT})|[0-9]{{3}}(?:$|{_NO_DIGIT})|[0-9]{{5}}|[03-9][0-9]{{3}}|1[0-8][0-9]{{2}}"
    rf"|2[1-9][0-9]{{2}}|[0-9]{{2,4}}{_S}[0-9])"
)


def _any_case(words: str) -> str:
    """``words`` (ASCII) in small, capital and mixed letters, without the folding of Unicode."""
    return "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in words.split())


# The firm streets as far as a house number may follow at once, with their letters made plain.
_UNBROKEN_STREETS = " ".join(word.translate(str.maketrans("åäö", "aao")) for word in _FIRM_STREETS.split())
_ALTERNATIVES = (
    r"[@+\[{]|\( ?[Aa]",
    rf"{_B}[0-3] ?[0-9][ .]?[01] ?[0-9][ .]?[0-9] ?[0-9] ?[-A-FU-Ya-fu-y]? ?[0-9] ?[0-9] ?[0-9] ?{_CHECK}{_E}",
    rf"{_B}[0-9]{{8,9}}{_CHECK}{_E}",
    r"1\.2\.246\.562\.",
    # IBAN: those whose country is no two hexadecimal digits
    rf"{_B}(?:[A-Za-z][G-Zg-z]|[G-Zg-z][A-Za-z])[0-9]{{2}}(?:[ -]?[0-9A-Za-z]){{11}}",
    # phone numbers, without those in the shape of a date (two, two and four digits)
    rf"{_P}0(?:[1-9][0-9]{{5,10}}{_E}|[1-9][0-9]{{1,5}}{_S}[0-9]|\){_S}?[1-9]|{_S}[1-9])",
    rf"{_P}0[1-9]{_S}(?:[0-9]{{3}}|[2-9][0-9]{_S}|[0-9]{{1,2}}{_S}{_NO_YEAR})",
    rf"{_B}00(?:[1-9][0-9]{{7,13}}{_E}|[ -][1-9]|[1-9][0-9]{{0,9}}{_S}[0-9])",
    rf"{_B}358(?:[45][0-9]{{8}}{_E}|[ -][1-9]|[1-9][0-9]{{0,6}}{_S}[0-9])",
    # coordinates
    rf"[.,][0-9]{{3,}}{_GAP}(?:0?19|0?2[0-9]|0?3[01]|59|6[0-9]|70)[.,][0-9]{{3}}",
    rf"\.[0-9]{{4,}}{_GAP}[0-9]{{1,3}}\.[0-9]{{4}}",
    rf"(?:^|[\x00-+\-/:-\x7f])[1-9][0-9]{{4,7}}(?:[.,][0-9]+)?{_GAP}[1-9][0-9]{{4,7}}(?:$|{_NO_DIGIT})",
    # names, addresses, words before a date of birth
    r"[A-Z][a-z]{2}|[A-Z]'[A-Z]|[A-Za-z],? {1,2}[A-Za-z]|[a-z]{2}[._-][a-z]{2}",
    r"[A-Z]\. ?[A-Z]|[A-Z],? [A-Z]\.",
    r"[A-Za-z],?[ _]{1,2}[0-9]|[0-9][ ,_]?[ _][A-Za-z]|[Pp]\.? ?[LlBb]\.? ?[0-9]{1,5},? ",
    rf"(?:{_any_case(_UNBROKEN_STREETS)})[0-9]",
    rf"(?:{_any_case('synt born birth dob s. f. b.')}|[Dd]\.[Oo]\.[Bb])[A-Za-z .:=_-]{{0,16}}[0-9]",
)
# IBAN of the other countries, with the digits they have: together with the rest, RE2's automaton grows
# out of its memory and the search takes three times as long.
_HEXADECIMAL_IBAN = rf"{_B}(?:[Aa][DdEe]|[Bb][AaEe]|[DdEe][Ee])[0-9]{{2}}(?:[ -]?[0-9A-Za-z]){{12,20}}{_E}"
COARSE = ("|".join(_ALTERNATIVES), _HEXADECIMAL_IBAN)


# ---- closer look -----------------------------------------------------------------------------


def spans(text: str) -> list[Span]:
    """Identifiers with a form of their own in ``text`` (plain), as (start, end, kind), in order.

    Where two kinds claim the same characters, the one named first in ``KINDS`` and most certain has
    them; a code that fits two kinds (check characters are shared) is given as the first.
    """
    if len(text) < SHORTEST or _NUMBER.fullmatch(text):
        return []
    if "-" in text or len(text) >= KEY_LENGTH:
        text = _TECHNICAL_ID.sub(lambda match: "\0" * len(match[0]), text)
    return free_spans(text, [], (span for look in _LOOKS for span in look(text)))


def free_spans(text: str, found: Sequence[Span], more: Iterable[Span]) -> list[Span]:
    """``found`` and those of ``more`` whose characters nobody before them has, in order."""
    taken = bytearray(len(text))  # comparing every two spans would take time by their square
    kept = list(found)
    for start, end, _kind in found:
        taken[start:end] = b"\1" * (end - start)
    for start, end, kind in more:
        if not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            kept.append((start, end, kind))
    return sorted(kept)


def _codes(text: str) -> Iterator[Span]:
    for match in _SIGNED_CODE.finditer(text):
        day = re.sub("[ .]", "", match["day"])
        sign = match["sign"].upper()
        if _day_exists(day, [_CENTURIES[sign]]):
            yield *match.span(), PERSONAL_IDENTITY_CODE
    for match in _UNSIGNED_CODE.finditer(text):
        # Ten digits are many things: there the check character must fit.
        if (match["check"].isalpha() or _check_fits(match["day"] + match["number"], match["check"])) and _day_exists(
            match["day"], [1800, 1900, 2000]
        ):
            yield *match.span(), PERSONAL_IDENTITY_CODE


def _checked_numbers(text: str) -> Iterator[Span]:
    for match in _CHECKED_NUMBER.finditer(text):
        if _check_fits(match["digits"], match["check"]):
            kind = ELECTRONIC_CLIENT_IDENTIFIER if len(match["digits"]) == 8 else BUILDING_IDENTIFIER
            yield *match.span(), kind


def _learner_numbers(text: str) -> Iterator[Span]:
    for match in _LEARNER.finditer(text):
        yield *match.span(), LEARNER_NUMBER


def _emails(text: str) -> Iterator[Span]:
    at = text.find("@")
    while at >= 0:
        before = _BEFORE_AT.search(text, max(0, at - _LOCAL_PART), at)
        after = _AFTER_AT.match(text, at + 1)
        if before and after:
            yield before.start(), after.end(), EMAIL_ADDRESS
        at = text.find("@", at + 1)
    for match in _WRITTEN_AT.finditer(text):
        yield *match.span(), EMAIL_ADDRESS


def _accounts(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        length = _iban_length(match[0][:2].upper())
        end = match.start()
        characters = 0
        while end < match.end() and characters < length:
            characters += text[end] not in " -"
            end += 1
        if characters < length or not length or (end < len(text) and text[end].isalnum()):
            continue
        number = re.sub("[ -]", "", text[match.start() : end]).upper()
        # A Finnish account with a typing error is still somebody's account.
        domestic = number[:2] in {"FI", "AX"} and number[2:].isdigit()
        if domestic or iban.is_valid(number, check_country=False):
            yield match.start(), end, BANK_ACCOUNT_NUMBER


def _iban_length(country: str) -> int:
    """Characters of an IBAN of that country; 0 when it has none."""
    if country == "AX":
        country = "FI"
    properties = numdb.get("iban").info(country)[0][1]  # the register of ISO 13616 in python-stdnum
    parts = re.findall(r"([1-9][0-9]*)!", properties.get("bban", "")) if properties else []
    return 4 + sum(map(int, parts)) if parts else 0


def _phones(text: str) -> Iterator[Span]:
    text = _DATES.sub(lambda match: "\0" * len(match[0]), text)
    for match in _INTERNATIONAL.finditer(text):
        yield *match.span(), PHONE_NUMBER
    for match in _NATIONAL.finditer(text):
        groups = _DIGITS.findall(match[0])
        if 7 <= sum(map(len, groups)) <= 12 and not _DATE_GROUPS.fullmatch(" ".join(groups)):
            yield *match.span(), PHONE_NUMBER


def _addresses(text: str) -> Iterator[Span]:
    for match in _STREET.finditer(text):
        start = match.start()
        if match["firm"] and text[:start].casefold().endswith(_OTHER_PATHS):
            continue  # paths of care and of studies are numbered like streets
        while start > 0 and (text[start - 1].isalpha() or text[start - 1] in "'-"):
            start -= 1
        if not text[start - 1 : start].isdigit():  # else the end of a technical id
            yield start, match.end(), STREET_ADDRESS
    for match in _POSTAL.finditer(text):
        place = match["place"] or match["town"]
        if is_place(place) or (place[0].isupper() and not is_own_word(place)):
            yield *match.span(), STREET_ADDRESS


def _coordinates(text: str) -> Iterator[Span]:
    for pattern in (_WGS84, _GRID):
        for match in pattern.finditer(text):
            yield *match.span(), COORDINATES


def _births(text: str) -> Iterator[Span]:
    for match in _BORN.finditer(text):
        yield *match.span(), BIRTH_DATE


_LOOKS = (
    _learner_numbers, _codes, _emails, _accounts, _births, _coordinates, _phones, _checked_numbers, _addresses,
)  # fmt: skip
# A house number at the end of a short street ("Tie 1").
SHORTEST = 5


def birth_dates(text: str) -> list[Span]:
    """Full dates of ``BIRTH_YEARS`` in ``text`` (plain), for places where no date belongs."""
    return [(*match.span(), BIRTH_DATE) for match in ANY_DATE.finditer(text) if _year_of(match) in BIRTH_YEARS]


def _year_of(match: re.Match[str]) -> int:
    if match["iso"]:
        return int(match["iso"][:4])
    year = re.search(r"[0-9]+$", match["day_first"] or match["written"])
    assert year is not None  # both forms end in the year
    if len(year[0]) == 4:
        return int(year[0])
    return 1900 + int(year[0]) if int(year[0]) > 30 else 2000 + int(year[0])


def _day_exists(day: str, centuries: list[int]) -> bool:
    parts = int(day[4:]), int(day[2:4]), int(day[:2])
    return any(_exists(century + parts[0], *parts[1:]) for century in centuries)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _check_fits(digits: str, check: str) -> bool:
    return _CHECK_CHARACTERS[int(digits) % len(_CHECK_CHARACTERS)] == check.upper()
