"""Set Superset up: ``.venv-dash/bin/python -m dashboards.superset.bootstrap``.

Metadata database, roles, users and dashboards, in one process (each of Superset's own commands
would start it anew). Run as often as you like: what is already as it should be is left alone, and
when nothing changed at all it ends at once. Exit code 2: there is no release yet.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dashboards.superset.assets import Filling, bundle, fingerprint_text
from dashboards.superset.settings import HERE, NOTICE_SQL, Settings
from dashboards.superset.translate import write_catalogues

DEFAULT_INDICATOR = "JAT-01"
READER, ANALYST = "Johto", "Analyytikko"
# user name: (role, first name, last name)
USERS = {
    "admin": ("Admin", "Ylläpito", "Saattaen"),
    "johto": (READER, "Kunnan", "johto"),
    "analyytikko": (ANALYST, "Analyytikko", "Saattaen"),
}
# All that a reader may do, beside reading the datasets: what is not named here is refused.
READER_MAY = {
    "Superset": {
        "can_csv", "can_dashboard", "can_dashboard_permalink", "can_language_pack", "can_log",
        "can_share_dashboard",
    },
    "Dashboard": {"can_read", "can_view_chart_as_table"},
    "Chart": {"can_read"},
    "Dataset": {"can_read"},
    "Explore": {"can_read"},
    "Theme": {"can_read"},
    "CssTemplate": {"can_read"},
    # The state of filters, and links to it.
    "DashboardFilterStateRestApi": {"can_read", "can_write"},
    "DashboardPermalinkRestApi": {"can_read", "can_write"},
    "CurrentUserRestApi": {"can_read"},
    "SecurityRestApi": {"can_read"},
    "AvailableDomains": {"can_read"},
    "MenuApi": {"can_get"},
    "Log": {"can_recent_activity"},
    "Dashboards": {"menu_access"},
    "ResetMyPasswordView": {"can_this_form_get", "can_this_form_post"},
    "UserDBModelView": {"can_userinfo", "resetmypassword"},
}  # fmt: skip


def say(text: str) -> None:
    """Progress, at once."""
    os.write(_screen, f"{text}\n".encode())


# Where progress goes, also while the libraries' own talk goes to a file.
_screen = 1


@contextmanager
def talk_goes_to(path: Path) -> Iterator[None]:
    """Hundreds of lines about migrations and their warnings go to ``path``; when something fails,
    the screen names it."""
    global _screen
    sys.stdout.flush()
    sys.stderr.flush()
    screen, errors = os.dup(1), os.dup(2)
    with path.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    _screen = screen
    try:
        yield
    except BaseException:
        os.write(errors, f"Superset could not be set up; what it said is in {path}\n".encode())
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(screen, 1)
        os.dup2(errors, 2)
        os.close(screen)
        os.close(errors)
        _screen = 1


def filling(settings: Settings) -> Filling:
    """Default choices and the synthetic marking, as the release gives them.

    Raises FileNotFoundError when nothing is published yet.
    """
    import duckdb

    if not settings.release_file.exists():
        raise FileNotFoundError(
            f"There is no release: {settings.release_file} is missing. Publish one first (aftercare run)."
        )
    with duckdb.connect(str(settings.release_file), read_only=True) as connection:
        indicator = connection.execute(
            "select indicator_id || ' ' || name_fi from published.indicator "
            "where variant = 'main' order by indicator_id <> ?, indicator_id limit 1",
            [DEFAULT_INDICATOR],
        ).fetchone()
        period = connection.execute(
            "select max(period) from published.indicator_value where period_type = 'year'"
        ).fetchone()
        notice = connection.execute(NOTICE_SQL).fetchone()
    return Filling(
        database_uri=settings.release_uri,
        indicator=indicator[0] if indicator else "",
        period=(period and period[0]) or "",
        notice=(notice and notice[0]) or "",
    )


def fingerprint(settings: Settings, files: dict[str, str]) -> str:
    """Changes when the dashboards, this code or the place of the metadata change."""
    digest = hashlib.sha256(fingerprint_text(files).encode())
    digest.update(settings.metadata_uri.encode())
    for path in sorted([*HERE.glob("*.py"), *(HERE / "translations").glob("*.yaml")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Bring Superset to the state that the repository describes."""
    parser = argparse.ArgumentParser(description="Set the dashboards up")
    parser.add_argument("--force", action="store_true", help="do it again though nothing changed")
    options = parser.parse_args(arguments)
    settings = Settings.from_environment()
    started = time.monotonic()
    try:
        values = filling(settings)
    except FileNotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    settings.prepare_environment()
    files = bundle(values)
    stamp = settings.folder / "bootstrapped"
    state = fingerprint(settings, files)
    unchanged = (
        not options.force
        and stamp.exists()
        and stamp.read_text(encoding="utf-8") == state
        and settings.logins_file.exists()
    )
    if unchanged:
        say("Superset: nothing has changed since it was set up")
    else:
        stamp.unlink(missing_ok=True)
        write_catalogues(settings.translations)
        with talk_goes_to(settings.folder / "setup.log"):
            _set_up(settings, files, started)
        stamp.write_text(state, encoding="utf-8")
    say(f"Log-ins (in {settings.logins_file}):")
    for name, password in settings.read_logins().items():
        say(f"  {name:12} {password}")
    return 0


