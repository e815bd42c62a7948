-- Grain: one row per counted change of the responsible worker.
-- Definitions 5 and 6: what kind of change, whether it was made saattaen, and whether it came with a
-- change of place. A change that a new client system made is none.
with
change as (
    select
        client_id,
        start_date as change_date,
        from_worker_id,
        worker_id as to_worker_id,
        from_end_exclusive,
        from_run_end_exclusive,
        run_start as to_run_start,
        organisation,
        wellbeing_area_code,
        municipality_code,
        coalesce(change_reason, 'TUNTEMATON') as change_reason,
        is_place_change
    from {{ ref('int_incumbency') }}
    where
        from_worker_id is not null
        and not is_cover
        and not is_pending
        and not is_return
),

broken_key as (
    select distinct change.client_id, change.change_date
    from change
    inner join {{ ref('int_worker_key_life') }} as from_life
        on change.from_worker_id = from_life.worker_id and change.organisation = from_life.organisation
    inner join {{ ref('int_worker_key_life') }} as to_life
        on change.to_worker_id = to_life.worker_id and change.organisation = to_life.organisation
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
    group by change.client_id, change.change_date
),

handover as (
    select
        change.client_id,
        change.change_date,
        max(case when {{ days_between('change.change_date', 'record.handover_date') }} <= {{ var('handover_late_days') }}
            and record.is_joint_meeting and record.from_worker_id = change.from_worker_id
            and record.to_worker_id = change.to_worker_id then 1 else 0 end) as is_saattaen,
        max(case when {{ days_between('change.change_date', 'record.handover_date') }} > {{ var('handover_late_days') }}
            and record.is_joint_meeting and record.from_worker_id = change.from_worker_id
            and record.to_worker_id = change.to_worker_id then 1 else 0 end) as is_saattaen_late
    from change
    inner join {{ ref('int_handover') }} as record
        on
            change.client_id = record.client_id
            and record.handover_date between {{ add_days('change.change_date', -var('handover_days')) }}
            and {{ add_days('change.change_date', var('handover_days')) }}
    group by change.client_id, change.change_date
)

select
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
    coalesce(handover.is_saattaen, 0) = 1 as is_saattaen,
    coalesce(handover.is_saattaen_late, 0) = 1 and coalesce(handover.is_saattaen, 0) = 0 as is_saattaen_late,
    handover.client_id is not null as has_handover_record
from change
inner join shared
    on change.client_id = shared.client_id and change.change_date = shared.change_date
left join handover
    on change.client_id = handover.client_id and change.change_date = handover.change_date
left join broken_key
    on change.client_id = broken_key.client_id and change.change_date = broken_key.change_date
where broken_key.client_id is null
