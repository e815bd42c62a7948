-- Grain: one row per client x home municipality spell, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/residence_spell.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'residence_spell') }}

),

renamed as (

    select
        client_key,
        municipality,
        start_date,
        end_date_exclusive,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
