-- Grain: one row per client aged 18-22 at risk on 90 days or more of a calendar year, at the place of the last one.
{% set least_days = 90 %}
{% set long_term_months = 4 %}
with
-- Twelve months to the end of a fourth quarter are a calendar year.
client_year as (
    select
        twelve_months.client_id,
        twelve_months.wellbeing_area_code,
        twelve_months.municipality_code,
        substr(twelve_months.period, 1, 4) as year
    from {{ ref('int_client_12_months') }} as twelve_months
    inner join {{ ref('int_client_attribute') }} as attribute
        on twelve_months.client_id = attribute.client_id
        and twelve_months.period = attribute.quarter
    where
        twelve_months.period like '%Q4'
        and twelve_months.open_days >= {{ least_days }}
        and attribute.age between 18 and 22
),

assisted_month as (
    select distinct
        client.client_id,
        substr(benefit.month, 1, 4) as year,
        cast(substr(benefit.month, 6, 2) as integer) as month_no
    from {{ ref('stg_kela__benefit_month') }} as benefit
    inner join {{ ref('int_client') }} as client on benefit.client_key = client.client_key
    where benefit.benefit_code = 'PTT'
),

-- Months in a row keep their distance to their number in the year.
numbered as (
    select
        client_id,
        year,
        month_no - row_number() over (partition by client_id, year order by month_no) as run_no
    from assisted_month
),

long_term as (
    select client_id, year, max(months) as longest_run
    from (
        select client_id, year, run_no, count(*) as months
        from numbered
        group by client_id, year, run_no
    ) as run
    group by client_id, year
),

assisted as (
    select
        client_year.*,
        case when long_term.longest_run >= {{ long_term_months }} then 1 else 0 end as is_long_term
    from client_year
    left join long_term on client_year.client_id = long_term.client_id and client_year.year = long_term.year
)

{{ contribution('TYO-03', 'assisted', 'is_long_term', '1', period='year', period_type='year') }}
