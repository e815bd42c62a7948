"""One client's days, one by one: who is responsible, where, in what housing, and what changes.

Every spell is painted on an axis of single days (the stronger claim is painted later), and the
days are then walked through in order. Days are ``int`` since 1970-01-01; both ends included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

UNKNOWN = "unknown"
HOMELESS = "(homeless)"  # all homeless spells together are one dwelling
KNOWN_CLASSES = ("stable", "unstable", "homeless")
# definitions.md 7: the responsible social worker, the counsellor, and either of the two.
ROLES = ("VASTUU", "OHJAAJA")
EITHER = "EITHER"

# definitions.md 5: out of aftercare for more than this, and the chain of workers starts afresh.
CHAIN_RESET_DAYS = 90
# definitions.md 5: the longest run that counts as cover of an absence.
ABSENCE_DAYS = 30
# definitions.md 4: overlap with a newer run, and silence while others are in contact.
DOUBTFUL_OVERLAP_DAYS = 60
DOUBTFUL_SILENCE_DAYS = 180
# definitions.md 16: an open spell that nothing has confirmed for so long counts as unknown.
STALE_DAYS = 180
# definitions.md 6 and SAA-01: a handover belongs to a change this close; the headline's last day.
HANDOVER_DAYS = 30
HANDOVER_HEADLINE_DAYS = 14

Row = Mapping[str, Any]


@dataclass
class Run:
    """Assignments of one worker that touch or overlap."""

    worker: str
    start: int
    end: int
    reason: str | None
    organisation: str


@dataclass
class Change:
    """A day on which another worker is there than on the last day that had one.

    Of ``EITHER`` both may have changed: ``old`` and ``new_workers`` name all who were and are there.
    """

    role: str
    day: int
    position: int  # index into the client's days
    old: tuple[str, ...]
    new: Run
    new_workers: tuple[str, ...]
    old_organisation: str
    chain: int
    old_end: int  # last day of the run that the old worker had then (of both, the later one)
    new_start: int  # first day of the new worker's run (of both, the earlier one)
    last_covered: int  # position of the last day before it that had anybody
    is_absence_cover: bool = False
    covers_until: int | None = None  # position of the return, of a stand-in who covered an absence
    is_pending: bool = False
    is_key_break: bool = False
    is_structural: bool = False
    is_saattaen: bool = False
    way: str = "no_record"  # one of several: how it was handed over
    has_record: bool = False
    overlap_days: int = 0  # at-risk days on which both were responsible
    gap_days: int = 0  # at-risk days without anybody in between

    @property
    def kind(self) -> str:
        return "overlapping" if self.overlap_days else "broken" if self.gap_days else "direct"

    @property
    def is_counted(self) -> bool:
        return not (self.is_absence_cover or self.is_pending or self.is_key_break)


@dataclass
class Move:
    """A day with another known dwelling than the last known one."""

    day: int
    position: int
    reason: str | None
    planned: bool | None
    is_key_break: bool


@dataclass
class ClientDays:
    """All at-risk days of one client (arrays of equal length) and what happened on them."""

    client: str
    day: np.ndarray  # int64, ascending
    area: np.ndarray  # str: code of the responsible area
    municipality: np.ndarray  # str, or "unknown"
    worker: Mapping[str, np.ndarray]  # VASTUU, OHJAAJA -> key of the day's worker, or None
    is_gap: Mapping[str, np.ndarray]  # role -> bool: no worker with a known key
    is_doubtful: Mapping[str, np.ndarray]  # role -> bool
    housing_type: np.ndarray  # str: code of the housing type; TUNTEMATON where none is known
    housing_class: np.ndarray  # str: stable, unstable, homeless, temporary or unknown
    suitability: np.ndarray  # str: SOVELTUVA, EI_SOVELTUVA or TUNTEMATON
    changes: list[Change] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """What a client's timeline needs to know besides the client's rows.

    ``municipality_today``: code -> the code in force now, for the mainland; all else is unknown.
    ``housing``: type -> (class, default suitability). ``key_breaks``: a function (table,
    organisation, old key, new key) -> bool.
    """

    data_until: Mapping[str, int]
    municipality_today: Mapping[str, str]
    housing: Mapping[str, tuple[str, str]]
    is_key_break: Any


def follow(
    client: str,
    aftercare: Sequence[Row],
    residence: Sequence[Row],
    assignments: Sequence[Row],
    handovers: Sequence[Row],
    contacts: Sequence[Row],
    housing: Sequence[Row],
    world: World,
) -> ClientDays | None:
    """The client's at-risk days with everything that holds on each; ``None`` without any day.

    Rows are already cut at their supplier's last delivered day.
    """
    if not aftercare:
        return None
    first = min(row["start_date"] for row in aftercare)
    last = max(row["end_date"] for row in aftercare)
    axis = np.arange(first, last + 1)

    def days_of(start: int, end: int) -> slice:
        return slice(max(start - first, 0), max(end - first + 1, 0))

    # Rule 11: of two areas the one whose period began last, then the smaller code.
    area = np.full(axis.size, "", dtype=object)
    for row in _strongest_last(aftercare, lambda row: row["organisation"][4:]):
        area[days_of(row["start_date"], row["end_date"])] = row["organisation"][4:]
    at_risk = area != ""

    municipality = np.full(axis.size, UNKNOWN, dtype=object)
    for row in _strongest_last(residence, lambda row: row["municipality"]):
        code = world.municipality_today.get(row["municipality"], UNKNOWN)
        municipality[days_of(row["start_date"], row["end_date"])] = code

    # Rule 4: of the workers with an open run the one whose run began first, then the smaller key. Keys of
    # two suppliers, made with two secrets, have no order between them: there the suppliers' order decides.
    runs = {role: merge_runs(assignments, role) for role in ROLES}
    incumbent: dict[str, np.ndarray] = {}
    doubtful: dict[str, np.ndarray] = {}
    for role, of_role in runs.items():
        days_with = np.full(axis.size, -1)
        for number in sorted(range(len(of_role)), key=lambda n, of=of_role: _tie(of[n]), reverse=True):
            days_with[days_of(of_role[number].start, of_role[number].end)] = number
        incumbent[role] = days_with
        doubtful[role] = _doubtful(axis, days_with, of_role, contacts, days_of)
    # Rule 7: what is doubtful for one of the two is doubtful for either.
    doubtful[EITHER] = doubtful["VASTUU"] | doubtful["OHJAAJA"]
    spell, is_stale = _housing_spells(axis, housing, contacts, world, days_of)

    kept = np.flatnonzero(at_risk)
    types: list[str] = []
    classes: list[str] = []
    suitability: list[str] = []
    dwellings: list[str | None] = []
    for position in kept:
        if spell[position] < 0 or is_stale[position]:
            types.append("TUNTEMATON")
            classes.append(UNKNOWN)
            suitability.append("TUNTEMATON")
            dwellings.append(None)
            continue
        row = housing[spell[position]]
        housing_class, default = world.housing[row["housing_type"]]
        types.append(row["housing_type"])
        classes.append(housing_class)
        suitability.append(row["suitability"] or default)
        if housing_class == "homeless":
            dwellings.append(HOMELESS)
        else:
            dwellings.append(row["dwelling_key"] if housing_class in KNOWN_CLASSES else None)

    days = ClientDays(
        client=client,
        day=axis[kept],
        area=area[kept],
        municipality=municipality[kept],
        worker={
            role: np.array([runs[role][n].worker if n >= 0 else None for n in incumbent[role][kept]], dtype=object)
            for role in ROLES
        },
        is_gap={role: incumbent[role][kept] < 0 for role in ROLES}
        | {EITHER: (incumbent["VASTUU"][kept] < 0) & (incumbent["OHJAAJA"][kept] < 0)},
        is_doubtful={role: found[kept] for role, found in doubtful.items()},
        housing_type=np.array(types, dtype=object),
        housing_class=np.array(classes, dtype=object),
        suitability=np.array(suitability, dtype=object),
    )
    days.changes = _all_changes(days, {role: incumbent[role][kept] for role in ROLES}, runs, handovers, world)
    days.moves = _moves(days, dwellings, [int(spell[p]) for p in kept], housing, world)
    return days


def merge_runs(assignments: Sequence[Row], role: str) -> list[Run]:
    """Rule 2: spells of one worker that touch or overlap are one run; its reason is the first's.

    Only with a known worker; without a known one a day is a gap (rule 3).
    """
    runs: list[Run] = []
    rows = [row for row in assignments if row["role"] == role and row["worker_key"]]
    for row in sorted(rows, key=lambda row: (row["worker_key"], row["start_date"])):
        current = runs[-1] if runs else None
        if current and current.worker == row["worker_key"] and row["start_date"] <= current.end + 1:
            current.end = max(current.end, row["end_date"])
        else:
            runs.append(
                Run(
                    row["worker_key"],
                    row["start_date"],
                    row["end_date"],
                    row["change_reason"],
                    row["organisation"],
                )
            )
    return runs


def _tie(run: Run) -> tuple[int, str, str]:
    return run.start, run.organisation, run.worker


def _strongest_last(rows: Sequence[Row], code: Any) -> list[Row]:
    """Order of painting: the spell that began last comes last, of two the smaller code."""
    by_code = sorted(rows, key=code, reverse=True)
    return sorted(by_code, key=lambda row: row["start_date"])


def _doubtful(
    axis: np.ndarray, incumbent: np.ndarray, runs: list[Run], contacts: Sequence[Row], days_of: Any
) -> np.ndarray:
    """Rule 4: days on which the incumbent may be one that nobody closed."""
    doubtful = np.zeros(axis.size, dtype=bool)
    # Days on which each worker had two-way contact within the last 180 days, that day included.
    in_contact: dict[str, np.ndarray] = {}
    for row in contacts:
        if row["two_way"] and row["worker_key"]:
            days = in_contact.setdefault(row["worker_key"], np.zeros(axis.size, dtype=bool))
            days[days_of(row["date"], row["date"] + DOUBTFUL_SILENCE_DAYS - 1)] = True
    for number in set(incumbent[incumbent >= 0].tolist()):
        run = runs[number]
        is_incumbent = incumbent == number
        for other in runs:
            if other.worker != run.worker and other.start > run.start:
                is_open = (axis >= other.start) & (axis <= other.end)
                overlaps_long = axis - other.start >= DOUBTFUL_OVERLAP_DAYS
                doubtful |= is_incumbent & is_open & overlaps_long
        began_long_ago = axis - run.start >= DOUBTFUL_SILENCE_DAYS
        is_silent = ~in_contact.get(run.worker, np.zeros(axis.size, dtype=bool))
        for worker, days in in_contact.items():
            if worker != run.worker:
                doubtful |= is_incumbent & began_long_ago & is_silent & days
    return doubtful


def _housing_spells(
    axis: np.ndarray, housing: Sequence[Row], contacts: Sequence[Row], world: World, days_of: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Rule 9: index of the spell of each day (-1: none), and whether it is stale (rule 16)."""
    spell = np.full(axis.size, -1)

    def strength(number: int) -> tuple[int, str, str]:
        row = housing[number]
        # As with workers: the larger key of one supplier, of two suppliers the larger code.
        return row["start_date"], row["organisation"] if row["dwelling_key"] else "", row["dwelling_key"] or ""

    order = sorted(range(len(housing)), key=strength)
    is_temporary = [world.housing[row["housing_type"]][0] == "temporary" for row in housing]
    # A temporary spell shows only where nothing else is open: it is painted first.
    for number in sorted(order, key=lambda n: not is_temporary[n]):
        row = housing[number]
        spell[days_of(row["start_date"], row["end_date"])] = number
    is_stale = np.zeros(axis.size, dtype=bool)
    for number, row in enumerate(housing):
        if not row["is_open"]:
            continue
        until = row["data_until"]
        signs = [other["start_date"] for other in housing]
        signs += [contact["date"] for contact in contacts if contact["two_way"]]
        signs += [row["confirmed_on"]] if row["confirmed_on"] is not None else []
        confirmed = max([row["start_date"], *(day for day in signs if day <= until)])
        is_stale |= (spell == number) & (axis >= confirmed + STALE_DAYS)
    return spell, is_stale


