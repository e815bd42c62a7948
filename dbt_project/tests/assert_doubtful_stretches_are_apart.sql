-- Doubtful stretches of one run never overlap: a day would be doubtful twice.
select *
from (
    select
        *,
        lag(end_date_exclusive) over (
            partition by role, client_id, worker_id, run_start order by start_date, end_date_exclusive
        ) as previous_end_exclusive
    from {{ ref('int_doubtful_run') }}
) as stretch
where start_date <= previous_end_exclusive
