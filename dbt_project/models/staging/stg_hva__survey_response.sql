-- Grain: one row per respondent and item (no client key), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/survey_response.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'survey_response') }}

),

renamed as (

    select
        respondent_key,
        home_municipality_group,
        age_group,
        item_code,
        wave,
        area,
        instrument,
        value,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
