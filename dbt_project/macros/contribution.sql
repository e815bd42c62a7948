{#
    One contribution row as the generic part expects it. Arguments are SQL expressions.
    unknown_part, recorded_part, doubtful_part: how much of `part_base` is unknown, has any record of
    its kind, or rests on an assignment that nobody seems to have closed.
#}
{% macro contribution(
    indicator_id, relation, numerator, denominator, variant='main', period='quarter', period_type='quarter',
    unit_type='client', unit_key='client_id', municipality_code='municipality_code',
    unknown_part='null', recorded_part='null', doubtful_part='null', part_base='null', where=none
) %}
select
    '{{ indicator_id }}' as indicator_id,
    '{{ variant }}' as variant,
    '{{ unit_type }}' as unit_type,
    cast({{ unit_key }} as varchar) as unit_key,
    {{ municipality_code }} as municipality_code,
    wellbeing_area_code,
    '{{ period_type }}' as period_type,
    {{ period }} as period,
    cast({{ numerator }} as double) as numerator,
    cast({{ denominator }} as double) as denominator,
    cast(null as double) as duration_days,
    cast(null as varchar) as event_code,
    cast({{ unknown_part }} as double) as unknown_part,
    cast({{ recorded_part }} as double) as recorded_part,
    cast({{ doubtful_part }} as double) as doubtful_part,
    cast({{ part_base }} as double) as part_base
from {{ relation }}
{% if where %}where {{ where }}{% endif %}
{% endmacro %}