def _all_changes(
    days: ClientDays,
    incumbent: Mapping[str, np.ndarray],
    runs: Mapping[str, list[Run]],
    handovers: Sequence[Row],
    world: World,
) -> list[Change]:
    """Rules 5-7: the changes of each role and of either, marked with why some do not count."""
    chains = _chains(days)
    found: list[Change] = []
    staying: dict[str, list[str | None]] = {}
    for role in ROLES:
        changes = _changes(role, days, chains, incumbent[role], runs[role], world)
        staying[role] = _staying(changes, chains, incumbent[role], runs[role])
        found += changes
    found += _changes_of_either(days, chains, staying, incumbent, runs)
    for change in found:
        _describe(change, days, handovers, world)
    return found


def _chains(days: ClientDays) -> list[int]:
    """Rule 5: the number of the chain of workers that each day belongs to."""
    chains = []
    for position, day in enumerate(days.day.tolist()):
        is_new = position and day - int(days.day[position - 1]) - 1 > CHAIN_RESET_DAYS
        chains.append((chains[-1] if chains else 0) + bool(is_new))
    return chains


def _changes(
    role: str,
    days: ClientDays,
    chains: list[int],
    incumbent: np.ndarray,
    runs: list[Run],
    world: World,
) -> list[Change]:
    """Rule 5: days with another worker of the role, and which of them are absence cover."""
    changes: list[Change] = []
    last_run: dict[int, tuple[Run, int]] = {}  # chain -> run of its last incumbent, and that day's position
    for position, day in enumerate(days.day.tolist()):
        if incumbent[position] < 0:
            continue
        chain = chains[position]
        run = runs[incumbent[position]]
        before, last_covered = last_run.get(chain, (None, -1))
        if before is not None and before.worker != run.worker:
            old, new = (before.worker,), (run.worker,)
            changes.append(
                Change(
                    role, day, position, old, run, new, before.organisation, chain, before.end, run.start, last_covered
                )
            )
        last_run[chain] = run, position
    for number, change in enumerate(changes):
        following = changes[number + 1] if number + 1 < len(changes) else None
        is_last = following is None or following.chain != change.chain
        if change.new.reason != "POISSAOLO":
            continue
        if is_last:
            until = world.data_until["hva-" + days.area[change.position]]
            change.is_pending = until - change.new.start + 1 <= ABSENCE_DAYS
        elif following is not None:
            is_short = change.new.end - change.new.start + 1 <= ABSENCE_DAYS
            if is_short and following.new_workers == change.old:
                change.is_absence_cover = following.is_absence_cover = True
                change.covers_until = following.position
    return changes


