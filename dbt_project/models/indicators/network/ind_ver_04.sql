-- Grain: one row per client at risk on the last day of a quarter, for 183 days in a row.
{% set six_months = 183 %}
with
client_quarter as (
    select
        open_client.client_id,
        open_client.wellbeing_area_code,
        open_client.municipality_code,
        open_client.quarter,
        max(case when meeting.client_present and meeting.n_parties >= 2 then 1 else 0 end) as has_meeting,
        max(case when meeting.client_key is null then 0 else 1 end) as is_recorded
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join {{ ref('int_client') }} as client on open_client.client_id = client.client_id
    left join {{ ref('stg_hva__network_meeting') }} as meeting
        on client.client_key = meeting.client_key
        and meeting.date >= {{ add_days('open_client.quarter_end_exclusive', -six_months) }}
        and meeting.date < open_client.quarter_end_exclusive
    where open_client.open_days_in_a_row >= {{ six_months }}
    group by
        open_client.client_id, open_client.wellbeing_area_code, open_client.municipality_code, open_client.quarter
)

{{ contribution('VER-04', 'client_quarter', 'has_meeting', '1', recorded_part='is_recorded', part_base='1') }}
