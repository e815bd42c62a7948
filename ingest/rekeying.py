"""The warehouse's own keys: every key of a row is replaced before the row is written to the lake.

A warehouse key is HMAC-SHA-256 of scope and delivered key with the secret of the warehouse, so
whoever knows a supplier's keys finds none of its rows here, and two suppliers' keys are never the
same by chance. A client's key is scoped by the key domain of its delivery: in ``common`` a person
stays one person whoever delivers; a domain of its own belongs to its supplier. Every other key is
scoped by its supplier. What a key identifies is said by its contract (``key_of``), so a reference
still matches what it refers to.

Without the secret the keys cannot be made again, so what comes later would match nothing that is
there: the lake keeps a fingerprint of the secret, and nothing is taken in with another one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

import pyarrow as pa
import pyarrow.compute as pc

from ingest.contracts import CLIENT_KEY, KEY_KINDS, Contract
from ingest.lake import lake_schema
from ingest.ledger import read_ledger, sync_file
from ingest.secret_files import SecretFileError, decoded_secret, read_secret_text, write_secret
from ingest.state import Home

# Names a file with the secret; without it the secret lies in the home and is made at the first intake.
SECRET_VARIABLE = "AFTERCARE_WAREHOUSE_SECRET_FILE"
# The key domain in which the key custodian gives one secret to all suppliers.
COMMON_DOMAIN = "common"

# Keys that are remembered between tables, about 300 bytes each; to make one anew costs four times the look-up.
MOST_REMEMBERED = 300_000
_FINGERPRINTED = b"fingerprint of the warehouse secret"
_BLOCK = 64
_REASONS = {
    "SECRET_FILE": "is missing, no ordinary file, or cannot be read",
    "SECRET_MODE": "can be read by others (mode {seen}); expected one that only its owner can read (chmod 600)",
    "SECRET_FORM": "holds no secret; expected 64 digits 0-9 a-f",
    "SECRET_WEAK": "holds a secret that can be guessed; expected 32 random bytes as 64 digits 0-9 a-f",
}


class SecretError(RuntimeError):
    """The warehouse's keys cannot be made: its secret is missing, another one, or not kept safe."""


class Sender(Protocol):
    """What decides the scope of a delivery's keys (a manifest has both)."""

    @property
    def organisation(self) -> str: ...

    @property
    def key_domain(self) -> str: ...


class WarehouseKeys:
    """Makes warehouse keys. Has no readable form, so that the secret lands in no log."""

    def __init__(self, secret: bytes) -> None:
        # HMAC (RFC 2104) from its two halves: each is hashed once instead of once a key.
        padded = secret.ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in padded))
        # The tables of a delivery, and the next one of its supplier, hold mostly the same keys.
        self._known: dict[bytes, dict[bytes | None, str | None]] = {}
        self._remembered = 0

    def __repr__(self) -> str:
        return "WarehouseKeys()"

    def __reduce__(self) -> str:
        raise TypeError("the keys of the warehouse are not written anywhere")

    def of(self, delivered: pa.Array, kind: str, key_domain: str, organisation: str) -> pa.Array:
        """Warehouse keys (64 digits 0-9 a-f) of delivered ones in small letters; empty stays empty.

        ``kind`` is what they identify (``Column.key_of``). Looks at each element: pass distinct ones.
        """
        scope = _scope(kind, key_domain, organisation)
        keys = delivered.cast(pa.binary()).to_pylist()
        if len(keys) > MOST_REMEMBERED:
            return pa.array(self._made(scope, keys), pa.string())
        known = self._known_in(scope)
        missing = [key for key in keys if key not in known]
        if missing:
            known.update(zip(missing, self._made(scope, missing), strict=True))
            self._remembered += len(missing)
        return pa.array([known[key] for key in keys], pa.string())

    def _made(self, scope: bytes, keys: Iterable[bytes | None]) -> list[str | None]:
        inner = self._inner.copy()
        inner.update(scope)
        copy_inner, copy_outer = inner.copy, self._outer.copy
        found: list[str | None] = []
        for key in keys:
            if key is None:
                found.append(None)
                continue
            inside, outside = copy_inner(), copy_outer()
            inside.update(key)
            outside.update(inside.digest())
            found.append(outside.hexdigest())
        return found

    def _known_in(self, scope: bytes) -> dict[bytes | None, str | None]:
        """Keys of a scope that were made before; forgets all when they have become too many."""
        if self._remembered > MOST_REMEMBERED:
            self._known.clear()
            self._remembered = 0
        return self._known.setdefault(scope, {})

    def fingerprint(self) -> str:
        """Tells one secret from another, and nothing else of it."""
        inside, outside = self._inner.copy(), self._outer.copy()
        inside.update(_FINGERPRINTED)
        outside.update(inside.digest())
        return outside.hexdigest()


