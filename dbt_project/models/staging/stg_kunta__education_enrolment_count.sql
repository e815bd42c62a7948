-- Grain: one row per municipality, level of education and period (counts, no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/education_enrolment_count.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'education_enrolment_count') }}

),

renamed as (

    select
        level,
        municipality_code,
        enrolled,
        graduated,
        interrupted,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
