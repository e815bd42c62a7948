-- Grain: one row per client who turns 20 in the year and was at risk in it or in one of the two years before, at the
-- place of the last day at risk in the three.
with
turned_20 as (
    select
        attribute.client_id,
        year.period,
        year.period_end_exclusive,
        {{ day_of_year('cast(year.period as integer) - 2', '01-01') }} as first_day
    from {{ ref('int_client_attribute') }} as attribute
    inner join {{ ref('int_period') }} as year
        on attribute.quarter = year.period || 'Q4' and year.period_type = 'year'
    where attribute.age = 20
),

last_place as (
    select client_id, period, period_end_exclusive, wellbeing_area_code, municipality_code
    from (
        select
            turned_20.client_id,
            turned_20.period,
            turned_20.period_end_exclusive,
            segment.wellbeing_area_code,
            segment.municipality_code,
            row_number() over (
                partition by turned_20.client_id, turned_20.period order by segment.start_date desc
            ) as newest_rank
        from turned_20
        inner join {{ ref('int_at_risk_segment') }} as segment
            on turned_20.client_id = segment.client_id
            and segment.start_date < turned_20.period_end_exclusive
            and segment.end_date_exclusive > turned_20.first_day
    ) as ranked
    where newest_rank = 1
),

client_year as (
    select
        last_place.client_id,
        last_place.period,
        last_place.wellbeing_area_code,
        last_place.municipality_code,
        max(case when study.client_id is null then 0 else 1 end) as has_completed
    from last_place
    left join {{ ref('int_study_right') }} as study
        on last_place.client_id = study.client_id
        and study.is_upper_secondary
        and study.ended_as = 'VALMISTUNUT'
        and study.end_date_exclusive <= last_place.period_end_exclusive
    group by
        last_place.client_id, last_place.period, last_place.wellbeing_area_code, last_place.municipality_code
)

{{ contribution('KOU-02', 'client_year', 'has_completed', '1', period_type='year', period='period') }}
