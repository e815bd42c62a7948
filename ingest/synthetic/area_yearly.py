"""What an area delivers once a year and twice a year: placements, health checks, costs, the survey."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ingest.periods import Period
from ingest.synthetic import costs, network, people, placements, settings, survey
from ingest.synthetic.days import NO_DAY, day_number, generator, hex_keys
from ingest.synthetic.tables import Table, ended, known_at, labels, within

if TYPE_CHECKING:
    from ingest.synthetic.supplier import Supplier

Maker = Callable[[Period, int], Table]


def year_tables(supplier: Supplier) -> dict[str, Maker]:
    """The makers of the yearly tables."""
    return {
        "placement": _placement(supplier),
        "health_check": _health_check(supplier),
        "cost_row": _cost_row(supplier),
    }


def survey_tables(supplier: Supplier) -> dict[str, Maker]:
    """The makers of the half-yearly tables of the survey, drawn from the same wave."""

    def survey_wave(period: Period, day: int) -> Table:
        wave = supplier.world.survey.wave(supplier.area, period)
        return {
            "wave": pa.array([period.code]),
            "area": pa.array([supplier.code]),
            "invited": np.array([wave.invited], dtype=np.int32),
            "responded": np.array([len(wave.value)], dtype=np.int32),
        }

    def survey_response(period: Period, day: int) -> Table:
        world = supplier.world
        wave = world.survey.wave(supplier.area, period)
        keys = hex_keys(len(wave.value), world.seed, world.scale, "respondent", supplier.code, period.code)
        respondent, item = np.nonzero(wave.value)
        groups = tuple(settings.municipality_groups().get(code, "") for code in world.places.codes)
        codes = tuple(sorted(set(groups) - {""}))
        group = np.array([codes.index(name) if name else -1 for name in groups])
        count = len(respondent)
        return {
            "respondent_key": keys.take(pa.array(respondent)),
            "wave": labels((period.code,), np.zeros(count, dtype=np.int8)),
            "area": labels((supplier.code,), np.zeros(count, dtype=np.int8)),
            "home_municipality_group": labels(codes, group[wave.home[respondent]]),
            "age_group": labels(survey.AGE_GROUPS, wave.age_group[respondent]),
            "item_code": labels(survey.ITEMS, item),
            "instrument": labels((wave.instrument,), np.zeros(count, dtype=np.int8)),
            "value": wave.value[respondent, item].astype(np.int32),
        }

    return {"survey_wave": survey_wave, "survey_response": survey_response}


def _placement(supplier: Supplier) -> Maker:
    world = supplier.world
    rows = world.placements.take(world.placements.area == supplier.area)
    keys = hex_keys(len(rows.person), world.seed, world.scale, "placement", supplier.code)
    client_key = supplier.client_key(rows.person)
    type_, basis = labels(placements.PLACEMENT_TYPES, rows.type), labels(people.LEGAL_BASES, rows.basis)

    def at(period: Period, day: int) -> Table:
        known = known_at(rows.told, day)
        end = ended(rows.end[:known], day)
        return {
            "client_key": client_key[:known],
            "placement_key": keys[:known],
            "start_date": rows.start[:known],
            "end_date": end,
            "placement_type": type_[:known],
            "legal_basis": basis[:known],
            "end_reason": labels(placements.PLACEMENT_END_REASONS, np.where(end == NO_DAY, -1, rows.reason[:known])),
            "child_alone": rows.alone[:known],
        }

    return at


def _health_check(supplier: Supplier) -> Maker:
    world = supplier.world
    rows = world.checks.take(world.periods.area[world.checks.period] == supplier.area)
    client_key = supplier.client_key(world.periods.person[rows.period])
    type_, status = labels(network.CHECK_TYPES, rows.type), labels(network.CHECK_STATUSES, rows.status)

    def at(period: Period, day: int) -> Table:
        inside = within(rows.day, period)
        return {
            "client_key": client_key[inside],
            "check_type": type_[inside],
            "date": rows.day[inside],
            "status": status[inside],
        }

    return at


def _cost_row(supplier: Supplier) -> Maker:
    world = supplier.world

    def at(period: Period, day: int) -> Table:
        year = period.start.year
        random = generator(world.seed, world.scale, "area costs", supplier.code, period.code)
        served = costs.client_years(world.periods, supplier.area, day_number(period.start), day)
        level = world.costs.per_client[supplier.area] * settings.COST_GROWTH ** (year - settings.COST_YEAR)
        rows = costs.lines(served * level, costs.AREA_LINES, random)
        return cost_table(year, supplier.code, None, rows, costs.BOOKED)

    return at


def cost_table(
    year: int, area: str, municipality: str | None, rows: list[tuple[str, str, float]], method: int
) -> Table:
    """Cost rows of one supplier and year."""
    count = len(rows)
    return {
        "year": np.full(count, year, dtype=np.int32),
        "area": pa.array([area] * count, pa.string()),
        "municipality_code": pa.array([municipality] * count, pa.string()),
        "service_code": pa.array([service for service, _, _ in rows], pa.string()),
        "account_code": pa.array([account for _, account, _ in rows], pa.string()),
        "amount_eur": np.array([euros for _, _, euros in rows], dtype=np.float64),
        "method": pa.array([costs.METHODS[method]] * count, pa.string()),
    }
