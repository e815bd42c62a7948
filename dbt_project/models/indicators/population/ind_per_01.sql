-- Grain: one row per variant, client, place and quarter with an at-risk day; and, for the rate, one per
-- municipality and quarter with its residents.
with
resident as (
    select
        municipality.municipality_code,
        min(in_force.wellbeing_area_code) as wellbeing_area_code,
        period.period as quarter,
        sum(seed.population_18_22_2019) as residents
    from {{ ref('seed_municipality') }} as seed
    inner join {{ ref('int_municipality') }} as municipality on seed.municipality_code = municipality.delivered_code
    inner join {{ ref('seed_municipality') }} as in_force
        on municipality.municipality_code = in_force.municipality_code
    cross join {{ ref('int_period') }} as period
    where period.period_type = 'quarter'
    group by municipality.municipality_code, period.period
)

{{ contribution('PER-01', ref('int_client_quarter'), '1', '0') }}
union all
{{ contribution('PER-01', ref('int_client_quarter'), '1', '0', variant='per_1000_residents') }}
union all
{{ contribution(
    'PER-01', 'resident', '0', 'residents', variant='per_1000_residents', unit_type='residents',
    unit_key='municipality_code'
) }}
