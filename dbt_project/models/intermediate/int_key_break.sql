-- Grain: one row per supplier, kind of key and day on which its client system changed.
-- Definition 5: more than 40 % of the keys in use end and as many begin within 7 days. The changes
-- that this makes are no changes, and the period is a break of series.
with
key_life as (
    select
        'worker' as key_kind,
        organisation,
        worker_key as key_value,
        min(start_date) as first_day,
        max(coalesce(end_date_exclusive, cast('9999-12-31' as date))) as end_day
    from {{ ref('stg_hva__worker_assignment') }}
    where worker_key is not null
    group by organisation, worker_key

    union all

    select
        'dwelling',
        organisation,
        dwelling_key,
        min(start_date),
        max(coalesce(end_date_exclusive, cast('9999-12-31' as date)))
    from {{ ref('stg_hva__housing_spell') }}
    where dwelling_key is not null
    group by organisation, dwelling_key
),

event as (
    select key_kind, organisation, event_date, sum(began) as began, sum(ended) as ended
    from (
        select key_kind, organisation, first_day as event_date, 1 as began, 0 as ended from key_life
        union all
        select key_kind, organisation, end_day, 0, 1 from key_life where end_day < cast('9999-12-31' as date)
    ) as single_event
    group by key_kind, organisation, event_date
),

counted as (
    select
        key_kind,
        organisation,
        event_date,
        sum(began) over (
            partition by key_kind, organisation order by event_date
            range between current row and interval {{ var('key_break_days') - 1 }} day following
        ) as began_in_window,
        sum(ended) over (
            partition by key_kind, organisation order by event_date
            range between current row and interval {{ var('key_break_days') - 1 }} day following
        ) as ended_in_window,
        coalesce(sum(began - ended) over (
            partition by key_kind, organisation order by event_date
            rows between unbounded preceding and 1 preceding
        ), 0) as active_before
    from event
)

select
    key_kind,
    organisation,
    substr(organisation, 5) as wellbeing_area_code,
    event_date as break_date
from counted
where
    active_before >= {{ var('key_break_minimum_keys') }}
    and ended_in_window > {{ var('key_break_share') }} * active_before
    and began_in_window > {{ var('key_break_share') }} * active_before
