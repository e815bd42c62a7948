"""Days as whole numbers (days since 1970-01-01) and random numbers that belong to a name."""

from __future__ import annotations

import hashlib
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Days = npt.NDArray[np.int32]
Indexes = npt.NDArray[np.int32]

NO_DAY = -1  # an empty date
OPEN = 100_000  # the end of a spell that nobody has closed (far after everything, year 2243)
_EPOCH = date(1970, 1, 1).toordinal()
_HEXADECIMAL = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), dtype=np.uint16)
KEY_LENGTH = 64


def day_number(day: date | str) -> int:
    """The number of a day given as a date or in ISO 8601."""
    return (date.fromisoformat(day) if isinstance(day, str) else day).toordinal() - _EPOCH


def day_of(number: int) -> date:
    """The day with that number."""
    return date.fromordinal(int(number) + _EPOCH)


def years_of(days: npt.NDArray[np.integer]) -> npt.NDArray[np.int32]:
    """Calendar year of each day."""
    return (days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + 1970).astype(np.int32)


def year_end(years: npt.NDArray[np.integer]) -> Days:
    """31 December of each year."""
    following = (years.astype(np.int64) + 1 - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    return (following.astype(np.int64) - 1).astype(np.int32)


def generator(seed: int, *name: str) -> np.random.Generator:
    """Random numbers of their own for each name, so that one table does not shift another's."""
    digest = hashlib.sha256("/".join(name).encode()).digest()
    words = [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4)]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, *words])))


def hex_keys(count: int, seed: int, *name: str) -> pa.StringArray:
    """``count`` pseudonyms of 64 lower-case hexadecimal digits, the same for the same name."""
    raw = generator(seed, "key", *name).integers(0, 256, count * (KEY_LENGTH // 2), dtype=np.uint8)
    offsets = np.arange(0, KEY_LENGTH * (count + 1), KEY_LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(_HEXADECIMAL[raw]))


def choose(random: np.random.Generator, weights: npt.ArrayLike, count: int) -> npt.NDArray[np.int64]:
    """``count`` indexes into ``weights``, each drawn in proportion to its weight."""
    cumulative = np.cumsum(np.asarray(weights, dtype=np.float64))
    drawn = np.searchsorted(cumulative, random.random(count) * cumulative[-1], side="right")
    return np.minimum(drawn, len(cumulative) - 1)
