"""Cases of definitions.md 1-8 and of the continuity and handover indicators.

Days used throughout: 2025Q1 90, Q2 91, Q3 92 (July 31, August 31, September 30), Q4 92.
Unless said otherwise Pirkanmaa (08) delivers 2025Q3 and the country's figures are its own.
"""

from __future__ import annotations

from tests.oracle.cases.model import (
    Case,
    Delivery,
    Expected,
    Row,
    aftercare,
    handed_over,
    home,
    met,
    worker,
)

Q3 = "2025Q3"


def _case(name: str, rule: str, rows: list[Row], expected: list[Expected], period: str = Q3) -> Case:
    return Case(name, rule, (Delivery("08", period, tuple(rows)),), tuple(expected))


def _changes(numerator: float, days: float, period: str = Q3, **more: object) -> Expected:
    return Expected("JAT-01", period, numerator, days, **more)  # type: ignore[arg-type]


def _gaps(numerator: float, days: float, period: str = Q3, **more: object) -> Expected:
    return Expected("JAT-04", period, numerator, days, **more)  # type: ignore[arg-type]


SINCE_JULY = aftercare("c1", "2025-07-01")

CASES = (
    _case(
        "overlapping_aftercare_counts_once",
        "1",
        [aftercare("c1", "2025-07-01", "2025-08-15"), aftercare("c1", "2025-08-01")],
        # One client, 92 days although the periods add up to 46 + 61; no worker on any of them.
        [Expected("PER-01", Q3, 1, None), _gaps(92, 92), _changes(0, 92)],
    ),
    _case(
        "spell_on_the_border_of_a_period",
        "1, trap",
        [aftercare("c1", "2025-06-30", "2025-07-01"), aftercare("c2", "2025-07-01", "2025-07-01")],
        # c1 has a day in each quarter, c2 one in Q3.
        [
            Expected("PER-01", "2025Q2", 1, None),
            Expected("PER-01", Q3, 2, None),
            _gaps(1, 1, "2025Q2"),
            _gaps(2, 2),
        ],
    ),
    _case(
        "nothing_after_the_last_delivered_day",
        "coverage",
        [
            aftercare("c1", "2025-07-01", "2026-03-31"),
            worker("c1", "A", "2025-07-01", "2025-09-30"),
            worker("c1", "B", "2025-10-01"),
        ],
        # B begins after the last delivered day.
        [_changes(0, 92), _gaps(0, 92)],
    ),
    _case(
        "bad_rows_do_not_count",
        "2",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01"),
            worker("c1", "B", "2025-06-10", "2025-06-01"),  # end before start
            worker("c1", "C", "2025-01-01", "2025-07-31", role="JOHTAJA"),  # unknown code
            worker("c1", "D", "2025-02-30", "2025-07-31"),  # no such day
            aftercare("c2", "2025-07-01", "2025-06-01"),  # end before start
            home("c1", "837", "2010-01-01"),
            home("c1", "999", "2025-07-10"),  # no such municipality
        ],
        # C and D would each have begun before A, and their end would have been a change.
        [_changes(0, 92), _gaps(0, 92), Expected("PER-01", Q3, 1, None)],
    ),
    _case(
        "touching_spells_are_one_run",
        "2",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "A", "2025-08-01"),
            worker("c1", "B", "2025-07-15"),
        ],
        # A's run began on 1 July, before B's: without merging B would take over on 1 August.
        [_changes(0, 92), _gaps(0, 92)],
    ),
    _case(
        "overlapping_spells_are_one_run",
        "2",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-08-10"),
            worker("c1", "A", "2025-08-01", "2025-08-31"),
            worker("c1", "B", "2025-07-15"),
        ],
        # A is responsible up to 31 August; one change, on 1 September.
        [_changes(1, 92), _gaps(0, 92)],
    ),
    _case(
        "gap_days_are_skipped_and_counted",
        "3, 5",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "B", "2025-08-11"),
        ],
        # Nobody from 1 to 10 August.
        [_changes(1, 92), _gaps(10, 92)],
    ),
    _case(
        "unknown_worker_is_a_gap_never_a_change",
        "3, 5",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "", "2025-08-01", "2025-08-05"),
            worker("c1", "A", "2025-08-06"),
        ],
        [_changes(0, 92), _gaps(5, 92)],
    ),
    _case(
        "counsellor_is_not_responsible",
        "3",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "O", "2025-07-01", role="OHJAAJA"),
        ],
        # 61 days without a responsible social worker.
        [_changes(0, 92), _gaps(61, 92)],
    ),
    _case(
        "stand_in_during_a_running_assignment",
        "4",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-06-01"),
            worker("c1", "B", "2025-08-01", "2025-08-20"),
        ],
        [_changes(0, 92), _gaps(0, 92)],
    ),
    _case(
        "handover_with_overlap_is_dated_after_the_old_workers_last_day",
        "4, 5",
        [
            aftercare("c1", "2025-04-01"),
            worker("c1", "A", "2025-04-01", "2025-06-30"),
            worker("c1", "B", "2025-06-01"),
        ],
        # On 1 July, not on 1 June.
        [_changes(0, 91, "2025Q2"), _changes(1, 92)],
    ),
    Case(
        "tie_of_incumbents_goes_to_the_smaller_key",
        "4",
        (
            Delivery(
                "08",
                Q3,
                (
                    SINCE_JULY,
                    worker("c1", "A", "2025-07-01", "2025-07-31"),
                    worker("c1", "B", "2025-07-01"),
                    aftercare("c2", "2025-07-01"),
                    worker("c2", "A", "2025-07-01"),
                    worker("c2", "B", "2025-07-01", "2025-07-31"),
                ),
            ),
        ),
        # c1: A until July ends, then B: a change. c2: A all the time.
        (_changes(1, 184),),
        depends_on_key_order=True,
    ),
    _case(
        "first_day_of_aftercare_is_no_change",
        "5, trap",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-01-01", "2025-06-30"),
            worker("c1", "B", "2025-07-01"),
        ],
        [_changes(0, 92), _gaps(0, 92)],
    ),
    _case(
        "one_day_assignment",
        "5, trap",
        [
            SINCE_JULY,
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "B", "2025-08-01", "2025-08-01"),
            worker("c1", "A", "2025-08-02"),
        ],
        # To B and back again; no day without a worker.
        [_changes(2, 92), _gaps(0, 92)],
    ),
    _case(
        "change_across_a_break_of_90_days_but_not_91",
        "5",
        [
            aftercare("c1", "2025-01-01", "2025-01-31"),
            aftercare("c1", "2025-05-02"),
            aftercare("c2", "2025-01-01", "2025-01-31"),
            aftercare("c2", "2025-05-03"),
            *(worker(c, "A", "2025-01-01", "2025-01-31") for c in ("c1", "c2")),
            *(worker(c, "B", "2025-05-01") for c in ("c1", "c2")),
        ],
        # Out: c1 February 28 + March 31 + April 30 + 1 May = 90 days, c2 91.
        # Days in Q2: c1 30 + 30 = 60, c2 59.
        [_changes(1, 119, "2025Q2"), _changes(0, 62, "2025Q1")],
    ),
    _case(
        "reopened_within_30_days",
        "5, trap",
        [
            aftercare("c1", "2025-07-01", "2025-07-31"),
            aftercare("c1", "2025-08-20"),
            worker("c1", "A", "2025-07-01", "2025-07-31"),
            worker("c1", "B", "2025-08-20"),
        ],
        # 31 + 12 + 30 days; the days outside are no gap.
        [_changes(1, 73), _gaps(0, 73)],
    ),
    _case(
        "absence_cover",
        "5",
        [
            *(aftercare(c, "2025-07-01") for c in ("c1", "c2", "c3")),
            *(worker(c, "A", "2025-07-01", "2025-07-31") for c in ("c1", "c2", "c3")),
            worker("c1", "B", "2025-08-01", "2025-08-30", "POISSAOLO"),
            worker("c1", "A", "2025-08-31", reason="POISSAOLO_PALUU"),
            worker("c2", "B", "2025-08-01", "2025-08-31", "POISSAOLO"),
            worker("c2", "A", "2025-09-01", reason="POISSAOLO_PALUU"),
            worker("c3", "B", "2025-08-01", "2025-08-30", "MUU"),
            worker("c3", "A", "2025-08-31"),
        ],
        # c1: 30 days of cover, no change. c2: 31 days, two. c3: another reason, two.
        [_changes(4, 276), Expected("SAA-01", Q3, 0, 4)],
    ),
    _case(
        "absence_cover_still_pending",
        "5",
        [
            *(aftercare(c, "2025-07-01") for c in ("c1", "c2", "c3")),
            worker("c1", "A", "2025-07-01", "2025-08-31"),
            worker("c1", "B", "2025-09-01", reason="POISSAOLO"),
            worker("c2", "A", "2025-07-01", "2025-08-30"),
            worker("c2", "B", "2025-08-31", reason="POISSAOLO"),
            worker("c3", "A", "2025-07-01", "2025-08-29"),
            worker("c3", "B", "2025-08-30", reason="POISSAOLO"),
        ],
        # On the last delivered day, 30 September, B has stood in for 30, 31 and 32 days: only the
        # first can still be a cover of at most 30 days.
        [_changes(2, 276)],
    ),
    _case(
        "key_break_of_workers",
        "5",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 8)),
            *(worker(f"c{n}", f"O{n}", "2025-07-01", "2025-08-15") for n in range(1, 7)),
            *(worker(f"c{n}", f"N{n}", "2025-08-16") for n in range(1, 7)),
            worker("c7", "P", "2025-07-01", "2025-09-10"),
            worker("c7", "Q", "2025-09-11"),
        ],
        # Six of seven keys end and six begin on the next day; c7's change is a real one.
        [
            _changes(1, 644),
            _changes(1, 644, level="wellbeing_area", area="08", also={"is_series_break": True}),
            Expected("SAA-01", Q3, 0, 1),
        ],
    ),
    _case(
        "four_workers_leaving_together_are_no_key_break",
        "5",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 5)),
            *(worker(f"c{n}", f"O{n}", "2025-07-01", "2025-08-15") for n in range(1, 5)),
            *(worker(f"c{n}", f"N{n}", "2025-08-16") for n in range(1, 5)),
        ],
        # At least five keys must have been active.
        [
            _changes(4, 368),
            _changes(4, 368, level="wellbeing_area", area="08", also={"is_series_break": False}),
        ],
    ),
    _case(
        "many_leaving_without_successors_of_new_keys_is_no_key_break",
        "5",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 7)),
            *(worker(f"c{n}", f"O{n}", "2025-07-01", "2025-08-15") for n in range(1, 4)),
            *(worker(f"c{n}", f"O{n}", "2025-07-01") for n in range(4, 7)),
            *(worker(f"c{n}", "O6", "2025-08-16") for n in range(1, 4)),
        ],
        # Three of six end (50 %), but their clients go to O6, who was there before.
        [_changes(3, 552)],
    ),
    _case(
        "saattaen",
        "6",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 10)),
            *(worker(f"c{n}", "A", "2025-07-01", "2025-08-31") for n in range(1, 10)),
            *(worker(f"c{n}", "B", "2025-09-01", reason="KUOLEMA" if n == 7 else "LAHTENYT") for n in range(1, 10)),
            handed_over("c1", "2025-08-02", "A", "B"),  # 30 days before: counts
            handed_over("c2", "2025-09-15", "A", "B"),  # 14 days after: counts
            handed_over("c3", "2025-09-16", "A", "B"),  # 15 days after: not in the headline
            handed_over("c4", "2025-08-20", "A", "B", kind="KIRJALLINEN"),
            handed_over("c5", "2025-08-20", "A", "B", present="false"),
            handed_over("c6", "2025-08-20", "B", "A"),  # the wrong way round
            handed_over("c7", "2025-08-20", "A", "B"),  # the worker died: no case at all
            handed_over("c9", "2025-08-01", "A", "B"),  # 31 days before: no record of it
        ],
        # All changes but c7's: 8, of which c1 and c2; records for c1-c6.
        [
            _changes(9, 828),
            Expected("SAA-01", Q3, 2, 8, also={"record_share": 6 / 8, "status_candidate": "shown"}),
        ],
    ),
    _case(
        "too_few_handover_records",
        "16",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in (1, 2)),
            *(worker(f"c{n}", "A", "2025-07-01", "2025-08-31") for n in (1, 2)),
            *(worker(f"c{n}", "B", "2025-09-01") for n in (1, 2)),
            handed_over("c1", "2025-08-31", "A", "B"),
        ],
        # Half of the changes have a record: below 60 % nothing can be said.
        [Expected("SAA-01", Q3, 1, 2, also={"record_share": 0.5, "status_candidate": "not_recorded"})],
    ),
    _case(
        "variants_of_changes",
        "6",
        [
            *(aftercare(f"c{n}", "2025-07-01") for n in range(1, 6)),
            *(worker(f"c{n}", "A", "2025-07-01", "2025-08-15") for n in range(1, 6)),
            worker("c1", "B", "2025-08-16"),
            worker("c2", "B", "2025-08-16", reason="TIIMISIIRTO"),
            worker("c3", "B", "2025-08-16"),
            worker("c4", "B", "2025-08-16"),
            worker("c5", "B", "2025-08-16", reason="NUOREN_PYYNTO"),
            home("c1", "837", "2020-01-01", "2025-08-15"),  # moves on the day of the change
            home("c1", "020", "2025-08-16"),
            home("c2", "837", "2020-01-01"),
            home("c3", "837", "2020-01-01", "2025-08-14"),  # moves the day before
            home("c3", "020", "2025-08-15"),
            home("c4", "200", "2020-01-01", "2025-08-15"),  # from an unknown place
            home("c4", "837", "2025-08-16"),
            home("c5", "837", "2020-01-01"),
        ],
        # Structural: c1 (place), c2 (reason).
        [
            _changes(5, 460),
            _changes(3, 460, variant="without_structural"),
            _changes(4, 460, variant="without_own_request"),
        ],
    ),
    Case(
        "change_of_responsible_area_is_structural",
        "6, 11",
        (
            Delivery(
                "08",
                Q3,
                (
                    aftercare("c1", "2025-07-01", "2025-07-31"),
                    worker("c1", "A", "2025-07-01", "2025-07-31"),
                    home("c1", "837", "2020-01-01"),
                ),
            ),
            Delivery(
                "07",
                Q3,
                (
                    aftercare("c1", "2025-08-01"),
                    worker("c1", "B", "2025-08-01"),
                    home("c1", "837", "2020-01-01"),
                ),
                number=2,
            ),
        ),
        # Dated in the new area: 31 + 30 days there, 31 in the old one.
        (
            _changes(1, 61, level="wellbeing_area", area="07"),
            _changes(0, 61, level="wellbeing_area", area="07", variant="without_structural"),
            _changes(0, 31, level="wellbeing_area", area="08"),
            Expected("PER-01", Q3, 1, None),
        ),
    ),
    _case(
        "two_changes_in_twelve_months",
        "JAT-02",
        [
            aftercare("c1", "2024-10-01"),
            aftercare("c2", "2024-10-02"),
            aftercare("c3", "2024-01-01"),
            *(
                row
                for c in ("c1", "c2")
                for row in (
                    worker(c, "A", "2024-10-01", "2025-01-31"),
                    worker(c, "B", "2025-02-01", "2025-05-31"),
                    worker(c, "C", "2025-06-01"),
                )
            ),
            worker("c3", "A", "2024-01-01", "2024-09-30"),
            worker("c3", "B", "2024-10-01", "2025-09-29"),
            worker("c3", "C", "2025-09-30"),
        ],
        # 12 months: 1 October 2024 - 30 September 2025. c2 came a day late; c3's two changes
        # fall on the first and on the last day.
        [Expected("JAT-02", Q3, 2, 2), Expected("JAT-02", "2025Q2", 0, 1)],
    ),
    _case(
        "window_across_29_february",
        "JAT-02, trap",
        [
            aftercare("c1", "2023-10-01", "2024-02-28"),
            aftercare("c1", "2024-03-01"),
            aftercare("c2", "2023-10-01"),
        ],
        # 366 days from 1 October 2023 to 30 September 2024; c1 was out on 29 February.
        # 2024Q1: 91 days of c2, 90 of c1.
        [Expected("JAT-02", "2024Q3", 0, 1), _gaps(181, 181, "2024Q1")],
        period="2024Q3",
    ),
    _case(
        "assignment_that_nobody_closed_is_doubtful",
        "4",
        [
            aftercare("c1", "2025-04-01"),
            worker("c1", "A", "2025-04-01"),
            worker("c1", "B", "2025-07-01"),
        ],
        # From 1 July + 60 days = 30 August on: 2 + 30 days.
        [_changes(0, 92, also={"doubtful_share": 32 / 92})],
    ),
    _case(
        "silent_incumbent_is_doubtful",
        "4",
        [
            aftercare("c1", "2025-01-01"),
            worker("c1", "A", "2025-01-01"),
            met("c1", "B", "2025-07-01"),
            met("c1", "A", "2025-08-01"),
            met("c1", "A", "2025-07-10", two_way="false"),
        ],
        # A since 1 January (180 days before 30 June). B met the client from 1 July on, A only
        # on 1 August: 31 doubtful days, in July.
        [
            _gaps(0, 92, also={"doubtful_share": 31 / 92}),
            _gaps(0, 91, "2025Q2", also={"doubtful_share": 0.0}),
        ],
    ),
)
