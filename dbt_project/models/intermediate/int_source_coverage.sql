-- Grain: one row per wellbeing area, table, period type and period: did the area's deliveries cover it?
-- A history covers from data_from to the end of its newest delivery. A snapshot covers the periods that
-- were delivered (quarters, half-years or years, by its cadence), an increment their days.
with
area as (
    select wellbeing_area_code from {{ ref('seed_wellbeing_area') }}
    where wellbeing_area_code <> '91'
),

table_mode as (
    select distinct table_name, mode from {{ ref('stg_lake__delivery') }}
    -- A withdrawn delivery is as if it had never come.
    where wellbeing_area_code is not null and not is_withdrawn
),

counting as (
    select * from {{ ref('stg_lake__delivery') }} where is_counting
),

final as (
    select
        area.wellbeing_area_code,
        table_mode.table_name,
        period.period_type,
        period.period,
        case
            when table_mode.mode = 'history' then count(case
                when
                    counting.period_end_exclusive >= period.period_end_exclusive
                    and (counting.data_from is null or counting.data_from <= period.window_start)
                    then 1
            end) > 0
            -- One delivery counts for each period, and periods of one table do not overlap.
            when table_mode.mode = 'snapshot' then sum(case
                when
                    counting.period_start >= period.window_start
                    and counting.period_end_exclusive <= period.period_end_exclusive
                    then {{ days_between('counting.period_start', 'counting.period_end_exclusive') }}
                else 0
            end) >= {{ days_between('period.window_start', 'period.period_end_exclusive') }}
            -- Without a delivery there is nothing to share (greatest and least would pass over the nulls).
            else sum(case
                when counting.period is null then 0
                else {{ shared_days(
                    'counting.period_start', 'counting.period_end_exclusive',
                    'period.window_start', 'period.period_end_exclusive'
                ) }}
            end) >= {{ days_between('period.window_start', 'period.period_end_exclusive') }}
        end as is_covered
    from area
    cross join table_mode
    cross join {{ ref('int_period') }} as period
    left join counting
        on area.wellbeing_area_code = counting.wellbeing_area_code
        and table_mode.table_name = counting.table_name
    group by
        area.wellbeing_area_code, table_mode.table_name, table_mode.mode, period.period_type, period.period,
        period.period_end_exclusive, period.window_start
)

select * from final
