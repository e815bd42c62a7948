-- Grain: one row per aftercare period that has ended, at the place of its last day.
-- Definition 15: entitlement ends on the day that the decision names, else on 31 December of the year in which
-- the limit in force on the last day is reached; whom a lower limit took it from keeps it for a while.
with
ended as (
    select
        period.period_key,
        client.client_id,
        period.wellbeing_area_code,
        period.start_date,
        {{ add_days('period.end_date_exclusive', -1) }} as last_day,
        period.end_reason,
        period.entitlement_end_date
    from {{ ref('stg_hva__aftercare_period') }} as period
    inner join {{ ref('int_supplier') }} as supplier on period.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on period.client_key = client.client_key
    where period.end_date_exclusive <= supplier.data_until_exclusive
),

placed as (
    select
        ended.*,
        segment.municipality_code,
        quarter.period as quarter,
        cast(substr(quarter.period, 1, 4) as integer) - attribute.age as birth_year
    from ended
    inner join {{ ref('int_at_risk_segment') }} as segment
        on ended.client_id = segment.client_id
        and ended.last_day >= segment.start_date
        and ended.last_day < segment.end_date_exclusive
    inner join {{ ref('int_period') }} as quarter
        on ended.last_day >= quarter.period_start
        and ended.last_day < quarter.period_end_exclusive
        and quarter.period_type = 'quarter'
    left join {{ ref('int_client_attribute') }} as attribute
        on ended.client_id = attribute.client_id
        and quarter.period = attribute.quarter
),

-- An area's own limits go before those of all.
limit_of_area as (
    select
        area.wellbeing_area_code,
        age_limit.valid_from,
        age_limit.valid_until,
        age_limit.age_limit,
        age_limit.kept_until
    from {{ ref('seed_wellbeing_area') }} as area
    inner join {{ ref('seed_age_limit') }} as age_limit
        on age_limit.wellbeing_area_code = area.wellbeing_area_code
        or (
            age_limit.wellbeing_area_code = 'all'
            and area.wellbeing_area_code not in (select wellbeing_area_code from {{ ref('seed_age_limit') }})
        )
),

entitled as (
    select
        placed.period_key,
        max(case
            when
                coalesce(age_limit.valid_from <= placed.last_day, true)
                and coalesce(age_limit.valid_until >= placed.last_day, true)
                then {{ last_day_of_year('placed.birth_year + age_limit.age_limit') }}
            when age_limit.valid_until < placed.last_day and age_limit.kept_until is not null
                then least(age_limit.kept_until, {{ last_day_of_year('placed.birth_year + age_limit.age_limit') }})
        end) as last_entitled_day
    from placed
    inner join limit_of_area as age_limit on placed.wellbeing_area_code = age_limit.wellbeing_area_code
    where placed.birth_year is not null
    group by placed.period_key
)

select
    placed.period_key,
    placed.client_id,
    placed.wellbeing_area_code,
    placed.municipality_code,
    placed.quarter,
    placed.start_date,
    placed.last_day,
    placed.end_reason,
    coalesce(placed.entitlement_end_date, entitled.last_entitled_day) as entitlement_end_date,
    placed.last_day < coalesce(placed.entitlement_end_date, entitled.last_entitled_day) as is_before_limit
from placed
left join entitled on placed.period_key = entitled.period_key
