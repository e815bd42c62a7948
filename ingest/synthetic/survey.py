"""The survey of the young people: waves by half-year and answers with keys of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.periods import Period
from ingest.synthetic import settings
from ingest.synthetic.days import Indexes, day_number, generator, years_of
from ingest.synthetic.draws import habits, team_factors
from ingest.synthetic.people import LANGUAGES, People, Periods, Places, Residences
from ingest.synthetic.settings import Scale
from ingest.synthetic.workers import RESPONSIBLE, Assignments, home_at

ITEMS = (
    "KUULTU",
    "LUOTTAMUS",
    "SAMA_TYONTEKIJA",
    "YMMARRETTAVA_TIETO",
    "VAIKUTTAA",
    "HYODYLLINEN",
    "TURVA",
    "TULEVAISUUS",
    "OMA_KIELI",
)
# Where the middle of the answers lies, and how much each worker begun in the last year lowers it.
_LEVELS = np.array([0.55, 0.62, 0.30, 0.42, 0.35, 0.52, 0.75, 0.40, 1.05])
_PER_CHANGE = np.array([0.15, 0.25, 0.55, 0.08, 0.10, 0.12, 0.0, 0.03, 0.0])
_CUTS = np.array([-1.7, -0.9, 0.05, 0.95])
AGE_GROUPS = ("16-17", "18-20", "21-24")
NEW_INSTRUMENT_FROM = "2025H1"


@dataclass(frozen=True)
class Wave:
    """Answers of one area in one half-year: ``value`` has a row a respondent and a column an item."""

    invited: int
    value: npt.NDArray[np.int8]  # 0: not answered
    age_group: npt.NDArray[np.int8]
    home: Indexes
    instrument: str


class Survey:
    """Waves drawn when they are asked for, each from its own random numbers."""

    def __init__(
        self,
        places: Places,
        people: People,
        periods: Periods,
        residences: Residences,
        assignments: Assignments,
        team: Indexes,
        scale: Scale,
        seed: int,
    ) -> None:
        random = generator(seed, scale, "survey")
        areas = len(places.areas)
        self._rate = habits(random, *settings.RESPONSE_RATE_RANGE, areas)
        self._mood = random.normal(0, 0.22, (areas, len(ITEMS)))
        self._team = np.log(team_factors(random, team, 0.12))
        self._places, self._people, self._periods, self._residences = places, people, periods, residences
        self._responsible = assignments.take(assignments.role == RESPONSIBLE)
        self._scale, self._seed = scale, seed

    def wave(self, area: int, half_year: Period) -> Wave:
        """Who was invited (everybody open in the middle month's middle) and what was answered."""
        random = generator(self._seed, self._scale, "survey wave", self._places.areas[area], half_year.code)
        asked = day_number(half_year.last_day) - 60
        periods = self._periods
        row = np.flatnonzero((periods.area == area) & (periods.start <= asked) & (periods.end >= asked))
        _, one = np.unique(periods.person[row], return_index=True)
        row = row[one]
        person = periods.person[row]
        # Whoever can hardly be reached hardly answers.
        order = np.argsort(random.random(len(row)) + np.where(self._people.lost_from[person] <= asked, 0.9, 0.0))
        share = float(np.clip(self._rate[area] * random.normal(1.0, 0.04), 0.02, 0.95))
        answers = np.sort(order[: round(share * len(row))])
        row, person = row[answers], person[answers]
        count = len(row)
        spells = self._responsible
        recent = (spells.start > asked - 365) & (spells.start <= asked) & (spells.start > periods.start[spells.period])
        changes = np.minimum(3, np.bincount(spells.period[recent], minlength=len(periods.person))[row])
        latent = _LEVELS + self._mood[area] + self._team[row][:, None] - _PER_CHANGE * changes[:, None]
        latent = latent + random.normal(0, 0.6, (count, 1)) + random.normal(0, 0.75, (count, len(ITEMS)))
        other_language = np.isin(self._people.language[person], [LANGUAGES.index(x) for x in ("sv", "se", "other")])
        latent[:, ITEMS.index("OMA_KIELI")] -= np.where(other_language, 1.1, 0)
        value = 1 + np.searchsorted(_CUTS, latent)
        value = np.where(random.random(value.shape) < 0.04, 0, value)
        value[:, 0] = np.where(value.any(axis=1), value[:, 0], 3)  # nobody answers nothing
        age = years_of(np.array([asked]))[0] - years_of(self._people.birth[person])
        return Wave(
            len(one),
            value.astype(np.int8),
            np.digitize(age, [18, 21]).astype(np.int8),
            home_at(self._residences, person, np.full(count, asked)),
            "3X10D-LASU-1.1" if half_year >= Period.parse(NEW_INSTRUMENT_FROM) else "3X10D-LASU-1.0",
        )
