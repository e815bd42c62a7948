-- Grain: one row per application for supported housing, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/supported_housing_queue.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'supported_housing_queue') }}

),

renamed as (

    select
        client_key,
        status,
        municipality_code,
        application_date,
        offer_date,
        start_date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
