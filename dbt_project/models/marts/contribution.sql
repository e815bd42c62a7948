-- Grain: one row per indicator, variant, unit, place and base period; with times, one row per wait.
-- Breakdown columns: what the row says of itself, else the client's category in the last quarter of
-- the base period. Not known is `unknown`, a category like any other (definition 16).
{%- set relations = [] -%}
{%- for name in indicator_models() -%}
    {%- do relations.append(ref(name)) -%}
{%- endfor %}
{{ contributions_with_categories(
    relations, ref('int_period'), ref('seed_quarter'), ref('int_client_attribute')
) }}
