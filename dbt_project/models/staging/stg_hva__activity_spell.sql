-- Grain: one row per spell of main activity of a client, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/activity_spell.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'activity_spell') }}

),

renamed as (

    select
        client_key,
        main_activity,
        start_date,
        end_date_exclusive,
        confirmed_on,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
