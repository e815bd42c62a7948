{#
    One contribution row as the generic part expects it. Arguments are SQL expressions.

    numerator, denominator: for ratio and count. An indicator of time (median, kaplan_meier,
    cumulative_incidence) gives one row per wait, numerator and denominator 1, and
    duration_days: days until what ended the wait (or whatever else a median is taken of);
    event_code: what ended it; empty where it was still going on (censored).
    client_id: the young person behind a unit of another type, so that persons are counted once.
    unknown_part, recorded_part, doubtful_part: how much of `part_base` is unknown, has any record of
    its kind, or rests on an assignment that nobody seems to have closed.
    persons: of how many persons a delivered sum is (the workers of a team, the respondents of a wave).
    categories: {breakdown: expression} where the row knows better than the client's own attributes
    (a survey without client keys).
#}
{% macro contribution(
    indicator_id, relation, numerator, denominator, variant='main', period='quarter', period_type='quarter',
    unit_type='client', unit_key='client_id', municipality_code='municipality_code',
    unknown_part='null', recorded_part='null', doubtful_part='null', part_base='null', where=none,
    duration_days='null', event_code='null', client_id=none, categories={}, persons='null'
) %}
select
    '{{ indicator_id }}' as indicator_id,
    '{{ variant }}' as variant,
    '{{ unit_type }}' as unit_type,
    cast({{ unit_key }} as varchar) as unit_key,
    cast({{ client_id if client_id else (unit_key if unit_type == 'client' else 'null') }} as integer) as client_id,
    {{ municipality_code }} as municipality_code,
    wellbeing_area_code,
    '{{ period_type }}' as period_type,
    {{ period }} as period,
    {%- for breakdown in breakdown_columns() %}
    cast({{ categories.get(breakdown, 'null') }} as varchar) as {{ breakdown }},
    {%- endfor %}
    cast({{ numerator }} as double) as numerator,
    cast({{ denominator }} as double) as denominator,
    cast({{ duration_days }} as double) as duration_days,
    cast({{ event_code }} as varchar) as event_code,
    cast({{ unknown_part }} as double) as unknown_part,
    cast({{ recorded_part }} as double) as recorded_part,
    cast({{ doubtful_part }} as double) as doubtful_part,
    cast({{ part_base }} as double) as part_base,
    cast({{ persons }} as bigint) as persons
from {{ relation }}
{% if where %}where {{ where }}{% endif %}
{% endmacro %}
