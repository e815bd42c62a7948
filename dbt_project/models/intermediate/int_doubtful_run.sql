-- Grain: one row per run of a responsible worker or counsellor and stretch of days on which it is doubtful.
-- Definition 4: an assignment that nobody closed would hide every change after it. Doubtful is a run
-- that has overlapped a newer one for 60 days, or whose worker has had no two-way contact with the
-- client for 180 days while others have.
with
run as (
    select
        role,
        client_id,
        worker_id,
        start_date as run_start,
        end_date_exclusive as run_end_exclusive
    from {{ ref('int_worker_run') }}
    where role in ('VASTUU', 'OHJAAJA')
),

two_way_contact as (
    select distinct
        client.client_id,
        -- A worker who was never assigned is somebody else all the same.
        coalesce(worker.worker_id, 0) as worker_id,
        contact.date as contact_date
    from {{ ref('stg_hva__contact') }} as contact
    inner join {{ ref('int_client') }} as client on contact.client_key = client.client_key
    left join {{ ref('int_worker') }} as worker on contact.worker_key = worker.worker_key
    where
        contact.two_way
        and contact.worker_key is not null
),

overlapped as (
    select
        run.role,
        run.client_id,
        run.worker_id,
        run.run_start,
        {{ add_days('newer.run_start', var('doubtful_overlap_days')) }} as start_date,
        least(run.run_end_exclusive, newer.run_end_exclusive) as end_date_exclusive
    from run
    inner join run as newer
        on run.role = newer.role
        and run.client_id = newer.client_id
        and run.worker_id <> newer.worker_id
        and newer.run_start > run.run_start
),

own_event as (
    select role, client_id, worker_id, run_start, run_end_exclusive, run_start as event_date
    from run

    union

    select run.role, run.client_id, run.worker_id, run.run_start, run.run_end_exclusive, two_way_contact.contact_date
    from run
    inner join two_way_contact
        on run.client_id = two_way_contact.client_id
        and run.worker_id = two_way_contact.worker_id
        and two_way_contact.contact_date >= run.run_start
        and two_way_contact.contact_date < run.run_end_exclusive
),

silent as (
    select
        role,
        client_id,
        worker_id,
        run_start,
        {{ add_days('event_date', var('doubtful_contact_days')) }} as start_date,
        coalesce(
            lead(event_date) over (partition by role, client_id, worker_id, run_start order by event_date),
            run_end_exclusive
        ) as end_date_exclusive
    from own_event
),

silent_while_others_met as (
    select
        silent.role,
        silent.client_id,
        silent.worker_id,
        silent.run_start,
        greatest(silent.start_date, two_way_contact.contact_date) as start_date,
        least(
            silent.end_date_exclusive,
            {{ add_days('two_way_contact.contact_date', var('doubtful_contact_days')) }}
        ) as end_date_exclusive
    from silent
    inner join two_way_contact
        on silent.client_id = two_way_contact.client_id
        and silent.worker_id <> two_way_contact.worker_id
        and two_way_contact.contact_date < silent.end_date_exclusive
        and {{ add_days('two_way_contact.contact_date', var('doubtful_contact_days')) }} > silent.start_date
    where silent.start_date < silent.end_date_exclusive
),

-- One row per first day: with ties the two windows below could number the rows in different orders.
doubtful as (
    select
        role,
        client_id,
        worker_id,
        run_start,
        start_date,
        max(end_date_exclusive) as end_date_exclusive
    from (
        select * from overlapped where start_date < end_date_exclusive
        union all
        select * from silent_while_others_met where start_date < end_date_exclusive
    ) as found
    group by role, client_id, worker_id, run_start, start_date
),

marked as (
    select
        *,
        case
            when start_date <= max(end_date_exclusive) over (
                partition by role, client_id, worker_id, run_start
                order by start_date
                rows between unbounded preceding and 1 preceding
            ) then 0
            else 1
        end as is_new
    from doubtful
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by role, client_id, worker_id, run_start
            order by start_date
            rows between unbounded preceding and current row
        ) as stretch_no
    from marked
)

select
    role,
    client_id,
    worker_id,
    run_start,
    min(start_date) as start_date,
    max(end_date_exclusive) as end_date_exclusive
from numbered
group by role, client_id, worker_id, run_start, stretch_no
