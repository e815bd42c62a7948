-- Grain: one row per referral, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/referral.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'referral') }}

),

renamed as (

    select
        client_key,
        referral_key,
        target_service,
        status,
        target_municipality,
        referral_date,
        service_start_date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
