-- Grain: one row per indicator, area level, area, period type and period: how much of the place delivered.
with
weight as (
    select weight.*, municipality_group.group_code
    from {{ ref('int_area_weight') }} as weight
    left join {{ ref('seed_municipality_group') }} as municipality_group
        on weight.municipality_code = municipality_group.municipality_code
),

place_weight as (
    select 'country' as area_level, 'FI' as area_code, wellbeing_area_code, sum(weight) as weight
    from weight
    group by wellbeing_area_code
    union all
    select 'collaborative_area', 'YTA-' || area.collaborative_area_code, weight.wellbeing_area_code, sum(weight.weight)
    from weight
    inner join {{ ref('seed_wellbeing_area') }} as area on weight.wellbeing_area_code = area.wellbeing_area_code
    group by area.collaborative_area_code, weight.wellbeing_area_code
    union all
    select 'municipality_group', group_code, wellbeing_area_code, sum(weight)
    from weight
    where group_code is not null
    group by group_code, wellbeing_area_code
    union all
    select 'municipality', municipality_code, wellbeing_area_code, sum(weight)
    from weight
    group by municipality_code, wellbeing_area_code
),

partial as (
    select
        coverage.indicator_id,
        place.area_level,
        place.area_code,
        coverage.period_type,
        coverage.period,
        sum(case when coverage.is_covered then place.weight else 0 end) / sum(place.weight) as coverage
    from place_weight as place
    inner join {{ ref('int_indicator_coverage') }} as coverage
        on place.wellbeing_area_code = coverage.wellbeing_area_code
    group by
        coverage.indicator_id, place.area_level, place.area_code, coverage.period_type, coverage.period
),

country as (
    select
        indicator_id,
        period_type,
        period,
        max(case when is_covered then 1 else 0 end) = 1 as has_any,
        min(case when is_covered then 1 else 0 end) = 1 as has_all
    from {{ ref('int_indicator_coverage') }}
    group by indicator_id, period_type, period
),

collaborative_area as (
    select
        'YTA-' || area.collaborative_area_code as area_code,
        coverage.indicator_id,
        coverage.period_type,
        coverage.period,
        max(case when coverage.is_covered then 1 else 0 end) = 1 as has_any,
        min(case when coverage.is_covered then 1 else 0 end) = 1 as has_all
    from {{ ref('int_indicator_coverage') }} as coverage
    inner join {{ ref('seed_wellbeing_area') }} as area
        on coverage.wellbeing_area_code = area.wellbeing_area_code
    group by area.collaborative_area_code, coverage.indicator_id, coverage.period_type, coverage.period
)

select
    'country' as area_level, 'FI' as area_code, country.indicator_id, country.period_type, country.period,
    country.has_any as is_delivered, country.has_all as is_complete,
    case when country.has_all then 1.0 else coalesce(partial.coverage, 0) end as coverage
from country
left join partial
    on partial.area_level = 'country'
    and country.indicator_id = partial.indicator_id
    and country.period_type = partial.period_type
    and country.period = partial.period

union all

select
    'collaborative_area', whole.area_code, whole.indicator_id, whole.period_type, whole.period,
    whole.has_any, whole.has_all,
    case when whole.has_all then 1.0 else coalesce(partial.coverage, 0) end
from collaborative_area as whole
left join partial
    on partial.area_level = 'collaborative_area'
    and whole.area_code = partial.area_code
    and whole.indicator_id = partial.indicator_id
    and whole.period_type = partial.period_type
    and whole.period = partial.period

union all

select
    'wellbeing_area', wellbeing_area_code, indicator_id, period_type, period, is_covered, is_covered,
    case when is_covered then 1.0 else 0.0 end
from {{ ref('int_indicator_coverage') }}

union all

-- A municipality whose own area has not delivered has no figure, whatever other areas know of it.
select
    'municipality', municipality.municipality_code, own.indicator_id, own.period_type, own.period, own.is_covered,
    own.is_covered and coalesce(partial.coverage, 1.0) = 1.0,
    case when own.is_covered then coalesce(partial.coverage, 1.0) else 0.0 end
from {{ ref('seed_municipality') }} as municipality
inner join {{ ref('int_indicator_coverage') }} as own
    on municipality.wellbeing_area_code = own.wellbeing_area_code
left join partial
    on partial.area_level = 'municipality'
    and municipality.municipality_code = partial.area_code
    and own.indicator_id = partial.indicator_id
    and own.period_type = partial.period_type
    and own.period = partial.period
where municipality.valid_to is null

union all

select
    'municipality', 'unknown', indicator_id, period_type, period, has_any, has_all,
    case when has_all then 1.0 end
from country

union all

select
    'municipality_group', group_code, own.indicator_id, own.period_type, own.period,
    max(case when own.is_covered then 1 else 0 end) = 1,
    min(case when own.is_covered then 1 else 0 end) = 1 and coalesce(min(partial.coverage), 1.0) = 1.0,
    case when max(case when own.is_covered then 1 else 0 end) = 1 then coalesce(min(partial.coverage), 1.0) else 0.0 end
from {{ ref('seed_municipality_group') }} as member
inner join {{ ref('seed_municipality') }} as municipality
    on member.municipality_code = municipality.municipality_code
inner join {{ ref('int_indicator_coverage') }} as own
    on municipality.wellbeing_area_code = own.wellbeing_area_code
left join partial
    on partial.area_level = 'municipality_group'
    and member.group_code = partial.area_code
    and own.indicator_id = partial.indicator_id
    and own.period_type = partial.period_type
    and own.period = partial.period
group by member.group_code, own.indicator_id, own.period_type, own.period
