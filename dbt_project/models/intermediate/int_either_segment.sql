-- Grain: one row per client and stretch of at-risk days with one responsible social worker and one counsellor.
-- Definition 7, either of the two stayed. Under absence cover (definition 5) a worker has stayed, so the
-- one who is covered stands here instead of the stand-in; so does, at data_until, one whose stand-in may
-- still turn out to be a cover. Days without either are null in both.
{% set columns = ['worker_id', 'organisation', 'change_reason', 'run_start', 'run_end_exclusive'] %}
with
staying as (
    select
        segment.role,
        segment.client_id,
        segment.chain_no,
        segment.wellbeing_area_code,
        segment.municipality_code,
        segment.start_date,
        segment.end_date_exclusive,
        segment.begins_with_place_change,
        case
            when incumbency.is_cover or incumbency.is_pending
                then coalesce(incumbency.from_worker_id, segment.worker_id)
            else segment.worker_id
        end as worker_id,
        segment.organisation,
        segment.change_reason,
        segment.run_start,
        -- A cover says nothing of how long the covered worker's own run lasts.
        case
            when incumbency.is_cover or incumbency.is_pending then null
            else segment.run_end_exclusive
        end as run_end_exclusive
    from {{ ref('int_incumbent_segment') }} as segment
    left join {{ ref('int_incumbency') }} as incumbency
        on segment.role = incumbency.role
        and segment.client_id = incumbency.client_id
        and segment.chain_no = incumbency.chain_no
        and segment.worker_id = incumbency.worker_id
        and segment.start_date >= incumbency.start_date
        and segment.start_date < incumbency.end_date_exclusive
),

final as (
    select
        responsible.client_id,
        responsible.chain_no,
        responsible.wellbeing_area_code,
        responsible.municipality_code,
        greatest(responsible.start_date, counsellor.start_date) as start_date,
        least(responsible.end_date_exclusive, counsellor.end_date_exclusive) as end_date_exclusive,
        responsible.begins_with_place_change and counsellor.begins_with_place_change as begins_with_place_change,
        {% for column in columns -%}
        responsible.{{ column }} as responsible_{{ column }},
        counsellor.{{ column }} as counsellor_{{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from staying as responsible
    inner join staying as counsellor
        on responsible.client_id = counsellor.client_id
        and responsible.start_date < counsellor.end_date_exclusive
        and responsible.end_date_exclusive > counsellor.start_date
    where
        responsible.role = 'VASTUU'
        and counsellor.role = 'OHJAAJA'
)

select * from final