def _staying(changes: list[Change], chains: list[int], incumbent: np.ndarray, runs: list[Run]) -> list[str | None]:
    """Who counts as there on each day: a worker under absence cover does, the stand-in does not."""
    there: list[str | None] = [runs[number].worker if number >= 0 else None for number in incumbent.tolist()]
    for change in changes:
        if change.covers_until is not None:
            end = change.covers_until
        elif change.is_pending:
            end = len(there) - chains[::-1].index(change.chain)
        else:
            continue
        for position in range(change.position, end):
            if there[position] is not None:
                there[position] = change.old[0]
    return there


def _changes_of_either(
    days: ClientDays,
    chains: list[int],
    staying: Mapping[str, list[str | None]],
    incumbent: Mapping[str, np.ndarray],
    runs: Mapping[str, list[Run]],
) -> list[Change]:
    """Rule 7: days with somebody there, none of whom was the last known of either role before."""
    changes: list[Change] = []
    known: dict[int, dict[str, str]] = {}  # chain -> role -> last known worker
    # Chain -> role -> last day of the run of the last worker who was there herself, and the last such position.
    ends: dict[int, dict[str, int]] = {}
    covered: dict[int, int] = {}
    for position, day in enumerate(days.day.tolist()):
        today = {role: worker for role in ROLES if (worker := staying[role][position]) is not None}
        if not today:
            continue
        chain = chains[position]
        before = known.setdefault(chain, {})
        run_of = {role: runs[role][incumbent[role][position]] for role in today}
        if before and not set(today.values()) & set(before.values()):
            new = next(run_of[role] for role in ROLES if role in today)
            old_end, new_start = max(ends[chain].values()), min(run.start for run in run_of.values())
            change = Change(
                EITHER, day, position, tuple(before.values()), new, tuple(today.values()), new.organisation, chain,
                old_end, new_start, covered[chain],
            )  # fmt: skip
            changes.append(change)
        before |= today
        own_ends = {role: run.end for role, run in run_of.items() if run.worker == today[role]}
        ends[chain] = ends.get(chain, {}) | own_ends
        covered[chain] = position
    return changes


