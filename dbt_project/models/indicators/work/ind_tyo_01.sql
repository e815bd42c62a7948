-- Grain: one row per variant and client aged 18-22 at risk on the last day of a quarter.
with
client_quarter as (
    select
        open_client.*,
        coalesce(activity.activity_class, 'unknown') as activity_class,
        coalesce(activity.main_activity, 'TUNTEMATON') as main_activity
    from {{ ref('int_open_client_quarter') }} as open_client
    left join {{ ref('int_activity_segment') }} as activity
        on open_client.client_id = activity.client_id
        and activity.start_date < open_client.quarter_end_exclusive
        and activity.end_date_exclusive >= open_client.quarter_end_exclusive
    where open_client.age between 18 and 22
)

{% for variant, condition in [
    ('main', "activity_class = 'in_work_or_study'"),
    ('parental_leave', "main_activity = 'VANHEMPAINVAPAA'"),
    ('sickness', "main_activity = 'SAIRAUS'"),
] %}
{{ contribution(
    'TYO-01', 'client_quarter', 'case when ' ~ condition ~ ' then 1 else 0 end', '1', variant=variant,
    unknown_part="case when activity_class = 'unknown' then 1 else 0 end", part_base='1'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
