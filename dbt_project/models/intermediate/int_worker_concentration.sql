-- Grain: one row per area level, area, period type and period below the level of areas.
-- How many responsible workers are behind a figure, and what the largest share of one of them is:
-- where it is one worker's value, it is not published.
with
place_worker as (
    select
        place.area_level,
        place.area_code,
        part.period_type,
        part.period,
        worker_quarter.worker_id,
        sum(worker_quarter.days) as days
    from {{ ref('int_worker_quarter') }} as worker_quarter
    inner join (
        select 'municipality' as area_level, municipality_code as area_code, municipality_code
        from {{ ref('seed_municipality') }}
        union all
        select 'municipality', 'unknown', 'unknown'
        union all
        select 'municipality_group', group_code, municipality_code
        from {{ ref('seed_municipality_group') }}
    ) as place
        on worker_quarter.municipality_code = place.municipality_code
    inner join {{ ref('int_period_part') }} as part
        on part.base_period_type = 'quarter'
        and worker_quarter.quarter = part.base_period
    where
        worker_quarter.worker_id is not null
        and part.period_type in ('year', 'pooled_3_years')
    group by place.area_level, place.area_code, part.period_type, part.period, worker_quarter.worker_id
)

select
    area_level,
    area_code,
    period_type,
    period,
    count(*) as workers,
    max(days) / cast(sum(days) as double) as largest_worker_share
from place_worker
group by area_level, area_code, period_type, period