def rekeyed(
    table: pa.Table,
    contract: Contract,
    manifest: Sender,
    keys: WarehouseKeys,
    order: Mapping[str, pa.Array] | None = None,
) -> pa.Table:
    """Accepted rows (``table_schema``) with the warehouse's keys, in the lake's schema.

    ``order`` gives the delivered keys of ``key_order`` for each key whose order is kept; it must be
    given when ``table`` is a piece, for a rank is one among the keys of the whole file.
    """
    order = key_order(contract, [table]) if order is None else order
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for column in contract.columns:
        if column.key_of is None:
            continue
        delivered = table.column(column.lake_name).combine_chunks().dictionary_encode()
        distinct, places = delivered.dictionary, delivered.indices
        made = keys.of(distinct, column.key_of, manifest.key_domain, manifest.organisation)
        columns[column.lake_name] = made.take(places)
        if column.keeps_order:
            ranks = pc.add(pc.index_in(distinct, value_set=order[column.name]), 1)
            columns[column.order_name] = ranks.take(places)
    schema = lake_schema(contract)
    return pa.table([columns[name] for name in schema.names], schema=schema)


def key_order(contract: Contract, pieces: Iterable[pa.Table]) -> dict[str, pa.Array]:
    """For each key whose order is kept: its distinct delivered values in order, over all pieces of a file.

    Holds 64 bytes for each different key, so it can look through a file that does not fit into memory.
    """
    found: dict[str, pa.Array] = {
        column.name: pa.array([], pa.string()) for column in contract.columns if column.keeps_order
    }
    if not found:
        return {}
    for piece in pieces:
        for column in contract.order_columns:
            here = piece.column(column.lake_name).unique()
            found[column.name] = pa.chunked_array([found[column.name], here]).unique()
    return {name: values.take(pc.sort_indices(values)).drop_null() for name, values in found.items()}


def warehouse_key(home: Home, kind: str, key_domain: str, organisation: str, delivered_key: str) -> str:
    """The key under which the warehouse holds what a supplier calls ``delivered_key``.

    For whoever may know both: an analyst of an area looking for its own rows, the controller
    answering a person. ``kind`` is what the key identifies (``client``, ``worker``, …: ``KEY_KINDS``),
    ``key_domain`` and ``organisation`` are those of the manifest with which the key was delivered;
    of a client in the domain ``common`` the organisation makes no difference, of any other kind of
    key the domain makes none.

    Raises ``ValueError`` for an unknown kind or what is no key, and ``SecretError`` when the secret
    is not there (or nothing has been taken in yet, so that there is none).
    """
    key = delivered_key.strip().lower()
    if kind not in KEY_KINDS:
        raise ValueError(f"no kind of key {kind!r}; known: {', '.join(KEY_KINDS)}")
    if len(key) != 64 or set(key) - set("0123456789abcdef"):
        raise ValueError("expected a key as it was delivered, 64 digits 0-9 a-f")
    keys = keys_in_use(home)
    if keys is None:
        raise SecretError(f"nothing has been taken in at {home.root} yet, so there are no keys")
    return str(keys.of(pa.array([key]), kind, key_domain, organisation)[0])


def client_forms(keys: WarehouseKeys, home: Home, delivered: Iterable[str]) -> set[str]:
    """The warehouse keys of clients, in every key domain in which a row may have been written."""
    wanted = pa.array(sorted(delivered), pa.string())
    distinct = {_scope(CLIENT_KEY, *domain): domain for domain in _domains(home)}
    return {key for domain in distinct.values() for key in keys.of(wanted, CLIENT_KEY, *domain).to_pylist()}