def _set_up(settings: Settings, files: dict[str, str], started: float) -> None:
    def lap(text: str) -> None:
        say(f"Superset: {text} ({time.monotonic() - started:.0f} s)")

    say("Superset: starting")
    # Some hundreds of lines about migrations that say nothing to whoever waits.
    logging.disable(logging.INFO)
    from superset.app import create_app

    app = create_app()
    with app.app_context():
        import superset
        from flask import g
        from flask_migrate import upgrade
        from superset import db, security_manager
        from superset.commands.importers.v1.assets import ImportAssetsCommand

        package = superset.__file__
        upgrade(directory=str(Path(package).parent / "migrations"))
        lap("metadata database")
        app.appbuilder.add_permissions(update_perms=True)
        security_manager.sync_role_definitions()
        lap("permissions")
        for role in (READER, ANALYST):
            security_manager.add_role(role)
        _users(settings, security_manager)
        g.user = security_manager.find_user("admin")
        ImportAssetsCommand(files).run()
        lap("dashboards")
        _roles(security_manager, db)
        lap("roles")
    if settings.metadata_uri.startswith("sqlite"):
        (settings.folder / "superset.db").chmod(0o600)


def _users(settings: Settings, security_manager: Any) -> None:
    """Make the users that are missing; a lost password file gets new passwords."""
    known = settings.read_logins()
    logins = {}
    for name, (role_name, first, last) in USERS.items():
        role = security_manager.find_role(role_name)
        user = security_manager.find_user(name)
        password = known.get(name) or secrets.token_urlsafe(12)
        if user is None:
            security_manager.add_user(name, first, last, f"{name}@saattaen.invalid", role, password=password)
        else:
            if name not in known:
                security_manager.reset_password(user.id, password)
            user.roles = [role]
        logins[name] = password
    settings.write_logins(logins)


def _roles(security_manager: Any, db: Any) -> None:
    """Give reader and analyst what they need, from Superset's Gamma role."""
    from superset.connectors.sqla.models import SqlaTable
    from superset.models.dashboard import Dashboard

    tables = db.session.query(SqlaTable).all()
    data = [security_manager.add_permission_view_menu("datasource_access", table.perm) for table in tables]
    database = security_manager.add_permission_view_menu("database_access", tables[0].database.perm)
    gamma = list(security_manager.find_role("Gamma").permissions)
    sql_lab = list(security_manager.find_role("sql_lab").permissions)
    readers = [permission for permission in gamma if _reader_may(permission)]
    for name, permissions in (
        (READER, [*readers, *data]),
        (ANALYST, [*gamma, *sql_lab, *data, database]),
    ):
        role = security_manager.find_role(name)
        role.permissions = list({item.id: item for item in permissions}.values())
    audience = [security_manager.find_role(name) for name in (READER, ANALYST)]
    for dashboard in db.session.query(Dashboard).all():
        dashboard.roles = audience
        dashboard.published = True
    db.session.commit()


def _reader_may(permission: Any) -> bool:
    return permission.permission.name in READER_MAY.get(permission.view_menu.name, ())


if __name__ == "__main__":
    sys.exit(main())
