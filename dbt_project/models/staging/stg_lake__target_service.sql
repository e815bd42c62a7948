-- Grain: one row per service that clients are referred to.
with source as (

    select * from {{ source('lake', 'code_attribute') }}

),

renamed as (

    select
        code as target_service,
        max(case when attribute = 'referral_class' then value end) as referral_class,
        cast(max(case when attribute = 'time_limit_days' then value end) as integer) as time_limit_days
    from source
    where code_list = 'target_service'
    group by code

)

select * from renamed
