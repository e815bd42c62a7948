"""Primary protection: which cells may not be shown by their own size.

Two questions, answered apart. *Confidential* (``hidden``): could a person, or one worker, be learned
from the cell? *Unreliable* (``too_few``): is the published denominator too small to say anything? So is
a cell without a figure: a median that the curve does not reach, an incidence at a day that nobody has seen.
Numbers by cell class; all of them are settings below.

Alone (``PROTECTION``) this step leaves cells that can be worked out from the sums around them;
``quality.disclosure.protect`` hides what else must be hidden.
"""

from __future__ import annotations

from dataclasses import dataclass

PROTECTION = "primary only"


@dataclass(frozen=True)
class CellRule:
    """Thresholds of a cell class, in persons.

    A count ``n`` or its complement ``d - n`` of 1 to ``small_count`` is confidential, and so is a
    denominator under ``least_persons``, and none or all of fewer than ``least_for_all``. A published
    denominator under ``least_reliable`` is too few to say.
    """

    small_count: int = 4
    least_persons: int = 5
    least_for_all: int = 10
    least_reliable: int = 20


# C2 is sensitive: homelessness, social assistance, mental health, substance use.
CELL_RULES = {"C0": CellRule(), "C1": CellRule(), "C2": CellRule(small_count=9, least_reliable=50)}


@dataclass(frozen=True)
class GroupRule:
    """Thresholds of figures about groups of persons who are not clients, in such persons.

    Fewer than ``least_persons`` behind a figure are confidential. Where ``none_or_all`` is true, what
    single persons could be known by (``counts_persons``) needs ``least_counted`` of them, and none or
    all is confidential however many they are.
    """

    least_persons: int
    least_counted: int
    none_or_all: bool


# Respondents of a survey, and workers.
GROUP_RULES = {
    "C3": GroupRule(least_persons=10, least_counted=10, none_or_all=False),
    "C4": GroupRule(least_persons=5, least_counted=10, none_or_all=True),
}


@dataclass(frozen=True)
class AmountRule:
    """Thresholds of a sum of euros over the persons whom it is spent on.

    One payment may be to one provider or for one client, and who they are is not delivered: a line of the books
    stands for each. Confidential are fewer than ``least_persons`` below the line (one of them might be most of the
    cost), a largest line over ``largest_share`` of the sum, and one that whoever knows the second largest could tell
    to within ``precision`` of itself (p % rule). So is a sum of nothing, or of lines that nobody has ranked.
    """

    least_persons: int
    largest_share: float
    precision: float


AMOUNT_RULES = {"cost": AmountRule(least_persons=20, largest_share=0.5, precision=0.1)}

# A value of a worker's action below the level of areas must not be one worker's value.
LEAST_WORKERS = 3
LARGEST_WORKER_SHARE = 0.7

# Shares of single units (changes, waits) are judged on the units as well as on the persons behind them.
_UNITS_DECIDE = "('wilson', 'aj_log_log')"

# What is NULL with a figure that is not shown.
FIGURES = ("numerator", "denominator", "value", "lower_95", "upper_95", "lower_998", "upper_998")
SHARES = ("unknown_share", "record_share", "doubtful_share")


def primary_protection_sql(candidate: str) -> str:
    """SELECT of the candidate's cells with their ``status``; figures are still there.

    ``candidate``: a relation with the columns of ``release_candidate.indicator_value``. A cell class
    without a rule is hidden: what nobody has thought about stays in.
    """
    confidential = " or ".join(
        [
            *(_confidential(name, rule) for name, rule in CELL_RULES.items()),
            *(_group_is_confidential(name, rule) for name, rule in GROUP_RULES.items()),
            *(_amount_is_confidential(name, rule) for name, rule in AMOUNT_RULES.items()),
        ]
    )
    unreliable = " or ".join(
        f"(cell_class = '{name}' and aggregation <> 'count' and published_denominator < {rule.least_reliable})"
        for name, rule in CELL_RULES.items()
    )
    known = ", ".join(f"'{name}'" for name in (*CELL_RULES, *GROUP_RULES, *AMOUNT_RULES))
    return f"""
        select
            *,
            case
                when is_outside then 'not_applicable'
                when not is_delivered then 'not_delivered'
                when cell_class not in ({known}) or {confidential} or {_one_workers_value()} then 'hidden'
                when {unreliable} or value is null then 'too_few'
                when record_share < minimum_record_share then 'not_recorded'
                else 'shown'
            end as status
        from (
            select
                *,
                -- Days are published, but persons decide; a share of changes is judged on the changes.
                case
                    when interval_method in {_UNITS_DECIDE} then denominator
                    else denominator_clients
                end as published_denominator
            from {candidate}
        )
    """


def _confidential(cell_class: str, rule: CellRule) -> str:
    """Persons and, where the units are fewer or more than persons (changes), the units as well."""
    counts = f"""(cell_class = '{cell_class}' and counts_persons and aggregation = 'count'
        and numerator_clients between 1 and {rule.small_count})"""
    ratio = f"cell_class = '{cell_class}' and aggregation <> 'count'"
    checks = [f"({ratio} and denominator_clients < {rule.least_persons})"]
    for numerator, denominator, only in (
        ("numerator_clients", "denominator_clients", ""),
        ("numerator", "denominator", f" and interval_method in {_UNITS_DECIDE}"),
    ):
        checks.append(
            f"({ratio} and counts_persons{only} and ("
            f"{numerator} between 1 and {rule.small_count} "
            f"or {denominator} - {numerator} between 1 and {rule.small_count} "
            f"or {denominator} < {rule.least_persons} "
            f"or ({numerator} in (0, {denominator}) and {denominator} < {rule.least_for_all})))"
        )
    return " or ".join([counts, *checks])


def _group_is_confidential(cell_class: str, rule: GroupRule) -> str:
    checks = [f"coalesce(denominator_clients, 0) < {rule.least_persons}"]
    if rule.none_or_all:
        checks.append(
            f"(counts_persons and (denominator_clients < {rule.least_counted} or numerator in (0, denominator)))"
        )
    return f"(cell_class = '{cell_class}' and ({' or '.join(checks)}))"


def _amount_is_confidential(cell_class: str, rule: AmountRule) -> str:
    rest = "numerator - largest_amount - second_amount"
    return f"""(cell_class = '{cell_class}' and not coalesce(
        denominator_clients >= {rule.least_persons}
        and largest_amount > 0
        and largest_amount <= {rule.largest_share} * numerator
        and {rest} >= {rule.precision} * largest_amount,
        false
    ))"""


def _one_workers_value() -> str:
    return f"""(
        is_worker_action
        and area_level in ('municipality_group', 'municipality')
        and (
            coalesce(workers, 0) < {LEAST_WORKERS}
            or coalesce(largest_worker_share, 1) > {LARGEST_WORKER_SHARE}
        )
    )"""
