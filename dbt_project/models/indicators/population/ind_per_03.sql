-- Grain: one row per variant and aftercare period, at the place and in the quarter of its first day.
-- How long it lasts until its end, or, still open, until the last day delivered.
{% set reasons = {
    'age_limit': "('IKARAJA')",
    'no_need': "('EI_TARVETTA')",
    'own_request': "('OMA_PYYNTO')",
    'lost_contact': "('EI_YHTEYTTA')",
    'other_area': "('SIIRTO_ALUE')",
} %}
with
begun as (
    select
        period.period_key,
        client.client_id,
        period.wellbeing_area_code,
        segment.municipality_code,
        quarter.period as quarter,
        {{ days_between(
            'period.start_date',
            end_within_data('period.end_date_exclusive')
        ) }} as days,
        period.end_date_exclusive is not null and period.end_date_exclusive <= supplier.data_until_exclusive
            as has_ended,
        coalesce(period.end_reason, 'MUU') as end_reason
    from {{ ref('stg_hva__aftercare_period') }} as period
    inner join {{ ref('int_supplier') }} as supplier on period.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on period.client_key = client.client_key
    inner join {{ ref('int_at_risk_segment') }} as segment
        on client.client_id = segment.client_id
        and period.start_date >= segment.start_date
        and period.start_date < segment.end_date_exclusive
    inner join {{ ref('int_period') }} as quarter
        on period.start_date >= quarter.period_start
        and period.start_date < quarter.period_end_exclusive
        and quarter.period_type = 'quarter'
    where period.start_date < supplier.data_until_exclusive
)

{{ contribution(
    'PER-03', 'begun', '1', '1', unit_type='aftercare_period', unit_key='period_key', client_id='client_id',
    duration_days='days', event_code="case when has_ended then 'ENDED' end"
) }}
{% for variant, codes in reasons.items() %}
union all
{{ contribution(
    'PER-03', 'begun', '1', '1', variant=variant, unit_type='aftercare_period', unit_key='period_key',
    client_id='client_id', duration_days='days',
    event_code="case when has_ended and end_reason in " ~ codes ~ " then 'ENDED' when has_ended then 'OTHER' end"
) }}
{% endfor %}
union all
{{ contribution(
    'PER-03', 'begun', '1', '1', variant='other_reason', unit_type='aftercare_period', unit_key='period_key',
    client_id='client_id', duration_days='days',
    event_code="case when has_ended and end_reason in ('MAASTAMUUTTO', 'KUOLEMA', 'MUU') then 'ENDED'"
    ~ " when has_ended then 'OTHER' end"
) }}
