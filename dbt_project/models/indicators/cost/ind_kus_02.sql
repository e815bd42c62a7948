-- Grain: one row per variant, client, home municipality and year with an at-risk day, and one per variant,
-- municipality, service, account and year (its euros).
with
cost_row as (
    select
        municipality.municipality_code,
        delivered.organisation || ':' || delivered.service_code || ':' || coalesce(delivered.account_code, '') as line,
        delivered.period as year,
        delivered.method,
        delivered.amount_eur
    from {{ ref('stg_kunta__cost_row') }} as delivered
    inner join {{ ref('int_municipality') }} as municipality
        on substr(delivered.organisation, 7) = municipality.delivered_code
    where cast(delivered.year as varchar) = delivered.period
),

-- Direct and apportioned costs are never compared: what is apportioned in part is an apportioned sum.
apportioned as (
    select municipality_code, year, max(case when method = 'SUORA' then 0 else 1 end) as is_apportioned
    from cost_row
    group by municipality_code, year
),

home_year as (
    select distinct client_id, municipality_code, substr(quarter, 1, 4) as year
    from {{ ref('int_client_quarter') }}
),

-- The municipality's own area, whichever area is responsible for the client. No costs are costs of nothing.
client_year as (
    select
        home_year.client_id,
        place.wellbeing_area_code,
        home_year.municipality_code,
        home_year.year,
        coalesce(apportioned.is_apportioned, 0) as is_apportioned
    from home_year
    inner join {{ ref('seed_municipality') }} as place on home_year.municipality_code = place.municipality_code
    left join apportioned
        on home_year.municipality_code = apportioned.municipality_code
        and home_year.year = apportioned.year
),

-- Whole euros add up to the same sum in any order.
cost_line as (
    select
        place.wellbeing_area_code,
        cost_row.municipality_code,
        cost_row.line,
        cost_row.year,
        apportioned.is_apportioned,
        round(sum(cast(cost_row.amount_eur as decimal(18, 2)))) as amount_eur
    from cost_row
    inner join {{ ref('seed_municipality') }} as place on cost_row.municipality_code = place.municipality_code
    inner join apportioned
        on cost_row.municipality_code = apportioned.municipality_code
        and cost_row.year = apportioned.year
    group by
        place.wellbeing_area_code, cost_row.municipality_code, cost_row.line, cost_row.year, apportioned.is_apportioned
)

{% for variant, is_apportioned in [('main', 0), ('apportioned', 1)] %}
{% set is_of_variant = 'case when is_apportioned = ' ~ is_apportioned ~ ' then 1 else 0 end' %}
{{ contribution(
    'KUS-02', 'client_year', '0', is_of_variant, variant=variant, period='year', period_type='year',
    recorded_part=is_of_variant, part_base='1'
) }}
union all
{{ contribution(
    'KUS-02', 'cost_line', 'amount_eur', '0', variant=variant, period='year', period_type='year', unit_type='euro',
    unit_key='line', where='is_apportioned = ' ~ is_apportioned
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
