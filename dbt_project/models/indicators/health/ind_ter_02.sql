-- Grain: one row per referral to mental-health or substance services made while in aftercare and followed for as
-- long as the law gives time.
with
referral as (
    select
        delivered.organisation,
        delivered.referral_key,
        client.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
        case
            when
                delivered.service_start_date
                <= {{ add_days('delivered.referral_date', 'law_limit.days') }}
                then 1
            else 0
        end as is_in_time
    from {{ ref('stg_hva__referral') }} as delivered
    inner join {{ ref('int_supplier') }} as supplier on delivered.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on delivered.client_key = client.client_key
    {{ join_place_and_quarter('delivered.referral_date') }}
    inner join {{ ref('seed_law_limit') }} as law_limit
        on law_limit.limit_code = 'mental_health_or_substance_service'
        and (law_limit.valid_from is null or delivered.referral_date >= law_limit.valid_from)
        and (law_limit.valid_until is null or delivered.referral_date <= law_limit.valid_until)
    where
        delivered.target_service in ('MIELENTERVEYS', 'PAIHDE')
        -- Whose time is not over by the end of the data may still be served in time.
        and {{ add_days('delivered.referral_date', 'law_limit.days') }} < supplier.data_until_exclusive
)

{{ contribution(
    'TER-02', 'referral', 'is_in_time', '1', unit_type='referral', unit_key="organisation || ':' || referral_key",
    client_id='client_id'
) }}
