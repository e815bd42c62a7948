"""``indicator_funnel``: how far a place's value may lie from the country's by chance alone, by its denominator.

Computed, like ``comparison`` and for its reasons, from published rows only: the country's shown value, and the shown
values of areas or of municipalities for the over-dispersion. Limits stand at denominators in even steps of a
logarithmic axis from the smallest shown denominator to the largest, not at any place's own.

Shares: p0 -/+ z root(p0 (1 - p0) / n), cut to 0 and 1. Rates: the fewest and the most events whose exact or Byar
interval holds the expected ones, so that a place is outside exactly when its interval misses p0. Where days or
events come in clients, the variance is that of independent ones times the design effect that the country's own
interval shows.

Over-dispersion (Spiegelhalter 2005, additive): z values winsorised at 10 %, phi their mean square, tau2 = max(0,
(I phi - (I - 1)) / (sum w - sum w2 / sum w)) with w = 1 / s2; limits with root(s2 + tau2), for rates the exact limits
moved out in that proportion. With 22 areas phi is unstable, so both kinds of limits are published; with fewer than
``LEAST_UNITS`` there is none.
"""

from __future__ import annotations

from quality.release.comparison import figures_sql
from quality.release.limits import Z, effective_number_sql, poisson_sql

STEPS = 20
LEAST_UNITS = 10
WINSORISED = 0.1
_SERIES = "indicator_id, variant, area_level, period_type, period"


def funnel_sql(schema: str, notice: str) -> str:
    """SELECT of the contract's columns from ``indicator_value`` and ``indicator`` of ``schema``."""
    of_series = " and ".join(
        f"country.{name} = unit.{name}" for name in ("indicator_id", "variant", "period_type", "period")
    )
    effective = effective_number_sql("value", "lower_95", "upper_95", Z["95"])
    upper = poisson_sql("numerator", "95", "upper")
    return f"""
        with
        figure as (select * from ({figures_sql(schema)}) where is_ratio),

        country as (
            select
                indicator_id, variant, period_type, period, value as p0, is_share, scale,
                case
                    when interval_method = 'wilson_clustered' then denominator / nullif({effective}, 0)
                    when interval_method = 'byar_dispersed'
                        then power(greatest(1, (upper_95 * denominator / scale - numerator) / ({upper} - numerator)), 2)
                    else 1.0
                end as design_effect
            from figure
            where area_level = 'country' and numerator > 0 and (not is_share or numerator < denominator)
        ),

        -- Variance of a value with the denominator 1; s2 is this by the denominator.
        unit as (
            select
                unit.indicator_id, unit.variant, unit.area_level, unit.period_type, unit.period,
                unit.denominator, unit.value, country.p0, country.is_share, country.scale, country.design_effect,
                case when country.is_share then country.p0 * (1 - country.p0) else country.p0 * country.scale end
                * country.design_effect as unit_variance
            from figure as unit
            inner join country on {of_series}
            where unit.area_level in ('wellbeing_area', 'municipality') and unit.area_code <> 'unknown'
                and unit.is_complete and country.design_effect is not null
        ),

        scored as (select *, (value - p0) / sqrt(unit_variance / denominator) as score from unit),

        winsorised as (
            select
                *,
                least(
                    greatest(score, quantile_cont(score, {WINSORISED}) over series),
                    quantile_cont(score, {1 - WINSORISED}) over series
                ) as kept_score
            from scored
            window series as (partition by {_SERIES})
        ),

        series as (
            select
                {_SERIES},
                any_value(p0) as p0,
                any_value(is_share) as is_share,
                any_value(scale) as scale,
                any_value(design_effect) as design_effect,
                any_value(unit_variance) as unit_variance,
                count(*) as units,
                case
                    when count(*) >= {LEAST_UNITS} then greatest(
                        0,
                        ({_sum("kept_score * kept_score")} - (count(*) - 1))
                        / (
                            {_sum("denominator / unit_variance")}
                            - {_sum("power(denominator / unit_variance, 2)")} / {_sum("denominator / unit_variance")}
                        )
                    )
                end as between_variance,
                {_one_digit("min(denominator)", "floor")} as first_denominator,
                {_one_digit("max(denominator)", "ceil")} as last_denominator
            from winsorised
            group by all
        ),

        step as (
            select distinct
                series.*,
                greatest(1, round(
                    first_denominator * power(last_denominator / first_denominator, number.number / {STEPS}.0)
                )) as denominator
            from series
            cross join range({STEPS + 1}) as number (number)
        ),

        kind as (
            select step.*, false as overdispersed, 0.0 as added_variance from step
            union all
            select step.*, true, between_variance from step where between_variance is not null
        ),

        measured as (
            select *, p0 * denominator / scale as expected, unit_variance / denominator as variance from kind
        ),

        limited as (
            select *, {", ".join(_limit(side, level) for level in Z for side in ("lower", "upper"))}
            from measured
        )

        select
            {_SERIES},
            denominator,
            overdispersed,
            p0 as benchmark_value,
            {", ".join(f"{side}_{level}" for level in Z for side in ("lower", "upper"))},
            cast(units as integer) as units,
            cast(added_variance as double) as between_variance,
            {notice}
        from limited
    """


def _sum(term: str) -> str:
    """In an order of its own, so that the same rows give the same last bits."""
    return f"sum({term} order by denominator, value)"


def _one_digit(amount: str, rounding: str) -> str:
    """The amount to one leading digit, so that the ends of an axis can be read and no place's own stands there."""
    magnitude = f"power(10, floor(log10({amount})))"
    return f"{rounding}({amount} / {magnitude}) * {magnitude}"


def _limit(side: str, level: str) -> str:
    sign = "-" if side == "lower" else "+"
    share = f"p0 {sign} {Z[level]} * sqrt(variance + added_variance)"
    # As many times further out as the standard deviation is that of independent events.
    wider = "sqrt(design_effect + added_variance / (p0 * scale / denominator))"
    # Under one expected event even a single one can be outside: no count lies between the limit and p0 then.
    events = f"{'least' if side == 'lower' else 'greatest'}(expected, {_extreme_events(side, level)})"
    rate = f"greatest(0, p0 + ({events} * scale / denominator - p0) * {wider})"
    return f"cast(case when is_share then least(1, greatest(0, {share})) else {rate} end as double) as {side}_{level}"


def _extreme_events(side: str, level: str) -> str:
    """The fewest (``lower``) or the most events whose interval holds ``expected``."""
    z = Z[level]
    far = f"{z} * sqrt(expected) + {z * z + 2}"
    within = (
        f"range(cast(greatest(0, floor(expected - ({far}))) as bigint), cast(ceil(expected + {far}) as bigint) + 1)"
    )
    if side == "lower":
        holds = f"{poisson_sql('events', level, 'upper')} >= expected"
        return f"list_min(list_filter({within}, lambda events: {holds}))"
    holds = f"{poisson_sql('events', level, 'lower')} <= expected"
    return f"list_max(list_filter({within}, lambda events: {holds}))"
