{{ config(
    materialized='table' if contributions_are_received() else 'by_indicator',
    aggregations=['median', 'kaplan_meier', 'cumulative_incidence']
) }}
-- Grain: one row per indicator, variant, sender, place, period, breakdown, category, duration and end.
{% if contributions_are_received() -%}
-- National deployment: every area has counted its own contributions and sent no client row.
select * from {{ source('received', 'contribution_histogram') }}
{%- else -%}
-- How many waits ended after so many days with what: all that medians and curves need.
with
contributed as (
    {{ contributions_of_this_part() | indent(4) }}
),

placed as (
    {{ places_of_a_sender('contributed') | indent(4) }}
)

select
    {{ cell_key() }},
    wellbeing_area_code,
    duration_days,
    event_code,
    count(*) as units
from placed
where duration_days is not null
group by {{ cell_key() }}, wellbeing_area_code, duration_days, event_code
{%- endif %}
