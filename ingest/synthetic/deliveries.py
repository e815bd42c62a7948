"""Write the synthetic deliveries as suppliers drop them, and remember that it was done."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ingest.contracts import contracts
from ingest.periods import Period, quarters
from ingest.synthetic import settings
from ingest.synthetic.card import data_card
from ingest.synthetic.days import day_number
from ingest.synthetic.formats import format_of
from ingest.synthetic.schedule import Delivery, area_deliveries, kela_deliveries, municipal_deliveries
from ingest.synthetic.settings import Scale
from ingest.synthetic.supplier import Supplier
from ingest.synthetic.tables import MADE_TABLES, GeneratorOutOfDateError
from ingest.synthetic.world import make_world

MARKER = ".synthetic.json"
STARTED = ".synthetic.started.json"
CARD = "DATA_CARD.md"


class SyntheticError(RuntimeError):
    """The folder cannot take these synthetic deliveries; says what is there and what to do."""


@dataclass(frozen=True)
class SyntheticSummary:
    """What was written, or what was already there from an earlier run."""

    deliveries: int
    files: int
    rows: int
    bytes: int
    clients: int
    seconds: float
    was_there: bool = False
    content_sha256: str = ""


@dataclass
class _Tally:
    deliveries: int = 0
    files: int = 0
    rows: int = 0
    bytes: int = 0

    def __post_init__(self) -> None:
        self._hashes: list[str] = []

    def add(self, organisation: str, manifest: dict[str, Any], size: int) -> None:
        self.deliveries += 1
        self.files += len(manifest["files"])
        self.rows += sum(file["rows"] for file in manifest["files"])
        self.bytes += size
        self._hashes.append(
            f"{organisation}/{manifest['delivery_id']}/" + "/".join(f["sha256"] for f in manifest["files"])
        )

    def content_sha256(self) -> str:
        return hashlib.sha256("\n".join(sorted(self._hashes)).encode()).hexdigest()


def synthesize(
    into: Path,
    *,
    scale: Scale = "national",
    years: int = 5,
    seed: int = 1,
    progress: Callable[[str], None] | None = None,
) -> SyntheticSummary:
    """Write made-up deliveries of every supplier, each into a folder of its own.

    A delivery lies in ``into/<organisation>/<period>/<delivery_id>/``.

    ``years`` counts back from the end of 2026Q3. The same arguments give the same content; a
    complete set is not written again (even when its deliveries have been taken in since), and an
    interrupted run goes on with what is missing. Raises ``SyntheticError`` when the folder holds
    a set made with other arguments, ``GeneratorOutOfDateError`` when a contract has grown.
    """
    began = time.perf_counter()
    say = progress or (lambda _: None)
    if scale not in settings.CLIENTS:
        raise SyntheticError(f"unknown scale {scale!r}; known: {', '.join(settings.CLIENTS)}")
    if not 1 <= years <= settings.MAXIMUM_YEARS:
        raise SyntheticError(f"years must be 1–{settings.MAXIMUM_YEARS}, not {years}")
    unmade = set(contracts()) - MADE_TABLES
    if unmade:
        raise GeneratorOutOfDateError(f"no synthetic rows are made for the contracts {', '.join(sorted(unmade))}")
    parameters = {"scale": scale, "years": years, "seed": seed}
    finished = _finished(into, parameters, began)
    if finished:
        say(f"{into}: {finished.deliveries} synthetic deliveries were written before, nothing to do")
        return finished
    _start(into, parameters)

    last = Period.parse(settings.LAST_PERIOD)
    first_quarter = Period.parse(f"{last.start.year - years}Q4")
    periods = quarters(first_quarter.code, last.code)
    say(f"drawing {settings.CLIENTS[scale]:,} clients over {len(periods)} quarters")
    world = make_world(scale, seed, day_number(periods[0].start), day_number(last.last_day))
    tally = _Tally()
    for area, code in enumerate(world.places.areas):
        supplier = Supplier(world, area)
        before = tally.rows
        for delivery in area_deliveries(supplier, periods, years):
            _write(into, delivery, tally)
        say(f"hva-{code}: {tally.rows - before:,} rows ({format_of(code).name})")
        del supplier
    municipal = 0
    for delivery in municipal_deliveries(world, periods, years):
        _write(into, delivery, tally)
        municipal += 1
    say(f"municipalities: {municipal:,} deliveries")
    before = tally.rows
    for delivery in kela_deliveries(world, periods, years):
        _write(into, delivery, tally)
    say(f"kela: {tally.rows - before:,} rows")

    summary = SyntheticSummary(
        tally.deliveries,
        tally.files,
        tally.rows,
        tally.bytes,
        len(world.persons.birth),
        time.perf_counter() - began,
        content_sha256=tally.content_sha256(),
    )
    _replace(into / CARD, data_card(world, periods, years, summary).encode())
    marker = {"parameters": parameters, "generator": _fingerprint(), "summary": asdict(summary)}
    _replace(into / MARKER, json.dumps(marker, indent=2).encode())
    (into / STARTED).unlink()
    return summary


# ---- writing -------------------------------------------------------------------------------------


def _write(into: Path, delivery: Delivery, tally: _Tally) -> None:
    """Write one delivery, its manifest last; a complete one from an interrupted run is kept."""
    folder = into / delivery.organisation / delivery.period.code / delivery.delivery_id
    manifest_path = folder / "manifest.json"
    if manifest_path.exists():
        manifest = json.loads(manifest_path.read_text(encoding="utf-8"))
        size = sum((folder / file["path"]).stat().st_size for file in manifest["files"])
        tally.add(delivery.organisation, manifest, size)
        return
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    manifest = {
        "delivery_id": delivery.delivery_id,
        "organisation": delivery.organisation,
        "period": delivery.period.code,
        "contract_version": "1.0",
        "key_domain": delivery.key_domain,
        "extracted_at": delivery.extracted_at.isoformat(),
        "data_kind": "synthetic",
    }
    if delivery.data_from:
        manifest["data_from"] = delivery.data_from.isoformat()
    if delivery.correction_of:
        manifest["correction_of"] = delivery.correction_of
    if delivery.nothing_to_report:
        manifest["nothing_to_report"] = list(delivery.nothing_to_report)
    files, size = [], 0
    for table, (name, rows, content) in delivery.content().items():
        (folder / name).write_bytes(content)
        files.append(
            {
                "table": table,
                "path": name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "rows": rows,
            }
        )
        size += len(content)
    _replace(manifest_path, json.dumps({**manifest, "files": files}, indent=1).encode())
    tally.add(delivery.organisation, {**manifest, "files": files}, size)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def _fingerprint() -> str:
    """Hash of generator and contracts: an interrupted run goes on only with the same ones."""
    digest = hashlib.sha256()
    for folder in (settings.FOLDER, settings.FOLDER.parent / "contracts"):
        for path in sorted([*folder.glob("*.py"), *folder.glob("*.yml"), *folder.glob("*.csv")]):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _finished(into: Path, parameters: dict[str, Any], began: float) -> SyntheticSummary | None:
    path = into / MARKER
    if not path.exists():
        return None
    marker = json.loads(path.read_text(encoding="utf-8"))
    if marker["parameters"] != parameters:
        raise SyntheticError(
            f"{into} holds synthetic deliveries of {_named(marker['parameters'])}, asked for were "
            f"{_named(parameters)}. Name another folder, or start with a new AFTERCARE_HOME."
        )
    return SyntheticSummary(**{**marker["summary"], "seconds": time.perf_counter() - began, "was_there": True})


def _start(into: Path, parameters: dict[str, Any]) -> None:
    into.mkdir(parents=True, exist_ok=True)
    path, wanted = into / STARTED, {"parameters": parameters, "generator": _fingerprint()}
    if path.exists() and json.loads(path.read_text(encoding="utf-8")) != wanted:
        raise SyntheticError(
            f"{into} holds an interrupted run with other arguments or of another version. "
            "Remove its deliveries, or start with a new AFTERCARE_HOME."
        )
    _replace(path, json.dumps(wanted).encode())


def _named(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in parameters.items())
