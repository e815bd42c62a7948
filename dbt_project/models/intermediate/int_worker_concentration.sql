-- Grain: one row per role, area level, area, period type and period below the level of areas.
-- How many workers are behind a figure, and what the largest share of one of them is: where it is one
-- worker's value, it is not published. Of the covered days of either (definition 7) a worker has those on
-- which she was there in one role or the other, so a counsellor whom all share shows in it.
with
covered_days as (
    select role, municipality_code, quarter, worker_id, sum(days) as days
    from {{ ref('int_worker_quarter') }}
    where worker_id is not null
    group by role, municipality_code, quarter, worker_id
),

worker_days as (
    select * from covered_days
    union all
    select 'EITHER', municipality_code, quarter, worker_id, sum(days)
    from covered_days
    group by municipality_code, quarter, worker_id
),

base_days as (
    select role, municipality_code, quarter, sum(at_risk_days - gap_days) as covered_days
    from {{ ref('int_client_worker_quarter') }}
    group by role, municipality_code, quarter
),

place as (
    select 'municipality' as area_level, municipality_code as area_code, municipality_code
    from {{ ref('seed_municipality') }}
    union all
    select 'municipality', 'unknown', 'unknown'
    union all
    select 'municipality_group', group_code, municipality_code
    from {{ ref('seed_municipality_group') }}
),

part as (
    select period_type, period, base_period
    from {{ ref('int_period_part') }}
    where
        base_period_type = 'quarter'
        and period_type in ('year', 'pooled_3_years')
),

place_worker as (
    select
        worker_days.role, place.area_level, place.area_code, part.period_type, part.period, worker_days.worker_id,
        sum(worker_days.days) as days
    from worker_days
    inner join place on worker_days.municipality_code = place.municipality_code
    inner join part on worker_days.quarter = part.base_period
    group by
        worker_days.role, place.area_level, place.area_code, part.period_type, part.period, worker_days.worker_id
),

place_base as (
    select
        base_days.role, place.area_level, place.area_code, part.period_type, part.period,
        sum(base_days.covered_days) as covered_days
    from base_days
    inner join place on base_days.municipality_code = place.municipality_code
    inner join part on base_days.quarter = part.base_period
    group by base_days.role, place.area_level, place.area_code, part.period_type, part.period
)

select
    place_worker.role,
    place_worker.area_level,
    place_worker.area_code,
    place_worker.period_type,
    place_worker.period,
    count(*) as workers,
    -- One person in both roles of a client would have each day twice.
    least(1, max(place_worker.days) / cast(max(place_base.covered_days) as double)) as largest_worker_share
from place_worker
inner join place_base
    on place_worker.role = place_base.role
    and place_worker.area_level = place_base.area_level
    and place_worker.area_code = place_base.area_code
    and place_worker.period_type = place_base.period_type
    and place_worker.period = place_base.period
group by
    place_worker.role, place_worker.area_level, place_worker.area_code, place_worker.period_type,
    place_worker.period
