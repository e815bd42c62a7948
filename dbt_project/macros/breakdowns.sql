{# The breakdowns that there are: columns of a contribution with the young person's category. #}
{% macro breakdown_columns() -%}
    {{ return(['age_group', 'sex', 'language_group', 'time_since_care', 'placement_type']) }}
{%- endmacro %}
