"""Write the synthetic deliveries as suppliers drop them, and remember that it was done."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.contracts import contract, contracts
from ingest.periods import Period, quarters
from ingest.synthetic import services, settings
from ingest.synthetic.card import data_card
from ingest.synthetic.days import day_number, generator
from ingest.synthetic.formats import FileFormat, format_of
from ingest.synthetic.settings import Scale
from ingest.synthetic.tables import (
    AREA_TABLES,
    UNMADE_TABLES,
    GeneratorOutOfDateError,
    Supplier,
    Table,
    check_columns,
    make_world,
)

MARKER = ".synthetic.json"
STARTED = ".synthetic.started.json"
CARD = "DATA_CARD.md"
AREAS_BEGAN = "2023Q1"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TINY_MUNICIPALITY = 60  # people aged 18–22


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


@dataclass(frozen=True)
class _Delivery:
    """One delivery to write: ``content`` gives its files when they are needed."""

    organisation: str
    period: Period
    delivery_id: str
    extracted_at: datetime
    key_domain: str
    content: Callable[[], dict[str, tuple[str, int, bytes]]]  # table → file name, rows, bytes
    data_from: date | None = None
    correction_of: str | None = None
    nothing_to_report: tuple[str, ...] = ()


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
    unmade = set(contracts()) - {*AREA_TABLES, "rental_housing"} - UNMADE_TABLES
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
        for delivery in _area_deliveries(supplier, periods, years):
            _write(into, delivery, tally)
        say(f"hva-{code}: {tally.rows - before:,} rows ({format_of(code).name})")
        del supplier
    municipal = 0
    for delivery in _municipal_deliveries(scale, seed, years, periods, world.places.areas):
        _write(into, delivery, tally)
        municipal += 1
    say(f"municipalities: {municipal:,} deliveries")

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


# ---- who delivers what, and when -----------------------------------------------------------------


def _area_deliveries(supplier: Supplier, periods: list[Period], years: int) -> Iterator[_Delivery]:
    scale, organisation = supplier.world.scale, f"hva-{supplier.code}"
    named = settings.peculiarities(scale)
    writes = format_of(supplier.code)
    spoils = supplier.code in settings.areas_with(scale, "bad_rows")
    seed_name = (scale, str(years), str(supplier.world.seed))

    def is_here(name: str, period: Period) -> bool:
        return named[name]["organisation"] == organisation and named[name]["period"] == period.code

    for number, period in enumerate(periods):
        if is_here("missing_quarter", period):
            continue
        random = generator(supplier.world.seed, *seed_name, "extraction", organisation, period.code)
        corrected = is_here("correction", period)
        delay = int(random.integers(61, 75)) if is_here("late_delivery", period) else int(random.integers(12, 38))
        extracted = _extracted_at(period, number, 9 if corrected else delay, int(random.integers(5 * 60, 22 * 60)))
        common: dict[str, Any] = {
            "organisation": organisation,
            "period": period,
            "key_domain": supplier.key_domain,
            "data_from": periods[0].start,
        }
        first = _Delivery(
            **common,
            delivery_id=_ulid(extracted, *seed_name, organisation, period.code),
            extracted_at=extracted,
            content=_content(supplier, period, writes, spoils=spoils, first_try=corrected),
        )
        yield first
        if corrected:
            later = extracted + timedelta(days=25, hours=3)
            yield _Delivery(
                **common,
                delivery_id=_ulid(later, *seed_name, organisation, period.code, "correction"),
                extracted_at=later,
                content=_content(supplier, period, writes, spoils=spoils, first_try=False),
                correction_of=first.delivery_id,
            )


def _content(
    supplier: Supplier, period: Period, writes: FileFormat, *, spoils: bool, first_try: bool
) -> Callable[[], dict[str, tuple[str, int, bytes]]]:
    def make() -> dict[str, tuple[str, int, bytes]]:
        files = {}
        for table, columns in supplier.extract(period).items():
            agreed = check_columns(table, columns)
            rows = _first_try(table, columns) if first_try else columns
            kind = table if spoils else ""
            count = len(next(iter(rows.values())))
            files[table] = (f"{table}.{writes.suffix}", count, writes.write(agreed, rows, kind))
        return files

    return make


def _first_try(table: str, columns: Table) -> Table:
    """The delivery that had to be corrected: contacts are missing, joint meetings became calls."""
    if table == "contact":
        count = len(columns["date"])
        kept = np.flatnonzero(np.arange(count) % 8 != 3)
        return {
            name: values.take(pa.array(kept)) if isinstance(values, pa.Array) else values[kept]
            for name, values in columns.items()
        }
    if table == "handover":
        kinds = ["PUHELU" if kind == "YHTEISTAPAAMINEN" else kind for kind in columns["handover_type"].to_pylist()]
        return {**columns, "handover_type": pa.array(kinds, pa.string())}
    return columns


def _municipal_deliveries(
    scale: Scale, seed: int, years: int, periods: list[Period], areas: tuple[str, ...]
) -> Iterator[_Delivery]:
    everybody = [place for place in settings.municipalities() if place.area in areas]
    population = np.array([place.population for place in everybody])
    agreed = contract("rental_housing")
    seed_name = (scale, str(years), str(seed))
    for number, period in enumerate(periods):
        figures = services.rental_figures(scale, seed, population, period.code)
        random = generator(seed, *seed_name, "extraction of municipalities", period.code)
        delays = random.integers(5, 40, len(everybody))
        minutes = random.integers(7 * 60, 17 * 60, len(everybody))
        for row, place in enumerate(everybody):
            if place.last_day and period.last_day > date.fromisoformat(place.last_day):
                continue
            organisation = f"kunta-{place.code}"
            extracted = _extracted_at(period, number, int(delays[row]), int(minutes[row]))
            applications, offers, evictions = (int(value) for value in figures[row])
            # What is not counted there stays empty: small municipalities keep no list of evictions.
            counts_evictions = place.population >= 250
            values: Table = {
                "municipality_code": pa.array([place.code]),
                "applications": np.array([applications], dtype=np.int32),
                "offers": np.array([offers], dtype=np.int32),
                "evictions": np.array([evictions if counts_evictions else -1], dtype=np.int32),
            }
            nothing = place.population < _TINY_MUNICIPALITY and applications + offers + evictions == 0
            check_columns("rental_housing", values)

            def make(values: Table = values, nothing: bool = nothing) -> dict[str, tuple[str, int, bytes]]:
                if nothing:
                    return {}
                lines = [
                    ",".join(agreed.column_names),
                    ",".join(_plain(values[name][0]) for name in agreed.column_names),
                ]
                return {"rental_housing": ("rental_housing.csv", 1, ("\n".join(lines) + "\n").encode())}

            yield _Delivery(
                organisation,
                period,
                _ulid(extracted, *seed_name, organisation, period.code),
                extracted,
                "common",
                make,
                nothing_to_report=("rental_housing",) if nothing else (),
            )


def _plain(value: Any) -> str:
    text = str(value)
    return "" if text == "-1" else text


def _extracted_at(period: Period, number: int, delay_days: int, minute_of_day: int) -> datetime:
    """When the extract was made: after the period; in early 2023 for what lies before the areas."""
    day = period.last_day + timedelta(days=delay_days)
    if period < Period.parse(AREAS_BEGAN):
        day = date(2023, 2, 6) + timedelta(days=7 * min(number, 5) + delay_days % 5)
    naive = datetime(day.year, day.month, day.day, minute_of_day // 60, minute_of_day % 60)
    return naive.replace(tzinfo=timezone(timedelta(hours=3 if _is_summer_time(day) else 2)))


def _is_summer_time(day: date) -> bool:
    """Finnish summer time: from the last Sunday of March to the last Sunday of October."""

    def last_sunday(month: int) -> date:
        last = date(day.year, month, 31)
        return last - timedelta(days=(last.weekday() + 1) % 7)

    return last_sunday(3) <= day < last_sunday(10)


def _ulid(moment: datetime, *name: str) -> str:
    """A ULID with the moment in its first part and a hash of the name instead of chance."""
    milliseconds = int(moment.timestamp() * 1000)
    random_part = int.from_bytes(hashlib.sha256("/".join(("delivery", *name)).encode()).digest()[:10], "big")
    number = (milliseconds << 80) | random_part
    return "".join(_CROCKFORD[(number >> shift) & 31] for shift in range(125, -1, -5))


# ---- writing -------------------------------------------------------------------------------------


def _write(into: Path, delivery: _Delivery, tally: _Tally) -> None:
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
