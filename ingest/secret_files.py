"""Secrets in files: 32 random bytes as 64 hexadecimal digits, readable by their owner only."""

from __future__ import annotations

import os
import re
import secrets
import stat
from itertools import pairwise
from pathlib import Path

SECRET_BYTES = 32

_HEX = re.compile(rf"[0-9a-fA-F]{{{2 * SECRET_BYTES}}}")
# 32 random bytes hold 30 different ones on average; fewer than 16 happens to none in 10^15.
_FEWEST_DIFFERENT = 16


class SecretFileError(ValueError):
    """A secret that cannot be used. Its text is a code (``SECRET_MODE``); ``seen`` never holds a secret."""

    def __init__(self, code: str, seen: str | None = None) -> None:
        super().__init__(code)
        self.code, self.seen = code, seen


def write_secret(path: Path) -> None:
    """Write a new random secret to ``path``, on the disk when this returns.

    Raises ``FileExistsError`` when there is a file: an overwritten secret would break every key.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(SECRET_BYTES) + "\n")
        stream.flush()
        os.fsync(stream.fileno())


def read_secret_text(path: Path) -> str:
    """The content of an ordinary file that only its owner can read.

    Raises ``SecretFileError``: ``SECRET_FILE`` (missing, a link, not to be read) or ``SECRET_MODE``.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        raise SecretFileError("SECRET_FILE") from None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SecretFileError("SECRET_FILE")
        # Windows has no such bits: there the folder's access list is the owner's own matter.
        if os.name == "posix" and status.st_mode & 0o077:
            raise SecretFileError("SECRET_MODE", f"{stat.S_IMODE(status.st_mode):o}")
        return stream.read(1000).decode("ascii", errors="replace")


def decoded_secret(text: str) -> bytes:
    """The bytes of a secret. Raises ``SecretFileError``: ``SECRET_FORM``, or ``SECRET_WEAK`` when it was typed."""
    text = text.strip()
    if not _HEX.fullmatch(text):
        raise SecretFileError("SECRET_FORM")
    secret = bytes.fromhex(text)
    typed = all(32 <= byte < 127 for byte in secret)
    steps = {(after - before) % 256 for before, after in pairwise(secret)}
    if len(set(secret)) < _FEWEST_DIFFERENT or typed or len(steps) == 1:
        raise SecretFileError("SECRET_WEAK")
    return secret
