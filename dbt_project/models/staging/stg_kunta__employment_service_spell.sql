-- Grain: one row per service spell, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/employment_service_spell.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'employment_service_spell') }}

),

renamed as (

    select
        client_key,
        service,
        employment_area_code,
        municipality_code,
        start_date,
        end_date_exclusive,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
