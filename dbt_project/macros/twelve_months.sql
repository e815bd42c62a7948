{# Clients at risk on so many days of twelve months, and what was done for them: indicators of plan actions share it. #}

{% macro least_days_of_12_months() -%}
    183
{%- endmacro %}

{#
    Grain: one row per client with at least that many days at risk, at the place of the last one. `times`: how often the
    action was done; `is_done`, `is_named` (done or not) and `is_recorded` (any action) are 0 or 1.
#}
{% macro clients_with_action(action_code) -%}
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.period as quarter,
        sum(case when action.action_code = '{{ action_code }}' then action.done_actions else 0 end) as times,
        max(case when action.action_code = '{{ action_code }}' and action.done_actions > 0 then 1 else 0 end) as is_done,
        max(case when action.action_code = '{{ action_code }}' then 1 else 0 end) as is_named,
        max(case when action.client_id is null then 0 else 1 end) as is_recorded
    from {{ ref('int_client_12_months') }} as client
    left join {{ ref('int_client_action_12_months') }} as action
        on client.client_id = action.client_id
        and client.period = action.period
    where client.open_days >= {{ least_days_of_12_months() }}
    group by client.client_id, client.wellbeing_area_code, client.municipality_code, client.period
{%- endmacro %}

{# Grain: one row per client and twelve months with a day at risk on which the main activity (`activity`) was such. #}
{% macro clients_who_did(condition) -%}
    select distinct client.client_id, client.period as quarter
    from {{ ref('int_client_12_months') }} as client
    inner join {{ ref('int_at_risk_segment') }} as segment
        on client.client_id = segment.client_id
        and segment.start_date < client.period_end_exclusive
        and segment.end_date_exclusive > client.period_start
    inner join {{ ref('int_activity_segment') }} as activity
        on client.client_id = activity.client_id
        and activity.start_date < least(segment.end_date_exclusive, client.period_end_exclusive)
        and activity.end_date_exclusive > greatest(segment.start_date, client.period_start)
    where {{ condition }}
{%- endmacro %}
