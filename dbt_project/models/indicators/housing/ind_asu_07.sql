-- Grain: one row per end of substitute care at 16 or older.
with
care_end as (
    select
        care_end.client_id,
        care_end.wellbeing_area_code,
        care_end.municipality_code,
        care_end.quarter,
        care_end.end_date_exclusive,
        max(case
            when
                action.action_code = 'ASUMISHARJOITTELU'
                and action.status = 'TEHTY'
                and action.date < care_end.end_date_exclusive
                then 1
            else 0
        end) as has_practised,
        max(case
            when coalesce(action.date, plan.valid_from) < care_end.end_date_exclusive then 1 else 0
        end) as is_recorded
    from {{ ref('int_care_end') }} as care_end
    inner join {{ ref('int_client') }} as client on care_end.client_id = client.client_id
    left join {{ ref('stg_hva__plan_action') }} as action on client.client_key = action.client_key
    left join {{ ref('stg_hva__plan') }} as plan
        on action.organisation = plan.organisation and action.plan_key = plan.plan_key
    group by
        care_end.client_id, care_end.wellbeing_area_code, care_end.municipality_code, care_end.quarter,
        care_end.end_date_exclusive
)

{{ contribution(
    'ASU-07', 'care_end', 'has_practised', '1', unit_type='care_end',
    unit_key="client_id || ':' || end_date_exclusive", client_id='client_id', recorded_part='is_recorded',
    part_base='1'
) }}
