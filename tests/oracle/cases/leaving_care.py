"""Cases of leaving substitute care (see ``continuity``)."""

from __future__ import annotations

from tests.oracle.cases.model import Case, Delivery, Expected, Row, aftercare, agreed, placed, planned

PRACTICE = "ASUMISHARJOITTELU"
LAST = "2025-06-30"

PRACTISED: tuple[Row, ...] = (
    *(placed(f"c{n}", "2020-01-01", LAST) for n in range(1, 8)),
    *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 8)),
    *(planned(f"c{n}", f"p{n}", "2025-06-01") for n in range(1, 7)),
    planned("c7", "p7", "2025-07-01"),
    agreed("c1", "p1", PRACTICE, "TEHTY", LAST),
    agreed("c2", "p2", PRACTICE, "TEHTY", "2025-07-01"),
    agreed("c3", "p3", PRACTICE, "KESKEN", "2025-06-10"),
    agreed("c4", "p4", PRACTICE, "TEHTY"),
    agreed("c5", "p5", "TALOUSTAIDOT", "TEHTY", "2025-06-10"),
    agreed("c7", "p7", PRACTICE, "TEHTY"),
    # Ended a year before.
    placed("c8", "2019-01-01", "2024-06-30"),
    aftercare("c8", "2024-07-01"),
    agreed("c8", "p8", PRACTICE, "TEHTY", "2024-01-01"),
)

CASES = (
    Case(
        "practice_before_leaving_care",
        "ASU-07, 16",
        tuple(
            Delivery("08", f"2025Q{number}", PRACTISED, number=number)
            for number in range(1, 5)  # who the clients are is told quarter by quarter
        ),
        # Seven ended in 2025. Done by the last day: c1. On record: c1, c3 (under way), c5 (another action) and c4
        # (done, nobody told when, in a plan of before the end). Not: c2 (a day too late), c6 (nothing), c7 (in a plan
        # of after the end). 4 of 7 are recorded.
        (Expected("ASU-07", "2025", 1, 7, also={"record_share": 4 / 7, "status_candidate": "not_recorded"}),),
    ),
)
