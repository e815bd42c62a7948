-- Grain: one row per wave and area (no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/survey_wave.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'survey_wave') }}

),

renamed as (

    select
        wave,
        area,
        invited,
        responded,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
