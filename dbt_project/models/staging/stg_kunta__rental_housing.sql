-- Grain: one row per municipality and period (no persons), as the supplier delivered it.
-- Written by `make contracts` from ingest/contracts/rental_housing.yml; change the contract instead.
with source as (

    select * from {{ source('lake', 'rental_housing') }}

),

renamed as (

    select
        municipality_code,
        applications,
        offers,
        evictions,
        organisation,
        period,
        source_row
    from source

)

select * from renamed
