"""What one supplier's system would deliver at the end of a period, table by table.

A table is a mapping from column name to values: text as an Arrow string array, days and whole
numbers as int32 (``-1`` is empty), booleans as int8 (1, 0, ``-1`` is empty). Which columns there
are is the contract's say; ``check_columns`` fails when the two differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.contracts import Contract, contract
from ingest.periods import Period
from ingest.synthetic import housing, people, services, settings, workers
from ingest.synthetic.days import NO_DAY, OPEN, day_number, generator, hex_keys, year_end, years_of
from ingest.synthetic.settings import Scale

Values: TypeAlias = Any  # pa.StringArray, or a numpy array as told above
Table = dict[str, Values]
Spells = TypeVar("Spells", people.Residences, housing.Housing)
Begun = TypeVar("Begun", people.Residences, housing.Housing, workers.Assignments)
# Agreed tables of which the demonstration makes no rows; a new contract must be made or stand here.
UNMADE_TABLES = frozenset(
    {
        "activity_spell",
        "benefit_month",
        "cost_row",
        "education_enrolment",
        "education_enrolment_count",
        "employment_service_spell",
        "employment_service_spell_count",
        "health_check",
        "leisure_support",
        "leisure_support_count",
        "network_meeting",
        "placement",
        "plan",
        "plan_action",
        "plan_party",
        "referral",
        "support_person",
        "survey_response",
        "survey_wave",
        "workforce_quarter",
    }
)
AREA_TABLES = (
    "client",
    "residence_spell",
    "aftercare_period",
    "worker_assignment",
    "handover",
    "housing_spell",
    "contact",
    "supported_housing_capacity",
    "supported_housing_queue",
)
IN_TOUCH = ("KYLLA", "EI", "KUOLLUT", "EI_HALUA_TUKEA", "EI_TARVETTA", "KOTONA")


class GeneratorOutOfDateError(RuntimeError):
    """A contract has a column or table that the generator does not make; names it."""


@dataclass(frozen=True)
class World:
    """Everything that is ever to be delivered, before anybody has extracted it."""

    scale: Scale
    seed: int
    first_day: int
    last_day: int
    places: people.Places
    persons: people.People
    periods: people.Periods
    residences: people.Residences
    assignments: workers.Assignments
    handovers: workers.Handovers
    homes: housing.Housing
    contacts: services.Contacts
    queue: services.Queue
    units: services.Units
    client_keys: pa.StringArray
    period_keys: pa.StringArray
    worker_keys: tuple[pa.StringArray, pa.StringArray]  # before and after a new client system
    team_keys: tuple[pa.StringArray, pa.StringArray]
    unit_keys: pa.StringArray

    def code(self, municipality: npt.NDArray[np.integer]) -> pa.StringArray:
        """Municipality codes of indexes."""
        return _labels(self.places.codes, municipality)


def make_world(scale: Scale, seed: int, first_day: int, last_day: int) -> World:
    """Draw the whole history between two days (both included)."""
    places = people.make_places(scale, seed)
    persons, periods, residences = people.make_people(places, scale, seed, first_day, last_day)
    assignments, handovers, staff = workers.make_work(places, periods, residences, scale, seed, first_day, last_day)
    homes, _ = housing.make_housing(places, persons, periods, residences, scale, seed)
    contacts = services.make_contacts(persons, periods, assignments, scale, seed, first_day, last_day)
    queue = services.make_queue(places, periods, residences, scale, seed, first_day, last_day)
    units = services.make_units(places, places.area_share * settings.CLIENTS[scale], scale, seed)
    worker_count = sum(len(role.worker_post) for role in staff)
    team_count = sum(len(role.team_area) for role in staff)
    return World(
        scale,
        seed,
        first_day,
        last_day,
        places,
        persons,
        periods,
        residences,
        assignments,
        handovers,
        homes,
        contacts,
        queue,
        units,
        client_keys=hex_keys(len(persons.birth), seed, scale, "client"),
        period_keys=hex_keys(len(periods.person), seed, scale, "period"),
        worker_keys=(
            hex_keys(worker_count, seed, scale, "worker"),
            hex_keys(worker_count, seed, scale, "worker of the new system"),
        ),
        team_keys=(
            hex_keys(team_count, seed, scale, "team"),
            hex_keys(team_count, seed, scale, "team of the new system"),
        ),
        unit_keys=hex_keys(len(units.area), seed, scale, "unit"),
    )


def check_columns(table: str, columns: Mapping[str, Values]) -> Contract:
    """The contract of the table. Raises ``GeneratorOutOfDateError`` when columns differ from it."""
    wanted = contract(table)
    missing = [name for name in wanted.column_names if name not in columns]
    unknown = [name for name in columns if name not in wanted.column_names]
    if missing or unknown:
        raise GeneratorOutOfDateError(
            f"{table}: the contract and the synthetic generator differ: "
            f"not generated: {', '.join(missing) or 'none'}; "
            f"not in the contract: {', '.join(unknown) or 'none'}. "
            "Make the column in ingest/synthetic/tables.py."
        )
    return wanted


class Supplier:
    """One area's client system: ``extract(period)`` gives its tables at the period's end."""

    def __init__(self, world: World, area: int) -> None:
        self.world = world
        self.area = area
        self.code = world.places.areas[area]
        places_named = settings.peculiarities(world.scale)
        own = self.code in settings.areas_with(world.scale, "own_key_domain")
        self.client_keys = (
            hex_keys(len(world.persons.birth), world.seed, world.scale, "client", self.code)
            if own
            else world.client_keys
        )
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
        }

    def extract(self, period: Period) -> dict[str, Table]:
        """All tables as the supplier knows them on the last day of the period."""
        last_day = day_number(period.last_day)
        return {name: make(period, last_day) for name, make in self.tables.items()}

    # ---- history tables: rows sorted by start, so those known at a day are the first n ----------

    def _residence_spell(self) -> Callable[[Period, int], Table]:
        rows = self._spells_of_clients(self.world.residences)
        rows = replace(rows, end=self._after_leaving(rows.person, rows.end, closes=False))
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
        client_key, municipality = self._client_key(rows.person), self.world.code(rows.municipality)

        def at(period: Period, day: int) -> Table:
            known = _known(told, day)
            return {
                "client_key": client_key[:known],
                "municipality": municipality[:known],
                "start_date": rows.start[:known],
                "end_date": _ended(rows.end[:known], day),
            }

        return at

    def _aftercare_period(self) -> Callable[[Period, int], Table]:
        world = self.world
        index = self.period_rows[np.argsort(world.periods.start[self.period_rows], kind="stable")]
        rows = world.periods.take(index)
        client_key, period_key = (
            self._client_key(rows.person),
            world.period_keys.take(pa.array(index)),
        )
        basis = _labels(people.LEGAL_BASES, rows.basis)
        turns_25 = year_end(years_of(world.persons.birth[rows.person]) + 25)
        decided = day_number("2023-12-31")

        def at(period: Period, day: int) -> Table:
            known = _known(rows.start, day)
            end = _ended(rows.end[:known], day)
            entitled = np.full(known, NO_DAY, dtype=np.int32)
            if self.keeps_25 and day >= decided:
                still = rows.end[:known] > decided
                entitled[still] = turns_25[:known][still]
            return {
                "client_key": client_key[:known],
                "period_key": period_key[:known],
                "start_date": rows.start[:known],
                "end_date": end,
                "end_reason": _labels(people.END_REASONS, np.where(end == NO_DAY, -1, rows.reason[:known])),
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
        rows = rows.take(_first_of_each(person, rows.worker, rows.role, rows.start))
        rows, told = self._as_told(rows, world.periods.person[rows.period])
        client_key = self._client_key(world.periods.person[rows.period])
        worker_key = self._by_system(world.worker_keys, rows.worker, rows.start)
        team_key = self._by_system(world.team_keys, rows.team, rows.start)
        role, reason = _labels(workers.ROLES, rows.role), _labels(workers.REASONS, rows.reason)

        def at(period: Period, day: int) -> Table:
            known = _known(told, day)
            return {
                "client_key": client_key[:known],
                "worker_key": worker_key[:known],
                "role": role[:known],
                "team_key": team_key[:known],
                "start_date": rows.start[:known],
                "end_date": _ended(rows.end[:known], day),
                "change_reason": reason[:known],
            }

        return at

    def _housing_spell(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = self._spells_of_clients(world.homes)
        rows = replace(rows, end=self._after_leaving(rows.person, rows.end, closes=True))
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
        rows = rows.take(_first_of_each(rows.person, rows.dwelling, rows.start))
        rows, told = self._as_told(rows, rows.person)
        numbers, dwelling = np.unique(rows.dwelling, return_inverse=True)
        dwelling = np.where(rows.dwelling == housing.NO_DWELLING, -1, dwelling)
        keys = tuple(
            hex_keys(len(numbers), world.seed, world.scale, "dwelling", self.code, system) for system in ("old", "new")
        )
        client_key = self._client_key(rows.person)
        dwelling_key = self._by_system(keys, dwelling, rows.start)
        municipality, type_ = (
            world.code(rows.municipality),
            _labels(housing.HOUSING_TYPES, rows.type),
        )
        suitability = _labels(housing.SUITABILITIES, rows.suitability)
        reason = _labels(housing.MOVE_REASONS, rows.reason)
        every = np.maximum(rows.confirmed_every, 1)
        phase = (rows.person.astype(np.int64) * 37 % every).astype(np.int32)

        def at(period: Period, day: int) -> Table:
            known = _known(told, day)
            end = _ended(rows.end[:known], day)
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
        client_key = self._client_key(world.periods.person[rows.period])
        municipality_code = world.code(municipality)
        at_first = np.where(rows.period % 7 == 0, services.OPEN_APPLICATION, services.WAITING)

        def at(period: Period, day: int) -> Table:
            known = _known(rows.applied, day)
            settled = rows.settled[:known] <= day
            return {
                "client_key": client_key[:known],
                "municipality_code": municipality_code[:known],
                "application_date": rows.applied[:known],
                "offer_date": _ended(rows.offered[:known], day),
                "start_date": _ended(rows.began[:known], day),
                "status": _labels(services.QUEUE_STATUSES, np.where(settled, rows.final[:known], at_first[:known])),
            }

        return at

    # ---- increments ------------------------------------------------------------------------------

    def _handover(self) -> Callable[[Period, int], Table]:
        world = self.world
        rows = world.handovers.take(world.periods.area[world.handovers.period] == self.area)
        person = world.periods.person[rows.period]
        rows = rows.take(_first_of_each(person, rows.day, rows.from_worker, rows.to_worker))
        rows = rows.take(np.lexsort((rows.period, rows.day)))
        client_key = self._client_key(world.periods.person[rows.period])
        from_key = self._by_system(world.worker_keys, rows.from_worker, rows.day)
        to_key = self._by_system(world.worker_keys, rows.to_worker, rows.day)
        type_ = _labels(workers.HANDOVER_TYPES, rows.type)

        def at(period: Period, day: int) -> Table:
            inside = _within(rows.day, period)
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
        client_key = self._client_key(world.periods.person[rows.period])
        worker_key = self._by_system(world.worker_keys, rows.worker, rows.day)
        channel = _labels(services.CHANNELS, rows.channel)

        def at(period: Period, day: int) -> Table:
            inside = _within(rows.day, period)
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
        """Clients with at least one day in aftercare in the period, as they are at its end."""
        world = self.world
        periods = world.periods.take(self.period_rows)
        count = len(world.persons.birth)
        random = generator(world.seed, world.scale, "client", self.code)
        mood, known_children = random.random(count), random.random(count) > 0.04
        died = people.END_REASONS.index("KUOLEMA")

        def at(period: Period, day: int) -> Table:
            open_ = (periods.start <= day) & (periods.end >= day_number(period.start))
            person = np.unique(periods.person[open_])
            home = workers.home_at(world.residences, person, np.full(len(person), day))
            if day >= self.merger_day and not self.writes_old_code and self.merged_into >= 0:
                home = np.where(home == self.merged, self.merged_into, home)
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
            language = world.persons.language[person]
            return {
                "client_key": self._client_key(person),
                "birth_year": years_of(world.persons.birth[person]),
                "gender": _labels(people.GENDERS, world.persons.gender[person]),
                "home_municipality": world.code(home),
                "responsible_area": _labels((self.code,), np.zeros(len(person), dtype=np.int8)),
                "language_group": _labels(people.LANGUAGES, language),
                "in_touch_status": _labels(IN_TOUCH, status),
                "has_children": children.astype(np.int8),
            }

        return at

    def _capacity(self) -> Callable[[Period, int], Table]:
        world = self.world
        index = np.flatnonzero(world.units.area == self.area).astype(np.int32)
        units = world.units.take(index)
        unit_key = world.unit_keys.take(pa.array(index))
        operator = _labels(services.OPERATORS, units.operator)

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

    # ---- helpers ---------------------------------------------------------------------------------

    def _client_key(self, person: npt.NDArray[np.integer]) -> pa.StringArray:
        return self.client_keys.take(pa.array(person))

    def _by_system(
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

    def _after_leaving(
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


def _labels(codes: tuple[str, ...], index: npt.NDArray[np.integer]) -> pa.StringArray:
    """Codes by index; ``-1`` is empty."""
    return pa.array(codes, pa.string()).take(pa.array(index, mask=np.asarray(index) < 0))


def _known(start: npt.NDArray[np.int32], day: int) -> int:
    return int(np.searchsorted(start, day, side="right"))


def _ended(end: npt.NDArray[np.int32], day: int) -> npt.NDArray[np.int32]:
    """Days up to the given one; later ones have not happened yet and are empty."""
    return np.where(end <= day, end, NO_DAY).astype(np.int32)


def _within(days: npt.NDArray[np.int32], period: Period) -> slice:
    start, stop = np.searchsorted(days, [day_number(period.start), day_number(period.end_exclusive)])
    return slice(int(start), int(stop))


def _first_of_each(*columns: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Positions of the first row of each combination, in the order of the rows."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), dtype=bool)
    new[:1] = True
    for values in columns:
        ordered = values[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    return np.sort(order[new])
