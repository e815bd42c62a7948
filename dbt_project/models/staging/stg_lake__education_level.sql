-- Grain: one row per level of education.
with source as (

    select * from {{ source('lake', 'code_attribute') }}

),

renamed as (

    select
        code as level,
        max(case when attribute = 'education_class' then value end) as education_class
    from source
    where code_list = 'education_level'
    group by code

)

select * from renamed
