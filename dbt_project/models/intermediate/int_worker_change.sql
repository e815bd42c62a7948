-- Grain: one row per role, client and counted change of the worker.
-- Definitions 5 and 6: what kind of change, whether it was made saattaen, and whether it came with a
-- change of place. A change that a new client system made is none. Definition 7: of the responsible social
-- worker (VASTUU), of the counsellor (OHJAAJA), and of both so that neither stayed (EITHER).
with
change as (
    select
        role,
        client_id,
        start_date as change_date,
        from_worker_id,
        cast(null as integer) as from_second_worker_id,
        worker_id as to_worker_id,
        cast(null as integer) as to_second_worker_id,
        from_end_exclusive,
        from_run_end_exclusive,
        run_start as to_run_start,
        organisation,
        coalesce(change_reason, 'TUNTEMATON') as change_reason,
        wellbeing_area_code,
        municipality_code,
        is_place_change
    from {{ ref('int_incumbency') }}
    where
        from_worker_id is not null
        and not is_cover
        and not is_pending
        and not is_return

    union all

    select
        'EITHER',
        client_id,
        change_date,
        from_worker_id,
        from_second_worker_id,
        to_worker_id,
        to_second_worker_id,
        from_end_exclusive,
        from_run_end_exclusive,
        to_run_start,
        organisation,
        coalesce(change_reason, 'TUNTEMATON'),
        wellbeing_area_code,
        municipality_code,
        is_place_change
    from {{ ref('int_either_change') }}
),

broken_key as (
    select distinct change.role, change.client_id, change.change_date
    from change
    inner join {{ ref('int_worker_key_life') }} as from_life
        on from_life.worker_id in (change.from_worker_id, change.from_second_worker_id)
        and change.organisation = from_life.organisation
    inner join {{ ref('int_worker_key_life') }} as to_life
        on to_life.worker_id in (change.to_worker_id, change.to_second_worker_id)
        and change.organisation = to_life.organisation
    inner join {{ ref('int_key_break') }} as key_break
        on
            key_break.key_kind = 'worker'
            and key_break.organisation = change.organisation
            and from_life.end_day between key_break.break_date
            and {{ add_days('key_break.break_date', var('key_break_days') - 1) }}
            and to_life.first_day between key_break.break_date
            and {{ add_days('key_break.break_date', var('key_break_days') - 1) }}
),

shared as (
    select
        change.role,
        change.client_id,
        change.change_date,
        sum({{ shared_days(
            'at_risk.start_date', 'at_risk.end_date_exclusive', 'change.from_end_exclusive', 'change.change_date'
        ) }}) as gap_days,
        sum({{ shared_days(
            'at_risk.start_date', 'at_risk.end_date_exclusive', 'change.to_run_start', 'change.from_run_end_exclusive'
        ) }}) as overlap_days
    from change
    inner join {{ ref('int_at_risk_segment') }} as at_risk on change.client_id = at_risk.client_id
    group by change.role, change.client_id, change.change_date
),

record as (
    select
        change.role,
        change.client_id,
        change.change_date,
        {{ days_between('change.change_date', 'record.handover_date') }} as days_after,
        record.handover_type,
        record.client_present,
        coalesce(
            record.from_worker_id in (change.from_worker_id, change.from_second_worker_id)
            and record.to_worker_id in (change.to_worker_id, change.to_second_worker_id), false
        ) as is_of_both_workers
    from change
    inner join {{ ref('int_handover') }} as record
        on
            change.client_id = record.client_id
            and record.handover_date between {{ add_days('change.change_date', -var('handover_days')) }}
            and {{ add_days('change.change_date', var('handover_days')) }}
),

handover as (
    select
        role,
        client_id,
        change_date,
        -- The earliest joint meeting says when it was made saattaen.
        min(case
            when is_of_both_workers and client_present and handover_type = 'YHTEISTAPAAMINEN' then days_after
        end) as meeting_days_after,
        max(case
            when
                is_of_both_workers and client_present and handover_type = 'PUHELU'
                and days_after <= {{ var('handover_late_days') }}
                then 1 else 0
        end) as has_remote_meeting,
        max(case
            when is_of_both_workers and not client_present and handover_type in ('YHTEISTAPAAMINEN', 'PUHELU')
                then 1 else 0
        end) as has_meeting_without_client
    from record
    group by role, client_id, change_date
)

select
    change.role,
    change.client_id,
    change.change_date,
    change.from_worker_id,
    change.to_worker_id,
    change.wellbeing_area_code,
    change.municipality_code,
    change.change_reason,
    case
        when shared.overlap_days > 0 then 'overlapping'
        when shared.gap_days = 0 then 'direct'
        else 'broken'
    end as change_kind,
    shared.gap_days,
    shared.overlap_days,
    change.is_place_change or change.change_reason in ('TIIMISIIRTO', 'ORGANISAATIO') as is_structural,
    coalesce(handover.meeting_days_after <= {{ var('handover_late_days') }}, false) as is_saattaen,
    -- One way of several: the joint meeting by its time, else a remote one, else one without the young person.
    case
        when handover.client_id is null then 'no_record'
        when handover.meeting_days_after <= 0 then 'before'
        when handover.meeting_days_after <= {{ var('handover_late_days') }} then 'soon_after'
        when handover.meeting_days_after is not null then 'late'
        when handover.has_remote_meeting = 1 then 'remote'
        when handover.has_meeting_without_client = 1 then 'without_client'
        else 'other_record'
    end as handover_way,
    handover.client_id is not null as has_handover_record
from change
inner join shared
    on change.role = shared.role and change.client_id = shared.client_id and change.change_date = shared.change_date
left join handover
    on
        change.role = handover.role and change.client_id = handover.client_id
        and change.change_date = handover.change_date
left join broken_key
    on
        change.role = broken_key.role and change.client_id = broken_key.client_id
        and change.change_date = broken_key.change_date
where broken_key.client_id is null
