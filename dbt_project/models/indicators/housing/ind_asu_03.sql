-- Grain: one row per client at risk on the last day of a quarter.
with
last_day as (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
        case when segment.suitability = 'SOVELTUVA' then 1 else 0 end as is_suitable,
        case when segment.suitability = 'TUNTEMATON' then 1 else 0 end as is_unknown
    from {{ ref('int_housing_segment') }} as segment
    inner join {{ ref('int_period') }} as period
        on segment.start_date < period.period_end_exclusive
        and segment.end_date_exclusive >= period.period_end_exclusive
    where period.period_type = 'quarter'
)

{{ contribution('ASU-03', 'last_day', 'is_suitable', '1', unknown_part='is_unknown', part_base='1') }}
