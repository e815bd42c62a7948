"""Which release a request reads: settled when it begins, the same to its end.

The published folder ``current`` is a link that publishing replaces. A request looks it up once, then
opens that release's own file and keeps its results under that release's name. So a new release is
seen by the next request, and no figure of before is taken for one of it, whatever still runs.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from dashboards.superset.settings import CONNECTION_RULES, NOTICE_SQL, Settings


def release_folder(settings: Settings) -> Path:
    """The folder of the release that the current request reads; outside a request, of this moment."""
    from flask import g, has_app_context

    current = settings.release_file.parent
    if not has_app_context():
        return current.resolve()
    if "release_folder" not in g:
        g.release_folder = current.resolve()
    return g.release_folder


def open_its_own_file(settings: Settings) -> Any:
    """Superset's ``DB_CONNECTION_MUTATOR``: open the release itself, not the link to it.

    DuckDB shares one open file among connections that name it alike, so a long query on the release
    of before would hold new connections to the link on its file.
    """

    def mutate(uri: Any, params: dict[str, Any], *_others: Any) -> tuple[Any, dict[str, Any]]:
        if uri.database == str(settings.release_file):
            uri = uri.set(database=str(release_folder(settings) / settings.release_file.name))
        return uri, params

    return mutate


def release_notice(settings: Settings) -> str | None:
    """The word that marks the release as synthetic; None for real data."""
    return _notice(release_folder(settings) / settings.release_file.name)


@lru_cache(maxsize=4)
def _notice(file: Path) -> str | None:
    import duckdb

    # With the rules of Superset's own connections: one process opens a file in one way.
    rules = dict(rule.split("=") for rule in CONNECTION_RULES.split("&"))
    with duckdb.connect(str(file), config=rules) as connection:
        row = connection.execute(NOTICE_SQL).fetchone()
    return row[0] if row else None
