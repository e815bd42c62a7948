-- Grain: one row per client of the supplier at the end of the period, as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/client.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'client') }}

),

renamed as (

    select
        client_key,
        gender,
        language_group,
        in_touch_status,
        birth_year,
        home_municipality,
        responsible_area,
        has_children,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
