"""Everything that is ever to be delivered, before anybody has extracted it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.synthetic import (
    activity,
    costs,
    draws,
    housing,
    local,
    network,
    people,
    services,
    settings,
    survey,
    workers,
    workforce,
)
from ingest.synthetic.days import hex_keys
from ingest.synthetic.placements import NeverIn, Placements, make_placements
from ingest.synthetic.plans import Actions, Parties, Plans, make_plans
from ingest.synthetic.settings import Scale
from ingest.synthetic.tables import labels


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
    placements: Placements
    never: NeverIn
    studies: activity.Studies
    activities: activity.Activities
    plans: Plans
    parties: Parties
    actions: Actions
    supporters: network.Supporters
    meetings: network.Meetings
    checks: network.Checks
    referrals: network.Referrals
    employment: local.Employment
    leisure: local.Leisure
    survey: survey.Survey
    workforce: workforce.Workforce
    costs: costs.Costs
    client_keys: pa.StringArray
    never_keys: pa.StringArray
    period_keys: pa.StringArray
    worker_keys: tuple[pa.StringArray, pa.StringArray]  # before and after a new client system
    team_keys: tuple[pa.StringArray, pa.StringArray]
    unit_keys: pa.StringArray

    def code(self, municipality: npt.NDArray[np.integer]) -> pa.StringArray:
        """Municipality codes of indexes."""
        return labels(self.places.codes, municipality)


def make_world(scale: Scale, seed: int, first_day: int, last_day: int) -> World:
    """Draw the whole history between two days (both included)."""
    places = people.make_places(scale, seed)
    persons, periods, residences = people.make_people(places, scale, seed, first_day, last_day)
    assignments, handovers, staff = workers.make_work(places, periods, residences, scale, seed, first_day, last_day)
    homes, _ = housing.make_housing(places, persons, periods, residences, scale, seed)
    contacts = services.make_contacts(persons, periods, assignments, scale, seed, first_day, last_day)
    queue = services.make_queue(places, periods, residences, scale, seed, first_day, last_day)
    units = services.make_units(places, places.area_share * settings.CLIENTS[scale], scale, seed)
    # What follows has random numbers of its own and changes nothing of the above.
    placed, never = make_placements(places, persons, periods, scale, seed, first_day, last_day)
    studies, activities = activity.make_activity(places, persons, periods, residences, scale, seed)
    team = draws.first_teams(assignments, len(periods.person))
    planned, parties, actions = make_plans(places, periods, team, activities, scale, seed)
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
        placed,
        never,
        studies,
        activities,
        planned,
        parties,
        actions,
        network.make_supporters(places, periods, team, scale, seed),
        network.make_meetings(places, periods, team, scale, seed, first_day, last_day),
        network.make_checks(places, persons, periods, activities, scale, seed, first_day, last_day),
        network.make_referrals(places, periods, residences, planned, scale, seed, last_day),
        local.make_employment(places, persons, periods, residences, activities, scale, seed),
        local.make_leisure(places, periods, residences, scale, seed, first_day, last_day),
        survey.Survey(places, persons, periods, residences, assignments, team, scale, seed),
        workforce.Workforce(places, persons, periods, assignments, staff, scale, seed),
        costs.make_costs(places, scale, seed),
        client_keys=hex_keys(len(persons.birth), seed, scale, "client"),
        never_keys=hex_keys(len(never.birth), seed, scale, "client never in aftercare"),
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
