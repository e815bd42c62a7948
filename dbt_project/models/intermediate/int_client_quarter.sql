-- Grain: one row per client, place and quarter with at least one at-risk day.
-- Days and events belong to the place of that day, so quarters, places and clients add up.
with
worker_days as (
    select
        client_id,
        wellbeing_area_code,
        municipality_code,
        quarter,
        sum(days) as at_risk_days,
        sum(case when worker_id is null then days else 0 end) as gap_days
    from {{ ref('int_worker_quarter') }}
    group by client_id, wellbeing_area_code, municipality_code, quarter
),

housing_days as (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
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

doubtful_day_count as (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
        sum({{ shared_days(
            'greatest(segment.start_date, doubtful.start_date)',
            'least(segment.end_date_exclusive, doubtful.end_date_exclusive)',
            'period.period_start', 'period.period_end_exclusive'
        ) }}) as doubtful_days
    from {{ ref('int_doubtful_run') }} as doubtful
    inner join {{ ref('int_incumbent_segment') }} as segment
        on doubtful.client_id = segment.client_id
        and doubtful.worker_id = segment.worker_id
        and doubtful.run_start = segment.run_start
        and doubtful.start_date < segment.end_date_exclusive
        and doubtful.end_date_exclusive > segment.start_date
    inner join {{ ref('int_period') }} as period
        on segment.start_date < period.period_end_exclusive
        and segment.end_date_exclusive > period.period_start
    where period.period_type = 'quarter'
    group by segment.client_id, segment.wellbeing_area_code, segment.municipality_code, period.period
),

change_count as (
    select
        change.client_id,
        change.wellbeing_area_code,
        change.municipality_code,
        period.period as quarter,
        count(*) as changes,
        sum(case when change.is_structural then 0 else 1 end) as changes_without_structural,
        sum(case when change.change_reason = 'NUOREN_PYYNTO' then 0 else 1 end) as changes_without_own_request,
        sum(case when change.change_reason = 'KUOLEMA' then 0 else 1 end) as changes_without_death,
        sum(case when change.change_reason <> 'KUOLEMA' and change.is_saattaen then 1 else 0 end)
            as saattaen_changes,
        sum(case when change.change_reason <> 'KUOLEMA' and change.has_handover_record then 1 else 0 end)
            as recorded_changes
    from {{ ref('int_worker_change') }} as change
    inner join {{ ref('int_period') }} as period
        on change.change_date >= period.period_start
        and change.change_date < period.period_end_exclusive
    where period.period_type = 'quarter'
    group by change.client_id, change.wellbeing_area_code, change.municipality_code, period.period
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
    worker_days.client_id,
    worker_days.wellbeing_area_code,
    worker_days.municipality_code,
    worker_days.quarter,
    worker_days.at_risk_days,
    worker_days.gap_days,
    housing_days.stable_days,
    housing_days.unstable_days,
    housing_days.homeless_days,
    coalesce(doubtful_day_count.doubtful_days, 0) as doubtful_days,
    coalesce(change_count.changes, 0) as changes,
    coalesce(change_count.changes_without_structural, 0) as changes_without_structural,
    coalesce(change_count.changes_without_own_request, 0) as changes_without_own_request,
    coalesce(change_count.changes_without_death, 0) as changes_without_death,
    coalesce(change_count.saattaen_changes, 0) as saattaen_changes,
    coalesce(change_count.recorded_changes, 0) as recorded_changes,
    coalesce(move_count.moves, 0) as moves,
    coalesce(move_count.unplanned_moves, 0) as unplanned_moves
from worker_days
inner join housing_days
    on worker_days.client_id = housing_days.client_id
    and worker_days.wellbeing_area_code = housing_days.wellbeing_area_code
    and worker_days.municipality_code = housing_days.municipality_code
    and worker_days.quarter = housing_days.quarter
left join doubtful_day_count
    on worker_days.client_id = doubtful_day_count.client_id
    and worker_days.wellbeing_area_code = doubtful_day_count.wellbeing_area_code
    and worker_days.municipality_code = doubtful_day_count.municipality_code
    and worker_days.quarter = doubtful_day_count.quarter
left join change_count
    on worker_days.client_id = change_count.client_id
    and worker_days.wellbeing_area_code = change_count.wellbeing_area_code
    and worker_days.municipality_code = change_count.municipality_code
    and worker_days.quarter = change_count.quarter
left join move_count
    on worker_days.client_id = move_count.client_id
    and worker_days.wellbeing_area_code = move_count.wellbeing_area_code
    and worker_days.municipality_code = move_count.municipality_code
    and worker_days.quarter = move_count.quarter
