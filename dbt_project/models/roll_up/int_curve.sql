-- Grain: one row per cell and duration at which something ended: the curve of an indicator of time.
-- At risk are those whose wait lasts at least so long; what is censored on a day was at risk on it.
-- Kaplan-Meier takes every end but the event as censored; with competing events (Aalen-Johansen)
-- both leave.
with
placed as (
    {{ at_every_place(ref('contribution_histogram'), 'histogram', [
        'wellbeing_area_code', 'duration_days', 'event_code', 'units'
    ]) | indent(4) }}
),

-- A number stands for the cell as long as durations are sorted and summed within it; always the same, or
-- the last digits of sums would depend on it.
cell as materialized (
    select cast(row_number() over (order by {{ cell_key() }}) as integer) as cell_no, *
    from (select distinct {{ cell_key() }} from placed) as cell
),

step as (
    select
        cell.cell_no,
        placed.duration_days,
        meta.aggregation,
        sum(placed.units) as units,
        sum(case when {{ is_event() }} then placed.units else 0 end) as events,
        sum(case
            when {{ is_event() }} then placed.units
            when meta.aggregation = 'cumulative_incidence' and placed.event_code is not null then placed.units
            else 0
        end) as leaving
    from placed
    inner join cell on {{ same_cell('placed', 'cell') | indent(8) }}
    inner join {{ ref('indicator_meta') }} as meta on placed.indicator_id = meta.indicator_id
    group by cell.cell_no, placed.duration_days, meta.aggregation
),

counted as (
    select
        *,
        sum(units) over (
            partition by cell_no order by duration_days
            rows between unbounded preceding and current row
        ) as units_so_far,
        sum(units) over (
            partition by cell_no order by duration_days
            rows between current row and unbounded following
        ) as at_risk
    from step
),

survived as (
    select
        *,
        case
            when min(at_risk - leaving) over so_far = 0 then 0
            else exp(sum(ln(
                case when at_risk > leaving then (at_risk - leaving) / cast(at_risk as double) else 1.0 end
            )) over so_far)
        end as survival,
        sum(
            case when at_risk > leaving then leaving / (at_risk * cast(at_risk - leaving as double)) else 0.0 end
        ) over so_far as greenwood_sum
    from counted
    window so_far as (
        partition by cell_no order by duration_days
        rows between unbounded preceding and current row
    )
),

preceded as (
    select
        *,
        coalesce(lag(survival) over (partition by cell_no order by duration_days), 1.0) as survival_before
    from survived
),

curve as (
    select
        cell_no,
        duration_days,
        aggregation,
        units,
        units_so_far,
        at_risk,
        events,
        leaving,
        survival_before,
        survival,
        greenwood_sum,
        sum(survival_before * events / at_risk) over (
            partition by cell_no order by duration_days
            rows between unbounded preceding and current row
        ) as incidence
    from preceded
)

select
    {{ qualified(cell_key(), 'cell') }},
    curve.* exclude (cell_no)
from curve
inner join cell on curve.cell_no = cell.cell_no
