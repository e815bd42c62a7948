-- Grain: one row per role, client, place, quarter and incumbent (worker_id null: gap days).
select
    segment.role,
    segment.client_id,
    segment.wellbeing_area_code,
    segment.municipality_code,
    period.period as quarter,
    segment.worker_id,
    sum({{ shared_days(
        'segment.start_date', 'segment.end_date_exclusive', 'period.period_start', 'period.period_end_exclusive'
    ) }}) as days
from {{ ref('int_incumbent_segment') }} as segment
inner join {{ ref('int_period') }} as period
    on segment.start_date < period.period_end_exclusive
    and segment.end_date_exclusive > period.period_start
where period.period_type = 'quarter'
group by
    segment.role, segment.client_id, segment.wellbeing_area_code, segment.municipality_code, period.period, segment.worker_id
