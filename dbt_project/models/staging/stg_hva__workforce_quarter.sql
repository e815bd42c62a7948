-- Grain: one row per team, role and count day (no single workers), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/workforce_quarter.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'workforce_quarter') }}

),

renamed as (

    select
        team_key,
        role,
        n_workers,
        fte,
        vacancies_fte,
        leavers_fte,
        sick_days,
        working_days,
        clients_u18,
        clients_18p,
        n_over_limit,
        count_date,
        organisation,
        period,
        source_row,
        substr(organisation, 5) as wellbeing_area_code
    from source

)

select * from renamed
