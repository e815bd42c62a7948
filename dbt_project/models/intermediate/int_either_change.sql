-- Grain: one row per client and at-risk day on which neither worker has stayed.
-- Definition 7: on that day there is a responsible social worker or a counsellor, and neither of them was
-- the last known one of either role before it. One of the two going while the other stays is none.
with
remembered as (
    select
        segment.*,
        {% for role in ['responsible', 'counsellor'] -%}
        last_value({{ role }}_worker_id ignore nulls) over before as last_{{ role }}_worker_id,
        last_value({{ role }}_run_end_exclusive ignore nulls) over before as last_{{ role }}_run_end_exclusive,
        {% endfor -%}
        last_value(
            case
                when responsible_worker_id is not null or counsellor_worker_id is not null then end_date_exclusive
            end ignore nulls
        ) over before as from_end_exclusive
    from {{ ref('int_either_segment') }} as segment
    window before as (
        partition by client_id, chain_no
        order by start_date
        rows between unbounded preceding and 1 preceding
    )
)

select
    client_id,
    start_date as change_date,
    coalesce(last_responsible_worker_id, last_counsellor_worker_id) as from_worker_id,
    case when last_responsible_worker_id is not null then last_counsellor_worker_id end as from_second_worker_id,
    coalesce(responsible_worker_id, counsellor_worker_id) as to_worker_id,
    case when responsible_worker_id is not null then counsellor_worker_id end as to_second_worker_id,
    from_end_exclusive,
    -- Both null only after a cover that began before the chain's first known worker: there is none.
    greatest(
        coalesce(last_responsible_run_end_exclusive, last_counsellor_run_end_exclusive),
        coalesce(last_counsellor_run_end_exclusive, last_responsible_run_end_exclusive)
    ) as from_run_end_exclusive,
    least(
        coalesce(responsible_run_start, counsellor_run_start), coalesce(counsellor_run_start, responsible_run_start)
    ) as to_run_start,
    case when responsible_worker_id is not null then responsible_organisation else counsellor_organisation end
        as organisation,
    case when responsible_worker_id is not null then responsible_change_reason else counsellor_change_reason end
        as change_reason,
    wellbeing_area_code,
    municipality_code,
    begins_with_place_change as is_place_change
from remembered
where
    coalesce(responsible_worker_id, counsellor_worker_id) is not null
    and coalesce(last_responsible_worker_id, last_counsellor_worker_id) is not null
    {% for now in ['responsible_worker_id', 'counsellor_worker_id'] -%}
    {% for before in ['last_responsible_worker_id', 'last_counsellor_worker_id'] -%}
    and coalesce({{ now }} <> {{ before }}, true)
    {% endfor -%}
    {% endfor %}
