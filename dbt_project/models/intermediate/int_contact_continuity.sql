-- Grain: one row per client at risk on the last day of 12 months with three contacts or more in them.
-- Definition 14: two-way contacts on days at risk, one per worker and day. Days with a handover record are left out, and
-- so are contacts with a worker whom nobody named. How the contacts of a day follow each other is not told: every order
-- of them counts alike, so of p workers on one day and q on the next, s of them the same, the step between them is
-- with the same worker in s of p * q orders.
with
contact_day as (
    select distinct
        client.client_id,
        contact.worker_key,
        contact.date as contact_date
    from {{ ref('stg_hva__contact') }} as contact
    inner join {{ ref('int_client') }} as client on contact.client_key = client.client_key
    inner join {{ ref('int_at_risk_segment') }} as segment
        on client.client_id = segment.client_id
        and contact.date >= segment.start_date
        and contact.date < segment.end_date_exclusive
    left join {{ ref('int_handover') }} as handover
        on client.client_id = handover.client_id
        and contact.date = handover.handover_date
    where contact.two_way and contact.worker_key is not null and handover.client_id is null
),

met_day as (
    select
        client_id,
        contact_date,
        count(*) as workers,
        lag(contact_date) over (partition by client_id order by contact_date) as previous_date,
        lag(count(*)) over (partition by client_id order by contact_date) as previous_workers
    from contact_day
    group by client_id, contact_date
),

step as (
    select
        met_day.client_id,
        met_day.contact_date,
        met_day.previous_date,
        count(*) / cast(met_day.workers * met_day.previous_workers as double) as same_worker
    from met_day
    inner join contact_day as here
        on met_day.client_id = here.client_id
        and met_day.contact_date = here.contact_date
    inner join contact_day as before
        on met_day.client_id = before.client_id
        and met_day.previous_date = before.contact_date
        and here.worker_key = before.worker_key
    group by
        met_day.client_id, met_day.contact_date, met_day.previous_date, met_day.workers, met_day.previous_workers
),

open_client as (
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.quarter,
        period.period_start,
        period.period_end_exclusive
    from {{ ref('int_open_client_quarter') }} as client
    inner join {{ ref('int_period') }} as period
        on period.period_type = 'rolling_12_months' and client.quarter = period.period
),

by_worker as (
    select
        open_client.client_id,
        open_client.quarter,
        contact_day.worker_key,
        count(*) as contacts
    from open_client
    inner join contact_day
        on open_client.client_id = contact_day.client_id
        and contact_day.contact_date >= open_client.period_start
        and contact_day.contact_date < open_client.period_end_exclusive
    group by open_client.client_id, open_client.quarter, contact_day.worker_key
),

concentrated as (
    select
        client_id,
        quarter,
        sum(contacts) as contacts,
        max(contacts) as most_contacts,
        sum(contacts * contacts) - sum(contacts) as same_pairs,
        sum(contacts) * (sum(contacts) - 1) as all_pairs
    from by_worker
    group by client_id, quarter
    having sum(contacts) >= {{ var('least_contacts') }}
),

stepped as (
    select open_client.client_id, open_client.quarter, sum(step.same_worker) as same_steps
    from open_client
    inner join step
        on open_client.client_id = step.client_id
        and step.previous_date >= open_client.period_start
        and step.contact_date < open_client.period_end_exclusive
    group by open_client.client_id, open_client.quarter
)

select
    open_client.client_id,
    open_client.wellbeing_area_code,
    open_client.municipality_code,
    open_client.quarter,
    cast(concentrated.contacts as integer) as contacts,
    -- Rounded: the last digit of a sum of fractions depends on their order.
    round(concentrated.same_pairs / cast(concentrated.all_pairs as double), 9) as coc,
    round(concentrated.most_contacts / cast(concentrated.contacts as double), 9) as upc,
    round(coalesce(stepped.same_steps, 0) / (concentrated.contacts - 1), 9) as secon,
    -- In whole numbers, so that an index of exactly 0.7 is 0.7.
    case when 10 * concentrated.same_pairs >= 7 * concentrated.all_pairs then 1 else 0 end as is_continuous
from open_client
inner join concentrated
    on open_client.client_id = concentrated.client_id and open_client.quarter = concentrated.quarter
left join stepped
    on open_client.client_id = stepped.client_id and open_client.quarter = stepped.quarter
