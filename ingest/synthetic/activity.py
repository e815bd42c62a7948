"""Studies and what the young people mainly do: one after the other, as their own histories.

Study rights come first; the main activity of the days in and between them follows from them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.synthetic import settings
from ingest.synthetic.days import NO_DAY, OPEN, Days, Indexes, choose, generator, year_end, years_of
from ingest.synthetic.draws import DAY_SPAN, first_days, habits, last_days, place_factors
from ingest.synthetic.people import YEAR, People, Periods, Places, Residences, Rows
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import home_at

LEVELS = ("PERUS", "TUVA", "LUKIO", "AMMATILLINEN", "OPPISOPIMUS", "KORKEA", "MUU")
BASIC, PREPARATORY, GENERAL, VOCATIONAL, APPRENTICE, HIGHER, OTHER_LEVEL = range(7)
UPPER_SECONDARY = (GENERAL, VOCATIONAL, APPRENTICE)
EDUCATION_ENDS = ("VALMISTUNUT", "KESKEYTTANYT", "VAIHTANUT", "MUU")
GRADUATED, BROKE_OFF, CHANGED, OTHER_REASON = range(4)
NO_REASON = -1
_YEARS_OF_STUDY = np.array([9.8, 0.8, 3.05, 2.9, 2.2, 3.8, 0.8])

KINDS = (
    "TYO",
    "OPISKELU",
    "OPPISOPIMUS",
    "TYOPAJA",
    "VARUSMIES",
    "VANHEMPAINVAPAA",
    "SAIRAUS",
    "TYOTON",
    "MUU_NEET",
    "TUNTEMATON",
)
WORK, STUDY, APPRENTICESHIP, WORKSHOP, ARMY, PARENTAL, SICK, UNEMPLOYED, OTHER_NEET, UNKNOWN_KIND = range(10)
NEET = (PARENTAL, SICK, UNEMPLOYED, OTHER_NEET)
# Between studies: how often each begins and its mean length in days.
_BETWEEN = {
    WORK: (0.22, 260),
    WORKSHOP: (0.14, 150),
    ARMY: (0.03, 230),
    PARENTAL: (0.04, 420),
    SICK: (0.13, 380),
    UNEMPLOYED: (0.27, 300),
    OTHER_NEET: (0.15, 340),
    UNKNOWN_KIND: (0.045, 170),
}
_BETWEEN_KINDS = np.array(list(_BETWEEN))
_BETWEEN_WEIGHTS = np.array([weight for weight, _ in _BETWEEN.values()])
_BETWEEN_DAYS = np.array([days for _, days in _BETWEEN.values()], dtype=np.float64)


@dataclass(frozen=True)
class Studies(Rows):
    """Study rights of all persons, sorted by person and start; those of a person do not overlap."""

    person: Indexes
    level: npt.NDArray[np.int8]
    start: Days
    end: Days
    reason: npt.NDArray[np.int8]
    municipality: Indexes  # where it is given


@dataclass(frozen=True)
class Activities(Rows):
    """Spells of main activity, sorted by person and start; those of a person do not overlap."""

    person: Indexes
    kind: npt.NDArray[np.int8]
    start: Days
    end: Days
    confirmed_every: Days  # 0: never confirmed

    def kind_at(self, person: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
        """What each person mainly does on each day; unknown where no spell tells."""
        keys = self.person.astype(np.int64) * DAY_SPAN + self.start
        row = np.searchsorted(keys, person.astype(np.int64) * DAY_SPAN + day, side="right") - 1
        told = (row >= 0) & (self.person[row] == person) & (self.end[row] >= day)
        return np.where(told, self.kind[row], UNKNOWN_KIND).astype(np.int8)


def make_activity(
    places: Places,
    people: People,
    periods: Periods,
    residences: Residences,
    scale: Scale,
    seed: int,
) -> tuple[Studies, Activities]:
    """Studies from the end of basic education on, and main activities around the time in aftercare."""
    random = generator(seed, scale, "activity")
    count = len(people.birth)
    first, last = first_days(periods, count), last_days(periods, count)
    home = home_at(residences, np.arange(count, dtype=np.int32), first)
    factor = place_factors(random, len(places.codes), settings.ACTIVITY_SIGMA_MUNICIPALITY)[home]
    area = np.maximum(places.area_of[home], 0)
    factor = factor * np.exp(habits(random, -0.25, 0.25, len(places.areas)))[area]
    strain = random.normal(0, 1, count)  # how hard it is for the person to go on with anything
    until = np.minimum(last + 400, OPEN).astype(np.int32)
    studies = _studies(random, places, people, residences, factor * np.exp(0.55 * strain - 0.15), until)
    return studies, _activities(random, people, studies, factor * np.exp(0.35 * strain - 0.06), first, until)


def _studies(
    random: np.random.Generator,
    places: Places,
    people: People,
    residences: Residences,
    breaking: npt.NDArray[np.float64],
    until: Days,
) -> Studies:
    count = len(people.birth)
    year_of_16 = years_of(people.birth) + 16
    leaves = year_end(year_of_16 - 1) + 152 + np.where(random.random(count) < 0.08, 366, 0)
    person = np.arange(count, dtype=np.int32)
    nothing = np.zeros(count, dtype=np.int8)
    parts = [
        Studies(
            person,
            nothing,
            (year_end(year_of_16 - 10) + 222).astype(np.int32),
            leaves.astype(np.int32),
            np.full(count, GRADUATED, dtype=np.int8),
            home_at(residences, person, leaves),
        )
    ]
    first_level = choose(random, [0.0, 0.15, 0.16, 0.66, 0.015, 0.0, 0.015], count).astype(np.int8)
    idle = random.random(count) < 0.06
    start = leaves + 70 + np.where(idle, random.exponential(300, count), 0)
    level, start = first_level, start.astype(np.int32)
    interruption = settings.STUDY_INTERRUPTIONS_PER_YEAR
    while True:
        alive = start <= until[person]
        person, level, start = person[alive], level[alive], start[alive]
        count = len(person)
        if not count:
            break
        length = _YEARS_OF_STUDY[level] * YEAR * random.uniform(0.85, 1.25, count)
        hazard = interruption * breaking[person]
        broken = 20 + random.exponential(YEAR / hazard)
        changed = 30 + random.exponential(YEAR / 0.07, count)
        days = np.minimum(np.minimum(length, broken), changed).astype(np.int32)
        reason = np.select([length <= np.minimum(broken, changed), broken <= changed], [GRADUATED, BROKE_OFF], CHANGED)
        reason = np.where((reason == BROKE_OFF) & (random.random(count) < 0.05), OTHER_REASON, reason)
        end = (start + days).astype(np.int32)
        home = home_at(residences, person, start)
        home = np.where(random.random(count) < 0.22, choose(random, places.weight, count), home).astype(np.int32)
        parts.append(Studies(person, level, start, end, reason.astype(np.int8), home))
        # What comes next: another try, the next level, or nothing any more.
        done = (reason == GRADUATED) & np.isin(level, UPPER_SECONDARY)
        goes_on = random.random(count) < np.select(
            [done, reason == GRADUATED, reason == CHANGED], [0.14, 0.85, 0.92], 0.62
        )
        goes_on &= level != HIGHER
        pause = np.select(
            [reason == CHANGED, reason == GRADUATED],
            [random.integers(0, 45, count), random.integers(40, 300, count)],
            np.where(random.random(count) < 0.15, random.integers(5, 60, count), 61 + random.exponential(330, count)),
        )
        vocational = choose(random, [0.0, 0.06, 0.03, 0.82, 0.05, 0.0, 0.04], count)
        level = np.where(done & (random.random(count) < 0.75), HIGHER, vocational).astype(np.int8)
        start = (end + 1 + pause).astype(np.int32)
        person, level, start = person[goes_on], level[goes_on], start[goes_on]
    studies = Studies.join(parts)
    return studies.take(np.lexsort((studies.start, studies.person)))


def _activities(
    random: np.random.Generator,
    people: People,
    studies: Studies,
    outside: npt.NDArray[np.float64],
    first: Days,
    until: Days,
) -> Activities:
    """Study while the study right lasts (mostly), something else between; from the start of aftercare."""
    begin = np.maximum(first - 500, people.birth + round(15 * YEAR))
    touching = studies.take((studies.end >= begin[studies.person]) & (studies.start <= until[studies.person]))
    # Most of those with a study right study; some only on paper.
    active = touching.take(random.random(len(touching.person)) < 0.90)
    kind = np.where(active.level == APPRENTICE, APPRENTICESHIP, STUDY).astype(np.int8)
    parts = [_spells(random, active.person, kind, active.start, np.minimum(active.end, until[active.person]))]
    # The days between: after each spell of study until the next one, and before the first.
    count = len(people.birth)
    everybody = np.arange(count, dtype=np.int32)
    person = np.concatenate([everybody, active.person])
    clock = np.concatenate([begin, active.end + 1]).astype(np.int32)
    keys = active.person.astype(np.int64) * DAY_SPAN + active.start
    following = np.searchsorted(keys, person.astype(np.int64) * DAY_SPAN + clock)
    # A study right that had begun before the clock of its person covers it.
    inside = np.searchsorted(keys, person.astype(np.int64) * DAY_SPAN + clock, side="right") - 1
    covered = (inside >= 0) & (active.person[inside] == person) & (active.end[inside] >= clock)
    bounded = np.minimum(following, len(active.person) - 1)
    has_next = (following < len(active.person)) & (active.person[bounded] == person)
    stop = np.where(has_next, active.start[bounded] - 1, until[person])
    free = ~covered & (clock <= stop)
    person, clock, stop = person[free], clock[free], stop[free].astype(np.int32)
    while len(person):
        count = len(person)
        drawn = choose(random, _BETWEEN_WEIGHTS, count)
        kind = _BETWEEN_KINDS[drawn]
        man = people.gender[person] == 0
        kind = np.where((kind == ARMY) & ~man, WORK, kind)
        minor = clock < people.birth[person] + round(18 * YEAR)
        kind = np.where(minor & np.isin(kind, (ARMY, UNEMPLOYED, PARENTAL)), OTHER_NEET, kind).astype(np.int8)
        # Where it is hard to find a way in, the days outside grow long.
        mean = _BETWEEN_DAYS[drawn] * np.where(np.isin(kind, NEET), outside[person], 1.0)
        length = 7 + random.exponential(mean)
        end = np.minimum(stop, clock + np.minimum(length, 20_000)).astype(np.int32)
        parts.append(_spells(random, person, kind, clock, end))
        more = end < stop
        person, clock, stop = person[more], (end + 1)[more].astype(np.int32), stop[more]
    spells = Activities.join(parts)
    spells = spells.take((spells.end >= first[spells.person]) & (spells.end >= spells.start))
    return spells.take(np.lexsort((spells.start, spells.person)))


def _spells(
    random: np.random.Generator, person: Indexes, kind: npt.NDArray[np.int8], start: Days, end: Days
) -> Activities:
    every = np.where(random.random(len(person)) < 0.07, 0, random.integers(45, 150, len(person)))
    return Activities(person, kind, start.astype(np.int32), end.astype(np.int32), every.astype(np.int32))


def of_the_day(studies: Studies, day: int) -> tuple[Days, npt.NDArray[np.int8]]:
    """End and reason of each study right as they are known on a day; empty while it goes on."""
    ended = studies.end <= day
    return (
        np.where(ended, studies.end, NO_DAY).astype(np.int32),
        np.where(ended, studies.reason, NO_REASON).astype(np.int8),
    )
