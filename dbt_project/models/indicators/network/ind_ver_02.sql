-- Grain: one row per client at risk on the last day of a quarter, for 365 days in a row.
{% set long_enough = 365 %}
with
client_quarter as (
    select
        open_client.client_id,
        open_client.wellbeing_area_code,
        open_client.municipality_code,
        open_client.quarter,
        max(case when link.is_stale = false then 1 else 0 end) as has_link,
        max(case when link.is_stale then 1 else 0 end) as has_stale_link
    from {{ ref('int_open_client_quarter') }} as open_client
    left join {{ ref('int_support_link') }} as link
        on open_client.client_id = link.client_id
        and link.start_date < open_client.quarter_end_exclusive
        and link.end_date_exclusive >= open_client.quarter_end_exclusive
        -- Begun 365 days before the last day, or earlier.
        and link.began_on < {{ add_days('open_client.quarter_end_exclusive', -long_enough) }}
    where open_client.open_days_in_a_row >= {{ long_enough }}
    group by
        open_client.client_id, open_client.wellbeing_area_code, open_client.municipality_code, open_client.quarter
)

{{ contribution(
    'VER-02', 'client_quarter', 'has_link', '1', unknown_part='greatest(0, has_stale_link - has_link)', part_base='1'
) }}
