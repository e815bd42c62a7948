-- Grain: one row per application for supported housing and 12 months, in the municipality that was applied to.
-- When an application was refused or withdrawn is not told: it left the queue on the day of the offer, or, without
-- one, at once. That moves no share by a day on which everybody else has been seen.
with
application as (
    select
        client.client_id,
        client.client_id || '-' || queue.municipality_code || '-' || queue.application_date as application_key,
        queue.wellbeing_area_code,
        coalesce(municipality.municipality_code, 'unknown') as municipality_code,
        window_of.period as quarter,
        case
            when queue.start_date < supplier.data_until_exclusive
                then greatest(0, {{ days_between('queue.application_date', 'queue.start_date') }})
            when queue.status in ('EVATTY', 'NUORI_PERUI', 'RAUENNUT')
                then greatest(0, {{ days_between(
                    'queue.application_date',
                    'least(coalesce(queue.offer_date, queue.application_date), supplier.data_until_exclusive)'
                ) }})
            else {{ days_between('queue.application_date', 'supplier.data_until_exclusive') }}
        end as days,
        case
            when queue.start_date < supplier.data_until_exclusive then 'STARTED'
            when queue.status in ('EVATTY', 'NUORI_PERUI', 'RAUENNUT') then queue.status
        end as ended_by
    from {{ ref('stg_hva__supported_housing_queue') }} as queue
    inner join {{ ref('int_supplier') }} as supplier on queue.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on queue.client_key = client.client_key
    inner join {{ ref('int_period') }} as window_of
        on queue.application_date >= window_of.period_start
        and queue.application_date < window_of.period_end_exclusive
        and window_of.period_type = 'rolling_12_months'
    left join {{ ref('int_municipality') }} as municipality on queue.municipality_code = municipality.delivered_code
    where queue.application_date < supplier.data_until_exclusive
)

{{ contribution(
    'ASU-05', 'application', '1', '1', period_type='rolling_12_months', unit_type='application',
    unit_key='application_key', client_id='client_id', duration_days='days', event_code='ended_by'
) }}
