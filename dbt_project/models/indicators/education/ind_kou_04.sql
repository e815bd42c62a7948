-- Grain: one row per client at risk on 183 days or more of 12 months who studied on one of them or whose plan names
-- support for studies; at the place of the last day at risk.
with
student as (
    {{ clients_who_did("activity.main_activity in ('OPISKELU', 'OPPISOPIMUS')") }}
),

client_window as (
    {{ clients_with_action('OPINTOTUKI') }}
),

asked_client as (
    select client_window.*
    from client_window
    left join student on client_window.client_id = student.client_id and client_window.quarter = student.quarter
    where student.client_id is not null or client_window.is_named = 1
)

{{ contribution(
    'KOU-04', 'asked_client', 'is_done', '1', period_type='rolling_12_months', recorded_part='is_recorded',
    part_base='1'
) }}
