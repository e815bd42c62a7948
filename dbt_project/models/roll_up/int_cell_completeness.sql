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

-- Where municipalities must have delivered too: a municipality of an area by itself.
municipal_weight as (
    select
        place.area_level,
        case place.area_level
            when 'country' then 'FI'
            when 'collaborative_area' then 'YTA-' || area.collaborative_area_code
            when 'wellbeing_area' then weight.wellbeing_area_code
            when 'municipality_group' then weight.group_code
            else weight.municipality_code
        end as area_code,
        weight.wellbeing_area_code,
        weight.municipality_code,
        weight.weight
    from weight
    inner join {{ ref('seed_wellbeing_area') }} as area on weight.wellbeing_area_code = area.wellbeing_area_code
    cross join (
        {% for level in ['country', 'collaborative_area', 'wellbeing_area', 'municipality_group', 'municipality'] -%}
        select '{{ level }}' as area_level
        {{ 'union all' if not loop.last }}
        {% endfor %}
    ) as place
    where place.area_level <> 'municipality_group' or weight.group_code is not null
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
        and coverage.municipality_code is null
    group by
        coverage.indicator_id, place.area_level, place.area_code, coverage.period_type, coverage.period

    union all

    select
        coverage.indicator_id,
        place.area_level,
        place.area_code,
        coverage.period_type,
        coverage.period,
        sum(case when coverage.is_covered then place.weight else 0 end) / sum(place.weight)
    from municipal_weight as place
    inner join {{ ref('int_indicator_coverage') }} as coverage
        on place.wellbeing_area_code = coverage.wellbeing_area_code
        and place.municipality_code = coverage.municipality_code
    group by
        coverage.indicator_id, place.area_level, place.area_code, coverage.period_type, coverage.period
),

-- An area has all when it and, where they must have delivered, all of its own municipalities have.
delivered as (
    select
        coverage.*,
        coverage.municipality_code is null or municipality.municipality_code is not null as is_own
    from {{ ref('int_indicator_coverage') }} as coverage
    left join {{ ref('seed_municipality') }} as municipality
        on coverage.municipality_code = municipality.municipality_code
        and coverage.wellbeing_area_code = municipality.wellbeing_area_code
        and municipality.valid_to is null
),

country as (
    select
        indicator_id,
        period_type,
        period,
        max(case when is_covered then 1 else 0 end) = 1 as has_any,
        min(case when is_covered or not is_own then 1 else 0 end) = 1 as has_all,
        -- Nobody delivers for those whose home municipality is not known.
        max(case when municipality_code is null then 1 else 0 end) = 1 as is_by_area
    from delivered
    group by indicator_id, period_type, period
),

collaborative_area as (
    select
        'YTA-' || area.collaborative_area_code as area_code,
        coverage.indicator_id,
        coverage.period_type,
        coverage.period,
        max(case when coverage.is_covered then 1 else 0 end) = 1 as has_any,
        min(case when coverage.is_covered or not coverage.is_own then 1 else 0 end) = 1 as has_all
    from delivered as coverage
    inner join {{ ref('seed_wellbeing_area') }} as area
        on coverage.wellbeing_area_code = area.wellbeing_area_code
    group by area.collaborative_area_code, coverage.indicator_id, coverage.period_type, coverage.period
),

wellbeing_area as (
    select
        wellbeing_area_code as area_code,
        indicator_id,
        period_type,
        period,
        max(case when is_covered then 1 else 0 end) = 1 as has_any,
        min(case when is_covered or not is_own then 1 else 0 end) = 1 as has_all
    from delivered
    group by wellbeing_area_code, indicator_id, period_type, period
),

own_of_municipality as (
    select
        municipality.municipality_code,
        own.indicator_id,
        own.period_type,
        own.period,
        own.is_covered
    from {{ ref('seed_municipality') }} as municipality
    inner join delivered as own
        on municipality.wellbeing_area_code = own.wellbeing_area_code
        and coalesce(own.municipality_code, municipality.municipality_code) = municipality.municipality_code
    where municipality.valid_to is null
),

whole as (
    select 'country' as area_level, 'FI' as area_code, indicator_id, period_type, period, has_any, has_all from country
    union all
    select 'collaborative_area', area_code, indicator_id, period_type, period, has_any, has_all from collaborative_area
    union all
    select 'wellbeing_area', area_code, indicator_id, period_type, period, has_any, has_all from wellbeing_area
    union all
    -- A municipality whose own area has not delivered has no figure, whatever other areas know of it.
    select 'municipality', municipality_code, indicator_id, period_type, period, is_covered, is_covered
    from own_of_municipality
),

-- Of an area's or municipality's clients some may be known elsewhere, or live where nobody has delivered; of the
-- country and of collaborative areas all parts are looked at already.
with_partial as (
    select
        whole.*,
        partial.coverage,
        whole.area_level in ('wellbeing_area', 'municipality') as has_clients_elsewhere
    from whole
    left join partial
        on whole.area_level = partial.area_level
        and whole.area_code = partial.area_code
        and whole.indicator_id = partial.indicator_id
        and whole.period_type = partial.period_type
        and whole.period = partial.period
)

select
    area_level, area_code, indicator_id, period_type, period,
    has_any as is_delivered,
    has_all and (not has_clients_elsewhere or coalesce(coverage, 1.0) = 1.0) as is_complete,
    case
        when has_all then case when has_clients_elsewhere then coalesce(coverage, 1.0) else 1.0 end
        when has_any or not has_clients_elsewhere then coalesce(coverage, 0.0)
        else 0.0
    end as coverage
from with_partial

union all

select
    'municipality', 'unknown', indicator_id, period_type, period, has_any and is_by_area, has_all and is_by_area,
    case when not is_by_area then 0.0 when has_all then 1.0 end
from country

union all

select
    'municipality_group', group_code, own.indicator_id, own.period_type, own.period,
    max(case when own.is_covered then 1 else 0 end) = 1,
    min(case when own.is_covered then 1 else 0 end) = 1 and coalesce(min(partial.coverage), 1.0) = 1.0,
    case when max(case when own.is_covered then 1 else 0 end) = 1 then coalesce(min(partial.coverage), 1.0) else 0.0 end
from {{ ref('seed_municipality_group') }} as member
inner join own_of_municipality as own
    on member.municipality_code = own.municipality_code
left join partial
    on partial.area_level = 'municipality_group'
    and member.group_code = partial.area_code
    and own.indicator_id = partial.indicator_id
    and own.period_type = partial.period_type
    and own.period = partial.period
group by member.group_code, own.indicator_id, own.period_type, own.period
