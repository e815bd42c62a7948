-- Grain: one row per client and 12 months with at least one at-risk day, at the place of the last one.
select
    client_id,
    wellbeing_area_code,
    municipality_code,
    period,
    period_start,
    period_end_exclusive,
    open_days
from (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period,
        period.period_start,
        period.period_end_exclusive,
        sum({{ shared_days(
            'segment.start_date', 'segment.end_date_exclusive', 'period.period_start', 'period.period_end_exclusive'
        ) }}) over (partition by segment.client_id, period.period) as open_days,
        row_number() over (
            partition by segment.client_id, period.period order by segment.start_date desc
        ) as newest_rank
    from {{ ref('int_at_risk_segment') }} as segment
    inner join {{ ref('int_period') }} as period
        on segment.start_date < period.period_end_exclusive
        and segment.end_date_exclusive > period.period_start
    where period.period_type = 'rolling_12_months'
) as ranked
where newest_rank = 1
