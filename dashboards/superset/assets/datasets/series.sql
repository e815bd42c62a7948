-- Grain: one row per indicator x choice (area, municipality) x quarter or year.
--
-- The country, the chosen area and, by year, the chosen municipality, each with its interval.
-- Without a chosen area, a chosen municipality brings its own area along.
with

-- include: areas

municipalities as (
    select
        municipality.name_fi as municipality_name,
        municipality.area_code as municipality_code,
        areas.area_code,
        areas.area_name
    from published.area as municipality
    inner join areas on municipality.parent_code = areas.area_code
    where municipality.area_level = 'municipality'
),

choices as (
    select
        'Koko maa' as area_choice,
        'Kaikki kunnat' as municipality_choice,
        cast(null as varchar) as area_code,
        cast(null as varchar) as municipality_code
    union all
    select area_name, 'Kaikki kunnat', area_code, null from areas
    union all
    select 'Koko maa', municipality_name, area_code, municipality_code from municipalities
    union all
    select area_name, municipality_name, area_code, municipality_code from municipalities
),

-- include: indicators

totals as (
    select
        *,
        case when period_type = 'year' then 'vuosi' else 'neljännes' end as step,
        case
            when period_type = 'year' then period
            else left(period, 4) || '/' || right(period, 1)
        end as time_label
    from published.indicator_value
    where
        breakdown = 'total'
        and category = 'total'
        and period_type in ('quarter', 'rolling_12_months', 'year')
),

country as (
    select * from totals where area_level = 'country'
),

final as (
    select
        indicators.indicator_label,
        choices.area_choice,
        choices.municipality_choice,
        country.step,
        country.time_label,
        country.value * factor as country_value,
        coalesce(country.lower_95, country.value) * factor as country_lower,
        coalesce(country.upper_95, country.value) * factor as country_upper,
        area_total.value * factor as area_value,
        coalesce(area_total.lower_95, area_total.value) * factor as area_lower,
        coalesce(area_total.upper_95, area_total.value) * factor as area_upper,
        municipality_total.value * factor as municipality_value,
        coalesce(municipality_total.lower_95, municipality_total.value) * factor
            as municipality_lower,
        coalesce(municipality_total.upper_95, municipality_total.value) * factor
            as municipality_upper
    from country
    inner join indicators
        on country.indicator_id = indicators.indicator_id and country.variant = indicators.variant
    cross join choices
    left join totals as area_total
        on
            country.indicator_id = area_total.indicator_id
            and country.variant = area_total.variant
            and country.period_type = area_total.period_type
            and country.period = area_total.period
            and area_total.area_level = 'wellbeing_area'
            and choices.area_code = area_total.area_code
    left join totals as municipality_total
        on
            country.indicator_id = municipality_total.indicator_id
            and country.variant = municipality_total.variant
            and country.period_type = municipality_total.period_type
            and country.period = municipality_total.period
            and municipality_total.area_level = 'municipality'
            and choices.municipality_code = municipality_total.area_code
)

select * from final
