-- Grain: one row per plan and action, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/plan_action.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'plan_action') }}

),

renamed as (

    select
        client_key,
        plan_key,
        action_code,
        status,
        date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
