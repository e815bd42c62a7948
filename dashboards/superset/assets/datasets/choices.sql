-- Grain: one row per choice of a wellbeing area (or the whole country) and a municipality in it.
-- What the area and municipality filters offer.
with

-- include: areas

municipalities as (
    select
        areas.area_name,
        municipality.name_fi as municipality_name
    from published.area as municipality
    inner join areas on municipality.parent_code = areas.area_code
    where municipality.area_level = 'municipality'
),

final as (
    select 'Koko maa' as area_choice, 'Kaikki kunnat' as municipality_choice
    union all
    select area_name, 'Kaikki kunnat' from areas
    union all
    select 'Koko maa', municipality_name from municipalities
    union all
    select area_name, municipality_name from municipalities
)

select * from final
