-- Grain: one row per organisation, table and period that was, or should have been, delivered.
with source as (

    select * from {{ source('lake', 'delivery_due') }}

),

renamed as (

    select
        organisation,
        table_name,
        period,
        period_type,
        due_date
    from source

)

select * from renamed
