-- Grain: one row per study right, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/education_enrolment.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'education_enrolment') }}

),

renamed as (

    select
        client_key,
        level,
        end_reason,
        municipality_code,
        start_date,
        end_date_exclusive,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
