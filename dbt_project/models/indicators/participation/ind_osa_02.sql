-- Grain: one row per plan and quarter in which it was made or reviewed.
with
plan as (
    select
        *,
        case when is_client_present and is_client_view_recorded then 1 else 0 end as took_part,
        case when is_client_present and is_client_view_recorded is null then 1 else 0 end as is_unknown
    from {{ ref('int_plan_quarter') }}
)

{{ contribution(
    'OSA-02', 'plan', 'took_part', '1', unit_type='plan', unit_key="organisation || ':' || plan_key",
    client_id='client_id', unknown_part='is_unknown', part_base='1'
) }}
