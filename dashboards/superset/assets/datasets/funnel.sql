-- Grain: one row per indicator x period x chosen area x municipality, and one per step of the
-- limits (place null).
--
-- All municipalities, from the smallest to the largest: the axis is logarithmic, and the limits
-- are drawn in even steps of it. Limits: binomial for shares; for rates Poisson on the square-root
-- scale. Events are taken as independent of each other.
with

-- include: areas

-- include: indicators

totals as (
    select
        indicators.*,
        case indicators.unit
            when 'share' then 1.0 when 'per_1000_days' then 1000.0 when 'per_1000_residents' then 1000.0
            when 'per_100' then 100.0
        end as scale,
        replace(numbers.period, '-', '–') as period_label,
        numbers.area_level,
        numbers.area_code,
        numbers.denominator,
        numbers.value
    from published.indicator_value as numbers
    inner join indicators
        on numbers.indicator_id = indicators.indicator_id and numbers.variant = indicators.variant
    where
        numbers.breakdown = 'total'
        and numbers.category = 'total'
        and numbers.period_type in ('year', 'pooled_3_years')
        and numbers.denominator > 0
        and numbers.value is not null
        -- Of medians there are no such limits.
        and indicators.unit not in ('days', 'index')
),

country as (
    select indicator_label, period_label, unit, factor, scale, value as country_value
    from totals
    where area_level = 'country'
),

municipalities as (
    select
        totals.indicator_label,
        totals.period_label,
        totals.denominator,
        totals.value * totals.factor as value,
        town.name_fi as place,
        areas.area_name
    from totals
    inner join published.area as town
        on town.area_level = 'municipality' and totals.area_code = town.area_code
    inner join areas on town.parent_code = areas.area_code
    where totals.area_level = 'municipality'
),

-- Ends of the axis: the dots' ends, out to one leading digit, so that they can be read.
ends as (
    select
        indicator_label,
        period_label,
        floor(min(denominator) / power(10, floor(log10(min(denominator)))))
        * power(10, floor(log10(min(denominator)))) as first_denominator,
        ceil(max(denominator) / power(10, floor(log10(max(denominator)))))
        * power(10, floor(log10(max(denominator)))) as last_denominator
    from municipalities
    group by indicator_label, period_label
),

dots as (
    select
        municipalities.indicator_label,
        municipalities.period_label,
        choice.area_choice,
        municipalities.place,
        municipalities.denominator,
        municipalities.value
    from municipalities
    cross join unnest(['Koko maa', municipalities.area_name]) as choice (area_choice)
),

steps as (
    select
        country.*,
        choices.area_choice,
        round(
            ends.first_denominator
            * power(ends.last_denominator / ends.first_denominator, step.number / 60.0)
        ) as denominator
    from country
    inner join ends
        on
            country.indicator_label = ends.indicator_label
            and country.period_label = ends.period_label
    cross join range(0, 61) as step (number)
    cross join (select 'Koko maa' as area_choice union all select area_name from areas) as choices
),

limits as (
    select
        steps.*,
        case z.level when 95 then 1.96 else 3.09 end as quantile,
        z.level,
        case
            when unit = 'share'
                then sqrt(country_value * (1 - country_value) / denominator)
            else 0.5 / sqrt(denominator / scale)
        end as spread
    from steps
    cross join unnest([95, 998]) as z (level)
),

lines as (
    select
        indicator_label,
        period_label,
        area_choice,
        denominator,
        any_value(country_value * factor) as country_value,
        any_value(
            case
                when unit = 'share' then factor * greatest(0, country_value - quantile * spread)
                else power(greatest(0, sqrt(country_value) - quantile * spread), 2)
            end
        ) filter (level = 95) as lower_95,
        any_value(
            case
                when unit = 'share' then factor * least(1, country_value + quantile * spread)
                else power(sqrt(country_value) + quantile * spread, 2)
            end
        ) filter (level = 95) as upper_95,
        any_value(
            case
                when unit = 'share' then factor * greatest(0, country_value - quantile * spread)
                else power(greatest(0, sqrt(country_value) - quantile * spread), 2)
            end
        ) filter (level = 998) as lower_998,
        any_value(
            case
                when unit = 'share' then factor * least(1, country_value + quantile * spread)
                else power(sqrt(country_value) + quantile * spread, 2)
            end
        ) filter (level = 998) as upper_998
    from limits
    group by indicator_label, period_label, area_choice, denominator
),

final as (
    select
        indicator_label,
        period_label,
        area_choice,
        place,
        denominator,
        value,
        cast(null as double) as country_value,
        cast(null as double) as lower_95,
        cast(null as double) as upper_95,
        cast(null as double) as lower_998,
        cast(null as double) as upper_998
    from dots
    union all
    select
        indicator_label,
        period_label,
        area_choice,
        null,
        denominator,
        null,
        country_value,
        lower_95,
        upper_95,
        lower_998,
        upper_998
    from lines
)

select * from final
