-- Grain: one row per client at risk on the last day of a quarter.
-- Only a stale link: unknown. No link was ever recorded: not recorded, which is not "none".
with
client_quarter as (
    select
        open_client.client_id,
        open_client.wellbeing_area_code,
        open_client.municipality_code,
        open_client.quarter,
        max(case
            when link.end_date_exclusive >= open_client.quarter_end_exclusive and not link.is_stale then 1 else 0
        end) as has_link,
        max(case
            when link.end_date_exclusive >= open_client.quarter_end_exclusive and link.is_stale then 1 else 0
        end) as has_stale_link,
        max(case when link.client_id is null then 0 else 1 end) as is_recorded
    from {{ ref('int_open_client_quarter') }} as open_client
    left join {{ ref('int_support_link') }} as link
        on open_client.client_id = link.client_id
        and link.start_date < open_client.quarter_end_exclusive
    group by
        open_client.client_id, open_client.wellbeing_area_code, open_client.municipality_code, open_client.quarter
)

{{ contribution(
    'VER-01', 'client_quarter', 'has_link', '1', unknown_part='greatest(0, has_stale_link - has_link)',
    recorded_part='is_recorded', part_base='1'
) }}
