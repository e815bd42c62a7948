"""Superset's cache of results, which a new release empties for whoever reads it."""

from __future__ import annotations

from typing import Any

from flask_caching.backends import SimpleCache

from dashboards.superset.releases import release_folder
from dashboards.superset.settings import Settings


class ReleaseCache(SimpleCache):
    """Results in memory, each kept under the name of the release that it was read from."""

    def _own(self, key: str) -> str:
        return f"{release_folder(Settings.from_environment()).name}/{key}"

    def get(self, key: str) -> Any:
        """The value of the release that the request reads; None when there is none."""
        return super().get(self._own(key))

    def set(self, key: str, value: Any, timeout: int | None = None) -> Any:
        """Keep the value for the release that the request reads."""
        return super().set(self._own(key), value, timeout)

    def add(self, key: str, value: Any, timeout: int | None = None) -> Any:
        """Keep the value unless there is one for that release."""
        return super().add(self._own(key), value, timeout)

    def delete(self, key: str) -> Any:
        """Forget the value of that release."""
        return super().delete(self._own(key))

    def has(self, key: str) -> Any:
        """Whether there is a value for that release."""
        return super().has(self._own(key))
