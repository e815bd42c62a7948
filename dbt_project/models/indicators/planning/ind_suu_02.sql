-- Grain: one row per plan and quarter in which it was made or reviewed.
with
plan as (
    select
        *,
        case when (is_client_party or is_client_present) and other_parties >= 2 then 1 else 0 end as is_joint,
        case when has_parties then 1 else 0 end as is_recorded
    from {{ ref('int_plan_quarter') }}
)

{{ contribution(
    'SUU-02', 'plan', 'is_joint', '1', unit_type='plan', unit_key="organisation || ':' || plan_key",
    client_id='client_id', recorded_part='is_recorded', part_base='1'
) }}
