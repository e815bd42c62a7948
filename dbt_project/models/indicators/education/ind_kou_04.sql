-- Grain: one row per client at risk on 183 days or more of 12 months who studied on one of them or whose plan names
-- support for studies; at the place of the last day at risk.
with
student as (
    select distinct client.client_id, client.period
    from {{ ref('int_client_12_months') }} as client
    inner join {{ ref('int_at_risk_segment') }} as segment
        on client.client_id = segment.client_id
        and segment.start_date < client.period_end_exclusive
        and segment.end_date_exclusive > client.period_start
    inner join {{ ref('int_activity_segment') }} as activity
        on client.client_id = activity.client_id
        and activity.start_date < least(segment.end_date_exclusive, client.period_end_exclusive)
        and activity.end_date_exclusive > greatest(segment.start_date, client.period_start)
    where activity.main_activity in ('OPISKELU', 'OPPISOPIMUS')
),

client_window as (
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.period as quarter,
        max(case when student.client_id is null then 0 else 1 end) as is_student,
        max(case when action.action_code = 'OPINTOTUKI' then 1 else 0 end) as is_named,
        max(case when action.action_code = 'OPINTOTUKI' and action.done_actions > 0 then 1 else 0 end) as is_done,
        max(case when action.client_id is null then 0 else 1 end) as is_recorded
    from {{ ref('int_client_12_months') }} as client
    left join student on client.client_id = student.client_id and client.period = student.period
    left join {{ ref('int_client_action_12_months') }} as action
        on client.client_id = action.client_id and client.period = action.period
    where client.open_days >= 183
    group by client.client_id, client.wellbeing_area_code, client.municipality_code, client.period
)

{{ contribution(
    'KOU-04', 'client_window', 'is_done', '1', period_type='rolling_12_months', recorded_part='is_recorded',
    part_base='1', where='is_student = 1 or is_named = 1'
) }}
