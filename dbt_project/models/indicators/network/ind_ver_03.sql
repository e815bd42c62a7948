-- Grain: one row per variant and client at risk on the last day of a quarter.
{% set days_in_touch = 60 %}
with
met as (
    select distinct open_client.client_id, open_client.quarter
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join {{ ref('int_client') }} as client on open_client.client_id = client.client_id
    inner join {{ ref('stg_hva__contact') }} as contact
        on client.client_key = contact.client_key
        and contact.date >= {{ add_days('open_client.quarter_end_exclusive', -days_in_touch) }}
        and contact.date < open_client.quarter_end_exclusive
    where contact.two_way
),

client_quarter as (
    select
        open_client.*,
        case when met.client_id is null then 0 else 1 end as is_in_touch
    from {{ ref('int_open_client_quarter') }} as open_client
    left join met on open_client.client_id = met.client_id and open_client.quarter = met.quarter
)

{{ contribution('VER-03', 'client_quarter', 'is_in_touch', '1') }}
union all
{{ contribution(
    'VER-03', 'client_quarter', 'is_in_touch', '1', variant='without_refusing',
    where="coalesce(in_touch_status, '') <> 'EI_HALUA_TUKEA'"
) }}
