"""What an area's client system tells of support in aftercare: plans, network, referrals, activity.

Each function gives the maker of one table: called with a period and its last day, it gives the rows
as they are known on that day. History is sorted by the day from which it is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ingest.periods import Period
from ingest.synthetic import activity, network, plans, workers, workforce
from ingest.synthetic.days import NO_DAY, Days, Indexes, day_number, hex_keys
from ingest.synthetic.draws import DAY_SPAN
from ingest.synthetic.tables import Table, ended, known_at, labels, within

if TYPE_CHECKING:
    from ingest.synthetic.supplier import Supplier

Maker = Callable[[Period, int], Table]


def support_tables(supplier: Supplier) -> dict[str, Maker]:
    """The makers of the quarterly tables of support."""
    return {
        **_plan_tables(supplier),
        "network_meeting": _network_meeting(supplier),
        "support_person": _support_person(supplier),
        "referral": _referral(supplier),
        "activity_spell": _activity_spell(supplier),
        "workforce_quarter": _workforce_quarter(supplier),
    }


def _keys(supplier: Supplier, count: int, name: str) -> pa.StringArray:
    return hex_keys(count, supplier.world.seed, supplier.world.scale, name, supplier.code)


def _plan_tables(supplier: Supplier) -> dict[str, Maker]:
    world = supplier.world
    mine = world.periods.area[world.plans.period] == supplier.area
    rows = world.plans.take(mine)
    number = np.full(len(mine), -1, dtype=np.int32)
    number[mine] = np.arange(len(rows.period))
    parties = world.parties.take(mine[world.parties.plan])
    parties = replace(parties, plan=number[parties.plan])
    actions = world.actions.take(mine[world.actions.plan])
    actions = replace(actions, plan=number[actions.plan])
    keys = _keys(supplier, len(rows.period), "plan")
    client_key = supplier.client_key(world.periods.person[rows.period])
    type_, need = labels(plans.PLAN_TYPES, rows.type), labels(plans.NEEDS, rows.need)
    party_key, sector = keys.take(pa.array(parties.plan)), labels(plans.SECTORS, parties.sector)
    action_key, action_client = keys.take(pa.array(actions.plan)), client_key.take(pa.array(actions.plan))
    code = labels(plans.ACTIONS, actions.code)

    def plan(period: Period, day: int) -> Table:
        known = known_at(rows.told, day)
        # Gone through with the young person when made, and again at the review.
        made = np.where(rows.present[:known], rows.start[:known], NO_DAY)
        return {
            "client_key": client_key[:known],
            "plan_key": keys[:known],
            "plan_type": type_[:known],
            "valid_from": rows.start[:known],
            "valid_to": ended(rows.end[:known], day),
            "review_date": np.where(rows.review[:known] <= day, rows.review[:known], made).astype(np.int32),
            "client_present": rows.present[:known].astype(np.int8),
            "client_view_recorded": rows.view[:known],
            "continuing_need": need[:known],
        }

    def plan_party(period: Period, day: int) -> Table:
        known = int(np.searchsorted(parties.plan, known_at(rows.told, day)))
        return {"plan_key": party_key[:known], "sector": sector[:known]}

    def plan_action(period: Period, day: int) -> Table:
        known = int(np.searchsorted(actions.plan, known_at(rows.told, day)))
        status, since = plans.status_at(actions.take(slice(0, known)), day)
        return {
            "client_key": action_client[:known],
            "plan_key": action_key[:known],
            "action_code": code[:known],
            "status": labels(plans.ACTION_STATUSES, status),
            "date": since,
        }

    return {"plan": plan, "plan_party": plan_party, "plan_action": plan_action}


def _network_meeting(supplier: Supplier) -> Maker:
    world = supplier.world
    rows = world.meetings.take(world.periods.area[world.meetings.period] == supplier.area)
    keys = _keys(supplier, len(rows.day), "network meeting")
    client_key = supplier.client_key(world.periods.person[rows.period])

    def at(period: Period, day: int) -> Table:
        inside = within(rows.day, period)
        return {
            "meeting_key": keys[inside],
            "client_key": client_key[inside],
            "date": rows.day[inside],
            "client_present": rows.present[inside].astype(np.int8),
            "n_parties": rows.parties[inside],
        }

    return at


def _support_person(supplier: Supplier) -> Maker:
    world = supplier.world
    rows = world.supporters.take(world.periods.area[world.supporters.period] == supplier.area)
    numbers, index = np.unique(rows.number, return_inverse=True)
    person = world.periods.person[rows.period]
    client_key = supplier.client_key(person)
    person_key = _keys(supplier, len(numbers), "support person").take(pa.array(index))
    relation = labels(network.RELATIONS, rows.relation)
    end = supplier.after_leaving(person, rows.end, closes=True)
    end = np.maximum(end, rows.start).astype(np.int32)

    def at(period: Period, day: int) -> Table:
        known = known_at(rows.told, day)
        until = ended(end[:known], day)
        return {
            "client_key": client_key[:known],
            "person_key": person_key[:known],
            "relation_type": relation[:known],
            "start_date": rows.start[:known],
            "end_date": until,
            "confirmed_on": confirmed(
                supplier, person[:known], rows.start[:known], until, rows.confirmed_every[:known], day
            ),
        }

    return at


def _referral(supplier: Supplier) -> Maker:
    world = supplier.world
    rows = world.referrals.take(world.periods.area[world.referrals.period] == supplier.area)
    keys = _keys(supplier, len(rows.day), "referral")
    client_key = supplier.client_key(world.periods.person[rows.period])
    service = labels(network.SERVICES, rows.service)
    target = rows.municipality
    if supplier.merged_into >= 0:
        target = np.where((target == supplier.merged) & (rows.day >= supplier.merger_day), supplier.merged_into, target)
    municipality = world.code(target)
    waits = np.where(rows.period % 3 == 0, network.IN_QUEUE, network.OPEN_REFERRAL)

    def at(period: Period, day: int) -> Table:
        known = known_at(rows.day, day)
        settled = rows.settled[:known] <= day
        status = np.where(settled, rows.final[:known], waits[:known])
        return {
            "client_key": client_key[:known],
            "referral_key": keys[:known],
            "referral_date": rows.day[:known],
            "target_service": service[:known],
            "target_municipality": municipality[:known],
            "service_start_date": ended(rows.began[:known], day),
            "status": labels(network.REFERRAL_STATUSES, status),
        }

    return at


def _activity_spell(supplier: Supplier) -> Maker:
    world = supplier.world
    told = _told_from(supplier, world.activities)
    rows, told = world.activities.take(told != NO_DAY), told[told != NO_DAY]
    order = np.lexsort((rows.start, rows.person, told))
    rows, told = rows.take(order), told[order]
    client_key, kind = supplier.client_key(rows.person), labels(activity.KINDS, rows.kind)
    end = np.maximum(supplier.after_leaving(rows.person, rows.end, closes=True), rows.start).astype(np.int32)

    def at(period: Period, day: int) -> Table:
        known = known_at(told, day)
        until = ended(end[:known], day)
        return {
            "client_key": client_key[:known],
            "main_activity": kind[:known],
            "start_date": rows.start[:known],
            "end_date": until,
            "confirmed_on": confirmed(
                supplier, rows.person[:known], rows.start[:known], until, rows.confirmed_every[:known], day
            ),
        }

    return at


def _told_from(supplier: Supplier, spells: activity.Activities) -> Days:
    """Day from which each spell is told: with the first aftercare period of the supplier that it touches."""
    periods = supplier.world.periods.take(supplier.period_rows)
    periods = periods.take(np.lexsort((periods.end, periods.person)))
    ends = periods.person.astype(np.int64) * DAY_SPAN + periods.end
    row = np.searchsorted(ends, spells.person.astype(np.int64) * DAY_SPAN + spells.start)
    bounded = np.minimum(row, len(ends) - 1)
    touches = (row < len(ends)) & (periods.person[bounded] == spells.person) & (periods.start[bounded] <= spells.end)
    return np.where(touches, np.maximum(spells.start, periods.start[bounded]), NO_DAY).astype(np.int32)


def _workforce_quarter(supplier: Supplier) -> Maker:
    world = supplier.world

    def at(period: Period, day: int) -> Table:
        counted = world.workforce.counted(supplier.area, period)
        on = day_number(workforce.count_day(period))
        days = np.full(len(counted.team), on, dtype=np.int32)
        return {
            "team_key": supplier.by_system(world.team_keys, counted.team, days),
            "role": labels(workers.ROLES, counted.role),
            "count_date": days,
            "n_workers": counted.workers,
            "fte": counted.fte,
            "vacancies_fte": counted.vacant,
            "leavers_fte": counted.leavers,
            "sick_days": counted.sick_days,
            "working_days": counted.working_days,
            "clients_u18": counted.clients_under_18,
            "clients_18p": counted.clients_18_over,
            "n_over_limit": counted.over_limit,
        }

    return at


def confirmed(
    supplier: Supplier,
    person: Indexes,
    start: Days,
    end: Days,
    every: npt.NDArray[np.int32],
    day: int,
) -> Days:
    """Last day on which a spell was confirmed: at visits ``every`` so many days (0: never), till aftercare ends."""
    until = np.where(end == NO_DAY, day, end)
    until = np.minimum(until, np.maximum(supplier.known_until[person], start))
    step = np.maximum(every, 1)
    phase = (person.astype(np.int64) * 37 % step).astype(np.int32)
    visit = (until - phase) // step * step + phase
    return np.where((every > 0) & (visit >= start), visit, NO_DAY).astype(np.int32)
