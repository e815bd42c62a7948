-- Grain: one row per client aged 18-22 at risk on the last day of a quarter.
{% set long_term = 183 %}
with
marked as (
    select
        *,
        case
            when
                lag(end_date_exclusive) over (partition by client_id order by start_date) = start_date
                and lag(activity_class) over (partition by client_id order by start_date) = activity_class
                then 0
            else 1
        end as is_beginning
    from {{ ref('int_activity_segment') }}
),

-- From one activity outside work and education to another the spell goes on.
spell as (
    select
        *,
        max(case when is_beginning = 1 then start_date end) over (
            partition by client_id order by start_date rows between unbounded preceding and current row
        ) as class_start
    from marked
),

client_quarter as (
    select
        open_client.*,
        case
            when
                spell.activity_class = 'neet'
                and {{ days_between('spell.class_start', 'open_client.quarter_end_exclusive') }} >= {{ long_term }}
                then 1
            else 0
        end as is_long_neet,
        case when coalesce(spell.activity_class, 'unknown') = 'unknown' then 1 else 0 end as is_unknown
    from {{ ref('int_open_client_quarter') }} as open_client
    left join spell
        on open_client.client_id = spell.client_id
        and spell.start_date < open_client.quarter_end_exclusive
        and spell.end_date_exclusive >= open_client.quarter_end_exclusive
    where open_client.age between 18 and 22
)

{{ contribution('TYO-02', 'client_quarter', 'is_long_neet', '1', unknown_part='is_unknown', part_base='1') }}
