-- Grain: one row per aftercare period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/aftercare_period.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'aftercare_period') }}

),

renamed as (

    select
        client_key,
        period_key,
        end_reason,
        legal_basis,
        start_date,
        end_date_exclusive,
        entitlement_end_date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