def _domains(home: Home) -> set[tuple[str, str]]:
    """Key domain and organisation of all that was accepted, or was on its way in when an intake died."""
    ledger = read_ledger(home).select(["key_domain", "organisation"])
    found = set(zip(*(ledger.column(name).to_pylist() for name in ledger.column_names), strict=True))
    for path in home.inbox.glob("*/*/*/manifest.json"):
        try:
            manifest = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict) and isinstance(manifest.get("key_domain"), str):
            found.add((manifest["key_domain"], path.parts[-4]))
    return found | {(COMMON_DOMAIN, "")}


def _scope(kind: str, key_domain: str, organisation: str) -> bytes:
    parts = [kind, organisation]
    if kind == CLIENT_KEY:
        parts = [kind, COMMON_DOMAIN] if key_domain == COMMON_DOMAIN else [kind, key_domain, organisation]
    # As JSON, no two scopes can run into each other whatever a domain is called.
    return json.dumps(parts).encode() + b"\n"


# ---- the secret ---------------------------------------------------------------------------------


def keys_for_intake(home: Home) -> WarehouseKeys:
    """The keys for new rows; makes the secret when nothing has ever been taken in.

    The caller holds ``sole_writer``. Raises ``SecretError`` when rows taken in now would not match
    those that are there, or when the secret is not kept safe.
    """
    path = _secret_file(home)
    if not _fingerprint(home) and _has_rows(home):
        raise SecretError(
            f"the lake in {home.lake} holds rows whose keys were made with an unknown secret or with none "
            f"({home.secret_fingerprint.name} is missing): new rows would not match them. Put that file back, "
            "or begin with an empty lake and take everything in anew from the archive"
        )
    if not os.path.lexists(path) and not _fingerprint(home) and path == home.warehouse_secret:
        _make_secret(path)
    keys = _checked_keys(home, path)
    if not _fingerprint(home):
        _write_fingerprint(home, keys)
    return keys


def keys_in_use(home: Home) -> WarehouseKeys | None:
    """The keys of the rows that are in the lake; ``None`` when nothing has ever been taken in.

    Raises ``SecretError`` when the secret is missing or another one.
    """
    if not _fingerprint(home) and not _has_rows(home):
        return None
    if not _fingerprint(home):
        raise SecretError(f"{home.secret_fingerprint} is missing: it is not known how the keys of the lake were made")
    return _checked_keys(home, _secret_file(home))


def _checked_keys(home: Home, path: Path) -> WarehouseKeys:
    try:
        keys = WarehouseKeys(decoded_secret(read_secret_text(path)))
    except SecretFileError as error:
        reason = _REASONS[error.code].format(seen=error.seen)
        raise SecretError(
            f"the secret of the warehouse's keys, {path}, {reason}. Nothing is taken in without it, since new keys "
            f"would not match those in the lake: restore it from its backup, or name it in {SECRET_VARIABLE}"
        ) from None
    kept = _fingerprint(home)
    if kept and not hmac.compare_digest(kept, keys.fingerprint()):
        raise SecretError(
            f"{path} is not the secret with which the keys in {home.lake} were made: new keys would not match. "
            "Restore the right one from its backup"
        )
    return keys


def _secret_file(home: Home) -> Path:
    named = os.environ.get(SECRET_VARIABLE)
    return Path(named) if named else home.warehouse_secret


def _has_rows(home: Home) -> bool:
    """Whether anything was ever accepted or written."""
    files = (home.ledger.glob("[!.]*.parquet"), home.lake.glob("[!_.]*/organisation=*/period=*/[!.]*.parquet"))
    return any(True for found in files for _ in found)


def _fingerprint(home: Home) -> str | None:
    try:
        return home.secret_fingerprint.read_text("ascii").strip() or None
    except FileNotFoundError:
        return None


def _make_secret(path: Path) -> None:
    """Write a new secret that is whole or not there; on the disk before any key is made with it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.parent.chmod(0o700)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    write_secret(partial)
    partial.rename(path)
    sync_file(path.parent)
    sync_file(path.parent.parent)


def _write_fingerprint(home: Home, keys: WarehouseKeys) -> None:
    home.lake.mkdir(parents=True, exist_ok=True)
    path = home.secret_fingerprint
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(keys.fingerprint() + "\n", encoding="ascii")
    sync_file(partial)
    partial.rename(path)
    sync_file(path.parent)
