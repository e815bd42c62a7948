-- Grain: one row per client at risk on the last day of 12 months and on 335 days or more of them; without a
-- denominator, as unknown, where the housing is not known on so many.
{% set known_days_needed = 335 %}
with
client_window as (
    select
        open_client.client_id,
        open_client.wellbeing_area_code,
        open_client.municipality_code,
        open_client.quarter,
        sum(part.stable_days + part.unstable_days + part.homeless_days) as known_days,
        sum(part.unplanned_moves) as unplanned_moves
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join {{ ref('int_period') }} as window_period
        on window_period.period_type = 'rolling_12_months' and open_client.quarter = window_period.period
    inner join {{ ref('int_period') }} as quarter
        on quarter.period_type = 'quarter'
        and quarter.period_start >= window_period.period_start
        and quarter.period_end_exclusive <= window_period.period_end_exclusive
    inner join {{ ref('int_client_quarter') }} as part
        on open_client.client_id = part.client_id and quarter.period = part.quarter
    where open_client.open_days_12_months >= {{ known_days_needed }}
    group by
        open_client.client_id, open_client.wellbeing_area_code, open_client.municipality_code, open_client.quarter
),

judged as (
    select
        *,
        case when known_days >= {{ known_days_needed }} then 1 else 0 end as is_known,
        case when known_days >= {{ known_days_needed }} and unplanned_moves >= 2 then 1 else 0 end as has_moved
    from client_window
)

{{ contribution(
    'ASU-02', 'judged', 'has_moved', 'is_known', period_type='rolling_12_months', unknown_part='1 - is_known',
    part_base='1'
) }}
