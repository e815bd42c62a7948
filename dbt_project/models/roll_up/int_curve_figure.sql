-- Grain: one row per indicator, figure variant, area level, area, period type, period, breakdown and
-- category of an indicator of time: its figure and the limits.
with
curve as (
    select
        *,
        max(units_so_far) over (partition by {{ cell_key() }}) as all_units,
        sum(events) over (partition by {{ cell_key() }}) as all_events,
        -- Pointwise limits of the curve on the log(-log) scale; none where it is still 1 or already 0.
        case when survival > 0 and survival < 1 then sqrt(greenwood_sum) / -ln(survival) end as log_log_error
    from {{ ref('int_curve') }}
),

median_rank as (
    select
        curve.*,
        {% for name, confidence, z in confidence_levels() -%}
        case
            when curve.all_units > 200 then floor((curve.all_units + 1 - {{ z }} * sqrt(curve.all_units)) / 2)
            else rank_{{ name }}.lower_rank
        end as lower_rank_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from curve
    {% for name, confidence, z in confidence_levels() -%}
    left join {{ ref('seed_median_rank') }} as rank_{{ name }}
        on curve.all_units = rank_{{ name }}.units
        and rank_{{ name }}.confidence = {{ confidence }}
    {% endfor -%}
    where curve.aggregation = 'median'
),

median_figure as (
    select
        {{ cell_key() }},
        cast(max(all_units) as double) as numerator,
        cast(max(all_units) as double) as denominator,
        (
            min(case when units_so_far >= floor((all_units + 1) / 2.0) then duration_days end)
            + min(case when units_so_far >= floor(all_units / 2.0) + 1 then duration_days end)
        ) / 2 as value,
        {% for name, confidence, z in confidence_levels() -%}
        min(case when units_so_far >= lower_rank_{{ name }} then duration_days end) as lower_{{ name }},
        min(case when units_so_far >= all_units + 1 - lower_rank_{{ name }} then duration_days end)
            as upper_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from median_rank
    group by {{ cell_key() }}
),

-- The first day on which the curve, or its limit, is at one half; rounding must not move it by a day.
kaplan_meier_figure as (
    select
        {{ cell_key() }},
        cast(max(all_events) as double) as numerator,
        cast(max(all_units) as double) as denominator,
        min(case when survival <= 0.5 + 1e-12 then duration_days end) as value,
        {% for name, confidence, z in confidence_levels() -%}
        min(case when power(survival, exp({{ z }} * log_log_error)) <= 0.5 + 1e-12 then duration_days end)
            as lower_{{ name }},
        min(case when power(survival, exp(-{{ z }} * log_log_error)) <= 0.5 + 1e-12 then duration_days end)
            as upper_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from curve
    where aggregation = 'kaplan_meier'
    group by {{ cell_key() }}
),

-- A curve that ends before the horizon, with somebody still waiting, says nothing of it.
horizon_curve as (
    select
        curve.*,
        horizon.horizon_days,
        horizon.horizon_variant,
        max(case when curve.duration_days <= horizon.horizon_days then curve.incidence else 0 end) over cell as incidence_at,
        max(curve.duration_days) over cell >= horizon.horizon_days or min(curve.survival) over cell = 0 as is_reached
    from curve
    inner join {{ ref('indicator_horizon') }} as horizon on curve.indicator_id = horizon.indicator_id
    where curve.aggregation = 'cumulative_incidence'
    window cell as (
        partition by {{ qualified(cell_key(), 'curve') }}, horizon.horizon_days, horizon.horizon_variant
    )
),

-- Variance of Aalen and Johansen's estimator by the delta method (Marubini and Valsecchi 1995).
incidence_at_horizon as (
    select
        {{ cell_key() }},
        horizon_variant,
        cast(sum(case when duration_days <= horizon_days then events else 0 end) as double) as numerator,
        cast(max(all_units) as double) as denominator,
        -- Whose state at the horizon is known.
        cast(max(all_units) - sum(
            case when duration_days < horizon_days then units - leaving else 0 end
        ) as double) as known_units,
        max(case when is_reached then incidence_at end) as incidence,
        sum(case when duration_days <= horizon_days then
            case
                when at_risk > leaving
                    then power(incidence_at - curve_incidence, 2) * leaving / (at_risk * cast(at_risk - leaving as double))
                else 0.0
            end
            + power(survival_before, 2) * events * cast(at_risk - events as double) / power(at_risk, 3)
            - 2 * (incidence_at - curve_incidence) * survival_before * events / power(at_risk, 2)
        else 0.0 end) as variance
    from (select *, incidence as curve_incidence from horizon_curve) as horizon_curve
    group by {{ cell_key() }}, horizon_variant
),

limited_incidence as (
    select
        incidence_at_horizon.*,
        case
            when horizon_variant = 'main' then variant
            when variant = 'main' then horizon_variant
            else variant || '_' || horizon_variant
        end as figure_variant,
        {% for name, confidence, z in confidence_levels() -%}
        {{ incidence_limit(z, '') }} as lower_{{ name }},
        {{ incidence_limit(z, '-') }} as upper_{{ name }}{{ "," if not loop.last }}
        {% endfor %}
    from incidence_at_horizon
),

-- The complement tells of those to whom it has not happened: the same curve seen from above.
incidence_figure as (
    select
        incidence.indicator_id,
        incidence.figure_variant as variant,
        incidence.variant as cell_variant,
        incidence.area_level,
        incidence.area_code,
        incidence.period_type,
        incidence.period,
        incidence.breakdown,
        incidence.category,
        incidence.denominator,
        {% set is_complement = "meta.complement_variants like '%,' || incidence.figure_variant || ',%'" -%}
        case
            when {{ is_complement }} then incidence.known_units - incidence.numerator else incidence.numerator
        end as numerator,
        case when {{ is_complement }} then 1 - incidence.incidence else incidence.incidence end as value,
        {% for name, confidence, z in confidence_levels() -%}
        {% for side, other in [('lower', 'upper'), ('upper', 'lower')] -%}
        case
            when {{ is_complement }} then 1 - incidence.{{ other }}_{{ name }} else incidence.{{ side }}_{{ name }}
        end as {{ side }}_{{ name }}{{ "," if not loop.last }}
        {% endfor %}{{ "," if not loop.last }}
        {% endfor %}
    from limited_incidence as incidence
    left join {{ ref('indicator_meta') }} as meta on incidence.indicator_id = meta.indicator_id
)

{% for relation in ['median_figure', 'kaplan_meier_figure', 'incidence_figure'] %}
select
    indicator_id, variant, {{ 'cell_variant' if relation == 'incidence_figure' else 'variant' }} as cell_variant,
    area_level, area_code, period_type, period, breakdown, category,
    numerator, denominator, value, lower_95, upper_95, lower_998, upper_998
from {{ relation }}
{{ 'union all' if not loop.last }}
{% endfor %}
