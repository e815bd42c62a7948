-- Grain: one row per client, municipality that tells of it, level and beginning of a study right.
-- What lies after a municipality's last delivered day has not been seen: a right that went on then is told up to that day.
with
told as (
    select organisation, max(period_end_exclusive) as told_until_exclusive
    from {{ ref('stg_lake__delivery') }}
    where table_name = 'education_enrolment' and is_counting
    group by organisation
)

select
    client.client_id,
    enrolment.organisation,
    enrolment.level,
    coalesce(level.education_class = 'upper_secondary', false) as is_upper_secondary,
    enrolment.start_date,
    least(coalesce(enrolment.end_date_exclusive, told.told_until_exclusive), told.told_until_exclusive) as end_date_exclusive,
    case when enrolment.end_date_exclusive <= told.told_until_exclusive then enrolment.end_reason end as ended_as
from {{ ref('stg_kunta__education_enrolment') }} as enrolment
inner join told on enrolment.organisation = told.organisation
inner join {{ ref('int_client') }} as client on enrolment.client_key = client.client_key
left join {{ ref('stg_lake__education_level') }} as level on enrolment.level = level.level
where enrolment.start_date < told.told_until_exclusive
