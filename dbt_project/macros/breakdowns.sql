{# The breakdowns that there are: columns of a contribution with the young person's category. #}
{% macro breakdown_columns() -%}
    {{ return(['age_group', 'sex', 'language_group', 'time_since_care', 'placement_type']) }}
{%- endmacro %}

{# What indicators contribute (relations), with the client's category where the row has none of its own. #}
{% macro contributions_with_categories(relations, int_period, seed_quarter, client_attribute) -%}
with
contributed as (
    {% for relation in relations -%}
    select * from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

last_quarter as (
    select period.period_type, period.period, quarter.quarter
    from {{ int_period }} as period
    inner join {{ seed_quarter }} as quarter
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
left join {{ client_attribute }} as attribute
    on contributed.client_id = attribute.client_id
    and last_quarter.quarter = attribute.quarter
{%- endmacro %}
