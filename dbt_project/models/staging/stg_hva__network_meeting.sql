-- Grain: one row per network meeting of the period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/network_meeting.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'network_meeting') }}

),

renamed as (

    select
        meeting_key,
        client_key,
        client_present,
        n_parties,
        date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