def _describe(change: Change, days: ClientDays, handovers: Sequence[Row], world: World) -> None:
    """Rules 5 and 6: key breaks, structure, and how the work was handed over."""
    here, earlier = change.position, change.position - 1
    change.gap_days = change.position - change.last_covered - 1
    change.overlap_days = int(((days.day >= change.new_start) & (days.day <= change.old_end)).sum())
    places = (days.municipality[earlier], days.municipality[here])
    moved = UNKNOWN not in places and places[0] != places[1]
    change.is_structural = (
        moved or days.area[earlier] != days.area[here] or change.new.reason in ("TIIMISIIRTO", "ORGANISAATIO")
    )
    change.is_key_break = change.old_organisation == change.new.organisation and any(
        world.is_key_break("worker_assignment", change.new.organisation, old, new)
        for old in change.old
        for new in change.new_workers
    )
    meetings, calls, without_client = [], [], []
    for row in handovers:
        distance = row["handover_date"] - change.day
        if abs(distance) > HANDOVER_DAYS:
            continue
        change.has_record = True
        if row["from_worker_key"] not in change.old or row["to_worker_key"] not in change.new_workers:
            continue
        if row["handover_type"] == "YHTEISTAPAAMINEN" and row["client_present"]:
            meetings.append(distance)
        elif row["handover_type"] == "PUHELU" and row["client_present"]:
            calls.append(distance)
        elif row["handover_type"] in ("YHTEISTAPAAMINEN", "PUHELU"):
            without_client.append(distance)
    change.is_saattaen = any(distance <= HANDOVER_HEADLINE_DAYS for distance in meetings)
    if meetings:
        first = min(meetings)
        change.way = "before" if first <= 0 else "soon_after" if first <= HANDOVER_HEADLINE_DAYS else "late"
    elif any(distance <= HANDOVER_HEADLINE_DAYS for distance in calls):
        change.way = "remote"
    elif without_client:
        change.way = "without_client"
    elif change.has_record:
        change.way = "other_record"


def _moves(
    days: ClientDays,
    dwellings: list[str | None],
    spell: list[int],
    housing: Sequence[Row],
    world: World,
) -> list[Move]:
    """Rule 9: days on which a known dwelling differs from the last known one."""
    moves: list[Move] = []
    last: str | None = None
    last_organisation = ""
    for position, dwelling in enumerate(dwellings):
        if not dwelling:
            continue
        row = housing[spell[position]]
        if last is not None and dwelling != last:
            same_supplier = last_organisation == row["organisation"]
            is_key_break = same_supplier and world.is_key_break("housing_spell", row["organisation"], last, dwelling)
            moves.append(
                Move(
                    int(days.day[position]),
                    position,
                    row["move_reason"],
                    row["planned"],
                    bool(is_key_break),
                )
            )
        last, last_organisation = dwelling, row["organisation"]
    return moves
