-- Grain: one row per wellbeing area, table, period type and period: did the area's deliveries cover it?
-- A history covers from data_from to the end of its newest delivery; a snapshot or an increment
-- covers exactly the quarters that were delivered.
with
area as (
    select wellbeing_area_code from {{ ref('seed_wellbeing_area') }}
    where wellbeing_area_code <> '91'
),

table_mode as (
    select distinct table_name, mode from {{ ref('stg_lake__delivery') }}
    where wellbeing_area_code is not null
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
            else count(distinct case
                when
                    counting.period_start >= period.window_start
                    and counting.period_end_exclusive <= period.period_end_exclusive
                    then counting.period
            -- A quarter has at most 92 days, so whole years need all their quarters.
            end) * 92 >= {{ days_between('period.window_start', 'period.period_end_exclusive') }} - 4
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
