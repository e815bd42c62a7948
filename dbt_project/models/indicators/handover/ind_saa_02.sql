-- Grain: one row per variant and end of entitling care whose next day has been seen, in the quarter of its last day.
with
valid_plan as (
    select distinct care.placement_key
    from {{ ref('int_care_ending') }} as care
    inner join {{ ref('stg_hva__plan') }} as plan
        on care.client_key = plan.client_key
        and plan.plan_type in ('ITSENAISTYMINEN', 'JALKIHUOLTO')
        and plan.valid_from <= {{ add_days('care.last_day', 1) }}
        and (plan.valid_to_exclusive is null or plan.valid_to_exclusive > {{ add_days('care.last_day', 1) }})
),

transition as (
    select
        care.*,
        case when care.aftercare_day = {{ add_days('care.last_day', 1) }} then 1 else 0 end as is_seamless,
        case when valid_plan.placement_key is null then 0 else 1 end as has_plan
    from {{ ref('int_care_ending') }} as care
    left join valid_plan on care.placement_key = valid_plan.placement_key
    where care.days_seen >= 1
)

{% for variant, numerator in [
    ('main', 'is_seamless * has_plan'), ('without_gap', 'is_seamless'), ('plan_valid', 'has_plan'),
] %}
{{ contribution(
    'SAA-02', 'transition', numerator, '1', variant=variant, unit_type='placement', unit_key='placement_key',
    client_id='person_id'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
