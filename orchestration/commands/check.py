"""`aftercare check`: what the door would say of a delivery, before it is sent."""

from __future__ import annotations

import argparse
import json
import locale
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.state import Home
from orchestration.commands.output import progress
from orchestration.errors import OK, SOME_REJECTED, OperationError

if TYPE_CHECKING:
    from ingest.door import Receipt
    from ingest.door.findings import Place

LANGUAGES = ("fi", "sv", "en")
# Places of one finding on the screen; the receipt lists (nearly) all.
_PLACES_SHOWN = 5


def register(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    checked = command("check", _check, "check one delivery folder without taking it in")
    checked.add_argument("delivery", type=Path, metavar="DELIVERY", help="folder with manifest.json")
    checked.add_argument(
        "--previous",
        type=Path,
        metavar="DELIVERY",
        help="the delivery of the period before, for the checks that compare the two",
    )
    checked.add_argument(
        "--into", type=Path, metavar="DIR", help="write receipt.html, errors.csv and receipt.json here"
    )
    checked.add_argument("--language", choices=LANGUAGES, help="of the lines on the screen (default: the locale's)")


def default_language() -> str:
    """The language of the locale where it is one of ours, else Finnish."""
    names = [os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    names.append(locale.getlocale()[0] or "")
    chosen = next((name for name in names if name), "")
    # Windows writes the language out.
    written_out = {"finnish": "fi", "swedish": "sv", "english": "en"}
    language = written_out.get(chosen.partition("_")[0].lower(), chosen[:2].lower())
    return language if language in LANGUAGES else LANGUAGES[0]


def _check(home: Home, options: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from ingest.door import REJECTED, check_delivery

    for folder in filter(None, (options.delivery, options.previous)):
        if not folder.is_dir():
            raise OperationError(f"{folder} is no folder.", "Give the folder that holds manifest.json.")
    previous = options.previous.absolute() if options.previous else None
    receipt = check_delivery(options.delivery.absolute(), previous)
    if options.into:
        options.into.mkdir(parents=True, exist_ok=True)
        receipt.write(options.into)
        progress(options)(f"receipt: {options.into / 'receipt.html'}")
    if not options.json:
        for line in lines(receipt, options.language or default_language()):
            sys.stdout.write(line + "\n")
    return (SOME_REJECTED if receipt.outcome == REJECTED else OK), json.loads(receipt.to_json())


def lines(receipt: Receipt, language: str) -> list[str]:
    """The receipt as lines for a screen: the outcome, each rule with its places, what was not checked."""
    from ingest.door.receipt_page import WORDS, by_rule, outcome_text
    from ingest.door.rules import CONSEQUENCES, SEVERITY_LABELS

    words = WORDS[language]
    found = [outcome_text(receipt, language)]
    for group in by_rule(receipt.findings):
        rule, first = group[0].rule, group[0]
        count = sum(one.count for one in group)
        seen = first.places[0].seen if first.places else None
        found += [
            "",
            f"{rule.code} ({SEVERITY_LABELS[rule.severity][language]}), {words['count'].lower()}: {count}",
            f"  {first.message(language, seen)}",
        ]
        for one in group:
            where = [
                one.file or one.table or "",
                *(
                    f"{words[name].lower()} {value}"
                    for name, value in (("sheet", one.sheet), ("column", one.column))
                    if value
                ),
            ]
            places = [place for place in one.places[:_PLACES_SHOWN] if place.row or place.record]
            shown: list[Place | None] = [*places] or [None]
            for place in shown:
                here = list(where)
                if place and place.row:
                    here.append(f"{words['row'].lower()} {place.row}")
                if place and place.record:
                    here.append(f"{words['record'].lower()} {place.record}")
                if place and place.seen:
                    here.append(f"{words['seen'].lower()} {place.seen}")
                found.append("  - " + ", ".join(filter(None, here)))
            if one.count > len(places) > 0:
                found.append(f"  - … (+{one.count - len(places)})")
        found.append(f"  → {CONSEQUENCES[rule.severity][language]}")
    if receipt.not_checked:
        found += ["", f"{words['not_checked']}:"]
        together: dict[tuple[str, str], list[str]] = {}
        for skipped in receipt.not_checked:
            together.setdefault((skipped.rule.code, skipped.why(language)), []).append(skipped.table or "")
        found += [f"  {code} ({', '.join(dict.fromkeys(tables))}): {why}" for (code, why), tables in together.items()]
    return found
