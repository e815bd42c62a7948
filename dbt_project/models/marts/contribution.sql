-- Grain: one row per indicator, variant, unit, place and base period.
{% for name in indicator_models() %}
select * from {{ ref(name) }}
{{ 'union all' if not loop.last }}
{% endfor %}
