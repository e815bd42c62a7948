-- Grain: one row per link to a support person, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/support_person.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'support_person') }}

),

renamed as (

    select
        client_key,
        person_key,
        relation_type,
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
