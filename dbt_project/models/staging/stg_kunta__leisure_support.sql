-- Grain: one row per grant of the period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/leisure_support.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'leisure_support') }}

),

renamed as (

    select
        client_key,
        kind,
        municipality_code,
        amount_eur,
        date,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
