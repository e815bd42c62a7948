"""Secrets, and the keys that are made with them.

``client_key`` is HMAC-SHA-256 of the identity number with the secret of the key domain, as 64
hexadecimal digits; every other key is HMAC-SHA-256 of kind and number with the supplier's own
secret, so that a worker and a team with the same number get different keys.

The identity number is brought to one form first: blanks removed, capital letters, any kind of
hyphen as ``-``. Century signs stay as they are: ``-`` and ``Y X W V U`` (1900s), ``A`` and
``B C D E F`` (2000s) are different codes of different persons since the decree in force from
2023, so ``010190-…`` and ``010190Y…`` must give different keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.prepare.messages import Problem
from ingest.secret_files import SECRET_BYTES, SecretFileError, decoded_secret, read_secret_text, write_secret

CLIENT_SECRET_VARIABLE = "AFTERCARE_CLIENT_SECRET"
SUPPLIER_SECRET_VARIABLE = "AFTERCARE_SUPPLIER_SECRET"
PERSONAL_IDENTITY_CODE, LOCAL_NUMBER = "personal_identity_code", "local_number"
CLIENT_KIND = "client"

_BLOCK = 64
# Parts of a key are joined by a character that no file holds inside a value.
_SEPARATOR = "chr(31)"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"
_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"


@dataclass(frozen=True, repr=False)
class Secrets:
    """The two secrets of a supplier. Has no readable form, so that none lands in a log."""

    client: bytes
    supplier: bytes


def new_secret(path: Path) -> None:
    """Write a new random secret to ``path``, readable by its owner only.

    Raises ``FileExistsError`` when there is a file: an overwritten secret would break every key.
    """
    write_secret(path)


def read_secrets(
    client_file: Path | None, supplier_file: Path | None, environment: Mapping[str, str]
) -> tuple[Secrets | None, list[Problem]]:
    """Both secrets, each from its file or else from the environment, and what is wrong with them."""
    problems: list[Problem] = []
    found = []
    for file, variable, option in (
        (client_file, CLIENT_SECRET_VARIABLE, "--client-secret-file"),
        (supplier_file, SUPPLIER_SECRET_VARIABLE, "--supplier-secret-file"),
    ):
        source = str(file) if file else variable
        if file is not None:
            text, problem = _read_secret_file(file)
            problems += [problem] if problem else []
        else:
            text = environment.get(variable)
            if text is None:
                problems.append(Problem("SECRET_MISSING", expected=f"{option} FILE, {variable}"))
        secret, problem = _decoded(text, source) if text is not None else (None, None)
        problems += [problem] if problem else []
        found.append(secret)
    client, supplier = found
    if client is not None and client == supplier:
        problems.append(Problem("SECRET_SAME"))
    if problems or client is None or supplier is None:
        return None, problems
    return Secrets(client, supplier), []


def _read_secret_file(path: Path) -> tuple[str | None, Problem | None]:
    try:
        return read_secret_text(path), None
    except SecretFileError as error:
        return None, Problem(error.code, file=str(path), seen=error.seen)


def _decoded(text: str, source: str) -> tuple[bytes | None, Problem | None]:
    try:
        return decoded_secret(text), None
    except SecretFileError as error:
        expected = f"{2 * SECRET_BYTES} × 0-9 a-f ({SECRET_BYTES} B)" if error.code == "SECRET_FORM" else None
        return None, Problem(error.code, file=source, expected=expected)


# ---- the same in SQL, so that no number leaves the engine ------------------------------------------


def hmac_blocks(secret: bytes) -> tuple[bytes, bytes]:
    """Inner and outer block of HMAC (RFC 2104) for a hash with blocks of 64 bytes."""
    padded = secret.ljust(_BLOCK, b"\0")
    return bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded)


def hmac_sql(message: str, owner: str) -> str:
    """SQL of HMAC-SHA-256 of the text ``message``; ``owner`` is ``client`` or ``supplier``.

    The secret is in the session variables ``<owner>_inner`` and ``<owner>_outer``, never in the SQL.
    """
    inner = f"unhex(sha256(getvariable('{owner}_inner') || encode({message})))"
    return f"sha256(getvariable('{owner}_outer') || {inner})"


def kind_of_key(column: str) -> str:
    """What a key column identifies: ``from_worker_key`` and ``worker_key`` the same."""
    return column.removesuffix("_key").removeprefix("from_").removeprefix("to_")


def normalised_identity_sql(text: str, identity: str) -> str:
    """SQL of an identity number in the form that is hashed; null when it has not the right form.

    A personal identity code must have a sign, a day that exists and the right check character: a
    mistyped one would make a person of its own.
    """
    if identity == LOCAL_NUMBER:
        return f"nullif(upper({text}), '')"
    hyphens = "".join(_HYPHENS)
    dashes = "-" * len(_HYPHENS)
    code = f"upper(translate(regexp_replace({text}, '\\s|\\x{{00A0}}', '', 'g'), '{hyphens}', '{dashes}'))"
    century = f"case when {code}[7] = '+' then '18' when {code}[7] in ('-','Y','X','W','V','U') then '19' else '20' end"
    digits = f"try_cast({code}[1:6] || {code}[8:10] as bigint)"
    check = f"substr('{_CHECK_CHARACTERS}', ({digits} % {len(_CHECK_CHARACTERS)})::integer + 1, 1)"
    day = f"try_strptime({code}[1:4] || ({century}) || {code}[5:6], '%d%m%Y')"
    return (
        f"case when regexp_full_match({code}, '[0-9]{{6}}[-+A-FU-Y][0-9]{{3}}[0-9A-FHJ-NPR-Y]') "
        f"and {day} is not null and {code}[11] = {check} then {code} end"
    )


def client_key_sql(normalised: str) -> str:
    """SQL of the ``client_key`` of a normalised identity number; null stays null."""
    return f"case when {normalised} is not null then {hmac_sql(normalised, 'client')} end"


def supplier_key_sql(kind: str, parts: list[str]) -> str:
    """SQL of a key of ``kind`` from its parts; null when one of them is empty."""
    given = " and ".join(f"{part} is not null" for part in parts)
    joined = f" || {_SEPARATOR} || ".join(f"upper({part})" for part in parts)
    message = f"'{kind}' || {_SEPARATOR} || {joined}"
    return f"case when {given} then {hmac_sql(message, 'supplier')} end"
