{{ config(materialized="view") }}
-- Grain: one row per indicator and horizon of a cumulative incidence (`horizons` in its meta, in days).
-- Its figure is the variant within_<days>_days; the first horizon is the headline, `main`, as well.
{%- for name in indicator_models() %}
-- depends_on: {{ ref(name) }}
{%- endfor %}
{% set horizons = [] %}
{%- for meta in indicator_metas() %}
    {%- for days in meta.get('horizons', []) %}
        {%- do horizons.append((meta.indicator_id, days, 'within_' ~ days ~ '_days')) %}
        {%- if loop.first %}{% do horizons.append((meta.indicator_id, days, 'main')) %}{% endif %}
    {%- endfor %}
{%- endfor %}
{%- for indicator_id, days, variant in horizons %}
select {{ literal(indicator_id) }} as indicator_id, {{ days }} as horizon_days, {{ literal(variant) }} as horizon_variant
{{ 'union all' if not loop.last }}
{%- else %}
select cast(null as varchar) as indicator_id, 0 as horizon_days, cast(null as varchar) as horizon_variant
where false
{%- endfor %}
