-- Grain: one row per municipality, service and period (counts, no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/employment_service_spell_count.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'employment_service_spell_count') }}

),

renamed as (

    select
        service,
        municipality_code,
        clients_at_end,
        clients_during,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
