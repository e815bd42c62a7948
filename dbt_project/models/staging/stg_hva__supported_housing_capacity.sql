-- Grain: one row per supported-housing unit at the end of the period (no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/supported_housing_capacity.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'supported_housing_capacity') }}

),

renamed as (

    select
        unit_key,
        operator,
        municipality_code,
        places,
        places_free,
        age_from,
        age_to,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
