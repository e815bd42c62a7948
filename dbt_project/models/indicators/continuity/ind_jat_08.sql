-- Grain: one row per variant, beginning of aftercare and 12 months, at the place of the first day.
-- Definitions 5 and 13: aftercare begins on the first at-risk day ever and on the first after more than 90 days out.
with
chain as (
    select
        client_id,
        chain_no,
        min(start_date) as first_day,
        max(end_date_exclusive) as chain_end_exclusive,
        max(case when stretch_no = 1 then wellbeing_area_code end) as wellbeing_area_code,
        max(case when stretch_no = 1 then municipality_code end) as municipality_code,
        max(case when last_no = 1 then wellbeing_area_code end) as last_area_code
    from (
        select
            *,
            row_number() over (partition by client_id, chain_no order by start_date) as stretch_no,
            row_number() over (partition by client_id, chain_no order by start_date desc) as last_no
        from {{ ref('int_at_risk_segment') }}
    ) as numbered
    group by client_id, chain_no
),

covered_by_role as (
    select role, client_id, chain_no, min(start_date) as first_covered_day
    from {{ ref('int_incumbent_segment') }}
    where worker_id is not null
    group by role, client_id, chain_no
),

first_covered as (
    select role, client_id, chain_no, first_covered_day from covered_by_role
    union all
    select 'EITHER', client_id, chain_no, min(first_covered_day)
    from covered_by_role
    group by client_id, chain_no
),

wait as (
    select
        role_asked.role,
        chain.client_id,
        chain.client_id || '-' || chain.chain_no as chain_key,
        chain.wellbeing_area_code,
        chain.municipality_code,
        window_of.period as quarter,
        {{ days_between(
            'chain.first_day', 'coalesce(first_covered.first_covered_day, chain.chain_end_exclusive)'
        ) }} as days,
        case
            when first_covered.first_covered_day is not null then 'NAMED'
            when chain.chain_end_exclusive < supplier.data_until_exclusive then 'LEFT'
        end as ended_by
    from chain
    cross join (
        select 'VASTUU' as role union all select 'OHJAAJA' union all select 'EITHER'
    ) as role_asked
    inner join {{ ref('int_supplier') }} as supplier on chain.last_area_code = supplier.wellbeing_area_code
    inner join {{ ref('int_period') }} as window_of
        on chain.first_day >= window_of.period_start
        and chain.first_day < window_of.period_end_exclusive
        and window_of.period_type = 'rolling_12_months'
    left join first_covered
        on role_asked.role = first_covered.role
        and chain.client_id = first_covered.client_id
        and chain.chain_no = first_covered.chain_no
)

{% for variant, role in [('main', 'VASTUU'), ('counsellor', 'OHJAAJA'), ('either', 'EITHER')] %}
{{ contribution(
    'JAT-08', 'wait', '1', '1', variant=variant, period_type='rolling_12_months', unit_type='aftercare_period',
    unit_key='chain_key', client_id='client_id', duration_days='days', event_code='ended_by',
    where="role = '" ~ role ~ "'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
