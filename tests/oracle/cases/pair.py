"""Cases of definitions.md 7: the counsellor, and either of the two; and of SAA-01's ways of handing over.

Days used throughout: 2025Q3 92 (July 31, August 31, September 30). Pirkanmaa (08) delivers, and the
country's figures are its own.
"""

from __future__ import annotations

from tests.oracle.cases.model import Case, Delivery, Expected, Row, aftercare, handed_over, worker

Q3 = "2025Q3"
SINCE_JULY = aftercare("c1", "2025-07-01")


def _case(name: str, rule: str, rows: list[Row], expected: list[Expected]) -> Case:
    return Case(name, rule, (Delivery("08", Q3, tuple(rows)),), tuple(expected))


def _counsellor(client: str, key: str, start: str, end: str = "", reason: str = "") -> Row:
    return worker(client, key, start, end, reason, role="OHJAAJA")


def _changes(main: float, counsellor: float, either: float, days: float = 92) -> list[Expected]:
    return [
        Expected("JAT-01", Q3, main, days),
        Expected("JAT-01", Q3, counsellor, days, variant="counsellor"),
        Expected("JAT-01", Q3, either, days, variant="either"),
    ]


def _gaps(main: float, counsellor: float, either: float, days: float = 92) -> list[Expected]:
    return [
        Expected("JAT-04", Q3, main, days),
        Expected("JAT-04", Q3, counsellor, days, variant="counsellor"),
        Expected("JAT-04", Q3, either, days, variant="either"),
    ]


def _handed(variant: str, numerator: float, denominator: float) -> Expected:
    return Expected("SAA-01", Q3, numerator, denominator, variant=variant)


CASES = (
    _case(
        "counsellor_stays_while_the_social_worker_changes",
        "7",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "B", "2025-08-01"),
            _counsellor("c1", "M", "2025-07-01", "2025-08-31"),
            _counsellor("c1", "N", "2025-09-01"),
        ],
        # A to B on 1 August, M to N on 1 September: each time the other one stayed.
        [*_changes(1, 1, 0), *_gaps(0, 0, 0)],
    ),
    _case(
        "both_change_on_one_day",
        "7, 6",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "B", "2025-08-01"),
            _counsellor("c1", "M", "2025-07-01", "2025-07-31"),
            _counsellor("c1", "N", "2025-08-01"),
            handed_over("c1", "2025-07-30", "M", "N"),
        ],
        # The counsellors met: the change of both was handed over by one of them, that of A to B was not. Each of
        # the three changes has a record within 30 days, so all shares are recorded.
        [
            *_changes(1, 1, 1),
            _handed("main", 0, 1),
            _handed("counsellor", 1, 1),
            _handed("either", 1, 1),
        ],
    ),
    _case(
        "gap_of_either_needs_both_away",
        "7, 3",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "A", "2025-08-21"),
            _counsellor("c1", "M", "2025-07-01", "2025-08-10"),
            _counsellor("c1", "N", "2025-08-26"),
        ],
        # A is away 1-20 August (20 days), a counsellor 11-25 August (15), both 11-20 August (10). When A is back
        # alone on 21 August somebody known is there; N comes while A is there.
        [*_gaps(20, 15, 10), *_changes(0, 1, 0)],
    ),
    _case(
        "one_goes_before_the_other_changes",
        "7, 5",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-08-10"),
            worker("c1", "B", "2025-08-11"),
            _counsellor("c1", "M", "2025-07-01", "2025-07-31"),
            _counsellor("c1", "M", "2025-09-01"),
        ],
        # On 11 August only B is there, and nobody knew B; that M comes back on 1 September is no change.
        [*_changes(1, 0, 1), *_gaps(0, 31, 0)],
    ),
    _case(
        "worker_changes_the_role",
        "7",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "B", "2025-08-01"),
            _counsellor("c1", "A", "2025-08-01"),
        ],
        # A goes on as counsellor: the social worker changed, but one of the two stayed.
        [*_changes(1, 0, 0), *_gaps(0, 31, 0)],
    ),
    _case(
        "absence_cover_of_one_is_staying",
        "7, 5",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "S", "2025-08-01", "2025-08-20", "POISSAOLO"),
            worker("c1", "A", "2025-08-21", reason="POISSAOLO_PALUU"),
            _counsellor("c1", "M", "2025-07-01", "2025-08-09"),
            _counsellor("c1", "N", "2025-08-10"),
        ],
        # S covers A for 20 days; M goes to N in the middle of it. A counts as there.
        [*_changes(0, 1, 0), *_gaps(0, 0, 0)],
    ),
    _case(
        "only_a_counsellor_who_changes_after_a_gap",
        "7, 5, 6",
        [
            SINCE_JULY,
            _counsellor("c1", "M", "2025-07-01", "2025-07-31"),
            _counsellor("c1", "N", "2025-08-11"),
        ],
        # Never a social worker; nobody 1-10 August.
        [*_changes(0, 1, 1), *_gaps(92, 10, 10)],
    ),
    _case(
        "handover_split_by_its_time_and_way",
        "6, SAA-01",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 8)),
            *(worker(f"c{n}", "A", "2025-07-01", "2025-08-31") for n in range(1, 8)),
            *(worker(f"c{n}", "B", "2025-09-01") for n in range(1, 8)),
            handed_over("c1", "2025-08-02", "A", "B"),  # 30 days before
            handed_over("c2", "2025-09-01", "A", "B"),  # on the day
            handed_over("c3", "2025-09-15", "A", "B"),  # 14 days after
            handed_over("c4", "2025-09-16", "A", "B"),  # 15 days after: late
            handed_over("c5", "2025-09-10", "A", "B", "PUHELU"),  # 9 days after, by phone
            handed_over("c6", "2025-08-25", "A", "B", present="false"),
            handed_over("c7", "2025-09-16", "A", "B", "PUHELU"),  # a call 15 days after: another record
        ],
        # Seven changes, all with a record. Saattaen: c1, c2 (before) and c3 (soon after).
        [
            _handed("main", 3, 7),
            _handed("before", 2, 7),
            _handed("soon_after", 1, 7),
            _handed("late", 1, 7),
            _handed("remote", 1, 7),
            _handed("without_client", 1, 7),
        ],
    ),
    _case(
        "two_changes_also_of_those_who_came_within_the_year",
        "7, JAT-02",
        [
            aftercare("c1", "2024-10-01"),
            worker("c1", "A", "2024-10-01", "2024-12-31"),
            worker("c1", "B", "2025-01-01", "2025-03-31"),
            worker("c1", "C", "2025-04-01"),
            _counsellor("c1", "M", "2024-10-01", "2024-12-31"),
            _counsellor("c1", "N", "2025-01-01", "2025-06-30"),
            _counsellor("c1", "O", "2025-07-01"),
            aftercare("c2", "2024-10-02"),
            worker("c2", "A", "2024-10-02", "2024-12-31"),
            worker("c2", "B", "2025-01-01", "2025-03-31"),
            worker("c2", "C", "2025-04-01"),
        ],
        # 12 months from 1 October 2024: c1 throughout, c2 from the second day. Both had two changes of social
        # worker; c1 two of counsellor, of both at once one (1 January).
        [
            Expected("JAT-02", Q3, 1, 1),
            Expected("JAT-02", Q3, 2, 2, variant="open_on_last_day"),
            Expected("JAT-02", Q3, 1, 1, variant="counsellor"),
            Expected("JAT-02", Q3, 0, 1, variant="either"),
        ],
    ),
)
