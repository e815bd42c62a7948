-- Grain: one row per variant, client and 12 months, of those at risk on all their days, at the place of the last day.
-- Definition 7: on which of these days a worker was assigned does not matter, all are at-risk days.
with
open_throughout as (
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.quarter,
        window_of.period_start as window_start,
        window_of.period_end_exclusive as window_end_exclusive
    from {{ ref('int_open_client_quarter') }} as client
    inner join {{ ref('int_period') }} as window_of
        on client.quarter = window_of.period
        and window_of.period_type = 'rolling_12_months'
    where client.open_days_12_months = {{ days_between('window_of.period_start', 'window_of.period_end_exclusive') }}
),

worker_count as (
    select client.client_id, client.quarter, run.role, count(distinct run.worker_id) as workers
    from open_throughout as client
    inner join {{ ref('int_worker_run') }} as run
        on client.client_id = run.client_id
        and run.start_date < client.window_end_exclusive
        and run.end_date_exclusive > client.window_start
    group by client.client_id, client.quarter, run.role
),

client_window as (
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.quarter,
        role_asked.role,
        case when worker_count.workers >= 3 then 1 else 0 end as has_three_workers
    from open_throughout as client
    cross join (select 'VASTUU' as role union all select 'OHJAAJA') as role_asked
    left join worker_count
        on client.client_id = worker_count.client_id
        and client.quarter = worker_count.quarter
        and role_asked.role = worker_count.role
)

{% for variant, role in [('main', 'VASTUU'), ('counsellor', 'OHJAAJA')] %}
{{ contribution(
    'JAT-10', 'client_window', 'has_three_workers', '1', variant=variant, period_type='rolling_12_months',
    where="role = '" ~ role ~ "'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
