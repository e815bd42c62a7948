"""What municipalities deliver: counts from all of them, rows with client keys from some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.periods import Period
from ingest.synthetic import activity, costs, local, services, settings
from ingest.synthetic.area_yearly import cost_table
from ingest.synthetic.days import NO_DAY, OPEN, Indexes, day_number, generator
from ingest.synthetic.draws import first_days
from ingest.synthetic.people import YEAR
from ingest.synthetic.tables import Table, ended, known_at, labels
from ingest.synthetic.workers import home_at
from ingest.synthetic.world import World

# Below so many people aged 18–22 no list of evictions is kept.
_COUNTS_EVICTIONS_FROM = 250
_USUAL_LEVELS = (activity.GENERAL, activity.VOCATIONAL)


@dataclass(frozen=True)
class Counts:
    """A table of counts: one row a category of a municipality, ``values[name][municipality, category]``."""

    category: str
    codes: tuple[str, ...]
    values: Mapping[str, npt.NDArray[np.int64]]
    usual: tuple[int, ...]  # categories that are told of though nobody is in them


@dataclass(frozen=True)
class Figures:
    """All tables of a period, municipality by municipality (its place in the list of all)."""

    codes: tuple[str, ...]
    rental: npt.NDArray[np.int64] | None
    populations: npt.NDArray[np.int64]
    counts: dict[str, Counts]
    costs: dict[int, Table]
    linked: dict[int, dict[str, Table]]

    def of(self, row: int) -> dict[str, Table]:
        """The tables of one municipality; one with nothing to tell has no rows."""
        tables: dict[str, Table] = {}
        if self.rental is not None:
            applications, offers, evictions = self.rental[row].tolist()
            if self.populations[row] < _COUNTS_EVICTIONS_FROM:
                evictions = -1
            tables["rental_housing"] = {
                "municipality_code": pa.array([self.codes[row]]),
                "applications": np.array([applications], dtype=np.int32),
                "offers": np.array([offers], dtype=np.int32),
                "evictions": np.array([evictions], dtype=np.int32),
            }
        for table, counted in self.counts.items():
            told = np.zeros(len(counted.codes), dtype=np.bool_)
            told[list(counted.usual)] = True
            for values in counted.values.values():
                told |= values[row] > 0
            shown = np.flatnonzero(told)
            tables[table] = {
                "municipality_code": labels((self.codes[row],), np.zeros(len(shown), dtype=np.int8)),
                counted.category: labels(counted.codes, shown),
                **{
                    name: values[row, shown] / 100 if name == "amount_eur" else values[row, shown].astype(np.int32)
                    for name, values in counted.values.items()
                },
            }
        if self.rental is None and self.costs:
            tables["cost_row"] = self.costs.get(row) or cost_table(2022, "", None, [], 0)
        return tables | self.linked.get(row, {})

    def all_zero(self, table: str, row: int) -> bool:
        """Whether every figure of a table of counts is zero."""
        if table == "rental_housing" and self.rental is not None:
            return not self.rental[row].any()
        counted = self.counts.get(table)
        return counted is not None and not any(values[row].any() for values in counted.values.values())


class Municipal:
    """The municipalities of the world and what they know of the young people."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.everybody = [place for place in settings.municipalities() if place.area in world.places.areas]
        self.linked = {
            organisation.removeprefix("kunta-")
            for organisation in settings.peculiarities(world.scale)["linked_municipalities"]["organisations"]
        }
        random = generator(world.seed, world.scale, "known to municipalities")
        share = random.uniform(*settings.KNOWN_TO_MUNICIPALITY_RANGE, len(world.places.codes))
        self._known_below, self._chance = share, random.random(len(world.persons.birth))
        self._first = first_days(world.periods, len(world.persons.birth))
        self._now = np.arange(len(world.places.codes), dtype=np.int32)
        for number, place in enumerate(self.everybody):
            if place.merged_into in world.places.codes:
                self._now[number] = world.places.codes.index(place.merged_into)
        self._merger = {
            number: day_number(date.fromisoformat(place.last_day))
            for number, place in enumerate(self.everybody)
            if place.last_day
        }

    def figures(self, period: Period) -> Figures:
        """Everything that is delivered for a period."""
        populations = np.array([place.population for place in self.everybody])
        rental = None
        if period.type == "quarter":
            rental = services.rental_figures(self.world.scale, self.world.seed, populations, period.code)
        counts = {
            "quarter": lambda: {"employment_service_spell_count": self._employment(period)},
            "half_year": lambda: {"education_enrolment_count": self._education(period)},
            "year": lambda: {"leisure_support_count": self._leisure(period)},
        }[period.type]()
        return Figures(
            tuple(place.code for place in self.everybody),
            rental,
            populations,
            counts,
            self._costs(period) if period.type == "year" else {},
            self._linked(period),
        )

    # ---- counts ----------------------------------------------------------------------------------

    def _place(self, municipality: Indexes, day: int) -> Indexes:
        """Municipalities as they are on a day: what has merged counts with what it merged into."""
        now = np.arange(len(self._now), dtype=np.int32)
        for number, last in self._merger.items():
            if day > last:
                now[number] = self._now[number]
        return now[municipality]

    def _clients(self, first: int, last: int) -> npt.NDArray[np.bool_]:
        """Whether each person is in aftercare on a day between the two."""
        periods = self.world.periods
        clients = np.zeros(len(self.world.persons.birth), dtype=np.bool_)
        clients[periods.person[(periods.start <= last) & (periods.end >= first)]] = True
        return clients

    def _is_known(self, person: Indexes, municipality: Indexes) -> npt.NDArray[np.bool_]:
        return self._chance[person] < self._known_below[municipality]

    def _persons(
        self,
        rows: npt.NDArray[np.bool_],
        person: Indexes,
        municipality: Indexes,
        category: npt.NDArray[np.int8],
        categories: int,
        day: int,
    ) -> npt.NDArray[np.int64]:
        """Different persons by municipality and category among the rows, those whom it knows."""
        place = self._place(municipality, day)
        row = np.flatnonzero(rows & (place < len(self.everybody)) & self._is_known(person, municipality))
        cell = place[row].astype(np.int64) * categories + category[row]
        pairs = np.unique(cell * len(self._chance) + person[row])
        size = len(self.everybody) * categories
        return np.bincount(pairs // len(self._chance), minlength=size).reshape(-1, categories)

    def _employment(self, period: Period) -> Counts:
        first, last = day_number(period.start), day_number(period.last_day)
        spells, codes = self.world.employment, local.EMPLOYMENT_SERVICES
        common = (spells.person, spells.municipality, spells.service, len(codes), last)
        at_end = (spells.start <= last) & (spells.end >= last) & self._clients(last, last)[spells.person]
        during = (spells.start <= last) & (spells.end >= first) & self._clients(first, last)[spells.person]
        values = {"clients_at_end": self._persons(at_end, *common), "clients_during": self._persons(during, *common)}
        return Counts("service", codes, values, tuple(range(len(codes))))

    def _education(self, period: Period) -> Counts:
        first, last = day_number(period.start), day_number(period.last_day)
        rows, codes = self.world.studies, activity.LEVELS
        common = (rows.person, rows.municipality, rows.level, len(codes), last)
        clients = self._clients(first, last)[rows.person]
        enrolled = (rows.start <= last) & (rows.end > last) & self._clients(last, last)[rows.person]
        over = clients & (rows.end >= first) & (rows.end <= last)
        return Counts(
            "level",
            codes,
            {
                "enrolled": self._persons(enrolled, *common),
                "graduated": self._persons(over & (rows.reason == activity.GRADUATED), *common),
                "interrupted": self._persons(over & (rows.reason == activity.BROKE_OFF), *common),
            },
            _USUAL_LEVELS,
        )

    def _leisure(self, period: Period) -> Counts:
        first, last = day_number(period.start), day_number(period.last_day)
        rows, codes = self.world.leisure, local.LEISURE_KINDS
        given = (rows.day >= first) & (rows.day <= last)
        persons = self._persons(given, rows.person, rows.municipality, rows.kind, len(codes), last)
        place = self._place(rows.municipality, last)
        row = np.flatnonzero(given & self._is_known(rows.person, rows.municipality))
        cell = place[row].astype(np.int64) * len(codes) + rows.kind[row]
        size = len(self.everybody) * len(codes)
        grants = np.bincount(cell, minlength=size).reshape(-1, len(codes))
        cents = np.bincount(cell, np.maximum(0, rows.cents[row]), size).reshape(-1, len(codes))
        amounts = np.round(cents).astype(np.int64)
        return Counts(
            "kind",
            codes,
            {"clients": persons, "grants": grants, "amount_eur": amounts},
            tuple(range(len(codes))),
        )

    # ---- costs and rows with client keys ---------------------------------------------------------

    def _costs(self, period: Period) -> dict[int, Table]:
        """Rows of every municipality that had clients in the year, by their home in its middle."""
        world, year = self.world, period.start.year
        first, last = day_number(period.start), day_number(period.last_day)
        periods = world.periods
        days = np.maximum(0, np.minimum(periods.end, last) - np.maximum(periods.start, first) + 1)
        person = np.flatnonzero(self._clients(first, last)).astype(np.int32)
        served = np.bincount(periods.person, days, len(world.persons.birth))[person]
        home = self._place(home_at(world.residences, person, np.full(len(person), (first + last) // 2)), last)
        client_years = np.bincount(home, served, len(world.places.codes)) / YEAR
        random = generator(world.seed, world.scale, "municipal costs", period.code)
        growth = settings.COST_GROWTH ** (year - settings.COST_YEAR)
        tables = {}
        for row, place in enumerate(self.everybody):
            total = client_years[row] * world.costs.municipal[row] * growth
            rows = costs.lines(total, costs.MUNICIPAL_LINES, random)
            if client_years[row] > 0:
                tables[row] = cost_table(year, place.area, place.code, rows, int(world.costs.method[row]))
        return tables

    def _linked(self, period: Period) -> dict[int, dict[str, Table]]:
        """Rows with client keys of the municipalities that have got them from their area."""
        make = {"quarter": self._employment_rows, "half_year": self._education_rows, "year": self._leisure_rows}
        return {
            row: make[period.type](row, place.code, period)
            for row, place in enumerate(self.everybody)
            if place.code in self.linked
        }

    def _key(self, person: Indexes) -> pa.StringArray:
        return self.world.client_keys.take(pa.array(person))

    def _employment_rows(self, row: int, code: str, period: Period) -> dict[str, Table]:
        day = day_number(period.last_day)
        rows = self.world.employment
        rows = rows.take(rows.municipality == row)
        told = np.maximum(rows.start, self._first[rows.person])
        order = np.lexsort((rows.person, told))
        rows = rows.take(order[: known_at(told[order], day)])
        return {
            "employment_service_spell": {
                "client_key": self._key(rows.person),
                "service": labels(local.EMPLOYMENT_SERVICES, rows.service),
                "employment_area_code": pa.nulls(len(rows.person), pa.string()),
                "municipality_code": labels((code,), np.zeros(len(rows.person), dtype=np.int8)),
                "start_date": rows.start,
                "end_date": ended(rows.end, day),
            }
        }

    def _education_rows(self, row: int, code: str, period: Period) -> dict[str, Table]:
        day = day_number(period.last_day)
        rows = self.world.studies
        rows = rows.take(rows.municipality == row)
        told = np.maximum(rows.start, self._first[rows.person])
        order = np.lexsort((rows.person, told))
        rows = rows.take(order[: known_at(told[order], day)])
        end, reason = activity.of_the_day(rows, day)
        # Of a right that goes on beyond every day nobody knows the end.
        end = np.where(rows.end >= OPEN, NO_DAY, end).astype(np.int32)
        return {
            "education_enrolment": {
                "client_key": self._key(rows.person),
                "level": labels(activity.LEVELS, rows.level),
                "start_date": rows.start,
                "end_date": end,
                "end_reason": labels(activity.EDUCATION_ENDS, reason),
                "municipality_code": labels((code,), np.zeros(len(rows.person), dtype=np.int8)),
            }
        }

    def _leisure_rows(self, row: int, code: str, period: Period) -> dict[str, Table]:
        first, last = day_number(period.start), day_number(period.last_day)
        rows = self.world.leisure
        rows = rows.take((rows.municipality == row) & (rows.day >= first) & (rows.day <= last))
        return {
            "leisure_support": {
                "client_key": self._key(rows.person),
                "municipality_code": labels((code,), np.zeros(len(rows.person), dtype=np.int8)),
                "date": rows.day,
                "kind": labels(local.LEISURE_KINDS, rows.kind),
                "amount_eur": np.where(rows.cents < 0, np.nan, rows.cents / 100),
            }
        }
