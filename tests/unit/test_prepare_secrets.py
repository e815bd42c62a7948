"""Secrets of `prepare`: where they may come from, and which are refused."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
import zlib

import duckdb
import pytest

from ingest.prepare import CLIENT_SECRET_VARIABLE, SUPPLIER_SECRET_VARIABLE, new_secret, read_secrets
from ingest.prepare.keying import (
    LOCAL_NUMBER,
    PERSONAL_IDENTITY_CODE,
    Secrets,
    hmac_blocks,
    hmac_sql,
    kind_of_key,
    normalised_identity_sql,
)
from ingest.prepare.run import _connection
from tests.unit.prepare_sources import hetu


def codes(problems) -> list[str]:
    return [problem.code for problem in problems]


def test_a_new_secret_is_random_private_and_good(tmp_path):
    for name in ("client", "supplier"):
        new_secret(tmp_path / name)
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    found, problems = read_secrets(tmp_path / "client", tmp_path / "supplier", {})
    assert problems == []
    assert found is not None
    assert found.client != found.supplier
    assert len(found.client) == len(found.supplier) == 32


def test_a_secret_is_never_overwritten(tmp_path):
    new_secret(tmp_path / "secret")
    before = (tmp_path / "secret").read_bytes()
    with pytest.raises(FileExistsError):
        new_secret(tmp_path / "secret")
    assert (tmp_path / "secret").read_bytes() == before


def test_secrets_may_come_from_the_environment():
    client, supplier = secrets.token_hex(32), secrets.token_hex(32)
    found, problems = read_secrets(None, None, {CLIENT_SECRET_VARIABLE: client, SUPPLIER_SECRET_VARIABLE: supplier})
    assert problems == []
    assert (found.client.hex(), found.supplier.hex()) == (client, supplier)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "secret"
    new_secret(path)
    path.chmod(mode)
    found, problems = read_secrets(path, None, {SUPPLIER_SECRET_VARIABLE: secrets.token_hex(32)})
    assert found is None
    assert codes(problems) == ["SECRET_MODE"]


def test_a_link_and_a_missing_file_are_refused(tmp_path):
    new_secret(tmp_path / "secret")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    _, problems = read_secrets(tmp_path / "link", tmp_path / "nothing", {})
    assert codes(problems) == ["SECRET_FILE", "SECRET_FILE"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "SECRET_FORM"),
        ("correct horse battery staple", "SECRET_FORM"),
        ("ab" * 31, "SECRET_FORM"),
        ("00" * 32, "SECRET_WEAK"),
        (bytes(range(32)).hex(), "SECRET_WEAK"),
        (b"0123456789abcdef0123456789ABCDEF".hex(), "SECRET_WEAK"),
        ("0123456789abcdef" * 4, "SECRET_WEAK"),
    ],
)
def test_what_can_be_guessed_is_refused_and_not_repeated(text, code):
    found, problems = read_secrets(
        None, None, {CLIENT_SECRET_VARIABLE: text, SUPPLIER_SECRET_VARIABLE: secrets.token_hex(32)}
    )
    assert found is None
    assert codes(problems) == [code]
    assert not text or text not in problems[0].text()


def test_all_that_is_wrong_is_told_at_once():
    _, problems = read_secrets(None, None, {})
    assert codes(problems) == ["SECRET_MISSING", "SECRET_MISSING"]
    same = secrets.token_hex(32)
    _, problems = read_secrets(None, None, {CLIENT_SECRET_VARIABLE: same, SUPPLIER_SECRET_VARIABLE: same})
    assert codes(problems) == ["SECRET_SAME"]


@pytest.mark.parametrize("message", ["", "010203A901X", "Ää\x1f€", "x" * 200])
def test_keys_in_sql_are_the_hmac_of_the_standard(message):
    secret = os.urandom(32)
    with duckdb.connect() as connection:
        for name, block in zip(("inner", "outer"), hmac_blocks(secret), strict=True):
            connection.execute(f"set variable client_{name} = $1", [block])
        key = connection.execute(f"select {hmac_sql('m', 'client')} from (select $1 as m)", [message]).fetchone()[0]
    assert key == hmac.new(secret, message.encode(), hashlib.sha256).hexdigest()


def normalised(text: str | None, identity: str = PERSONAL_IDENTITY_CODE) -> str | None:
    with duckdb.connect() as connection:
        query = f"select {normalised_identity_sql('x', identity)} from (select $1::varchar as x)"
        return connection.execute(query, [text]).fetchone()[0]


@pytest.mark.parametrize("sign", "-YXWVUABCDEF+")
def test_every_century_sign_is_read_and_kept(sign):
    code = hetu("280290", sign, 950)
    assert normalised(code.lower()) == code


def test_leap_days_exist_in_leap_years_only():
    assert normalised(hetu("290204", "A", 950))
    assert normalised(hetu("290203", "A", 950)) is None
    # 1900 was no leap year, 2000 was one: the sign decides.
    assert normalised(hetu("290200", "-", 950)) is None
    assert normalised(hetu("290200", "A", 950))


@pytest.mark.parametrize(
    "text",
    [None, "", "17", "010203901", "0102033A901X", "010203G901X", "010203A901", "310203A901X", "Asiakas Anna"],
)
def test_what_is_no_identity_code_gives_no_key(text):
    assert normalised(text) is None


def test_a_wrong_check_character_gives_no_key():
    code = hetu("010203", "A", 950)
    others = [code[:-1] + check for check in "0123456789ABCDEFHJKLMNPRSTUVWXY" if check != code[-1]]
    assert [normalised(other) for other in others[:5]] == [None] * 5


def test_local_numbers_are_taken_as_they_are():
    assert normalised("ab-17", LOCAL_NUMBER) == "AB-17"
    assert normalised("", LOCAL_NUMBER) is None


def test_the_same_worker_has_the_same_kind_of_key_everywhere():
    assert {kind_of_key(name) for name in ("worker_key", "from_worker_key", "to_worker_key")} == {"worker"}
    assert kind_of_key("team_key") == "team"


# ---- what does not fit into memory -----------------------------------------------------------------


def spilled(connection, folder) -> bytes:
    """What lies on disk while identity numbers are held that do not fit into memory."""
    connection.execute("set threads = 1")
    connection.execute("set memory_limit = '8MB'")
    connection.execute(
        "create temp table person as select '010190-' || (range % 1000) || 'K' || hash(range) as number "
        "from range(400000)"
    )
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_identity_numbers_that_spill_to_disk_cannot_be_read_there(tmp_path):
    """A killed run leaves its files behind: their key was in its memory only."""
    plain = tmp_path / "plain"
    with duckdb.connect(config={"temp_directory": str(plain)}) as connection:
        assert spilled(connection, plain).count(b"010190-") > 1000  # so they would be found
    with _connection(tmp_path, "8MB", Secrets(bytes(range(32)), bytes(range(1, 33)))) as connection:
        left = spilled(connection, tmp_path / "spill")
    assert len(left) > 1_000_000
    assert left.count(b"010190") == 0
    assert len(zlib.compress(left)) > 0.9 * len(left)  # nor anything else
