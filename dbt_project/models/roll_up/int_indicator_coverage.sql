-- Grain: one row per indicator, wellbeing area, period type and period: were all its source tables delivered?
select
    meta.indicator_id,
    coverage.wellbeing_area_code,
    coverage.period_type,
    coverage.period,
    sum(case when coverage.is_covered then 1 else 0 end) = max(meta.source_table_count) as is_covered
from {{ ref('indicator_meta') }} as meta
inner join {{ ref('int_source_coverage') }} as coverage
    on meta.source_tables like '%,' || coverage.table_name || ',%'
group by meta.indicator_id, coverage.wellbeing_area_code, coverage.period_type, coverage.period
