-- Grain: one row per client at risk on 183 days or more of 12 months, at the place of the last one.
with
client_window as (
    select
        twelve_months.client_id,
        twelve_months.wellbeing_area_code,
        twelve_months.municipality_code,
        twelve_months.period as quarter,
        max(case when support.client_key is null then 0 else 1 end) as has_support
    from {{ ref('int_client_12_months') }} as twelve_months
    inner join {{ ref('int_client') }} as client on twelve_months.client_id = client.client_id
    left join {{ ref('stg_kunta__leisure_support') }} as support
        on client.client_key = support.client_key
        and support.date >= twelve_months.period_start
        and support.date < twelve_months.period_end_exclusive
    where twelve_months.open_days >= {{ least_days_of_12_months() }}
    group by
        twelve_months.client_id, twelve_months.wellbeing_area_code, twelve_months.municipality_code,
        twelve_months.period
)

-- A grant is the only record there is: who has none cannot be told from one whose grant nobody recorded.
{{ contribution(
    'KUN-03', 'client_window', 'has_support', '1', period_type='rolling_12_months', recorded_part='has_support',
    part_base='1'
) }}
