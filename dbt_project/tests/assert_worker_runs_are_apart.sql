-- Two runs of one worker with one client and role never touch: touching spells are one run
-- (definition 2), and a run counted twice would make changes and days twice.
select *
from (
    select
        *,
        lag(end_date_exclusive) over (
            partition by client_id, role, worker_id order by start_date, end_date_exclusive
        ) as previous_end_exclusive
    from {{ ref('int_worker_run') }}
) as run
where start_date <= previous_end_exclusive
