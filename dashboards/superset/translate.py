"""The product's own translations of what a reader sees of Superset.

``translations/<language>.yaml`` maps Superset's English message to the translation. The browser
gets them as a language pack, the server as a compiled catalogue. What is not translated stays
English; a reader's path is covered, the editing tools are not.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent / "translations"
LANGUAGE_NAMES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
# Finnish and Swedish both have one form for one and another for the rest.
PLURAL_FORMS = "nplurals=2; plural=(n != 1);"


def messages(language: str) -> dict[str, str | list[str]]:
    """English message to translation; a list holds singular and plural.

    Raises FileNotFoundError for a language that has no file.
    """
    with (FOLDER / f"{language}.yaml").open(encoding="utf-8") as handle:
        return yaml.safe_load(handle)


def language_pack(language: str) -> dict[str, Any]:
    """The pack in the form that Superset's front end loads (Jed)."""
    entries: dict[str, Any] = {"": {"domain": "superset", "plural_forms": PLURAL_FORMS, "lang": language}}
    for message, translation in messages(language).items():
        entries[message] = translation if isinstance(translation, list) else [translation]
    return {"domain": "superset", "locale_data": {"superset": entries}}


def compiled_catalogue(language: str) -> bytes:
    """The messages as a gettext ``.mo`` file, for what the server itself writes."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    catalogue = Catalog(locale=language, domain="messages")
    for message, translation in messages(language).items():
        if isinstance(translation, str):
            catalogue.add(message, translation)
    buffer = io.BytesIO()
    write_mo(buffer, catalogue)
    return buffer.getvalue()


def write_catalogues(folder: Path) -> None:
    """Write ``<folder>/<language>/LC_MESSAGES/messages.mo`` for every translated language."""
    for source in sorted(FOLDER.glob("*.yaml")):
        target = folder / source.stem / "LC_MESSAGES"
        target.mkdir(parents=True, exist_ok=True)
        (target / "messages.mo").write_bytes(compiled_catalogue(source.stem))
