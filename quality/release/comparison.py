"""``indicator_comparison``: every shown total of an area or municipality against the law and other places.

Computed from the rows that are published and from nothing else, after protection and the check of the contract: the
release candidate knows hidden figures, and a verdict, a benchmark or a difference over one would tell of it. A
cell that is not shown has no row, its status says why; a benchmark that is not shown gives no verdict; and what is
left of a benchmark without the unit is a difference of two published sums.

Rules. *Duty*: a share that the law wants to be 1 (polarity ``higher``) or 0 (``lower``) is met when it is, for
whoever is missed is missed; what is unknown may be the shortfall. The duty is that of the main variant.
*Country*: the rest of the country is taken as known, and the unit's 99.8 % interval must miss it; between 95 and
99.8 % the word is *possibly*. *Own area* and *municipality group* can be small: the interval of the difference (from
the limits of both, Newcombe 1998 for shares, Zou and Donner 2008 for rates) must miss 0. Where days come in clients,
the rest has the design effect that the benchmark's own interval shows.

No verdict, and no benchmark value: more than 10 % doubtful; a method without an interval, or a figure that is no
ratio of sums (medians and curves cannot be had without the unit); a unit of which a part was not delivered, or with a
break of series that its benchmark does not have; a rest that is small by the thresholds of its cell class, or of
fewer than two other municipalities.
"""

from __future__ import annotations

from quality.disclosure.primary import CELL_RULES, GROUP_RULES
from quality.release.limits import (
    RATE_METHODS,
    SHARE_METHODS,
    Z,
    effective_number_sql,
    poisson_sql,
    scale_sql,
    wilson_sql,
)

MOST_DOUBTFUL = 0.1
LEAST_OTHERS = 2
BENCHMARKS = ("duty", "country", "own_area", "municipality_group")
NO_VERDICT = "cannot_be_said"
KEY = ("indicator_id", "variant", "area_level", "area_code", "period_type", "period", "breakdown", "category")
# Sums of the same events agree to so much; a figure that is further from its ratio is none.
_TOLERANCE = 1e-9


def listed(codes: tuple[str, ...]) -> str:
    """Codes as an SQL list."""
    return "(" + ", ".join(f"'{code}'" for code in codes) + ")"


def figures_sql(schema: str) -> str:
    """SELECT of the published totals of ``schema`` with unit, scale and method; ``is_ratio``: a shown ratio of sums
    with intervals that at most 10 % doubtful data stand behind."""
    return f"""
        select
            *,
            coalesce(
                status = 'shown'
                and denominator > 0
                and scale is not null
                and (
                    (is_share and unit = 'share' and numerator <= denominator)
                    or (interval_method in {listed(RATE_METHODS)} and abs(numerator - round(numerator)) < {_TOLERANCE})
                )
                and abs(value * denominator - numerator * scale) <= {_TOLERANCE} * greatest(1, numerator * scale)
                and lower_998 <= lower_95 and lower_95 <= upper_95 and upper_95 <= upper_998
                and coalesce(doubtful_share, 0) <= {MOST_DOUBTFUL},
                false
            ) as is_ratio
        from (
            select
                figure.*,
                indicator.unit,
                indicator.polarity,
                indicator.duty,
                indicator.cell_class,
                indicator.interval_method,
                indicator.interval_method in {listed(SHARE_METHODS)} as is_share,
                {scale_sql("indicator.unit")} as scale
            from {schema}.indicator_value as figure
            inner join {schema}.indicator as indicator
                on figure.indicator_id = indicator.indicator_id and figure.variant = indicator.variant
            where figure.breakdown = 'total' and figure.category = 'total' and figure.status <> 'not_applicable'
        )
    """


