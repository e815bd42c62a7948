"""What one area's client system would deliver at the end of a quarter, table by table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.periods import Period
from ingest.synthetic import housing, people, services, settings, workers
from ingest.synthetic.area_support import support_tables
from ingest.synthetic.area_yearly import survey_tables, year_tables
from ingest.synthetic.days import NO_DAY, OPEN, Indexes, day_number, generator, hex_keys, year_end, years_of
from ingest.synthetic.tables import (
    AREA_HALF_YEAR_TABLES,
    AREA_TABLES,
    AREA_YEAR_TABLES,
    Table,
    ended,
    first_of_each,
    known_at,
    labels,
    within,
)
from ingest.synthetic.world import World

Spells = TypeVar("Spells", people.Residences, housing.Housing)
Begun = TypeVar("Begun", people.Residences, housing.Housing, workers.Assignments)
_STAYS_CLIENT_DAYS = 45  # after a placement that nothing follows
IN_TOUCH = ("KYLLA", "EI", "KUOLLUT", "EI_HALUA_TUKEA", "EI_TARVETTA", "KOTONA")


class Supplier:
    """One area's client system: ``extract(period)`` gives its tables at the period's end."""

    def __init__(self, world: World, area: int) -> None:
        self.world = world
        self.area = area
        self.code = world.places.areas[area]
        places_named = settings.peculiarities(world.scale)
        own = self.code in settings.areas_with(world.scale, "own_key_domain")
        keys = (
            hex_keys(len(world.persons.birth), world.seed, world.scale, "client", self.code)
            if own
            else world.client_keys
        )
        # Those who never come into aftercare are numbered after the others.
        self.client_keys = pa.concat_arrays([keys, world.never_keys])
        self.key_domain = str(places_named["own_key_domain"]["key_domain"]) if own else "common"
        changes_system = self.code in settings.areas_with(world.scale, "client_system_change")
        self.new_system = day_number(str(places_named["client_system_change"]["first_day"])) if changes_system else OPEN
        pertunmaa = places_named["pertunmaa"]
        self.merger_day = day_number(str(pertunmaa["last_day"])) + 1
        self.merged = world.places.codes.index(pertunmaa["municipality"])
        self.merged_into = (
            world.places.codes.index(pertunmaa["merged_into"]) if pertunmaa["merged_into"] in world.places.codes else -1
        )
        self.writes_old_code = f"hva-{self.code}" == pertunmaa["organisation"]
        self.keeps_25 = self.code in settings.areas_with(world.scale, "kept_age_limit_25")

        mine = world.periods.area == area
        self.period_rows = np.flatnonzero(mine).astype(np.int32)
        person = world.periods.person[self.period_rows]
        count = len(world.persons.birth)
        self.known_from = np.full(count, OPEN, dtype=np.int32)
        np.minimum.at(self.known_from, person, world.periods.start[self.period_rows])
        self.known_until = np.full(count, NO_DAY, dtype=np.int32)
        np.maximum.at(self.known_until, person, world.periods.end[self.period_rows])
        self.tables: dict[str, Callable[[Period, int], Table]] = {
            "client": self._client(),
            "residence_spell": self._residence_spell(),
            "aftercare_period": self._aftercare_period(),
            "worker_assignment": self._worker_assignment(),
            "handover": self._handover(),
            "housing_spell": self._housing_spell(),
            "contact": self._contact(),
            "supported_housing_capacity": self._capacity(),
            "supported_housing_queue": self._queue(),
            **support_tables(self),
            **year_tables(self),
            **survey_tables(self),
        }

    def extract(self, period: Period) -> dict[str, Table]:
        """The tables of that type of period as the supplier knows them on its last day."""
        last_day = day_number(period.last_day)
        wanted = {"quarter": AREA_TABLES, "half_year": AREA_HALF_YEAR_TABLES, "year": AREA_YEAR_TABLES}[period.type]
        return {name: self.tables[name](period, last_day) for name in wanted}

    # ---- history tables: rows sorted by start, so those known at a day are the first n ----------

    def _residence_spell(self) -> Callable[[Period, int], Table]:
        rows = self._spells_of_clients(self.world.residences)
        rows = replace(rows, end=self.after_leaving(rows.person, rows.end, closes=False))
        old = rows.municipality == self.merged
        if self.writes_old_code:
            old &= rows.person % 2 == 0
        goes_on = old & (rows.start < self.merger_day) & (rows.end >= self.merger_day)
        if self.merged_into >= 0:
            rows.municipality[old & (rows.start >= self.merger_day)] = self.merged_into
            after = replace(
                rows.take(goes_on),
                start=np.full(int(goes_on.sum()), self.merger_day, dtype=np.int32),
                municipality=np.full(int(goes_on.sum()), self.merged_into, dtype=np.int32),
            )
            rows.end[goes_on] = self.merger_day - 1
            rows = rows.plus(after)
        rows, told = self._as_told(rows, rows.person)
        client_key, municipality = self.client_key(rows.person), self.world.code(rows.municipality)

        def at(period: Period, day: int) -> Table:
            known = known_at(told, day)
            return {
                "client_key": client_key[:known],
                "municipality": municipality[:known],
                "start_date": rows.start[:known],
                "end_date": ended(rows.end[:known], day),
            }

        return at

    def _aftercare_period(self) -> Callable[[Period, int], Table]:
        world = self.world
        index = self.period_rows[np.argsort(world.periods.start[self.period_rows], kind="stable")]
        rows = world.periods.take(index)
        client_key, period_key = (
            self.client_key(rows.person),
            world.period_keys.take(pa.array(index)),
        )
        basis = labels(people.LEGAL_BASES, rows.basis)
        turns_25 = year_end(years_of(world.persons.birth[rows.person]) + 25)
        decided = day_number("2023-12-31")

        def at(period: Period, day: int) -> Table:
            known = known_at(rows.start, day)
            end = ended(rows.end[:known], day)
            entitled = np.full(known, NO_DAY, dtype=np.int32)
            if self.keeps_25 and day >= decided:
                still = rows.end[:known] > decided
                entitled[still] = turns_25[:known][still]
            return {
                "client_key": client_key[:known],
                "period_key": period_key[:known],
                "start_date": rows.start[:known],
                "end_date": end,
                "end_reason": labels(people.END_REASONS, np.where(end == NO_DAY, -1, rows.reason[:known])),
                "legal_basis": basis[:known],
                "entitlement_end_date": entitled,
            }

        return at

    def _worker_assignment(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = world.assignments.take(world.periods.area[world.assignments.period] == self.area)
        spanning = (rows.start < self.new_system) & (rows.end >= self.new_system)
        again = rows.take(spanning)
        again = replace(
            again,
            start=np.full(len(again.period), self.new_system, dtype=np.int32),
            reason=np.full(len(again.period), workers.NO_REASON, dtype=np.int8),
        )
        rows.end[spanning] = self.new_system - 1
        rows = rows.plus(again)
        person = world.periods.person[rows.period]
        rows = rows.take(first_of_each(person, rows.worker, rows.role, rows.start))
        rows, told = self._as_told(rows, world.periods.person[rows.period])
        client_key = self.client_key(world.periods.person[rows.period])
        worker_key = self.by_system(world.worker_keys, rows.worker, rows.start)
        team_key = self.by_system(world.team_keys, rows.team, rows.start)
        role, reason = labels(workers.ROLES, rows.role), labels(workers.REASONS, rows.reason)

        def at(period: Period, day: int) -> Table:
            known = known_at(told, day)
            return {
                "client_key": client_key[:known],
                "worker_key": worker_key[:known],
                "role": role[:known],
                "team_key": team_key[:known],
                "start_date": rows.start[:known],
                "end_date": ended(rows.end[:known], day),
                "change_reason": reason[:known],
            }

        return at

    def _housing_spell(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = self._spells_of_clients(world.homes)
        rows = replace(rows, end=self.after_leaving(rows.person, rows.end, closes=True))
        if not self.writes_old_code and self.merged_into >= 0:
            rows.municipality[(rows.municipality == self.merged) & (rows.start >= self.merger_day)] = self.merged_into
        spanning = (rows.start < self.new_system) & (rows.end >= self.new_system)
        again = rows.take(spanning)
        again = replace(
            again,
            start=np.full(len(again.person), self.new_system, dtype=np.int32),
            reason=np.full(len(again.person), housing.MOVE_REASONS.index("TUNTEMATON"), dtype=np.int8),
            planned=np.full(len(again.person), housing.NOTHING, dtype=np.int8),
        )
        rows.end[spanning] = self.new_system - 1
        rows = rows.plus(again)
        rows = rows.take(first_of_each(rows.person, rows.dwelling, rows.start))
        rows, told = self._as_told(rows, rows.person)
        numbers, dwelling = np.unique(rows.dwelling, return_inverse=True)
        dwelling = np.where(rows.dwelling == housing.NO_DWELLING, -1, dwelling)
        keys = tuple(
            hex_keys(len(numbers), world.seed, world.scale, "dwelling", self.code, system) for system in ("old", "new")
        )
        client_key = self.client_key(rows.person)
        dwelling_key = self.by_system(keys, dwelling, rows.start)
        municipality, type_ = (
            world.code(rows.municipality),
            labels(housing.HOUSING_TYPES, rows.type),
        )
        suitability = labels(housing.SUITABILITIES, rows.suitability)
        reason = labels(housing.MOVE_REASONS, rows.reason)
        every = np.maximum(rows.confirmed_every, 1)
        phase = (rows.person.astype(np.int64) * 37 % every).astype(np.int32)

        def at(period: Period, day: int) -> Table:
            known = known_at(told, day)
            end = ended(rows.end[:known], day)
            # Confirmed at visits so many days apart, until the spell or what is known ends.
            until = np.where(end == NO_DAY, day, end)
            until = np.minimum(until, np.maximum(self.known_until[rows.person[:known]], rows.start[:known]))
            visit = (until - phase[:known]) // every[:known] * every[:known] + phase[:known]
            seen = (rows.confirmed_every[:known] > 0) & (visit >= rows.start[:known])
            return {
                "client_key": client_key[:known],
                "dwelling_key": dwelling_key[:known],
                "municipality": municipality[:known],
                "housing_type": type_[:known],
                "suitability": suitability[:known],
                "start_date": rows.start[:known],
                "end_date": end,
                "move_reason": reason[:known],
                "planned": rows.planned[:known],
                "confirmed_on": np.where(seen, visit, NO_DAY).astype(np.int32),
            }

        return at

    def _queue(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = world.queue.take(world.periods.area[world.queue.period] == self.area)
        municipality = rows.municipality.copy()
        if not self.writes_old_code and self.merged_into >= 0:
            municipality[(municipality == self.merged) & (rows.applied >= self.merger_day)] = self.merged_into
        client_key = self.client_key(world.periods.person[rows.period])
        municipality_code = world.code(municipality)
        at_first = np.where(rows.period % 7 == 0, services.OPEN_APPLICATION, services.WAITING)

        def at(period: Period, day: int) -> Table:
            known = known_at(rows.applied, day)
            settled = rows.settled[:known] <= day
            return {
                "client_key": client_key[:known],
                "municipality_code": municipality_code[:known],
                "application_date": rows.applied[:known],
                "offer_date": ended(rows.offered[:known], day),
                "start_date": ended(rows.began[:known], day),
                "status": labels(services.QUEUE_STATUSES, np.where(settled, rows.final[:known], at_first[:known])),
            }

        return at

    # ---- increments ------------------------------------------------------------------------------

    def _handover(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = world.handovers.take(world.periods.area[world.handovers.period] == self.area)
        person = world.periods.person[rows.period]
        rows = rows.take(first_of_each(person, rows.day, rows.from_worker, rows.to_worker))
        rows = rows.take(np.lexsort((rows.period, rows.day)))
        client_key = self.client_key(world.periods.person[rows.period])
        from_key = self.by_system(world.worker_keys, rows.from_worker, rows.day)
        to_key = self.by_system(world.worker_keys, rows.to_worker, rows.day)
        type_ = labels(workers.HANDOVER_TYPES, rows.type)

        def at(period: Period, day: int) -> Table:
            inside = within(rows.day, period)
            return {
                "client_key": client_key[inside],
                "handover_date": rows.day[inside],
                "handover_type": type_[inside],
                "from_worker_key": from_key[inside],
                "to_worker_key": to_key[inside],
                "client_present": rows.present[inside].astype(np.int8),
            }

        return at

    def _contact(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = world.contacts.take(world.periods.area[world.contacts.period] == self.area)
        contact_key = hex_keys(len(rows.day), world.seed, world.scale, "contact", self.code)
        client_key = self.client_key(world.periods.person[rows.period])
        worker_key = self.by_system(world.worker_keys, rows.worker, rows.day)
        channel = labels(services.CHANNELS, rows.channel)

        def at(period: Period, day: int) -> Table:
            inside = within(rows.day, period)
            return {
                "contact_key": contact_key[inside],
                "client_key": client_key[inside],
                "worker_key": worker_key[inside],
                "date": rows.day[inside],
                "channel": channel[inside],
                "two_way": rows.two_way[inside].astype(np.int8),
            }

        return at

    # ---- snapshots -------------------------------------------------------------------------------

    def _client(self) -> Callable[[Period, int], Table]:
        """Clients with at least one day in aftercare in the period, as they are at its end.

        After them those whose placement ended lately and who came into no aftercare.
        """
        world = self.world
        periods = world.periods.take(self.period_rows)
        count = len(world.persons.birth)
        random = generator(world.seed, world.scale, "client", self.code)
        mood, known_children = random.random(count), random.random(count) > 0.04
        died = people.END_REASONS.index("KUOLEMA")
        left_number = np.flatnonzero(world.never.area == self.area)
        never, first_never = world.never.take(left_number), count

        def at(period: Period, day: int) -> Table:
            open_ = (periods.start <= day) & (periods.end >= day_number(period.start))
            person = np.unique(periods.person[open_])
            home = self._home_code(workers.home_at(world.residences, person, np.full(len(person), day)), day)
            dead = np.unique(periods.person[open_ & (periods.end <= day) & (periods.reason == died)])
            status = np.select(
                [
                    np.isin(person, dead),
                    world.persons.lost_from[person] <= day,
                    mood[person] < 0.03,
                    mood[person] < 0.06,
                    mood[person] < 0.08,
                    mood[person] < 0.10,
                ],
                [2, 1, 3, 4, 5, -1],
                0,
            )
            children = np.where(known_children[person], world.persons.first_child[person] <= day, -1)
            left_care = np.flatnonzero(
                (never.end >= day_number(period.start) - _STAYS_CLIENT_DAYS) & (never.end <= day)
            )
            left, count = never.take(left_care), len(left_care)
            home = np.concatenate([home, self._home_code(left.home, day)])
            return {
                "client_key": self.client_key(np.concatenate([person, first_never + left_number[left_care]])),
                "birth_year": years_of(np.concatenate([world.persons.birth[person], left.birth])),
                "gender": labels(people.GENDERS, np.concatenate([world.persons.gender[person], left.gender])),
                "home_municipality": world.code(home),
                "responsible_area": labels((self.code,), np.zeros(len(home), dtype=np.int8)),
                "language_group": labels(
                    people.LANGUAGES, np.concatenate([world.persons.language[person], left.language])
                ),
                "in_touch_status": labels(IN_TOUCH, np.concatenate([status, np.zeros(count, dtype=status.dtype)])),
                "has_children": np.concatenate([children, np.full(count, -1)]).astype(np.int8),
            }

        return at

    def _capacity(self) -> Callable[[Period, int], Table]:
        world = self.world
        index = np.flatnonzero(world.units.area == self.area).astype(np.int32)
        units = world.units.take(index)
        unit_key = world.unit_keys.take(pa.array(index))
        operator = labels(services.OPERATORS, units.operator)

        def at(period: Period, day: int) -> Table:
            random = generator(world.seed, world.scale, "free places", self.code, period.code)
            municipality = units.municipality
            if day >= self.merger_day and self.merged_into >= 0:
                municipality = np.where(municipality == self.merged, self.merged_into, municipality)
            return {
                "municipality_code": world.code(municipality),
                "unit_key": unit_key,
                "places": units.places,
                "places_free": random.binomial(units.places, 0.08).astype(np.int32),
                "age_from": units.age_from,
                "age_to": units.age_to,
                "operator": operator,
            }

        return at

    def _home_code(self, home: Indexes, day: int) -> Indexes:
        """Home municipalities as the supplier writes them on a day, the merged one among them."""
        if day >= self.merger_day and not self.writes_old_code and self.merged_into >= 0:
            home = np.where(home == self.merged, self.merged_into, home).astype(np.int32)
        return home

    # ---- helpers ---------------------------------------------------------------------------------

    def client_key(self, person: npt.NDArray[np.integer]) -> pa.StringArray:
        """Pseudonyms of persons in the supplier's key domain."""
        return self.client_keys.take(pa.array(person))

    def by_system(
        self,
        keys: tuple[pa.StringArray, ...],
        number: npt.NDArray[np.integer],
        day: npt.NDArray[np.integer],
    ) -> pa.StringArray:
        """Keys of the client system in use on each row's day; empty where the number is ``-1``."""
        both = pa.concat_arrays(list(keys))
        index = number + np.where(day >= self.new_system, len(keys[0]), 0)
        return both.take(pa.array(index, mask=number < 0))

    def _spells_of_clients(self, spells: Spells) -> Spells:
        """Spells that touch the time in which the supplier was responsible for the person."""
        known = (
            (spells.start <= self.known_until[spells.person])
            & (spells.end >= self.known_from[spells.person])
            & (spells.end >= self.world.first_day)
        )
        return spells.take(known)

    def _as_told(self, rows: Begun, person: npt.NDArray[np.integer]) -> tuple[Begun, npt.NDArray[np.int32]]:
        """Rows in the order in which they come to be told, and the day each is told from.

        Of somebody in substitute care nothing is told: what began there is when aftercare begins.
        """
        told = np.maximum(rows.start, self.known_from[person])
        order = np.lexsort((person, rows.start, told))
        return rows.take(order), told[order]

    def after_leaving(
        self, person: npt.NDArray[np.integer], end: npt.NDArray[np.int32], *, closes: bool
    ) -> npt.NDArray[np.int32]:
        """Ends as a supplier knows them that hears nothing more once its aftercare has ended.

        What ends later stays open for ever; with ``closes`` every second client's rows are closed
        on the last day of aftercare instead.
        """
        until = self.known_until[person]
        later = end > until + (0 if closes else 90)
        tidy = closes & (person % 2 == 0) & (until < self.world.last_day)
        return np.where(later, np.where(tidy, until, OPEN), end).astype(np.int32)
