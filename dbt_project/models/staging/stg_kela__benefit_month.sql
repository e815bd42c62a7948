-- Grain: one row per person, month and benefit, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/benefit_month.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'benefit_month') }}

),

renamed as (

    select
        client_key,
        benefit_code,
        month,
        municipality_code,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
