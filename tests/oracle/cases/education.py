"""Cases of studies, which municipalities tell of (see ``continuity``)."""

from __future__ import annotations

from tests.oracle.cases.model import Case, Delivery, Expected, Row, aftercare, home, studies

QUARTERS = tuple(f"{year}Q{number}" for year in (2023, 2024, 2025) for number in range(1, 5))

# All were born in 2005. c5 left before the year of turning 18; c6 lives where the municipality has told nothing.
CLIENTS: tuple[Row, ...] = (
    *(aftercare(f"c{n}", "2024-01-01") for n in (1, 2, 3, 4, 6)),
    aftercare("c5", "2022-01-01", "2022-12-31"),
    *(home(f"c{n}", "837", "2010-01-01") for n in range(1, 6)),
    home("c6", "020", "2010-01-01"),
)
STUDIES: tuple[Row, ...] = (
    studies("c1", "LUKIO", "2022-08-10", "2025-12-31", "VALMISTUNUT"),
    studies("c2", "LUKIO", "2022-08-10", "2025-01-01", "KESKEYTTANYT"),
    studies("c2", "TUVA", "2025-03-02", "2025-06-01", "VALMISTUNUT"),
    studies("c3", "AMMATILLINEN", "2022-08-10", "2025-01-01", "KESKEYTTANYT"),
    studies("c3", "OPPISOPIMUS", "2025-03-03"),
    studies("c5", "LUKIO", "2022-08-10", "2024-06-01", "VALMISTUNUT"),
    studies("c6", "LUKIO", "2022-08-10", "2025-01-01", "VALMISTUNUT"),
)

CASES = (
    Case(
        "studies_as_municipalities_tell_of_them",
        "KOU-01, KOU-02, KOU-03, coverage",
        (
            *(Delivery("08", quarter, CLIENTS, number=number) for number, quarter in enumerate(QUARTERS, start=1)),
            Delivery("08", "2025H2", STUDIES, number=len(QUARTERS) + 1, supplier="kunta-837"),
        ),
        # Only the four of 837 count. On 31 March c1, c2 (preparatory education, from the 60th day after breaking
        # off) and c3 study, c4 does not; on 31 December c1 (its last day) and c3. By the end of the year c1 has
        # completed. On 20 September 2024 c1, c2 and c3 studied; c2 was back on the 60th day, c3 on the 61st, so c3
        # broke off.
        (
            Expected("KOU-01", "2025Q1", 3, 4),
            Expected("KOU-01", "2025Q4", 2, 4),
            Expected("KOU-02", "2025", 1, 4),
            Expected("KOU-03", "2024-2025", 1, 3),
        ),
    ),
)
