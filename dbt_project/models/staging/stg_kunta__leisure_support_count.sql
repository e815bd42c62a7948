-- Grain: one row per municipality, kind of support and period (counts, no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/leisure_support_count.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'leisure_support_count') }}

),

renamed as (

    select
        kind,
        municipality_code,
        clients,
        grants,
        amount_eur,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
