-- Grain: one row per role, client, chain of workers and stretch with one incumbent, gap days skipped.
-- Definition 5: who was responsible before and after, and whether the step to this worker counts:
-- absence cover (A, then B for POISSAOLO at most 30 days, then A) is no change in either direction.
with
covered as (
    select
        *,
        case
            when lag(worker_id) over (partition by role, client_id, chain_no order by start_date) = worker_id then 0
            else 1
        end as is_new
    from {{ ref('int_incumbent_segment') }}
    where worker_id is not null
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by role, client_id, chain_no order by start_date rows between unbounded preceding and current row
        ) as incumbency_no
    from covered
),

incumbency as (
    select
        role,
        client_id,
        chain_no,
        incumbency_no,
        worker_id,
        min(start_date) as start_date,
        max(end_date_exclusive) as end_date_exclusive,
        max(case when is_new = 1 then run_start end) as run_start,
        max(case when is_new = 1 then run_end_exclusive end) as run_end_exclusive,
        max(run_end_exclusive) as last_run_end_exclusive,
        max(case when is_new = 1 then change_reason end) as change_reason,
        max(case when is_new = 1 then organisation end) as organisation,
        max(case when is_new = 1 then wellbeing_area_code end) as wellbeing_area_code,
        max(case when is_new = 1 then municipality_code end) as municipality_code,
        max(case when is_new = 1 and begins_with_place_change then 1 else 0 end) = 1 as is_place_change
    from numbered
    group by role, client_id, chain_no, incumbency_no, worker_id
),

neighbours as (
    select
        incumbency.*,
        lag(worker_id) over (partition by role, client_id, chain_no order by incumbency_no) as from_worker_id,
        lead(worker_id) over (partition by role, client_id, chain_no order by incumbency_no) as next_worker_id,
        lag(end_date_exclusive) over (partition by role, client_id, chain_no order by incumbency_no) as from_end_exclusive,
        lag(last_run_end_exclusive) over (partition by role, client_id, chain_no order by incumbency_no)
            as from_run_end_exclusive
    from incumbency
),

covers as (
    select
        neighbours.*,
        coalesce(
            neighbours.change_reason = 'POISSAOLO'
            and {{ days_between('neighbours.run_start', 'neighbours.run_end_exclusive') }}
            <= {{ var('absence_cover_days') }}
            and neighbours.next_worker_id = neighbours.from_worker_id, false
        ) as is_cover,
        -- At data_until nobody knows yet whether the first worker comes back.
        coalesce(
            neighbours.change_reason = 'POISSAOLO'
            and neighbours.next_worker_id is null
            and {{ days_between('neighbours.run_start', 'supplier.data_until_exclusive') }}
            <= {{ var('absence_cover_days') }}, false
        ) as is_pending
    from neighbours
    left join {{ ref('int_supplier') }} as supplier
        on neighbours.wellbeing_area_code = supplier.wellbeing_area_code
),

step as (
    select
        *,
        coalesce(
            lag(is_cover) over (partition by role, client_id, chain_no order by incumbency_no), false
        ) as is_return
    from covers
)

select
    role,
    client_id,
    chain_no,
    incumbency_no,
    worker_id,
    start_date,
    end_date_exclusive,
    run_start,
    run_end_exclusive,
    from_worker_id,
    from_end_exclusive,
    from_run_end_exclusive,
    change_reason,
    organisation,
    wellbeing_area_code,
    municipality_code,
    is_place_change,
    is_cover,
    is_pending,
    is_return
from step
