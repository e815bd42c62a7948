-- Grain: one row per client and stretch of days in aftercare with one responsible area.
-- Definitions 1 and 11: overlapping aftercare periods count once; the responsible area is that of
-- the period that began last (tie: the smaller code).
with
aftercare as (
    select
        client.client_id,
        supplier.wellbeing_area_code,
        period.start_date,
        {{ end_within_data('period.end_date_exclusive') }} as end_date_exclusive
    from {{ ref('stg_hva__aftercare_period') }} as period
    inner join {{ ref('int_supplier') }} as supplier on period.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on period.client_key = client.client_key
    where
        period.start_date < {{ end_within_data('period.end_date_exclusive') }}
),

everything as (
    select
        client_id,
        min(start_date) as start_date,
        max(end_date_exclusive) as end_date_exclusive
    from aftercare
    group by client_id
),

area_of_day as (
    {{ day_winner('everything', 'aftercare', [], ['wellbeing_area_code'],
        'spell.start_date desc, spell.wellbeing_area_code') | indent(4) }}
),

final as (
    select * from area_of_day where wellbeing_area_code is not null
)

select * from final
