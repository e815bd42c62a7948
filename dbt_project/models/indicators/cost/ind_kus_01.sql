-- Grain: one row per client, place and year with an at-risk day (the client's years in aftercare), and one per area,
-- service, account and year (its euros).
with
client_year as (
    select
        client_id,
        wellbeing_area_code,
        municipality_code,
        substr(quarter, 1, 4) as year,
        sum(at_risk_days) / 365.0 as client_years
    from {{ ref('int_client_quarter') }}
    group by client_id, wellbeing_area_code, municipality_code, substr(quarter, 1, 4)
),

-- Whole euros add up to the same sum in any order.
cost_line as (
    select
        wellbeing_area_code,
        organisation || ':' || service_code || ':' || coalesce(account_code, '') as line,
        period as year,
        round(sum(cast(amount_eur as decimal(18, 2)))) as amount_eur
    from {{ ref('stg_hva__cost_row') }}
    where cast(year as varchar) = period
    group by wellbeing_area_code, organisation, service_code, account_code, period
)

{{ contribution('KUS-01', 'client_year', '0', 'client_years', period='year', period_type='year') }}
union all
{{ contribution(
    'KUS-01', 'cost_line', 'amount_eur', '0', period='year', period_type='year', unit_type='euro', unit_key='line',
    municipality_code="'unknown'"
) }}