def comparison_sql(schema: str, notice: str) -> str:
    """SELECT of the contract's columns from ``indicator_value``, ``indicator`` and ``area`` of ``schema``.

    ``notice``: the last column, as SQL.
    """
    key = ", ".join(KEY)
    same = " and ".join(f"unit.{name} = other.{name}" for name in KEY if name not in ("area_level", "area_code"))
    return f"""
        with
        figure as ({figures_sql(schema)}),

        place as (
            select
                area.*,
                count(*) over (partition by parent_code) - 1 as others_in_area,
                count(*) over (partition by group_code) - 1 as others_in_group
            from {schema}.area as area
            where area_level in ('wellbeing_area', 'municipality') and area_code <> 'unknown' and valid_to is null
        ),

        benchmark_place as (
            select area_level, area_code, 'country' as benchmark, 'country' as other_level, 'FI' as other_code,
                null as others
            from place
            union all
            select area_level, area_code, 'own_area', 'wellbeing_area', parent_code, others_in_area
            from place where area_level = 'municipality'
            union all
            select area_level, area_code, 'municipality_group', 'municipality_group', group_code, others_in_group
            from place where area_level = 'municipality'
        ),

        rest as (
            select
                {", ".join(f"unit.{name}" for name in KEY)},
                benchmark_place.benchmark,
                unit.value, unit.lower_95, unit.upper_95, unit.lower_998, unit.upper_998,
                unit.polarity, unit.cell_class, unit.is_share, unit.scale, unit.interval_method,
                coalesce(
                    unit.is_ratio and other.is_ratio and unit.is_complete
                    and not (unit.is_series_break and not other.is_series_break)
                    and coalesce(benchmark_place.others >= {LEAST_OTHERS}, benchmark_place.benchmark = 'country'),
                    false
                ) as is_comparable,
                other.value as other_value,
                other.numerator as other_numerator,
                other.denominator as other_denominator,
                other.lower_95 as other_lower,
                other.upper_95 as other_upper,
                other.numerator - unit.numerator as numerator,
                other.denominator - unit.denominator as denominator
            from figure as unit
            inner join benchmark_place
                on unit.area_level = benchmark_place.area_level and unit.area_code = benchmark_place.area_code
            inner join figure as other
                on benchmark_place.other_level = other.area_level
                and benchmark_place.other_code = other.area_code
                and {same}
            where unit.status = 'shown'
        ),

        judged as (
            select
                *,
                is_comparable and coalesce({_rest_is_enough()}, false) as has_benchmark,
                numerator * scale / nullif(denominator, 0) as benchmark_value
            from rest
        ),

        spread as (
            select
                *,
                -- How many times the variance is what independent units would have.
                case interval_method
                    when 'wilson_clustered' then other_denominator / nullif({_effective_number()}, 0)
                    when 'byar_dispersed' then power(greatest(1, {_widening()}), 2)
                    else 1.0
                end as design_effect
            from judged
            where has_benchmark
        ),

        limited as (
            select
                *,
                {", ".join(_rest_limit(side, name) for name in Z for side in ("lower", "upper"))}
            from spread
        ),

        compared as (
            select
                {key},
                benchmark,
                polarity,
                benchmark_value,
                {", ".join(f"{_is_higher(name)} as higher_{name}, {_is_lower(name)} as lower_{name}" for name in Z)}
            from limited
        ),

        said as (
            select
                {key},
                benchmark,
                benchmark_value,
                case
                    when higher_998 then {_word("higher")}
                    when lower_998 then {_word("lower")}
                    when higher_95 then 'possibly_' || {_word("higher")}
                    when lower_95 then 'possibly_' || {_word("lower")}
                    when not (higher_95 or lower_95) then 'no_real_difference'
                end as result
            from compared
        ),

        duty as (
            select
                {key},
                case
                    when not is_ratio or not is_complete or unit <> 'share' then null
                    when polarity = 'higher' then 1.0
                    when polarity = 'lower' then 0.0
                end as duty_value,
                abs(value - duty_value) as missed,
                coalesce(unknown_share, 0) as unknown
            from figure
            inner join place using (area_level, area_code)
            where duty is not null and variant = 'main' and status = 'shown'
        ),

        final as (
            select
                {key},
                benchmark,
                said.benchmark_value,
                coalesce(said.result, '{NO_VERDICT}') as result
            from rest
            left join said using ({key}, benchmark)

            union all

            select
                {key},
                'duty',
                case when result <> '{NO_VERDICT}' then duty_value end,
                result
            from (
                select
                    *,
                    case
                        when missed <= {_TOLERANCE} then 'met'
                        when missed > unknown + {_TOLERANCE} then 'not_met'
                        else '{NO_VERDICT}'
                    end as result
                from duty
            )
        )

        select
            {key},
            benchmark,
            cast(case when result <> '{NO_VERDICT}' then benchmark_value end as double) as benchmark_value,
            result,
            {notice}
        from final
    """


def _rest_is_enough() -> str:
    """Whether what is left may be said: as a cell of its class, judged on the published sums."""
    checks = [
        f"(cell_class = '{name}' and denominator >= {rule.least_reliable} "
        f"and numerator not between 1 and {rule.small_count} "
        f"and not (is_share and denominator - numerator between 1 and {rule.small_count}))"
        for name, rule in CELL_RULES.items()
    ]
    checks += [
        f"(cell_class = '{name}' and denominator >= {max(rule.least_persons, rule.least_counted)}"
        + (" and numerator not in (0, denominator))" if rule.none_or_all else ")")
        for name, rule in GROUP_RULES.items()
    ]
    return f"numerator >= 0 and (not is_share or numerator <= denominator) and ({' or '.join(checks)})"


def _effective_number() -> str:
    return effective_number_sql("other_value", "other_lower", "other_upper", Z["95"])


def _widening() -> str:
    """How many times further the published upper limit lies from the events than that of independent ones."""
    upper = poisson_sql("other_numerator", "95", "upper")
    return f"((other_upper * other_denominator / scale - other_numerator) / ({upper} - other_numerator))"


def _rest_limit(side: str, level: str) -> str:
    share = wilson_sql("numerator / denominator", "denominator / design_effect", Z[level], side)
    events = poisson_sql("numerator", level, side)
    return f"""case
        when is_share then {share}
        else greatest(0, numerator + sqrt(design_effect) * ({events} - numerator)) * scale / denominator
    end as rest_{side}_{level}"""


def _is_higher(level: str) -> str:
    difference = f"sqrt(power(value - lower_{level}, 2) + power(rest_upper_{level} - benchmark_value, 2))"
    return (
        f"case when benchmark = 'country' then lower_{level} > benchmark_value "
        f"else value - benchmark_value > {difference} end"
    )


def _is_lower(level: str) -> str:
    difference = f"sqrt(power(upper_{level} - value, 2) + power(benchmark_value - rest_lower_{level}, 2))"
    return (
        f"case when benchmark = 'country' then upper_{level} < benchmark_value "
        f"else benchmark_value - value > {difference} end"
    )


def _word(direction: str) -> str:
    opposite = "lower" if direction == "higher" else "higher"
    words = {direction: "better", opposite: "worse", "none": direction}
    return "case polarity " + " ".join(f"when '{polarity}' then '{word}'" for polarity, word in words.items()) + " end"
