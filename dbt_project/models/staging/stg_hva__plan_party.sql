-- Grain: one row per plan and party, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/plan_party.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'plan_party') }}

),

renamed as (

    select
        plan_key,
        sector,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
