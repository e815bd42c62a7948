-- Grain: one row per client at risk on the last day of a quarter who has been outside work and education, or in a
-- workshop, for 30 days or more by then.
{% set least_days = 30 %}
with
aimed_at as (
    select
        *,
        case when activity_class = 'neet' or main_activity = 'TYOPAJA' then 1 else 0 end as is_aimed_at
    from {{ ref('int_activity_segment') }}
),

-- From unemployment to a workshop, or from one to the other, the time goes on.
spell as (
    {{ with_stretch_start('aimed_at', same='is_aimed_at') | indent(4) }}
),

client_quarter as (
    select open_client.*
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join spell
        on open_client.client_id = spell.client_id
        and spell.start_date < open_client.quarter_end_exclusive
        and spell.end_date_exclusive >= open_client.quarter_end_exclusive
    where
        spell.is_aimed_at = 1
        and {{ days_between('spell.stretch_start', 'open_client.quarter_end_exclusive') }} >= {{ least_days }}
),

-- A spell says how things stood on the last day of a quarter that its supplier has covered.
reached as (
    select distinct client_quarter.client_id, client_quarter.quarter
    from client_quarter
    inner join {{ ref('int_client') }} as client on client_quarter.client_id = client.client_id
    inner join {{ ref('stg_kunta__employment_service_spell') }} as service
        on client.client_key = service.client_key
        and service.start_date < client_quarter.quarter_end_exclusive
        and coalesce(service.end_date_exclusive, client_quarter.quarter_end_exclusive)
        >= client_quarter.quarter_end_exclusive
    inner join {{ ref('int_municipality') }} as giving
        on substr(service.organisation, 7) = giving.delivered_code
    inner join {{ ref('int_municipal_coverage') }} as coverage
        on giving.municipality_code = coverage.municipality_code
        and coverage.table_name = 'employment_service_spell'
        and coverage.period_type = 'quarter'
        and client_quarter.quarter = coverage.period
        and coverage.is_covered
    where service.service in ('OHJAAMO', 'TYOPAJA', 'ETSIVA')
),

reached_client as (
    select
        client_quarter.*,
        case when reached.client_id is null then 0 else 1 end as is_reached
    from client_quarter
    left join reached
        on client_quarter.client_id = reached.client_id
        and client_quarter.quarter = reached.quarter
)

{{ contribution('KUN-02', 'reached_client', 'is_reached', '1') }}
