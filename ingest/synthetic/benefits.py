"""Months in which Kela paid a benefit, month by month from the main activity of the person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.synthetic.activity import APPRENTICESHIP, NEET, SICK, STUDY, UNEMPLOYED, Activities
from ingest.synthetic.days import Indexes, generator, years_of
from ingest.synthetic.people import YEAR, People, Places, Residences, Rows
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import home_at

BENEFITS = ("PTT", "YAT", "OT", "TMT", "SP", "NKR")
SOCIAL_ASSISTANCE, HOUSING_ALLOWANCE, STUDENT_AID, LABOUR_MARKET, SICKNESS, REHABILITATION = range(6)
# How likely social assistance is paid next month, by whether it is paid now: study or work, outside.
_BEGINS, _GOES_ON = (0.030, 0.105), (0.80, 0.93)


@dataclass(frozen=True)
class BenefitMonths(Rows):
    """Paid months, sorted by month, person and benefit; ``month`` counts from January of year 0."""

    person: Indexes
    month: Indexes
    benefit: npt.NDArray[np.int8]
    municipality: Indexes


def make_benefits(
    places: Places,
    people: People,
    residences: Residences,
    activities: Activities,
    scale: Scale,
    seed: int,
    first_day: int,
    last_day: int,
) -> BenefitMonths:
    """Every paid month of everybody aged 18 and over, in whole calendar years between the two days."""
    random = generator(seed, scale, "benefits")
    count = len(people.birth)
    person = np.arange(count, dtype=np.int32)
    first, last = int(years_of(np.array([first_day]))[0]) * 12, int(years_of(np.array([last_day]))[0]) * 12 + 12
    frailty = random.lognormal(-0.1, 0.55, count)
    place = random.lognormal(-0.01, 0.15, len(places.codes))
    own_home, long_sick = random.random(count) < 0.22, random.random(count) < 0.35
    student, applied = random.random(count) < 0.86, random.random(count) < 0.80
    assisted = random.random(count) < 0.30 * frailty
    parts = []
    for month in range(first, last):
        middle = _first_of_month(month) + 14
        adult = middle >= people.birth + round(18 * YEAR)
        doing = activities.kind_at(person, np.full(count, middle))
        home = home_at(residences, person, np.full(count, _first_of_month(month + 1) - 1))
        outside = np.isin(doing, NEET).astype(np.int64)
        begins = np.array(_BEGINS)[outside] * frailty * place[home]
        goes_on = np.minimum(0.985, np.array(_GOES_ON)[outside] * frailty**0.07)
        assisted = adult & (random.random(count) < np.where(assisted, goes_on, begins))
        paid = {
            SOCIAL_ASSISTANCE: assisted,
            HOUSING_ALLOWANCE: adult & own_home & (random.random(count) < 0.93),
            STUDENT_AID: adult & student & np.isin(doing, (STUDY, APPRENTICESHIP)),
            LABOUR_MARKET: adult & applied & (doing == UNEMPLOYED),
            SICKNESS: adult & ~long_sick & (doing == SICK),
            REHABILITATION: adult & long_sick & (doing == SICK),
        }
        for benefit, whom in paid.items():
            who = np.flatnonzero(whom).astype(np.int32)
            parts.append(
                BenefitMonths(
                    who,
                    np.full(len(who), month, dtype=np.int32),
                    np.full(len(who), benefit, dtype=np.int8),
                    home[who].astype(np.int32),
                )
            )
    return BenefitMonths.join(parts)


def _first_of_month(month: int) -> int:
    moment = np.datetime64(f"{month // 12:04d}-{month % 12 + 1:02d}", "M")
    return int(moment.astype("datetime64[D]").astype(np.int64))
