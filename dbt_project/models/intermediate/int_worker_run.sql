-- Grain: one row per client, role, worker and unbroken run of assignments.
-- Definition 2: spells of the same worker that touch or overlap are one run, and its reason is that
-- of the spell that began it. An unknown worker makes no run. Runs reach back into substitute care.
with
assignment as (
    select
        client.client_id,
        assignment.role,
        worker.worker_id,
        assignment.organisation,
        assignment.change_reason,
        assignment.start_date,
        {{ end_within_data('assignment.end_date_exclusive') }} as end_date_exclusive
    from {{ ref('stg_hva__worker_assignment') }} as assignment
    inner join {{ ref('int_supplier') }} as supplier on assignment.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on assignment.client_key = client.client_key
    inner join {{ ref('int_worker') }} as worker on assignment.worker_key = worker.worker_key
    where
        assignment.start_date < {{ end_within_data('assignment.end_date_exclusive') }}
),

-- One row per first day: with ties (two areas report the same spell) the two windows below could
-- number the rows in different orders.
spell as (
    select
        client_id,
        role,
        worker_id,
        start_date,
        max(end_date_exclusive) as end_date_exclusive,
        max(organisation) as organisation,
        max(change_reason) as change_reason
    from assignment
    group by client_id, role, worker_id, start_date
),

marked as (
    select
        *,
        case
            when start_date <= max(end_date_exclusive) over (
                partition by client_id, role, worker_id
                order by start_date
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as is_new
    from spell
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by client_id, role, worker_id
            order by start_date
            rows between unbounded preceding and current row
        ) as run_no
    from marked
),

final as (
    select
        client_id,
        role,
        worker_id,
        min(start_date) as start_date,
        max(end_date_exclusive) as end_date_exclusive,
        max(case when is_new = 1 then organisation end) as organisation,
        max(case when is_new = 1 then change_reason end) as change_reason
    from numbered
    group by client_id, role, worker_id, run_no
)

select * from final
