-- Grain: one row per indicator x period x chosen area x municipality, and one per step of the
-- limits (place null).
--
-- The few largest municipalities would press all others against the left edge, so the picture
-- ends where nineteen of twenty fit; the limits are drawn to there in even steps of the square
-- root. Limits: binomial for shares; for rates Poisson on the square-root scale. Events are
-- taken as independent of each other.
with

areas as (
    select area_code, short_name_fi as area_name
    from published.area
    where area_level = 'wellbeing_area'
),

indicators as (
    select
        indicator_id,
        variant,
        unit,
        case when unit = 'share' then 100 else 1 end as factor,
        case unit
            when 'share' then 1.0 when 'per_1000_days' then 1000.0 when 'per_100' then 100.0
        end as scale,
        indicator_id || ' ' || name_fi
        || case
            when variant = 'main' then ''
            else ', ' || lower(left(variant_name_fi, 1)) || substr(variant_name_fi, 2)
        end as indicator_label
    from published.indicator
),

totals as (
    select
        indicators.*,
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

cuts as (
    select
        indicator_label,
        period_label,
        min(denominator) as first_dot,
        quantile_disc(denominator, 0.95) as last_dot
    from municipalities
    group by indicator_label, period_label
),

-- Ends of the axis: the dots' ends, out to one leading digit, so that they can be read.
ends as (
    select
        indicator_label,
        period_label,
        floor(first_dot / power(10, floor(log10(first_dot))))
        * power(10, floor(log10(first_dot))) as first_denominator,
        ceil(last_dot / power(10, floor(log10(last_dot))))
        * power(10, floor(log10(last_dot))) as last_denominator
    from cuts
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
    inner join ends
        on
            municipalities.indicator_label = ends.indicator_label
            and municipalities.period_label = ends.period_label
    cross join unnest(['Koko maa', municipalities.area_name]) as choice (area_choice)
    where municipalities.denominator <= ends.last_denominator
),

steps as (
    select
        country.*,
        choices.area_choice,
        round(
            power(
                sqrt(ends.first_denominator) + step.number / 40.0
                * (sqrt(ends.last_denominator) - sqrt(ends.first_denominator)),
                2
            )
        ) as denominator
    from country
    inner join ends
        on
            country.indicator_label = ends.indicator_label
            and country.period_label = ends.period_label
    cross join range(0, 41) as step (number)
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
