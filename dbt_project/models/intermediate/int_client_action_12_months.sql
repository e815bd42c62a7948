-- Grain: one row per client, 12 months and kind of plan action with a record that speaks about them.
-- An action belongs to the 12 months of its date; one without a date to those in which its plan was in force.
with
action as (
    select
        client.client_id,
        delivered.action_code,
        delivered.status,
        delivered.date as action_date,
        plan.valid_from,
        coalesce(plan.valid_to_exclusive, cast('9999-12-31' as date)) as valid_to_exclusive
    from {{ ref('stg_hva__plan_action') }} as delivered
    inner join {{ ref('int_client') }} as client on delivered.client_key = client.client_key
    left join {{ ref('stg_hva__plan') }} as plan
        on delivered.organisation = plan.organisation and delivered.plan_key = plan.plan_key
),

in_window as (
    select action.client_id, period.period, action.action_code, action.status, true as is_dated
    from action
    inner join {{ ref('int_period') }} as period
        on action.action_date >= period.period_start
        and action.action_date < period.period_end_exclusive
    where period.period_type = 'rolling_12_months'

    union all

    select action.client_id, period.period, action.action_code, action.status, false
    from action
    inner join {{ ref('int_period') }} as period
        on action.valid_from < period.period_end_exclusive
        and action.valid_to_exclusive > period.period_start
    where action.action_date is null and period.period_type = 'rolling_12_months'
)

select
    client_id,
    period,
    action_code,
    count(*) as actions,
    sum(case when is_dated and status = 'TEHTY' then 1 else 0 end) as done_actions
from in_window
group by client_id, period, action_code
