-- Grain: one row per client at risk, with a right to study at upper secondary, on 20 September of a school year.
-- Broken off: an upper-secondary right that ended so between that day and the end of the school year, with no right to
-- study of any level on the days after it. All of them have been seen: deliveries end with a quarter.
with
student as (
    select distinct
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period,
        {{ day_of_year('substr(period.period, 1, 4)', '09-20') }} as counting_day,
        period.period_end_exclusive
    from {{ ref('int_period') }} as period
    inner join {{ ref('int_at_risk_segment') }} as segment
        on segment.start_date <= {{ day_of_year('substr(period.period, 1, 4)', '09-20') }}
        and segment.end_date_exclusive > {{ day_of_year('substr(period.period, 1, 4)', '09-20') }}
    inner join {{ ref('int_study_right') }} as study
        on segment.client_id = study.client_id
        and study.is_upper_secondary
        and study.start_date <= {{ day_of_year('substr(period.period, 1, 4)', '09-20') }}
        and study.end_date_exclusive > {{ day_of_year('substr(period.period, 1, 4)', '09-20') }}
    where period.period_type = 'school_year'
),

broken_off as (
    select distinct student.client_id, student.period
    from student
    inner join {{ ref('int_study_right') }} as study
        on student.client_id = study.client_id
        and study.is_upper_secondary
        and study.ended_as = 'KESKEYTTANYT'
        and study.end_date_exclusive > student.counting_day
        and study.end_date_exclusive <= student.period_end_exclusive
    left join {{ ref('int_study_right') }} as following
        on student.client_id = following.client_id
        and following.end_date_exclusive > study.end_date_exclusive
        and following.start_date < {{ add_days('study.end_date_exclusive', var('back_in_study_days')) }}
    where following.client_id is null
),

client_year as (
    select
        student.*,
        case when broken_off.client_id is null then 0 else 1 end as has_broken_off
    from student
    left join broken_off on student.client_id = broken_off.client_id and student.period = broken_off.period
)

{{ contribution('KOU-03', 'client_year', 'has_broken_off', '1', period_type='school_year', period='period') }}
