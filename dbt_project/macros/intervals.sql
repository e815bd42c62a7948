{#
    Confidence limits by the formulas of OHID Fingertips (PHEindicatormethods), for 95 % and 99.8 %.
    z values: 1.959963984540054 and 3.090232306167813.
#}
{% macro wilson_limit(events, total, z, sign) -%}
    least(1, greatest(0, (2 * {{ events }} + {{ z }} * {{ z }} {{ sign }} {{ z }} * sqrt(
        {{ z }} * {{ z }} + 4 * {{ events }} * (1 - {{ events }} / {{ total }})
    )) / (2 * ({{ total }} + {{ z }} * {{ z }}))))
{%- endmacro %}

{# Byar's limits of a count of at least 10; below that the exact ones of the reference table. #}
{% macro byar_lower(events, z) -%}
    {{ events }} * power(1 - 1 / (9.0 * {{ events }}) - {{ z }} / (3 * sqrt({{ events }})), 3)
{%- endmacro %}

{% macro byar_upper(events, z) -%}
    ({{ events }} + 1) * power(1 - 1 / (9.0 * ({{ events }} + 1)) + {{ z }} / (3 * sqrt({{ events }} + 1)), 3)
{%- endmacro %}
