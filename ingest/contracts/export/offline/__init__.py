"""``aftercare check`` as one HTML file, for a sender who may install nothing.

The page opens from disk in a browser and needs no network: what the contracts, the rules of the door
and the detector of identifiers say stands in it as JSON, and the scripts beside this module look at
the files as the door does. ``claims`` says which rules it checks, and a test in a browser compares
what it finds with what the door finds.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

from ingest.contracts.export.offline.claims import scripts
from ingest.contracts.export.offline.data import page_data
from ingest.contracts.reading import CONTRACT_FOLDER, versions
from ingest.door.receipt_page import STYLE

_FOLDER = Path(__file__).parent


def check_page(version: str | None = None, source: Path = CONTRACT_FOLDER) -> str:
    """The page for a version of the contracts (the newest by default), in Finnish, Swedish and English.

    Raises ``ContractError`` when the version is unknown.
    """
    data = page_data(version or versions(source)[-1], source)
    style = f"{STYLE}{_part('style.css')}"
    script = f'"use strict";\n(() => {{\n{scripts()}\n}})();\n'
    parts = {
        "policy": _policy(script, style),
        "title": data["words"]["title"]["fi"],
        "style": style,
        # Only "<" could end the element that holds it.
        "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
        "script": script,
    }
    return re.sub(r"\{(policy|title|style|data|script)\}", lambda place: parts[place[1]], _part("page.html"))


def _policy(script: str, style: str) -> str:
    """Nothing is fetched, sent or run but the script and the style of the page itself."""
    rules = ("default-src 'none'", f"script-src {_hash(script)}", f"style-src {_hash(style)}")
    return "; ".join((*rules, "base-uri 'none'", "form-action 'none'"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _part(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")
