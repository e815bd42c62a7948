-- Grain: one row per client and stretch of days with one main activity, in aftercare or not.
-- Of the open spells the one that began last (tie: the first code, then the smaller area). Definition 16: an open spell that has
-- not been confirmed for 180 days (confirmed_on, a newer row or a two-way contact) counts as unknown from then on.
with
spell as (
    select
        client.client_id,
        activity.organisation,
        activity.main_activity,
        coalesce(kind.activity_class, 'unknown') as activity_class,
        activity.confirmed_on,
        activity.end_date_exclusive is null as is_open,
        activity.start_date,
        {{ end_within_data('activity.end_date_exclusive') }} as end_date_exclusive,
        max(activity.start_date) over (partition by client.client_id) as newest_start_date
    from {{ ref('stg_hva__activity_spell') }} as activity
    inner join {{ ref('int_supplier') }} as supplier on activity.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on activity.client_key = client.client_key
    left join {{ ref('stg_lake__main_activity') }} as kind on activity.main_activity = kind.main_activity
    where
        activity.start_date < {{ end_within_data('activity.end_date_exclusive') }}
),

confirmed as (
    select
        spell.*,
        {{ known_until('spell', 'start_date', 'spell.newest_start_date') }} as known_until_exclusive
    from spell
    left join {{ ref('int_last_contact') }} as last_contact on spell.client_id = last_contact.client_id
),

part as (
    select
        client_id,
        main_activity,
        activity_class,
        start_date as began_on,
        main_activity as tie_breaker,
        organisation,
        start_date,
        least(end_date_exclusive, known_until_exclusive) as end_date_exclusive
    from confirmed

    union all

    -- It still wins its days, as unknown.
    select
        client_id,
        'TUNTEMATON',
        'unknown',
        start_date,
        main_activity,
        organisation,
        known_until_exclusive,
        end_date_exclusive
    from confirmed
    where known_until_exclusive < end_date_exclusive
),

span as (
    select client_id, min(start_date) as start_date, max(end_date_exclusive) as end_date_exclusive
    from part
    group by client_id
),

winner as (
    {{ day_winner('span', 'part', [], ['main_activity', 'activity_class'],
        'spell.began_on desc, spell.tie_breaker, spell.organisation') | indent(4) }}
),

known as (
    select * from winner
    where main_activity is not null
),

stretch as (
    {{ with_stretch_start('known', same='main_activity') | indent(4) }}
)

select
    client_id,
    main_activity,
    min(activity_class) as activity_class,
    min(start_date) as start_date,
    max(end_date_exclusive) as end_date_exclusive
from stretch
group by client_id, main_activity, stretch_start
