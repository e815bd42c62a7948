-- Grain: one row per delivery and table that was ever accepted.
with source as (

    select * from {{ source('lake', 'delivery') }}

),

renamed as (

    select
        acceptance_no,
        delivery_id,
        organisation,
        table_name,
        mode,
        period,
        version,
        is_counting,
        is_withdrawn,
        is_expired,
        is_late,
        path is null as has_nothing_to_report,
        rows as row_count,
        rows_quarantined as row_count_quarantined,
        key_domain,
        has_client_keys,
        sha256,
        period_start,
        period_end_exclusive,
        data_from,
        case when organisation like 'hva-%' then substr(organisation, 5) end as wellbeing_area_code
    from source

)

select * from renamed
