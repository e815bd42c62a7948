-- Grain: one row per plan version, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/plan.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'plan') }}

),

renamed as (

    select
        client_key,
        plan_key,
        plan_type,
        continuing_need,
        client_present,
        client_view_recorded,
        valid_from,
        valid_to_exclusive,
        review_date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
