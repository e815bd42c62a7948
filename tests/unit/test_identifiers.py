"""Finding personal identity codes. All codes here are artificial (numbers 900 to 999)."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ingest.identifiers import (
    FREE_TEXT,
    WITHHELD,
    contains_identifier,
    hits_in_table,
    may_contain_identifier,
    rows_with_identifier,
    withhold_identifiers,
)

HITS = {
    "check-does-not-fit": "010190-999K",
    "century-1800": "010190+999K",
    **{f"sign-{sign}": f"010104{sign}999K" for sign in "ABCDEFYXWVU"},
    "lower-case": "010104a999k",
    "leap-day-2000": "290200A999K",
    "inside-text": "asiakas (010190-999K) soitti",
    "inside-oid": "1.2.246.21.010190-999K",
    "file-name": "client_010190-999K.csv",
    "blanks-round-the-sign": "010190 - 999K",
    "en-dash": "010190\u2013999K",
    "minus-sign": "010190\u2212999K",
    # 10190999 mod 31 = 28, the place of W among the check characters
    "without-sign-check-fits": "010190999W",
}
MISSES = {
    "no-such-day": "310290-999K",
    "no-leap-day-1900": "290200-999K",
    "no-such-month": "011390-999K",
    "check-letter-never-used": "010190-999G",
    "part-of-a-longer-token": "x010190-999K",
    "longer-number": "010190-9991234",
    "without-sign-check-does-not-fit": "1101909999",
    "date": "2025-10-20",
    "ulid": "01JAZ000000000000000000001",
    "empty": "",
}


@pytest.mark.parametrize("text", HITS.values(), ids=HITS.keys())
def test_finds_a_code_in_every_way_of_writing(text):
    assert contains_identifier(text)
    assert may_contain_identifier(text.encode())
    assert rows_with_identifier(pa.array(["2025-10-20", None, text])) == [2]
    withheld = withhold_identifiers(text)
    assert WITHHELD in withheld and not contains_identifier(withheld)


@pytest.mark.parametrize("text", MISSES.values(), ids=MISSES.keys())
def test_leaves_alone_what_only_looks_alike(text):
    assert not contains_identifier(text)
    assert rows_with_identifier(pa.array([text])) == []
    assert withhold_identifiers(text) == text


def test_pseudonyms_are_no_hits():
    keys = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(20_000)]
    assert rows_with_identifier(pa.array(keys)) == []


@given(
    st.text() | st.text("aäöåÄÖÅ ,;.-"),  # the letters of the languages oftener than chance brings them
    st.sampled_from(list(HITS.values())),
    st.text() | st.text("aäöåÄÖÅ ,;.-"),
)
@example("Ä", "010190-999K", "")
@example("", "010190-999K", "ö")
def test_quick_look_never_misses_what_the_close_look_finds(before, code, after):
    text = before + code + after
    if contains_identifier(text):
        assert may_contain_identifier(text.encode("utf-8", errors="ignore"))


@pytest.mark.parametrize("unit", ["x", "a@", "1°", "0-", "[a"])
def test_a_text_without_end_is_looked_through(unit):
    """Time in proportion to the text: by its square these would take from minutes to an hour."""
    text = unit * (400_000 // len(unit))
    contains_identifier(text)
    assert contains_identifier(f"{text} etunimi.sukunimi@example.fi")


def test_a_narrative_as_long_as_a_key_is_free_text_without_suspicion():
    narrative = "kertoi olevansa kotona eika halunnut puhua enempaa tanaan lainkaa"[:64]
    column = pa.chunked_array([pa.array([narrative, "ab" * 32])])
    assert len(narrative) == 64
    assert ("note", 0, FREE_TEXT) in set(hits_in_table({"note": column}, {"note": "key"}, suspicious=False))
