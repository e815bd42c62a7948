-- Grain: one row per indicator, wellbeing area, period type and period: were all its source tables delivered? Of an
-- indicator with tables of municipalities: also per home municipality (else empty, which is all of them), for they
-- cover those of the area's clients who live there and whose keys are of the municipality's key domain.
-- A figure of a quarter that looks back further than the quarter needs the quarters before it as well; so does one of
-- years the years before.
with
by_area as (
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
),

home as (
    select wellbeing_area_code, municipality_code from {{ ref('int_client_quarter') }}
    where municipality_code <> 'unknown'
    union
    select wellbeing_area_code, municipality_code from {{ ref('seed_municipality') }}
    where wellbeing_area_code <> '91' and valid_to is null
),

by_municipality as (
    select
        meta.indicator_id,
        home.wellbeing_area_code,
        coverage.municipality_code,
        coverage.period_type,
        coverage.period,
        sum(case
            when
                coverage.is_covered
                and (not coverage.has_client_keys or coverage.key_domain = supplier.key_domain)
                then 1
            else 0
        end) = max(meta.municipal_table_count) as is_covered
    from {{ ref('indicator_meta') }} as meta
    inner join {{ ref('int_municipal_coverage') }} as coverage
        on meta.source_tables like '%,kunta.' || coverage.table_name || ',%'
    inner join home on coverage.municipality_code = home.municipality_code
    left join {{ ref('int_supplier') }} as supplier
        on home.wellbeing_area_code = supplier.wellbeing_area_code
    group by
        meta.indicator_id, home.wellbeing_area_code, coverage.municipality_code, coverage.period_type, coverage.period
),

delivered as (
    select
        meta.indicator_id,
        case
            when by_area.period_type = 'quarter' then meta.look_back_quarters
            when by_area.period_type in ('year', 'pooled_3_years') then coalesce(meta.look_back_years, 0)
            else 0
        end as look_back,
        by_area.wellbeing_area_code,
        by_municipality.municipality_code,
        by_area.period_type,
        by_area.period,
        case
            when by_area.period_type = 'quarter'
                then
                    cast(substr(by_area.period, 1, 4) as integer) * 4
                    + cast(substr(by_area.period, 6, 1) as integer)
            when by_area.period_type in ('year', 'pooled_3_years') then cast(substr(by_area.period, 1, 4) as integer)
        end as period_no,
        -- Where no municipality has ever delivered there is no row of one.
        by_area.is_covered
        and case
            when meta.municipal_table_count > 0 then coalesce(by_municipality.is_covered, false)
            else true
        end as is_covered
    from {{ ref('indicator_meta') }} as meta
    inner join by_area on meta.indicator_id = by_area.indicator_id
    left join by_municipality
        on by_area.indicator_id = by_municipality.indicator_id
        and by_area.wellbeing_area_code = by_municipality.wellbeing_area_code
        and by_area.period_type = by_municipality.period_type
        and by_area.period = by_municipality.period
)

select
    delivered.indicator_id,
    delivered.wellbeing_area_code,
    delivered.municipality_code,
    delivered.period_type,
    delivered.period,
    delivered.is_covered
    and count(case when earlier.is_covered then 1 end) = delivered.look_back as is_covered
from delivered
left join delivered as earlier
    on delivered.indicator_id = earlier.indicator_id
    and delivered.wellbeing_area_code = earlier.wellbeing_area_code
    and coalesce(delivered.municipality_code, '') = coalesce(earlier.municipality_code, '')
    and earlier.period_type = case when delivered.period_type = 'quarter' then 'quarter' else 'year' end
    and earlier.period_no >= delivered.period_no - delivered.look_back
    and earlier.period_no < delivered.period_no
group by
    delivered.indicator_id, delivered.wellbeing_area_code, delivered.municipality_code, delivered.period_type,
    delivered.period, delivered.is_covered, delivered.look_back
