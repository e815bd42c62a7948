-- Grain: one row per area, team, role and quarter: the situation on the count day, and who left in twelve
-- months. A team that was closed stays with zeros as long as its leavers are counted.
with
-- A quarter with a count day of the register and a last day beside it is told by the first one.
counted as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by wellbeing_area_code, team_key, role, period order by count_date, source_row
            ) as day_rank
        from {{ ref('stg_hva__workforce_quarter') }}
    ) as ranked
    where day_rank = 1
),

twelve_months as (
    select
        counted.wellbeing_area_code,
        counted.team_key,
        counted.role,
        whole.period as quarter,
        -- Not told in one of the quarters: not known, which is not zero.
        case when count(counted.leavers_fte) = count(*) then sum(counted.leavers_fte) end as leavers_fte_12_months
    from counted
    inner join {{ ref('int_period') }} as part
        on counted.period = part.period
    inner join {{ ref('int_period') }} as whole
        on part.period_start >= whole.period_start
        and part.period_end_exclusive <= whole.period_end_exclusive
    where
        part.period_type = 'quarter'
        and whole.period_type = 'rolling_12_months'
    group by counted.wellbeing_area_code, counted.team_key, counted.role, whole.period
)

select
    twelve_months.wellbeing_area_code,
    twelve_months.team_key || ':' || twelve_months.role as team_role,
    twelve_months.role,
    twelve_months.quarter,
    {% for column in ['n_workers', 'fte', 'vacancies_fte', 'sick_days', 'working_days', 'clients_u18', 'clients_18p', 'n_over_limit'] -%}
    case when counted.period is null then 0 else counted.{{ column }} end as {{ column }},
    {% endfor -%}
    twelve_months.leavers_fte_12_months
from twelve_months
left join counted
    on twelve_months.wellbeing_area_code = counted.wellbeing_area_code
    and twelve_months.team_key = counted.team_key
    and twelve_months.role = counted.role
    and twelve_months.quarter = counted.period
