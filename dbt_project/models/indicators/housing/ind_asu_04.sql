-- Grain: one row per variant and client at risk on 90 days or more of 12 months, at the place of the last one.
-- A spell of homelessness counts by its at-risk days within the 12 months.
{% set shortest_open = 90 %}
{% set nights_with_friends = 7 %}
with
marked as (
    select
        *,
        lag(housing_type) over (partition by client_id order by start_date) as previous_type,
        lag(end_date_exclusive) over (partition by client_id order by start_date) as previous_end_exclusive
    from {{ ref('int_housing_segment') }}
),

numbered as (
    select
        *,
        sum(case when previous_end_exclusive = start_date and previous_type = housing_type then 0 else 1 end) over (
            partition by client_id order by start_date rows between unbounded preceding and current row
        ) as run_no,
        -- Out of prison or hospital on the day before, without a home on this one.
        housing_class = 'homeless'
        and previous_end_exclusive = start_date
        and previous_type in ('VANKILA', 'SAIRAALA') as is_after_institution
    from marked
),

housing_run as (
    select
        client_id,
        housing_type,
        housing_class,
        min(start_date) as start_date,
        max(end_date_exclusive) as end_date_exclusive,
        max(case when is_after_institution then 1 else 0 end) as is_after_institution
    from numbered
    group by client_id, housing_type, housing_class, run_no
),

client_window as (
    select
        client.client_id,
        client.wellbeing_area_code,
        client.municipality_code,
        client.period as quarter,
        client.open_days,
        max(case
            when housing_run.housing_type in ('ASUNNOTON', 'TILAPAINEN_MAJOITUS') then 1 else 0
        end) as street_or_hostel,
        max(case
            when
                housing_run.housing_type = 'TUTTAVAN_LUONA'
                and {{ shared_days(
                    'housing_run.start_date', 'housing_run.end_date_exclusive', 'client.period_start',
                    'client.period_end_exclusive'
                ) }} >= {{ nights_with_friends }}
                then 1
            else 0
        end) as with_friends,
        max(case
            when housing_run.is_after_institution = 1 and housing_run.start_date >= client.period_start then 1 else 0
        end) as after_institution,
        sum(case
            when housing_run.housing_class = 'unknown' then {{ shared_days(
                'housing_run.start_date', 'housing_run.end_date_exclusive', 'client.period_start',
                'client.period_end_exclusive'
            ) }}
            else 0
        end) as unknown_days
    from {{ ref('int_client_12_months') }} as client
    inner join housing_run
        on client.client_id = housing_run.client_id
        and housing_run.start_date < client.period_end_exclusive
        and housing_run.end_date_exclusive > client.period_start
    where client.open_days >= {{ shortest_open }}
    group by
        client.client_id, client.wellbeing_area_code, client.municipality_code, client.period, client.open_days
)

{% for variant, condition in [
    ('main', 'greatest(street_or_hostel, with_friends, after_institution)'),
    ('street_or_hostel', 'street_or_hostel'),
    ('with_friends', 'with_friends'),
    ('after_institution', 'after_institution'),
] %}
{{ contribution(
    'ASU-04', 'client_window', condition, '1', variant=variant, period_type='rolling_12_months',
    unknown_part='unknown_days', part_base='open_days'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
