-- Grain: one row per year, service, account and municipality (no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/cost_row.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'cost_row') }}

),

renamed as (

    select
        method,
        year,
        area,
        municipality_code,
        service_code,
        account_code,
        amount_eur,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source
    where organisation like 'hva%'

)

select * from renamed
