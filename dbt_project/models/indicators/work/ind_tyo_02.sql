-- Grain: one row per client aged 18-22 at risk on the last day of a quarter.
{% set long_term = 183 %}
with
-- From one activity outside work and education to another the spell goes on.
spell as (
    {{ with_stretch_start(ref('int_activity_segment'), same='activity_class') | indent(4) }}
),

client_quarter as (
    select
        open_client.*,
        case
            when
                spell.activity_class = 'neet'
                and {{ days_between('spell.stretch_start', 'open_client.quarter_end_exclusive') }} >= {{ long_term }}
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
