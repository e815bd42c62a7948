-- Grain: one row per supplier and worker: first day and the day after the last.
select
    assignment.organisation,
    worker.worker_id,
    min(assignment.start_date) as first_day,
    max(coalesce(assignment.end_date_exclusive, cast('9999-12-31' as date))) as end_day
from {{ ref('stg_hva__worker_assignment') }} as assignment
inner join {{ ref('int_worker') }} as worker on assignment.worker_key = worker.worker_key
group by assignment.organisation, worker.worker_id
