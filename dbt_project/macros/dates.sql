{# Dialect differences of dates stand here and nowhere else. Whole days, no time of day. #}

{% macro add_days(day, days) -%}
    {{ return(adapter.dispatch('add_days', 'aftercare')(day, days)) }}
{%- endmacro %}

{% macro default__add_days(day, days) -%}
    ({{ day }} + cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__add_days(day, days) -%}
    date_add({{ day }}, cast({{ days }} as int))
{%- endmacro %}

{% macro days_between(first_day, last_day_exclusive) -%}
    {{ return(adapter.dispatch('days_between', 'aftercare')(first_day, last_day_exclusive)) }}
{%- endmacro %}

{% macro default__days_between(first_day, last_day_exclusive) -%}
    cast({{ last_day_exclusive }} - {{ first_day }} as integer)
{%- endmacro %}

{% macro spark__days_between(first_day, last_day_exclusive) -%}
    datediff({{ last_day_exclusive }}, {{ first_day }})
{%- endmacro %}

{% macro last_day_of_year(year) -%}
    {{ day_of_year(year, '12-31') }}
{%- endmacro %}

{# A day of a year, as month and day: '09-20'. #}
{% macro day_of_year(year, day) -%}
    cast({{ year }} || '-{{ day }}' as date)
{%- endmacro %}

{# Days that two half-open intervals share; 0 when they do not meet. #}
{% macro shared_days(start_a, end_a, start_b, end_b) -%}
    greatest(0, {{ days_between('greatest(' ~ start_a ~ ', ' ~ start_b ~ ')', 'least(' ~ end_a ~ ', ' ~ end_b ~ ')') }})
{%- endmacro %}
