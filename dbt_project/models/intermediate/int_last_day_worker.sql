-- Grain: one row per role, client and quarter on whose last day a worker of the role is responsible.
-- Definitions 4 and 7: since when, whether she is doubtful, and whether the client had two-way contact with
-- the worker responsible on that day within the last days. Of either of the two (EITHER) the longer
-- relationship counts, contact with one is enough, and one who is doubtful makes both so.
with
last_day as (
    select
        segment.role,
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        quarter.period as quarter,
        quarter.period_end_exclusive as quarter_end_exclusive,
        {{ days_between('segment.run_start', 'quarter.period_end_exclusive') }} - 1 as relationship_days
    from {{ ref('int_incumbent_segment') }} as segment
    inner join {{ ref('int_period') }} as quarter
        on segment.start_date < quarter.period_end_exclusive
        and segment.end_date_exclusive >= quarter.period_end_exclusive
    where quarter.period_type = 'quarter' and segment.worker_id is not null
),

contact_day as (
    select segment.role, segment.client_id, contact.date as contact_date
    from {{ ref('stg_hva__contact') }} as contact
    inner join {{ ref('int_client') }} as client on contact.client_key = client.client_key
    inner join {{ ref('int_worker') }} as worker on contact.worker_key = worker.worker_key
    inner join {{ ref('int_incumbent_segment') }} as segment
        on client.client_id = segment.client_id
        and worker.worker_id = segment.worker_id
        and contact.date >= segment.start_date
        and contact.date < segment.end_date_exclusive
    where contact.two_way
),

met as (
    select distinct last_day.role, last_day.client_id, last_day.quarter
    from last_day
    inner join contact_day
        on last_day.role = contact_day.role
        and last_day.client_id = contact_day.client_id
        and contact_day.contact_date < last_day.quarter_end_exclusive
        and contact_day.contact_date >= {{ add_days('last_day.quarter_end_exclusive', -var('met_days')) }}
),

by_role as (
    select
        last_day.role,
        last_day.client_id,
        last_day.wellbeing_area_code,
        last_day.municipality_code,
        last_day.quarter,
        last_day.relationship_days,
        case when doubtful.client_id is null then 0 else 1 end as is_doubtful,
        case when met.client_id is null then 0 else 1 end as was_met
    from last_day
    left join {{ ref('int_doubtful_segment') }} as doubtful
        on last_day.role = doubtful.role
        and last_day.client_id = doubtful.client_id
        and doubtful.start_date < last_day.quarter_end_exclusive
        and doubtful.end_date_exclusive >= last_day.quarter_end_exclusive
    left join met
        on last_day.role = met.role
        and last_day.client_id = met.client_id
        and last_day.quarter = met.quarter
)

select * from by_role

union all

select
    'EITHER',
    client_id,
    wellbeing_area_code,
    municipality_code,
    quarter,
    max(relationship_days),
    max(is_doubtful),
    max(was_met)
from by_role
group by client_id, wellbeing_area_code, municipality_code, quarter
