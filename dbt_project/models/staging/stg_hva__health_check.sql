-- Grain: one row per health check of the period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/health_check.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'health_check') }}

),

renamed as (

    select
        client_key,
        check_type,
        status,
        date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
