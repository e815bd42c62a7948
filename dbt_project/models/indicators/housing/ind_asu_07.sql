-- Grain: one row per end of entitling care at 16 or over, in the quarter of its last day.
-- What was done on the last day of care was done before its end. An action without a date says nothing of when it was
-- done; of a plan in force before the end it is a record all the same.
with
action as (
    select
        delivered.client_key,
        delivered.action_code,
        delivered.status,
        delivered.date as action_date,
        plan.valid_from
    from {{ ref('stg_hva__plan_action') }} as delivered
    left join {{ ref('stg_hva__plan') }} as plan
        on delivered.organisation = plan.organisation and delivered.plan_key = plan.plan_key
),

ending as (
    select
        care.placement_key,
        care.person_id,
        care.wellbeing_area_code,
        care.municipality_code,
        care.quarter,
        max(case
            when
                action.action_code = 'ASUMISHARJOITTELU'
                and action.status = 'TEHTY'
                and action.action_date <= care.last_day
                then 1
            else 0
        end) as is_done,
        max(case when coalesce(action.action_date, action.valid_from) <= care.last_day then 1 else 0 end) as is_recorded
    from {{ ref('int_care_ending') }} as care
    left join action on care.client_key = action.client_key
    group by
        care.placement_key, care.person_id, care.wellbeing_area_code, care.municipality_code, care.quarter
)

{{ contribution(
    'ASU-07', 'ending', 'is_done', '1', unit_type='placement', unit_key='placement_key', client_id='person_id',
    recorded_part='is_recorded', part_base='1'
) }}
