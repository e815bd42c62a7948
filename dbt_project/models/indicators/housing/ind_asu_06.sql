-- Grain: one row per client at risk on the last day of a quarter, and one per supported-housing unit.
with
place as (
    select
        unit_key as client_id,
        wellbeing_area_code,
        period as quarter,
        places
    from {{ ref('stg_hva__supported_housing_capacity') }}
    -- Admits somebody of 16 to 24 years; an empty limit is none.
    where
        coalesce(age_from, 0) <= 24
        and coalesce(age_to, 999) >= 16
),

last_day as (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        period.period as quarter
    from {{ ref('int_at_risk_segment') }} as segment
    inner join {{ ref('int_period') }} as period
        on segment.start_date < period.period_end_exclusive
        and segment.end_date_exclusive >= period.period_end_exclusive
    where period.period_type = 'quarter'
)

{{ contribution('ASU-06', 'place', 'places', '0', unit_type='housing_unit', municipality_code="'unknown'") }}
union all
{{ contribution('ASU-06', 'last_day', '0', '1', municipality_code="'unknown'") }}
