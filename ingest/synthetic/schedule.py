"""Who delivers what, and when: areas, municipalities and Kela, period by period."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pyarrow as pa

from ingest.periods import Period, containing
from ingest.synthetic import settings
from ingest.synthetic.days import generator
from ingest.synthetic.formats import FileFormat, format_of, kela_format, municipal_format
from ingest.synthetic.kela import benefit_month_tables
from ingest.synthetic.municipal import Municipal
from ingest.synthetic.supplier import Supplier
from ingest.synthetic.tables import Table, check_columns, row_count
from ingest.synthetic.world import World

AREAS_BEGAN = "2023Q1"
EDUCATION_DELAYS = {1: 82, 7: 20}  # first month of the half-year -> days after its end: 20 September, 20 January
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TINY_MUNICIPALITY = 60  # people aged 18–22
# A table as it goes into a delivery: file name, rows, bytes.
Files = dict[str, tuple[str, int, bytes]]


@dataclass(frozen=True)
class Delivery:
    """One delivery to write: ``content`` gives its files when they are needed."""

    organisation: str
    period: Period
    delivery_id: str
    extracted_at: datetime
    key_domain: str
    content: Callable[[], Files]
    data_from: date | None = None
    correction_of: str | None = None
    nothing_to_report: tuple[str, ...] = ()


def area_deliveries(supplier: Supplier, periods: list[Period], years: int) -> Iterator[Delivery]:
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
        first = Delivery(
            **common,
            delivery_id=_ulid(extracted, *seed_name, organisation, period.code),
            extracted_at=extracted,
            content=_content(supplier, period, writes, spoils=spoils, first_try=corrected),
        )
        yield first
        if corrected:
            later = extracted + timedelta(days=25, hours=3)
            yield Delivery(
                **common,
                delivery_id=_ulid(later, *seed_name, organisation, period.code, "correction"),
                extracted_at=later,
                content=_content(supplier, period, writes, spoils=spoils, first_try=False),
                correction_of=first.delivery_id,
            )
    yield from _longer_periods(supplier, periods, years)


def _content(
    supplier: Supplier, period: Period, writes: FileFormat, *, spoils: bool, first_try: bool
) -> Callable[[], Files]:
    def make() -> Files:
        files: Files = {}
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


def whole_periods(periods: list[Period], period_type: str) -> list[Period]:
    """The years or half-years that lie wholly within the quarters."""
    found = []
    period = containing(periods[0].start, period_type)
    while period.end_exclusive <= periods[-1].end_exclusive:
        if period.start >= periods[0].start:
            found.append(period)
        period = period.next
    return found


def _longer_periods(supplier: Supplier, periods: list[Period], years: int) -> Iterator[Delivery]:
    """What an area delivers by half-year and by year, within 45 days."""
    world, organisation = supplier.world, f"hva-{supplier.code}"
    seed_name = (world.scale, str(years), str(world.seed))
    writes = format_of(supplier.code)
    for period_type in ("half_year", "year"):
        for number, period in enumerate(whole_periods(periods, period_type)):
            random = generator(world.seed, *seed_name, "extraction", organisation, period.code)
            delay, minute = int(random.integers(14, 44)), int(random.integers(5 * 60, 22 * 60))
            extracted = _extracted_at(period, number, delay, minute)
            yield Delivery(
                organisation,
                period,
                _ulid(extracted, *seed_name, organisation, period.code),
                extracted,
                supplier.key_domain,
                _content(supplier, period, writes, spoils=False, first_try=False),
                data_from=periods[0].start,
            )


def municipal_deliveries(world: World, periods: list[Period], years: int) -> Iterator[Delivery]:
    """Quarters, half-years (studies) and years of every municipality; a few of them with client keys."""
    municipal = Municipal(world)
    seed_name = (world.scale, str(years), str(world.seed))
    longer = [*whole_periods(periods, "half_year"), *whole_periods(periods, "year")]
    for number, period in [*enumerate(periods), *enumerate(longer)]:
        quarter = period.type == "quarter"
        name = "extraction of municipalities" if quarter else "later extraction of municipalities"
        random = generator(world.seed, *seed_name, name, period.code)
        count = len(municipal.everybody)
        if period.type == "half_year":
            delays = EDUCATION_DELAYS[period.start.month] + random.integers(0, 6, count)
        else:
            delays = random.integers(5, 40, count)
        minutes = random.integers(7 * 60, 17 * 60, count)
        figures = municipal.figures(period)
        for row, place in enumerate(municipal.everybody):
            if place.last_day and period.last_day > date.fromisoformat(place.last_day):
                continue
            organisation = f"kunta-{place.code}"
            extracted = _extracted_at(period, number, int(delays[row]), int(minutes[row]))
            tables = figures.of(row)
            silent = [
                table
                for table, columns in tables.items()
                if not row_count(columns) or (place.population < _TINY_MUNICIPALITY and figures.all_zero(table, row))
            ]

            def make(tables: dict[str, Table] = tables, silent: list[str] = silent) -> Files:
                return {
                    table: _file(table, columns, municipal_format())
                    for table, columns in tables.items()
                    if table not in silent
                }

            yield Delivery(
                organisation,
                period,
                _ulid(extracted, *seed_name, organisation, period.code),
                extracted,
                "common",
                make,
                data_from=None if quarter and place.code not in municipal.linked else periods[0].start,
                nothing_to_report=tuple(silent),
            )


def kela_deliveries(world: World, periods: list[Period], years: int) -> Iterator[Delivery]:
    """Kela's years, each some months after its end."""
    whole = whole_periods(periods, "year")
    if not whole:
        return
    seed_name = (world.scale, str(years), str(world.seed))
    paid = benefit_month_tables(world, whole)
    for number, period in enumerate(whole):
        random = generator(world.seed, *seed_name, "extraction", "kela", period.code)
        extracted = _extracted_at(period, number, int(random.integers(120, 200)), int(random.integers(480, 960)))

        def make(period: Period = period) -> Files:
            return {"benefit_month": _file("benefit_month", paid[period.code], kela_format())}

        yield Delivery("kela", period, _ulid(extracted, *seed_name, "kela", period.code), extracted, "common", make)


def _file(table: str, columns: Table, writes: FileFormat) -> tuple[str, int, bytes]:
    agreed = check_columns(table, columns)
    return f"{table}.{writes.suffix}", row_count(columns), writes.write(agreed, columns, "")


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
