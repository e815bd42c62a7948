-- Grain: one row per handover event of the period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/handover.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'handover') }}

),

renamed as (

    select
        client_key,
        from_worker_key,
        to_worker_key,
        handover_type,
        client_present,
        handover_date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
