-- Grain: one row per indicator, variant, unit, place and base period; with times, one row per wait.
-- Breakdown columns: what the row says of itself, else the client's category in the last quarter of
-- the base period. Not known is `unknown`, a category like any other (definition 16).
with
contributed as (
    {% for name in indicator_models() %}
    select * from {{ ref(name) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

last_quarter as (
    select period.period_type, period.period, quarter.quarter
    from {{ ref('int_period') }} as period
    inner join {{ ref('seed_quarter') }} as quarter
        on period.period_end_exclusive > quarter.quarter_start
        and period.period_end_exclusive <= quarter.quarter_end_exclusive
)

select
    contributed.indicator_id,
    contributed.variant,
    contributed.unit_type,
    contributed.unit_key,
    contributed.client_id,
    contributed.municipality_code,
    contributed.wellbeing_area_code,
    contributed.period_type,
    contributed.period,
    {%- for breakdown in breakdown_columns() %}
    coalesce(contributed.{{ breakdown }}, attribute.{{ breakdown }}, 'unknown') as {{ breakdown }},
    {%- endfor %}
    contributed.numerator,
    contributed.denominator,
    contributed.duration_days,
    contributed.event_code,
    contributed.unknown_part,
    contributed.recorded_part,
    contributed.doubtful_part,
    contributed.part_base,
    contributed.persons
from contributed
left join last_quarter
    on contributed.period_type = last_quarter.period_type
    and contributed.period = last_quarter.period
left join {{ ref('int_client_attribute') }} as attribute
    on contributed.client_id = attribute.client_id
    and last_quarter.quarter = attribute.quarter
