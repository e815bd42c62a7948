-- Grain: one row per variant and client at risk on 183 days or more of 12 months, at the place of the last one.
with
client_window as (
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.period as quarter,
        sum(case when action.action_code = 'OIKEUDET' then action.done_actions else 0 end) as times,
        max(case when action.client_id is null then 0 else 1 end) as is_recorded
    from {{ ref('int_client_12_months') }} as client
    left join {{ ref('int_client_action_12_months') }} as action
        on client.client_id = action.client_id and client.period = action.period
    where client.open_days >= 183
    group by client.client_id, client.wellbeing_area_code, client.municipality_code, client.period
)

{% for variant, least_times in [('main', 1), ('again', 2)] %}
{{ contribution(
    'INF-02', 'client_window', 'case when times >= ' ~ least_times ~ ' then 1 else 0 end', '1', variant=variant,
    period_type='rolling_12_months', recorded_part='is_recorded', part_base='1'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
