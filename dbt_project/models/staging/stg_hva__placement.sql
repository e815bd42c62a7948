-- Grain: one row per placement, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/placement.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'placement') }}

),

renamed as (

    select
        client_key,
        placement_key,
        placement_type,
        legal_basis,
        end_reason,
        child_alone,
        start_date,
        end_date_exclusive,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
