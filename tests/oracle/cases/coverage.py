"""Cases of places, coverage, versions and longer periods (definitions.md 11, 12, coverage)."""

from __future__ import annotations

from tests.oracle.cases.model import (
    Case,
    Delivery,
    Expected,
    aftercare,
    handed_over,
    home,
    lives,
    worker,
)

Q3 = "2025Q3"
NOT_DELIVERED = {"status_candidate": "not_delivered"}


def _in_area(indicator: str, period: str, area: str, numerator: float, days: float) -> Expected:
    return Expected(indicator, period, numerator, days, level="wellbeing_area", area=area)


def _in_municipality(indicator: str, code: str, numerator: float, days: float | None) -> Expected:
    return Expected(indicator, "2025", numerator, days, level="municipality", area=code)


CASES = (
    Case(
        "clients_by_residents",
        "PER-01",
        (
            Delivery(
                "12",
                "2025Q4",
                (
                    aftercare("c1", "2025-01-01", "2025-06-30"),
                    home("c1", "588", "2010-01-01"),
                    aftercare("c2", "2025-04-01"),
                    home("c2", "507", "2010-01-01"),
                    aftercare("c3", "2025-04-01"),
                    home("c3", "200", "2010-01-01"),
                ),
                data_from="2025-01-01",
            ),
        ),
        # Residents aged 18-22 at the end of 2019: Mäntyharju 211, and 52 of Pertunmaa, which is a part of it now;
        # 6,297 in Etelä-Savo. c3 lives abroad: a client of the area, of no municipality.
        (
            Expected("PER-01", "2025", 2, 263, "municipality", "507", "per_1000_residents"),
            Expected("PER-01", "2025", 3, 6297, "wellbeing_area", "12", "per_1000_residents"),
            Expected("PER-01", "2025Q1", 1, 6297, "wellbeing_area", "12", "per_1000_residents"),
            Expected("PER-01", "2025Q3", 2, 6297, "wellbeing_area", "12", "per_1000_residents"),
        ),
    ),
    Case(
        "merged_municipality",
        "11, trap",
        (
            Delivery(
                "12",
                "2025Q4",
                (
                    aftercare("c1", "2024-07-01"),
                    home("c1", "588", "2010-01-01", "2024-12-31"),
                    home("c1", "507", "2025-01-01"),
                    worker("c1", "A", "2024-07-01", "2024-12-31"),
                    worker("c1", "B", "2025-01-01"),
                ),
            ),
        ),
        # All days are Mäntyharju's (184 in 2024), and the merger moves nobody.
        (
            Expected("JAT-01", "2024", 0, 184, level="municipality", area="507"),
            _in_municipality("JAT-01", "507", 1, 365),
            Expected("JAT-01", "2025", 1, 365, variant="without_structural"),
        ),
    ),
    Case(
        "unknown_places",
        "11",
        (
            Delivery(
                "08",
                "2025Q4",
                (
                    aftercare("c1", "2025-01-01"),
                    home("c1", "837", "2010-01-01", "2025-06-30"),  # 181 days
                    home("c1", "200", "2025-07-01", "2025-07-31"),  # 31 days abroad
                    # nothing in August: 31 days
                    home("c1", "478", "2025-09-01"),  # 122 days in Åland
                    aftercare("c2", "2025-01-01"),
                    home("c2", "837", "2010-01-01"),
                    home("c2", "020", "2025-07-01"),  # began last: 184 days
                ),
            ),
        ),
        # 837: 181 + 181; 020: 184; unknown 31 + 31 + 122. Nobody is responsible on any day.
        (
            _in_municipality("JAT-04", "837", 362, 362),
            _in_municipality("JAT-04", "020", 184, 184),
            _in_municipality("JAT-04", "unknown", 184, 184),
            _in_municipality("PER-01", "837", 2, None),
            _in_municipality("PER-01", "unknown", 1, None),
            Expected("PER-01", "2025", 2, None),
        ),
    ),
    Case(
        "client_in_two_areas_at_once",
        "11, trap",
        (
            Delivery(
                "08",
                Q3,
                (
                    aftercare("c1", "2025-07-01"),
                    aftercare("c2", "2025-07-01"),
                ),
            ),
            Delivery(
                "07",
                Q3,
                (
                    aftercare("c1", "2025-08-01", "2025-08-31"),
                    aftercare("c2", "2025-07-01"),
                ),
                number=2,
            ),
        ),
        # c1: August belongs to 07, which began last. c2: same day, the smaller code, 07.
        (
            Expected("PER-01", Q3, 2, None),
            Expected("JAT-04", Q3, 184, 184),
            _in_area("JAT-04", Q3, "08", 61, 61),
            _in_area("JAT-04", Q3, "07", 123, 123),
        ),
    ),
    Case(
        "one_supplier_delivered_and_another_did_not",
        "coverage, trap",
        (
            Delivery("08", Q3, (aftercare("c1", "2025-04-01"),)),
            Delivery("07", "2025Q2", (aftercare("c2", "2025-04-01"),), number=2),
        ),
        # In Q3 the country is Pirkanmaa alone.
        (
            Expected("PER-01", "2025Q2", 2, None),
            Expected("PER-01", Q3, 1, None, also={"is_complete": False}),
            Expected("JAT-04", Q3, 92, 92),
            Expected("PER-01", Q3, None, None, level="wellbeing_area", area="07", also=NOT_DELIVERED),
        ),
    ),
    Case(
        "a_source_table_is_missing",
        "coverage",
        (
            Delivery("08", Q3, (aftercare("c1", "2025-07-01"),)),
            Delivery(
                "07",
                Q3,
                (aftercare("c2", "2025-07-01"),),
                number=2,
                left_out=frozenset({"housing_spell"}),
            ),
        ),
        # c2 is left out of the housing figures and stays in the others.
        (
            Expected("ASU-01", Q3, 0, 92),
            Expected("JAT-04", Q3, 184, 184),
            Expected("ASU-08", Q3, None, None, level="wellbeing_area", area="07", also=NOT_DELIVERED),
        ),
    ),
    Case(
        "history_fills_a_missed_quarter_but_not_its_handovers",
        "coverage, trap",
        (
            Delivery("08", "2025Q1", (aftercare("c1", "2025-01-01"),)),
            Delivery(
                "08",
                Q3,
                (
                    aftercare("c1", "2025-01-01"),
                    worker("c1", "A", "2025-01-01", "2025-04-30"),
                    worker("c1", "B", "2025-05-01", "2025-08-31"),
                    worker("c1", "C", "2025-09-01"),
                    handed_over("c1", "2025-09-01", "B", "C"),
                ),
                number=2,
            ),
        ),
        (
            Expected("JAT-01", "2025Q2", 1, 91),
            Expected("SAA-01", "2025Q2", None, None, also=NOT_DELIVERED),
            Expected("SAA-01", Q3, 1, 1),
        ),
    ),
    Case(
        "correction_replaces_whole_and_counts_after_what_it_corrects",
        "12",
        (
            Delivery(
                "08",
                Q3,
                (
                    aftercare("c1", "2025-07-01"),
                    worker("c1", "A", "2025-07-01", "2025-07-31"),
                    worker("c1", "B", "2025-08-01"),
                ),
                number=2,
            ),
            # Its id is smaller, yet it is accepted after what it corrects.
            Delivery(
                "08",
                Q3,
                (aftercare("c1", "2025-07-01"), worker("c1", "A", "2025-07-01", "2025-09-20")),
                number=1,
                corrects=2,
            ),
        ),
        # B is withdrawn, and A left on 20 September.
        (Expected("JAT-01", Q3, 0, 92), Expected("JAT-04", Q3, 10, 92)),
    ),
    Case(
        "correction_of_an_older_period_leaves_the_newest_history",
        "12",
        (
            Delivery("08", "2025Q2", (aftercare("c1", "2025-04-01"),), number=1),
            Delivery(
                "08",
                Q3,
                (aftercare("c1", "2025-04-01"), aftercare("c2", "2025-04-01")),
                number=2,
            ),
            Delivery("08", "2025Q2", (aftercare("c9", "2025-04-01"),), number=3, corrects=1),
        ),
        # Of a history the latest period counts, whenever it was accepted.
        (Expected("PER-01", "2025Q2", 2, None), Expected("PER-01", Q3, 2, None)),
    ),
    Case(
        "look_back_before_the_data_begin",
        "coverage",
        (Delivery("08", Q3, (aftercare("c1", "2024-01-01"),), data_from="2025-01-01"),),
        # The twelve months to September began on 1 October 2024, before the data.
        (
            Expected("JAT-02", Q3, None, None, also=NOT_DELIVERED),
            Expected("JAT-04", "2025Q1", 90, 90),
        ),
    ),
    Case(
        "three_years_together",
        "periods",
        (
            Delivery(
                "08",
                "2025Q4",
                (
                    aftercare("c1", "2023-01-01"),
                    aftercare("c2", "2025-01-01"),
                    lives("c1", "d1", "OMA_VUOKRA", "2022-01-01", confirmed_on="2025-12-31"),
                    worker("c1", "A", "2023-01-01", "2024-03-31"),
                    worker("c1", "B", "2024-04-01", "2024-09-30"),
                    worker("c1", "C", "2024-10-01"),
                ),
            ),
        ),
        # c1 365 + 366 + 365 = 1096 days and three year ends, two changes in 2024; c2 365 days
        # without a worker and one year end, nothing known about the home.
        (
            Expected("JAT-04", "2023-2025", 365, 1461),
            Expected("JAT-01", "2023-2025", 2, 1461),
            Expected("JAT-02", "2023-2025", 1, 4, also={"denominator_clients": 2}),
            Expected("JAT-02", "2024", 1, 1),
            Expected("ASU-03", "2023-2025", 3, 4, also={"unknown_share": 1 / 4}),
            Expected("ASU-08", "2023-2025", 1096, 1096),
        ),
    ),
)
