"""Superset's configuration. Read by Superset through ``SUPERSET_CONFIG_PATH``.

Names in capitals are Superset's. Nothing secret stands here: see ``settings.py``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dashboards.superset.exports import keep_exports_plain
from dashboards.superset.releases import open_its_own_file, release_notice
from dashboards.superset.settings import Settings
from dashboards.superset.translate import LANGUAGE_NAMES, language_pack

_settings = Settings.from_environment()

SECRET_KEY = _settings.secret_key()
SQLALCHEMY_DATABASE_URI = _settings.metadata_uri

# ---- who gets in ------------------------------------------------------------------------------
PUBLIC_ROLE_LIKE = None
AUTH_ROLE_PUBLIC = "Public"
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Five log-in attempts a second are Superset's limit; without this switch it counts nothing.
RATELIMIT_ENABLED = True
RATELIMIT_STORAGE_URI = "memory://"
# A dashboard's first opening loads some hundreds of script files at once.
RATELIMIT_APPLICATION = "1000 per second"
FAB_API_SWAGGER_UI = False

FEATURE_FLAGS = {
    "DASHBOARD_RBAC": True,
    "ALERT_REPORTS": False,
    "EMBEDDED_SUPERSET": False,
    "THUMBNAILS": False,
    "DRILL_TO_DETAIL": False,
    "DRILL_BY": False,
    # Templates in SQL would let an analyst's query read what the server knows.
    "ENABLE_TEMPLATE_PROCESSING": False,
}

# ---- what the browser may reach: this server and nothing else ----------------------------------
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "frame-ancestors": ["'self'"],
        # Superset's components and the interval bars write style attributes.
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": False,
}
THEME_FONT_URL_ALLOWED_DOMAINS: list[str] = []
CONTENT_SECURITY_POLICY_WARNING = False

# ---- amounts ----------------------------------------------------------------------------------
ROW_LIMIT = 10_000
SQL_MAX_ROW = 100_000
DISPLAY_MAX_ROW = 10_000
SQLLAB_TIMEOUT = 60
SUPERSET_WEBSERVER_TIMEOUT = 90
# Results are kept by release, and a release never changes: they age out only to give room.
DATA_CACHE_CONFIG = {
    "CACHE_TYPE": "dashboards.superset.release_cache.ReleaseCache",
    "CACHE_DEFAULT_TIMEOUT": 24 * 3600,
    "CACHE_THRESHOLD": 500,
    "CACHE_KEY_PREFIX": "data_",
}
DB_CONNECTION_MUTATOR = open_its_own_file(_settings)

# ---- language and looks -----------------------------------------------------------------------
BABEL_DEFAULT_LOCALE = "fi"
BABEL_TRANSLATION_DIRECTORIES = f"translations;{_settings.translations}"
LANGUAGES = {
    code: {"flag": flag, "name": LANGUAGE_NAMES[code]} for code, flag in (("fi", "fi"), ("sv", "se"), ("en", "gb"))
}
D3_FORMAT = {
    "decimal": ",",
    "thousands": "\u00a0",
    "grouping": [3],
    "currency": ["", "\u00a0€"],
}
D3_TIME_FORMAT = {
    "dateTime": "%-d.%-m.%Y %H:%M",
    "date": "%-d.%-m.%Y",
    "time": "%H:%M",
    "periods": ["ap.", "ip."],
    "days": [
        "sunnuntai", "maanantai", "tiistai", "keskiviikko", "torstai", "perjantai", "lauantai",
    ],
    "shortDays": ["su", "ma", "ti", "ke", "to", "pe", "la"],
    "months": [
        "tammikuu", "helmikuu", "maaliskuu", "huhtikuu", "toukokuu", "kesäkuu",
        "heinäkuu", "elokuu", "syyskuu", "lokakuu", "marraskuu", "joulukuu",
    ],
    "shortMonths": [
        "tammi", "helmi", "maalis", "huhti", "touko", "kesä",
        "heinä", "elo", "syys", "loka", "marras", "joulu",
    ],
}  # fmt: skip

APP_NAME = "Saattaen"
LOGO_TOOLTIP = "Saattaen"
_LOGO = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='132' height='28' viewBox='0 0 132 28'>"
    "<circle cx='9' cy='9' r='4' fill='#1f5a7a'/><circle cx='20' cy='11' r='3' fill='#4a90a4'/>"
    "<path d='M3 25c0-7 3-10 6-10s6 3 6 10M16 25c0-5 2-8 4-8s5 3 5 8' fill='none' "
    "stroke='#1f5a7a' stroke-width='2.4' stroke-linecap='round'/>"
    "<text x='34' y='20' font-family='Inter,Helvetica,Arial,sans-serif' font-size='18' "
    "font-weight='600' fill='#1f3d4d'>Saattaen</text></svg>"
)
THEME_DEFAULT = {
    "algorithm": "default",
    "token": {
        "brandAppName": APP_NAME,
        "brandLogoAlt": APP_NAME,
        "brandLogoUrl": "data:image/svg+xml," + quote(_LOGO),
        "brandLogoHref": "/",
        "brandLogoHeight": "28px",
        "brandLogoMargin": "16px 0",
        "brandIconMaxWidth": 132,
        "colorPrimary": "#1f6f8b",
        "colorLink": "#1f6f8b",
        "colorError": "#b3261e",
        "colorWarning": "#b26a00",
        "colorSuccess": "#2e7d5b",
        "colorInfo": "#1f6f8b",
        "fontUrls": [],
        "fontFamily": "Inter, Helvetica, Arial, sans-serif",
        "fontFamilyCode": "'IBM Plex Mono', 'Courier New', monospace",
        "transitionTiming": 0.3,
    },
}
# One look: the colours of the tiles and intervals are chosen for a light ground.
THEME_DARK = None
ENABLE_UI_THEME_ADMINISTRATION = False
# Okabe and Ito's colours in an order that keeps neighbours apart, for colour-blind readers too.
EXTRA_CATEGORICAL_COLOR_SCHEMES = [
    {
        "id": "saattaen",
        "label": "Saattaen",
        "description": "",
        "isDefault": True,
        "colors": ["#1f5a7a", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#666666"],
    },
    {
        # The dots of a spread are alike: the municipality's name is in the tooltip.
        "id": "saattaen_pisteet",
        "label": "Saattaen, pisteet",
        "description": "",
        "isDefault": False,
        "colors": ["#4a90a4"],
    },
]


# ---- what is changed in the front end's scripts ------------------------------------------------
# It counts its users with a picture from its makers' server, whatever SCARF_ANALYTICS says: the
# address is compiled in. The policy above stops the request; this removes it, so that no reader's
# browser is even told of that server.
_PIXEL = b"https://apachesuperset.gateway.scarf.sh/pixel/"
_NO_PIXEL = b"data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==#"
# It takes a line with a band for a forecast: "y-hat = 2,3 (2,0, 2,6)" in the tooltip. These lines are
# figures: "2,3 (2,0–2,6)".
_FORECAST = "ŷ = ".encode()
_BAND = re.compile(rb"\(\$\{(\w+)\((\w+)\)\}, (\$\{\1\(\2\+\w+\)\})\)")
_INTERVAL = "(${\\1(\\2)}–\\3)".encode()


def _changed_scripts(folder: Path) -> dict[str, bytes]:
    """File name to content of the scripts that are served otherwise than Superset has them."""
    changed = {}
    for path in folder.glob("*.js"):
        content = path.read_bytes()
        if _PIXEL in content or _FORECAST in content:
            changed[path.name] = _BAND.sub(_INTERVAL, content.replace(_PIXEL, _NO_PIXEL).replace(_FORECAST, b""))
    return changed


# The front end wants to store the colours it has given to names, as whoever looks; a reader is
# refused and sees an error in the console. The repository says which colours there are.
_COLOURS = re.compile(r"/api/v1/dashboard/[^/]+/colors/?")


def FLASK_APP_MUTATOR(app: Any) -> None:  # noqa: N802 (Superset's name)
    """Serve the product's own language packs (Superset ships neither Finnish nor Swedish); plain exports."""
    from flask import jsonify, request

    keep_exports_plain(lambda: release_notice(_settings))
    scripts = _changed_scripts(Path(app.static_folder) / "assets")

    @app.before_request
    def _serve_own_files() -> Any:
        folder, _, name = request.path.rstrip("/").rpartition("/")
        # Without an answer here the log-in page waits for ever.
        if folder.endswith("/language_pack") and name in ("fi", "sv"):
            return jsonify(language_pack(name))
        if folder.endswith("/static/assets") and name in scripts:
            return app.response_class(scripts[name], mimetype="text/javascript")
        if request.method == "PUT" and _COLOURS.fullmatch(request.path):
            return jsonify({"result": "ok"})
        return None
