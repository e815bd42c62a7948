"""Cases of what municipalities and Kela deliver beside the areas (definitions.md coverage, 16, 17)."""

from __future__ import annotations

from tests.oracle.cases.model import (
    DELIVERED,
    Case,
    Delivery,
    Expected,
    aftercare,
    assisted,
    cost,
    does,
    home,
    leisure,
    served,
)

YEAR, LAST_QUARTER = "2025", "2025Q4"
NOT_DELIVERED = {"status_candidate": "not_delivered"}
SPRING = ("2025-01", "2025-02", "2025-03", "2025-04")


def _town(
    indicator: str, code: str, numerator: float | None, denominator: float | None, variant: str = "main"
) -> Expected:
    also = NOT_DELIVERED if numerator is None else {}
    return Expected(indicator, YEAR, numerator, denominator, "municipality", code, variant, also)


def _area(indicator: str, code: str, period: str, numerator: float | None, denominator: float | None) -> Expected:
    also = NOT_DELIVERED if numerator is None else {}
    return Expected(indicator, period, numerator, denominator, "wellbeing_area", code, also=also)


CASES = (
    Case(
        "suppliers_of_every_kind",
        "coverage, 16, 17",
        (
            Delivery(
                "08",
                LAST_QUARTER,
                (
                    *(aftercare(client, "2025-01-01") for client in ("c1", "c2", "c3", "c5")),
                    aftercare("c4", "2025-10-04"),  # 89 days
                    *(home(client, "837", "2010-01-01") for client in ("c1", "c2", "c4")),
                    home("c3", "020", "2010-01-01"),
                    home("c5", "211", "2010-01-01"),
                    does("c1", "MUU_NEET", "2025-10-01"),
                    does("c2", "TYOTON", "2025-10-01", "2025-12-15"),
                    does("c2", "TYOPAJA", "2025-12-16"),
                    does("c3", "TYOTON", "2025-10-01"),
                    does("c4", "TYOTON", "2025-12-03"),  # 29 days
                ),
            ),
            # Its clients' keys are its own: nobody else knows them.
            Delivery(
                "07",
                LAST_QUARTER,
                (aftercare("d1", "2025-01-01"), does("d1", "TYOTON", "2025-01-01")),
                number=2,
                key_domain="hva-07",
            ),
            Delivery(
                "08",
                YEAR,
                (
                    cost("08", "", "4300", "1000.40"),
                    cost("08", "837", "4300", "500.20", "JYVITETTY"),
                    cost("08", "", "3300", "-100"),
                ),
                number=3,
                left_out=frozenset(DELIVERED),
            ),
            Delivery(
                "",
                YEAR,
                (
                    *assisted("c1", *SPRING),
                    *assisted("c2", *SPRING[:3], "2025-05"),
                    *assisted("c2", *SPRING, benefit="YAT"),
                    *assisted("c3", "2025-09", "2025-10", "2025-11", "2025-12"),
                    *assisted("c4", *SPRING),
                ),
                number=4,
                supplier="kela",
            ),
            Delivery(
                "",
                LAST_QUARTER,
                (
                    served("c1", "OHJAAMO", "837", "2025-12-31"),
                    served("c2", "TYOLLISYYS", "837", "2025-10-01"),
                    served("c2", "ETSIVA", "837", "2025-10-01", "2025-12-30"),
                    served("c3", "OHJAAMO", "837", "2025-10-01"),
                ),
                number=5,
                supplier="kunta-837",
            ),
            Delivery(
                "",
                YEAR,
                (
                    leisure("c1", "837", "2025-06-01"),
                    leisure("c4", "837", "2025-12-01"),
                    cost("08", "837", "4300", "300"),
                ),
                number=6,
                supplier="kunta-837",
            ),
            # Who the clients are is told of each quarter.
            *(
                Delivery(
                    "08",
                    f"2025Q{number}",
                    tuple(aftercare(client, "2025-01-01") for client in ("c1", "c2", "c3", "c4", "c5")),
                    number=10 + number,
                    left_out=frozenset(DELIVERED) - {"client"},
                )
                for number in (1, 2, 3)
            ),
            Delivery("", YEAR, (cost("08", "211", "4300", "89.5", "JYVITETTY"),), number=7, supplier="kunta-211"),
            Delivery("", YEAR, (cost("07", "109", "4300", "40"),), number=8, supplier="kunta-109"),
        ),
        # TYO-03: c1 and c3 of c1, c2, c3 and c5; c4 was in aftercare for 89 days, d1 cannot be linked.
        # KUN-02: of 837's c1 and c2 one is in Ohjaamo on the last day; 020, where c3 lives, has not delivered.
        # KUN-03: one of c1 and c2; the half without a record is below the threshold.
        # KUS-01: 1,500.60 less 100 over 4 x 365 + 89 days. Area 07 has no costs of its own delivered.
        # KUS-02: 837 books 300 for c1, c2 and c4, 109 (area 07) 40 for d1; 211 apportions 89.50, 90 euros, for c5.
        (
            Expected("TYO-03", YEAR, 2, 4),
            _area("TYO-03", "08", YEAR, 2, 4),
            _area("TYO-03", "07", YEAR, None, None),
            Expected("KUN-02", LAST_QUARTER, 1, 2, also={"is_complete": False}),
            _area("KUN-02", "08", LAST_QUARTER, 1, 2),
            _area("KUN-02", "07", LAST_QUARTER, None, None),
            _town("KUN-02", "837", 1, 2),
            _town("KUN-02", "020", None, None),
            Expected("KUN-03", LAST_QUARTER, 1, 2, also={"status_candidate": "not_recorded", "record_share": 1 / 2}),
            _area("KUN-03", "07", LAST_QUARTER, None, None),
            _area("KUS-01", "08", YEAR, 1401, 1549 / 365),
            _area("KUS-01", "07", YEAR, None, None),
            Expected("KUS-02", YEAR, 340, 4, also={"record_share": 4 / 5}),
            Expected("KUS-02", YEAR, 90, 1, variant="apportioned", also={"record_share": 1 / 5}),
            _area("KUS-02", "08", YEAR, 300, 3),
            _area("KUS-02", "07", YEAR, 40, 1),
            _town("KUS-02", "837", 300, 3),
            _town("KUS-02", "211", 0, 0),
            _town("KUS-02", "211", 90, 1, "apportioned"),
            _town("KUS-02", "020", None, None),
            _town("KUS-02", "109", 40, 1),
        ),
    ),
)
