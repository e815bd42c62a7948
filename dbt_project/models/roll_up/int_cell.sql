{{ config(materialized='by_indicator') }}
-- Grain: one row per indicator, variant, area level, area, period type and period with contributions.
-- Ratios of sums over clients (definition 8); the sums of squares carry the clustering of days and
-- events in clients. Areas whose sources are not all delivered are left out, above and below the line.
with
unit_sum as (
    select
        contribution.indicator_id,
        contribution.variant,
        contribution.unit_type,
        contribution.unit_key,
        contribution.wellbeing_area_code,
        contribution.municipality_code,
        part.period_type,
        part.period,
        sum(contribution.numerator) as numerator,
        sum(contribution.denominator) as denominator,
        sum(contribution.unknown_part) as unknown_part,
        sum(contribution.recorded_part) as recorded_part,
        sum(contribution.doubtful_part) as doubtful_part,
        sum(contribution.part_base) as part_base
    from {{ ref('contribution') }} as contribution
    inner join {{ ref('indicator_meta') }} as meta
        on contribution.indicator_id = meta.indicator_id
    inner join {{ ref('int_period_part') }} as part
        on contribution.period_type = part.base_period_type
        and contribution.period = part.base_period
        and meta.period_types like '%,' || part.period_type || ',%'
        and (
            meta.time_basis = 'flow'
            or part.period_type in ('quarter', 'rolling_12_months')
            or part.is_year_end
        )
    inner join {{ ref('int_indicator_coverage') }} as coverage
        on contribution.indicator_id = coverage.indicator_id
        and contribution.wellbeing_area_code = coverage.wellbeing_area_code
        and part.period_type = coverage.period_type
        and part.period = coverage.period
        and coverage.is_covered
    where contribution.indicator_id = {{ indicator_of_this_part() }}
    group by
        contribution.indicator_id, contribution.variant, contribution.unit_type, contribution.unit_key,
        contribution.wellbeing_area_code, contribution.municipality_code, part.period_type, part.period
),

placed as (
    select 'country' as area_level, 'FI' as area_code, unit_sum.* from unit_sum
    union all
    select 'wellbeing_area', wellbeing_area_code, unit_sum.* from unit_sum
    union all
    -- Municipal figures: calendar years and blocks only, or quarters could be told from their differences.
    select 'municipality', municipality_code, unit_sum.*
    from unit_sum
    where period_type in ('year', 'pooled_3_years')
    union all
    select 'municipality_group', municipality_group.group_code, unit_sum.*
    from unit_sum
    inner join {{ ref('seed_municipality_group') }} as municipality_group
        on unit_sum.municipality_code = municipality_group.municipality_code
    where unit_sum.period_type in ('year', 'pooled_3_years')
),

unit_of_cell as (
    select
        indicator_id, variant, area_level, area_code, period_type, period, unit_type, unit_key,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(unknown_part) as unknown_part,
        sum(recorded_part) as recorded_part,
        sum(doubtful_part) as doubtful_part,
        sum(part_base) as part_base
    from placed
    group by indicator_id, variant, area_level, area_code, period_type, period, unit_type, unit_key
)

select
    indicator_id, variant, area_level, area_code, period_type, period,
    sum(numerator) as numerator_sum,
    sum(denominator) as denominator_sum,
    sum(case when unit_type = 'client' and numerator > 0 then 1 else 0 end) as numerator_clients,
    sum(case when unit_type = 'client' and denominator > 0 then 1 else 0 end) as denominator_clients,
    sum(numerator * numerator) as numerator_squares,
    sum(numerator * denominator) as cross_products,
    sum(denominator * denominator) as denominator_squares,
    sum(unknown_part) / nullif(sum(part_base), 0) as unknown_share,
    sum(recorded_part) / nullif(sum(part_base), 0) as record_share,
    sum(doubtful_part) / nullif(sum(part_base), 0) as doubtful_share
from unit_of_cell
group by indicator_id, variant, area_level, area_code, period_type, period
