-- Grain: one row per client at risk on 183 days or more of 12 months, on one of them outside work and education or
-- in a workshop; at the place of the last day at risk.
with
outside as (
    {{ clients_who_did("activity.activity_class = 'neet' or activity.main_activity = 'TYOPAJA'") }}
),

client_window as (
    {{ clients_with_action('TYOELAMA') }}
),

outside_client as (
    select client_window.*
    from client_window
    inner join outside on client_window.client_id = outside.client_id and client_window.quarter = outside.quarter
)

{{ contribution(
    'TYO-04', 'outside_client', 'is_done', '1', period_type='rolling_12_months', recorded_part='is_recorded',
    part_base='1'
) }}
