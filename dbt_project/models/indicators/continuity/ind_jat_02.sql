-- Grain: one row per client and 12 months, of those at risk on all their days, at the place of the last day.
-- Changes count wherever they happened.
with
unbroken as (
    select
        client_id,
        wellbeing_area_code,
        municipality_code,
        start_date,
        end_date_exclusive,
        sum(is_gap) over (
            partition by client_id order by start_date rows between unbounded preceding and current row
        ) as island_no
    from (
        select
            *,
            case
                when lag(end_date_exclusive) over (partition by client_id order by start_date) = start_date then 0
                else 1
            end as is_gap
        from {{ ref('int_at_risk_segment') }}
    ) as marked
),

island as (
    select client_id, island_no, min(start_date) as island_start
    from unbroken
    group by client_id, island_no
),

open_throughout as (
    select
        last_day.client_id,
        last_day.wellbeing_area_code,
        last_day.municipality_code,
        period.period,
        period.period_start,
        period.period_end_exclusive
    from unbroken as last_day
    inner join {{ ref('int_period') }} as period
        on last_day.start_date < period.period_end_exclusive
        and last_day.end_date_exclusive >= period.period_end_exclusive
    inner join island
        on last_day.client_id = island.client_id
        and last_day.island_no = island.island_no
        and island.island_start <= period.period_start
    where period.period_type = 'rolling_12_months'
),

client_window as (
    select
        open_throughout.client_id,
        open_throughout.wellbeing_area_code,
        open_throughout.municipality_code,
        open_throughout.period as quarter,
        case when count(change.client_id) >= 2 then 1 else 0 end as has_two_changes
    from open_throughout
    left join {{ ref('int_worker_change') }} as change
        on open_throughout.client_id = change.client_id
        and change.change_date >= open_throughout.period_start
        and change.change_date < open_throughout.period_end_exclusive
    group by
        open_throughout.client_id, open_throughout.wellbeing_area_code, open_throughout.municipality_code,
        open_throughout.period
)

{{ contribution('JAT-02', 'client_window', 'has_two_changes', '1', period_type='rolling_12_months') }}
