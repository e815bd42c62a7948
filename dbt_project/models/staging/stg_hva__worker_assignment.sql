-- Grain: one row per client x worker x role spell, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/worker_assignment.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'worker_assignment') }}

),

renamed as (

    select
        client_key,
        worker_key,
        team_key,
        role,
        change_reason,
        start_date,
        end_date_exclusive,
        worker_key_order,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
