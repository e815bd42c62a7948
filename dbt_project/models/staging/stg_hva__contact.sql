-- Grain: one row per contact of the period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/contact.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'contact') }}

),

renamed as (

    select
        contact_key,
        client_key,
        worker_key,
        channel,
        two_way,
        date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
