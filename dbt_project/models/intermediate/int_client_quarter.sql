-- Grain: one row per client, place and quarter with at least one at-risk day.
-- Days and moves belong to the place of that day, so quarters, places and clients add up.
with
housing_days as (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
        sum({{ shared_days(
            'segment.start_date', 'segment.end_date_exclusive', 'period.period_start', 'period.period_end_exclusive'
        ) }}) as at_risk_days,
        {% for class in ['stable', 'unstable', 'homeless'] -%}
        sum(case when segment.housing_class = '{{ class }}' then {{ shared_days(
            'segment.start_date', 'segment.end_date_exclusive', 'period.period_start', 'period.period_end_exclusive'
        ) }} else 0 end) as {{ class }}_days{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('int_housing_segment') }} as segment
    inner join {{ ref('int_period') }} as period
        on segment.start_date < period.period_end_exclusive
        and segment.end_date_exclusive > period.period_start
    where period.period_type = 'quarter'
    group by segment.client_id, segment.wellbeing_area_code, segment.municipality_code, period.period
),

move_count as (
    select
        move.client_id,
        move.wellbeing_area_code,
        move.municipality_code,
        period.period as quarter,
        sum(case when move.is_first_home then 0 else 1 end) as moves,
        sum(case when not move.is_first_home and move.is_planned = false then 1 else 0 end) as unplanned_moves
    from {{ ref('int_housing_move') }} as move
    inner join {{ ref('int_period') }} as period
        on move.move_date >= period.period_start
        and move.move_date < period.period_end_exclusive
    where period.period_type = 'quarter'
    group by move.client_id, move.wellbeing_area_code, move.municipality_code, period.period
)

select
    housing_days.client_id,
    housing_days.wellbeing_area_code,
    housing_days.municipality_code,
    housing_days.quarter,
    housing_days.at_risk_days,
    housing_days.stable_days,
    housing_days.unstable_days,
    housing_days.homeless_days,
    coalesce(move_count.moves, 0) as moves,
    coalesce(move_count.unplanned_moves, 0) as unplanned_moves
from housing_days
left join move_count
    on housing_days.client_id = move_count.client_id
    and housing_days.wellbeing_area_code = move_count.wellbeing_area_code
    and housing_days.municipality_code = move_count.municipality_code
    and housing_days.quarter = move_count.quarter
