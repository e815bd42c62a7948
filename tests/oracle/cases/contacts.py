"""Cases of definitions.md 14: continuity of contacts (see ``continuity``)."""

from __future__ import annotations

from tests.oracle.cases.model import Case, Delivery, Expected, Row, aftercare, handed_over, met

SINCE = "2024-10-01"
CLIENTS: tuple[Row, ...] = (
    *(aftercare(f"c{n}", SINCE) for n in (1, 2, 3, 4, 5, 8)),
    aftercare("c6", "2025-01-01"),
    aftercare("c7", SINCE, "2025-09-29"),
)
# Contacts come quarter by quarter, so the twelve months to September are four deliveries.
BY_QUARTER: dict[str, tuple[Row, ...]] = {
    "2024Q4": (
        met("c1", "A", "2024-10-01"),
        met("c3", "A", "2024-10-02"),
        met("c6", "A", "2024-12-31"),
        *(met("c7", "A", f"2024-10-0{day}") for day in (1, 2, 3)),
    ),
    "2025Q1": (
        met("c1", "A", "2025-01-10"),
        met("c2", "A", "2025-03-01"),
        met("c2", "B", "2025-03-01"),
        met("c2", "B", "2025-03-02"),
        *(met("c4", "A", f"2025-02-0{day}") for day in (1, 2, 3)),
        met("c6", "A", "2025-01-01"),
    ),
    "2025Q2": (
        met("c1", "A", "2025-04-10"),
        met("c3", "A", "2025-05-01"),
        handed_over("c3", "2025-05-02", "A", "B"),
        met("c3", "A", "2025-05-02"),
        met("c3", "B", "2025-05-02"),
        met("c5", "A", "2025-05-01"),
        met("c5", "A", "2025-05-02"),
        met("c5", "A", "2025-05-03", two_way="false"),
        met("c6", "A", "2025-04-01"),
        *(met("c8", worker, "2025-04-01") for worker in ("A", "B", "")),
    ),
    "2025Q3": (met("c1", "B", "2025-09-30"),),
}

CASES = (
    Case(
        "continuity_of_contacts",
        "14",
        tuple(
            Delivery("08", quarter, (*CLIENTS, *rows), number=number)
            for number, (quarter, rows) in enumerate(BY_QUARTER.items(), start=1)
        ),
        # c1: A, A, A, B: (9 + 1 - 4) / 12 = 0.5, 3 of 4, 2 of 3 steps. c2: A and B on one day, then B:
        # (1 + 4 - 3) / 6, 2 of 3; the step within the day changes worker, the next stays in one of two orders:
        # 0.5 of 2. c4: always A. Two contacts only: c3 (a day of handover), c5 (one was one-way), c6 (one before
        # aftercare), c8 (one with nobody named). c7 has left. Medians of 0.5, 1/3, 1; 3/4, 2/3, 1; 2/3, 1/4, 1.
        (
            Expected("JAT-07", "2025Q3", 3, 3, also={"value": 0.5}),
            Expected("JAT-07", "2025Q3", 3, 3, variant="upc", also={"value": 0.75}),
            Expected("JAT-07", "2025Q3", 3, 3, variant="secon", also={"value": 2 / 3}),
            Expected("JAT-07", "2025Q3", 1, 3, variant="at_least_07"),
        ),
    ),
)
