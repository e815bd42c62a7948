"""Cases of definitions.md 9, 10 and 16 and of the housing indicators (see ``continuity``)."""

from __future__ import annotations

from tests.oracle.cases.model import (
    Case,
    Delivery,
    Expected,
    Row,
    aftercare,
    lives,
    met,
    unit,
)

Q3 = "2025Q3"


def _case(name: str, rule: str, rows: list[Row], expected: list[Expected], period: str = Q3) -> Case:
    return Case(name, rule, (Delivery("08", period, tuple(rows)),), tuple(expected))


def _moves(numerator: float, days: float, variant: str = "main", **more: object) -> Expected:
    return Expected("ASU-01", Q3, numerator, days, variant=variant, **more)  # type: ignore[arg-type]


CASES = (
    _case(
        "moves",
        "9",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 8)),
            lives("c1", "d11", "OMA_VUOKRA", "2025-06-01", "2025-07-09"),
            lives("c1", "d12", "OMA_VUOKRA", "2025-07-10", reason="PAREMPI", planned="true"),
            lives("c2", "d21", "VANHEMMAT", "2025-06-01", "2025-07-24"),
            lives("c2", "d22", "OMA_VUOKRA", "2025-07-25", reason="ITSENAISTYMINEN", planned="true"),
            lives("c3", "d31", "OMA_VUOKRA", "2025-06-01", "2025-08-01"),
            lives("c3", "s3", "SAIRAALA", "2025-08-02", "2025-08-20"),
            lives("c3", "d31", "OMA_VUOKRA", "2025-08-21"),
            lives("c4", "d41", "OMA_VUOKRA", "2025-06-01", "2025-08-04"),
            lives("c4", "", "ASUNNOTON", "2025-08-05", "2025-08-14", planned="false"),
            lives("c4", "t4", "TUTTAVAN_LUONA", "2025-08-15", "2025-08-31", planned="false"),
            lives("c4", "d42", "TUETTU", "2025-09-01", planned="true"),
            lives("c5", "d51", "TUETTU", "2025-06-01", "2025-08-19"),
            lives("c5", "d51", "OMA_VUOKRA", "2025-08-20", reason="MUU", planned="false"),
            lives("c6", "", "TUNTEMATON", "2025-06-01", "2025-08-19"),
            lives("c6", "d61", "OMA_VUOKRA", "2025-08-20", planned="false"),
            lives("c7", "d71", "OMA_VUOKRA", "2025-06-01", "2025-09-02"),
            lives("c7", "", "OMA_VUOKRA", "2025-09-03", "2025-09-09", planned="false"),
            lives("c7", "d72", "OMA_VUOKRA", "2025-09-10"),
        ],
        # c1 one; c2 the first home of one's own, apart; c3 back from hospital, none; c4 into
        # homelessness (unplanned), on within it (none), out again; c5 a new contract, none;
        # c6 the first known dwelling, none; c7 one, the dwelling between is not known.
        [_moves(4, 644), _moves(1, 644, "unplanned")],
    ),
    _case(
        "class_of_each_day",
        "9, 10",
        [
            aftercare("c1", "2025-07-01"),
            lives("c1", "d1", "OMA_VUOKRA", "2025-07-01", "2025-07-31"),  # 31 stable
            lives("c1", "d2", "ALIVUOKRA", "2025-08-01", "2025-08-10"),  # 10 unstable
            lives("c1", "", "ASUNNOTON", "2025-08-11", "2025-08-15"),  # 5 homeless
            lives("c1", "s1", "SAIRAALA", "2025-08-16", "2025-08-20"),  # 5 temporary
            # 11 days without any spell
            lives("c1", "", "TUNTEMATON", "2025-09-01", "2025-09-10"),  # 10 unknown
            lives("c1", "d3", "OMA_VUOKRA", "2025-09-11"),  # 20 stable
        ],
        # Stable 31 + 20; known 51 + 10 + 5; the other 26 of 92 are not known.
        # Moves: to d2, into homelessness, to d3.
        [
            Expected("ASU-08", Q3, 51, 66, also={"unknown_share": 26 / 92}),
            _moves(3, 92, also={"unknown_share": 26 / 92}),
            Expected("ASU-03", Q3, 1, 1),
        ],
    ),
    _case(
        "last_begun_spell_holds_and_temporary_yields",
        "9",
        [
            aftercare("c1", "2025-07-01"),
            lives("c1", "d1", "OMA_VUOKRA", "2025-06-01"),
            lives("c1", "d2", "ALIVUOKRA", "2025-08-01", "2025-08-31"),
            lives("c1", "v1", "VANKILA", "2025-09-01", "2025-09-10"),  # d1 is still open
        ],
        # To d2 and back to d1; August is unstable, all other days stable.
        [_moves(2, 92), Expected("ASU-08", Q3, 61, 92, also={"unknown_share": 0.0})],
    ),
    Case(
        "tie_of_dwellings_goes_to_the_larger_key",
        "9",
        (
            Delivery(
                "08",
                Q3,
                (
                    aftercare("c1", "2025-07-01"),
                    lives("c1", "d1", "ALIVUOKRA", "2025-07-01"),
                    lives("c1", "d2", "OMA_VUOKRA", "2025-07-01", "2025-07-31"),
                ),
            ),
        ),
        # d2 in July, then d1.
        (Expected("ASU-08", Q3, 31, 92), _moves(1, 92)),
        depends_on_key_order=True,
    ),
    Case(
        "same_spell_reported_by_two_areas_goes_to_the_larger_code",
        "9",
        (
            Delivery("08", Q3, (aftercare("c1", "2025-07-01"), lives("c1", "", "TUNTEMATON", "2025-07-01"))),
            Delivery("12", Q3, (aftercare("c2", "2025-07-01"), lives("c1", "", "TUETTU", "2025-07-01")), number=2),
        ),
        # Neither names a dwelling: area 12 says supported, so all of c1's 92 days are stable. c2's
        # housing is not known.
        (Expected("ASU-08", Q3, 92, 92),),
    ),
    _case(
        "key_break_of_dwellings",
        "5, 9",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 6)),
            *(lives(f"c{n}", f"old{n}", "OMA_VUOKRA", "2025-06-01", "2025-08-15") for n in range(1, 6)),
            *(lives(f"c{n}", f"new{n}", "OMA_VUOKRA", "2025-08-16") for n in range(1, 6)),
        ],
        # All five keys end and five begin: no move, a break of the series.
        [
            _moves(0, 460),
            _moves(0, 460, level="wellbeing_area", area="08", also={"is_series_break": True}),
        ],
    ),
    Case(
        "stale_is_not_stable",
        "16",
        (
            Delivery(
                "08",
                "2025Q1",
                (
                    aftercare("c2", "2025-04-01"),
                    met("c2", "A", "2025-01-02"),
                    met("c3", "A", "2025-01-02", two_way="false"),
                ),
            ),
            Delivery(
                "08",
                Q3,
                (
                    *(aftercare(f"c{n}", "2025-04-01", "2025-06-30") for n in range(1, 8)),
                    *(lives(f"c{n}", f"d{n}", "OMA_VUOKRA", "2025-01-01") for n in (1, 2, 3, 5, 6)),
                    lives("c4", "d4", "OMA_VUOKRA", "2025-01-01", confirmed_on="2025-01-02"),
                    lives("c5", "e5", "TUETTU", "2025-03-01", "2025-03-31"),
                    met("c6", "A", "2025-09-01"),
                    lives("c7", "d7", "OMA_VUOKRA", "2025-01-01", "2025-12-31"),
                ),
                number=2,
            ),
        ),
        # Without any sign known up to 1 January + 179 days = 29 June, so 30 June is unknown for
        # c1 and for c3 (a letter to c3 is no sign). A sign on 2 January (contact of c2,
        # confirmation of c4) carries over the 30th; so do c5's newer row, c6's later contact
        # and c7's end. Days: 7 x 91 = 637.
        (
            Expected("ASU-08", "2025Q2", 635, 635, also={"unknown_share": 2 / 637}),
            Expected("ASU-03", "2025Q2", 5, 7, also={"unknown_share": 2 / 7}),
        ),
    ),
    _case(
        "suitability",
        "ASU-03",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 7)),
            aftercare("c7", "2025-07-01", "2025-09-29"),
            lives("c1", "d1", "OMA_VUOKRA", "2025-07-01", suitability="EI_SOVELTUVA"),
            lives("c2", "d2", "ALIVUOKRA", "2025-07-01"),  # suitable by default
            lives("c3", "d3", "VANKILA", "2025-07-01"),  # not suitable by default
            lives("c4", "d4", "SAIRAALA", "2025-07-01"),  # unknown by default
            lives("c6", "d6", "VARUSMIES", "2025-07-01"),  # suitable by default
            lives("c7", "d7", "OMA_VUOKRA", "2025-07-01"),  # left a day too early
        ],
        # Suitable: c2, c6. Unknown: c4, and c5 of whom nothing is known.
        [Expected("ASU-03", Q3, 2, 6, also={"unknown_share": 2 / 6})],
    ),
    _case(
        "places_for_the_young",
        "ASU-06",
        [
            aftercare("c1", "2025-07-01"),
            aftercare("c2", "2025-07-01"),
            unit("u1", "10"),
            unit("u2", "5", "18", "21"),
            unit("u3", "7", "25"),
            unit("u4", "3", "", "15"),
            unit("u5", "1", "24", "30"),
            unit("u6", "2", "10", "16"),
        ],
        # 10 + 5 + 1 + 2; u3 and u4 lie outside 16-24.
        [
            Expected("ASU-06", Q3, 18, 2, also={"value": 900.0}),
            Expected("ASU-06", Q3, 18, 2, level="wellbeing_area", area="08"),
        ],
    ),
)
