-- Grain: one row per indicator, wellbeing area, period type and period: were all its source tables delivered?
-- A figure of a quarter that looks back further than the quarter needs the quarters before it as well.
with
delivered as (
    select
        meta.indicator_id,
        meta.look_back_quarters,
        coverage.wellbeing_area_code,
        coverage.period_type,
        coverage.period,
        case
            when coverage.period_type = 'quarter'
                then
                    cast(substr(coverage.period, 1, 4) as integer) * 4
                    + cast(substr(coverage.period, 6, 1) as integer)
        end as quarter_no,
        sum(case when coverage.is_covered then 1 else 0 end) = max(meta.source_table_count) as is_covered
    from {{ ref('indicator_meta') }} as meta
    inner join {{ ref('int_source_coverage') }} as coverage
        on meta.source_tables like '%,' || coverage.table_name || ',%'
    group by
        meta.indicator_id, meta.look_back_quarters, coverage.wellbeing_area_code, coverage.period_type, coverage.period
)

select
    delivered.indicator_id,
    delivered.wellbeing_area_code,
    delivered.period_type,
    delivered.period,
    delivered.is_covered
    and (
        delivered.quarter_no is null
        or count(case when earlier.is_covered then 1 end) = delivered.look_back_quarters
    ) as is_covered
from delivered
left join delivered as earlier
    on delivered.indicator_id = earlier.indicator_id
    and delivered.wellbeing_area_code = earlier.wellbeing_area_code
    and earlier.quarter_no >= delivered.quarter_no - delivered.look_back_quarters
    and earlier.quarter_no < delivered.quarter_no
group by
    delivered.indicator_id, delivered.wellbeing_area_code, delivered.period_type, delivered.period,
    delivered.is_covered, delivered.quarter_no, delivered.look_back_quarters
