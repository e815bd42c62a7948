-- Grain: one row per housing type.
with source as (

    select * from {{ source('lake', 'code_attribute') }}

),

renamed as (

    select
        code as housing_type,
        max(case when attribute = 'housing_class' then value end) as housing_class,
        max(case when attribute = 'default_suitability' then value end) as default_suitability
    from source
    where code_list = 'housing_type'
    group by code

)

select * from renamed
