{{ config(materialized="view") }}
-- Grain: one row per indicator, variant, area, municipality and base period of contributions, and delivery
-- whose rows can be behind them. Counts only: no key of a person or worker.
with
counted as (
    select
        indicator_id, variant, wellbeing_area_code, municipality_code, period_type, period,
        count(*) as contributions
    from {{ ref('contribution') }}
    group by indicator_id, variant, wellbeing_area_code, municipality_code, period_type, period
)

select
    counted.indicator_id,
    counted.variant,
    counted.wellbeing_area_code,
    counted.municipality_code,
    counted.period_type,
    counted.period,
    counted.contributions,
    delivery.delivery_id,
    delivery.organisation,
    delivery.table_name,
    delivery.period as delivered_period,
    delivery.version,
    delivery.sha256,
    delivery.row_count,
    delivery.row_count_quarantined
from counted
inner join {{ ref('indicator_meta') }} as meta
    on counted.indicator_id = meta.indicator_id
inner join {{ ref('int_period') }} as period
    on counted.period_type = period.period_type
    and counted.period = period.period
inner join {{ ref('stg_lake__delivery') }} as delivery
    on meta.source_tables like '%,' || case
        when delivery.organisation like 'hva-%' then '' else split_part(delivery.organisation, '-', 1) || '.'
    end || delivery.table_name || ',%'
    and delivery.is_counting
    and not delivery.has_nothing_to_report
    -- The newest history tells of all periods; of the others those that lie in the period's window.
    and (
        delivery.mode = 'history'
        or (
            delivery.period_start < period.period_end_exclusive
            and delivery.period_end_exclusive > period.window_start
        )
    )
    and (
        delivery.organisation = 'hva-' || counted.wellbeing_area_code
        or delivery.organisation = 'kunta-' || counted.municipality_code
        or delivery.organisation = 'kela'
    )
