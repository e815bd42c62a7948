-- Grain: one row per variant, client and 12 months, at the place of the last day: of those at risk on all
-- their days, and (open_on_last_day) of all at risk on the last one. Changes count wherever they happened.
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

open_on_last_day as (
    select
        last_day.client_id,
        last_day.wellbeing_area_code,
        last_day.municipality_code,
        period.period,
        period.period_start,
        period.period_end_exclusive,
        island.island_start <= period.period_start as is_open_throughout
    from unbroken as last_day
    inner join {{ ref('int_period') }} as period
        on last_day.start_date < period.period_end_exclusive
        and last_day.end_date_exclusive >= period.period_end_exclusive
    inner join island
        on last_day.client_id = island.client_id
        and last_day.island_no = island.island_no
    where period.period_type = 'rolling_12_months'
),

change_count as (
    select
        open_on_last_day.client_id,
        open_on_last_day.period,
        change.role,
        count(*) as changes
    from open_on_last_day
    inner join {{ ref('int_worker_change') }} as change
        on open_on_last_day.client_id = change.client_id
        and change.change_date >= open_on_last_day.period_start
        and change.change_date < open_on_last_day.period_end_exclusive
    group by open_on_last_day.client_id, open_on_last_day.period, change.role
),

client_window as (
    select
        open_on_last_day.client_id,
        open_on_last_day.wellbeing_area_code,
        open_on_last_day.municipality_code,
        open_on_last_day.period as quarter,
        open_on_last_day.is_open_throughout,
        {% for role in ['VASTUU', 'OHJAAJA', 'EITHER'] -%}
        max(case when change_count.role = '{{ role }}' and change_count.changes >= 2 then 1 else 0 end)
            as {{ role | lower }}_two_changes{{ "," if not loop.last }}
        {% endfor %}
    from open_on_last_day
    left join change_count
        on open_on_last_day.client_id = change_count.client_id
        and open_on_last_day.period = change_count.period
    group by
        open_on_last_day.client_id, open_on_last_day.wellbeing_area_code, open_on_last_day.municipality_code,
        open_on_last_day.period, open_on_last_day.is_open_throughout
)

{% for variant, role, where in [
    ('main', 'vastuu', 'is_open_throughout'),
    ('open_on_last_day', 'vastuu', none),
    ('counsellor', 'ohjaaja', 'is_open_throughout'),
    ('either', 'either', 'is_open_throughout'),
] %}
{{ contribution(
    'JAT-02', 'client_window', role ~ '_two_changes', '1', variant=variant, period_type='rolling_12_months',
    where=where
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
