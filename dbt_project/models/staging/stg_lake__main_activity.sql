-- Grain: one row per kind of main activity.
with source as (

    select * from {{ source('lake', 'code_attribute') }}

),

renamed as (

    select
        code as main_activity,
        max(case when attribute = 'activity_class' then value end) as activity_class
    from source
    where code_list = 'main_activity'
    group by code

)

select * from renamed
