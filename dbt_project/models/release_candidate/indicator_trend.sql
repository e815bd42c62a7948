-- Grain: one row per cell of indicator_value by quarter or year. Restricted: from all values.
-- Chi-square for trend over the five periods that end with the cell's: Cochran and Armitage's for shares,
-- Poisson for rates and counts; days and events that come in clients count as often as they are
-- independent. A direction needs chi-square above 9.5495 (99.8 %) and a slope that keeps its sign
-- whichever point is left out. Twelve months that overlap are no points of their own, and of medians and
-- curves no trend is said.
with
point as (
    select
        {{ cell_key() }},
        period_start,
        aggregation,
        interval_method,
        is_series_break,
        row_number() over (
            partition by indicator_id, variant, area_level, area_code, period_type, breakdown, category
            order by period_start
        ) as point_no,
        case
            when aggregation = 'ratio' and interval_method = 'wilson_clustered' then value / scale * effective_total
            when aggregation in ('ratio', 'count') then numerator / coalesce(dispersion, 1)
        end as events,
        case
            when aggregation = 'count' then 1.0
            when aggregation = 'ratio' and interval_method = 'wilson_clustered' then effective_total
            when aggregation = 'ratio' then denominator / coalesce(dispersion, 1)
        end as base,
        -- What was not delivered is no point, and neither is a figure of a part of the place.
        is_delivered and is_complete and aggregation = 'ratio' and value is not null and interval_method <> 'none'
        or (aggregation = 'count' and is_delivered and is_complete) as is_known
    from {{ ref('indicator_value') }}
    where period_type in ('quarter', 'year')
),

windowed as (
    select
        {{ qualified(cell_key(), 'last_point') }},
        last_point.point_no as last_no,
        last_point.interval_method in ('wilson', 'wilson_clustered') as is_share,
        point.point_no,
        cast(point.point_no as double) as score,
        point.events,
        point.base,
        -- A break between two points of the window: the first one may be it.
        point.is_series_break and point.point_no > last_point.point_no - 4 as breaks,
        point.is_known
    from point as last_point
    inner join point
        on last_point.indicator_id = point.indicator_id
        and last_point.variant = point.variant
        and last_point.area_level = point.area_level
        and last_point.area_code = point.area_code
        and last_point.period_type = point.period_type
        and last_point.breakdown = point.breakdown
        and last_point.category = point.category
        and point.point_no between last_point.point_no - 4 and last_point.point_no
),

summed as (
    select
        *,
        count(case when is_known then 1 end) over cell as points,
        max(case when breaks then 1 else 0 end) over cell as has_break,
        sum(events) over cell as all_events,
        sum(base) over cell as all_base,
        sum(score * events) over cell as score_events,
        sum(score * base) over cell as score_base,
        sum(score * score * base) over cell as square_base
    from windowed
    window cell as (partition by {{ cell_key() }})
),

tested as (
    select
        *,
        score_events - all_events / nullif(all_base, 0) * score_base as slope,
        -- The slope without this point.
        (score_events - score * events)
        - (all_events - events) / nullif(all_base - base, 0) * (score_base - score * base) as slope_without,
        all_events / nullif(all_base, 0)
        * case when is_share then 1 - all_events / nullif(all_base, 0) else 1.0 end
        * (square_base - score_base * score_base / nullif(all_base, 0)) as slope_variance
    from summed
)

select
    {{ cell_key() }},
    max(slope * slope / nullif(slope_variance, 0)) as chi_square,
    case
        when max(points) < 5 or max(has_break) = 1 then 'cannot_be_said'
        when max(slope * slope / nullif(slope_variance, 0)) > 9.5495 and min(slope) > 0 and min(slope_without) > 0
            then 'rising'
        when max(slope * slope / nullif(slope_variance, 0)) > 9.5495 and max(slope) < 0 and max(slope_without) < 0
            then 'falling'
        else 'no_real_change'
    end as trend
from tested
group by {{ cell_key() }}
