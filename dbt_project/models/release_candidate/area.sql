-- Grain: one row per area level and area code.
select
    'FI' as area_code, 'country' as area_level,
    'Manner-Suomi' as name_fi, 'Fastlandsfinland' as name_sv, 'Mainland Finland' as name_en,
    'Manner-Suomi' as short_name_fi, 'Fastlandsfinland' as short_name_sv, 'Mainland Finland' as short_name_en,
    cast(null as varchar) as parent_code, cast(null as varchar) as group_code,
    cast(null as integer) as tile_row, cast(null as integer) as tile_column,
    cast(null as varchar) as urban_rural, cast(null as varchar) as language,
    cast(null as date) as valid_from, cast(null as date) as valid_to

union all

select
    'YTA-' || collaborative_area_code, 'collaborative_area', name_fi, name_sv, name_en, name_fi, name_sv, name_en,
    'FI', null, null, null, null, null, null, null
from {{ ref('seed_collaborative_area') }}

union all

select
    wellbeing_area_code, 'wellbeing_area', name_fi, name_sv, name_en, short_name_fi, short_name_sv, short_name_en,
    case when wellbeing_area_code <> '91' then 'YTA-' || collaborative_area_code end, null,
    tile_row, tile_column, null, null, cast('2023-01-01' as date), null
from {{ ref('seed_wellbeing_area') }}

union all

select
    group_code, 'municipality_group', name_fi, name_sv, name_en, short_name_fi, short_name_sv, short_name_en,
    'FI', null, null, null, null, null, null, null
from {{ ref('seed_municipality_group_name') }}

union all

select
    municipality.municipality_code, 'municipality', municipality.name_fi, municipality.name_sv, municipality.name_fi,
    municipality.name_fi, municipality.name_sv, municipality.name_fi, municipality.wellbeing_area_code,
    municipality_group.group_code, null, null, municipality.urban_rural, municipality.language,
    municipality.valid_from, municipality.valid_to
from {{ ref('seed_municipality') }} as municipality
left join {{ ref('seed_municipality_group') }} as municipality_group
    on municipality.municipality_code = municipality_group.municipality_code
where municipality.wellbeing_area_code <> '91'

union all

select
    'unknown', 'municipality', 'Kotikunta ei tiedossa', 'Hemkommunen okänd', 'Home municipality not known',
    'Ei tiedossa', 'Okänd', 'Not known', 'FI', null, null, null, null, null, null, null
