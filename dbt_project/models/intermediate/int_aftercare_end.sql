-- Grain: one row per client and end of aftercare, at the place of the last day.
-- Aftercare that begins again within 30 days has not ended: an end is one only when 30 days have been seen.
{% set reopening_days = 30 %}
with
joined as (
    {{ with_stretch_start(ref('int_at_risk_segment'), longest_gap=reopening_days) | indent(4) }}
),

stretch as (
    select
        *,
        row_number() over (partition by client_id, stretch_start order by start_date desc) as newest_rank
    from joined
),

reason as (
    select client_id, end_date_exclusive, end_reason
    from (
        select
            client.client_id,
            period.end_date_exclusive,
            period.end_reason,
            row_number() over (
                partition by client.client_id, period.end_date_exclusive
                order by period.start_date desc, period.organisation, period.period_key
            ) as newest_rank
        from {{ ref('stg_hva__aftercare_period') }} as period
        inner join {{ ref('int_client') }} as client on period.client_key = client.client_key
        where period.end_date_exclusive is not null
    ) as ranked
    where newest_rank = 1
)

select
    stretch.client_id,
    stretch.wellbeing_area_code,
    stretch.municipality_code,
    stretch.stretch_start as start_date,
    stretch.end_date_exclusive,
    period.period as quarter,
    reason.end_reason
from stretch
inner join {{ ref('int_supplier') }} as supplier
    on stretch.wellbeing_area_code = supplier.wellbeing_area_code
inner join {{ ref('int_period') }} as period
    on stretch.end_date_exclusive > period.period_start
    and stretch.end_date_exclusive <= period.period_end_exclusive
left join reason
    on stretch.client_id = reason.client_id
    and stretch.end_date_exclusive = reason.end_date_exclusive
where
    stretch.newest_rank = 1
    and period.period_type = 'quarter'
    and supplier.data_until_exclusive > {{ add_days('stretch.end_date_exclusive', reopening_days) }}
