-- Grain: one row per dwelling spell of a client, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/housing_spell.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'housing_spell') }}

),

renamed as (

    select
        client_key,
        dwelling_key,
        housing_type,
        suitability,
        move_reason,
        municipality,
        planned,
        start_date,
        end_date_exclusive,
        confirmed_on,
        dwelling_key_order,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
