-- Grain: one row per end of entitling care whose 90 days have been seen, in the quarter of its last day.
-- The responsible worker of the last day of care and of the 90th day after it, by definition 4 on both days.
with
{% for name, days in [('before', 0), ('after', 90)] %}
worker_{{ name }} as (
    select placement_key, worker_id, start_date, end_date_exclusive
    from (
        select
            care.placement_key,
            run.worker_id,
            run.start_date,
            run.end_date_exclusive,
            row_number() over (
                partition by care.placement_key order by run.start_date, run.worker_id
            ) as place_in_line
        from {{ ref('int_care_ending') }} as care
        inner join {{ ref('int_worker_run') }} as run
            on care.client_id = run.client_id
            and run.role = 'VASTUU'
            and run.start_date <= {{ add_days('care.last_day', days) }}
            and run.end_date_exclusive > {{ add_days('care.last_day', days) }}
    ) as ranked
    where place_in_line = 1
),

{% endfor %}
pair as (
    select
        care.*,
        worker_before.worker_id as from_worker_id,
        worker_after.worker_id as to_worker_id,
        -- As with every change: the day after the old worker's last day, or the new one's first.
        greatest(worker_before.end_date_exclusive, worker_after.start_date) as change_date
    from {{ ref('int_care_ending') }} as care
    left join worker_before on care.placement_key = worker_before.placement_key
    left join worker_after on care.placement_key = worker_after.placement_key
    where care.days_seen >= 90
),

recorded as (
    select
        pair.placement_key,
        max(case
            when
                record.from_worker_id = pair.from_worker_id
                and record.to_worker_id = pair.to_worker_id
                and record.handover_type = 'YHTEISTAPAAMINEN'
                and record.client_present
                and record.handover_date >= {{ add_days('pair.change_date', -var('handover_days')) }}
                and record.handover_date <= {{ add_days('pair.change_date', var('handover_late_days')) }}
                then 1
            else 0
        end) as is_saattaen,
        max(case
            when
                record.handover_date >= {{ add_days('pair.last_day', -var('handover_days')) }}
                and record.handover_date <= {{ add_days('pair.last_day', 90) }}
                then 1
            else 0
        end) as has_record
    from pair
    inner join {{ ref('int_handover') }} as record on pair.client_id = record.client_id
    group by pair.placement_key
),

transition as (
    select
        pair.*,
        case when pair.from_worker_id = pair.to_worker_id then 1 else 0 end as is_same_worker,
        coalesce(recorded.is_saattaen, 0) as is_saattaen,
        coalesce(recorded.has_record, 0) as has_record
    from pair
    left join recorded on pair.placement_key = recorded.placement_key
)

{% for variant, numerator in [
    ('main', 'greatest(is_same_worker, is_saattaen)'),
    ('same_worker', 'is_same_worker'),
    ('saattaen', 'case when is_same_worker = 1 then 0 else is_saattaen end'),
] %}
{{ contribution(
    'SAA-03', 'transition', numerator, '1', variant=variant, unit_type='placement', unit_key='placement_key',
    client_id='person_id', recorded_part='greatest(is_same_worker, is_saattaen, has_record)', part_base='1'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
