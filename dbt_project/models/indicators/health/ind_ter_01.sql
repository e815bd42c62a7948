-- Grain: one row per variant and client at risk on the last day of 12 months and on 183 days or more of them.
with
client_window as (
    select
        open_client.client_id,
        open_client.wellbeing_area_code,
        open_client.municipality_code,
        open_client.quarter,
        {% for kind, test in [('general', '<>'), ('dental', '=')] -%}
        max(case when health_check.check_type {{ test }} 'SUUN' and health_check.status = 'TEHTY' then 1 else 0 end)
            as has_{{ kind }}_check,
        max(case when health_check.check_type {{ test }} 'SUUN' then 1 else 0 end)
            as has_{{ kind }}_record{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join {{ ref('int_client') }} as client on open_client.client_id = client.client_id
    inner join {{ ref('int_period') }} as period
        on period.period_type = 'rolling_12_months' and open_client.quarter = period.period
    left join {{ ref('stg_hva__health_check') }} as health_check
        on client.client_key = health_check.client_key
        and health_check.date >= period.period_start
        and health_check.date < period.period_end_exclusive
    where open_client.open_days_12_months >= 183
    group by
        open_client.client_id, open_client.wellbeing_area_code, open_client.municipality_code, open_client.quarter
)

{% for variant, kind in [('main', 'general'), ('dental', 'dental')] %}
{{ contribution(
    'TER-01', 'client_window', 'has_' ~ kind ~ '_check', '1', variant=variant, period_type='rolling_12_months',
    recorded_part='has_' ~ kind ~ '_record', part_base='1'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
