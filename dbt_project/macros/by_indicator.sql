{#
    A table built one part after another, a part being an indicator and one of its breakdowns: the
    memory that it takes is that of its largest part, however many there are. The model's SQL names
    the part by `indicator_of_this_part()`, `breakdown_of_this_part()` and `category_of_this_part()`.
    Config `aggregations` leaves out indicators of other kinds. Only for a new warehouse file: what
    stands under the name before is dropped.
#}
{% materialization by_indicator, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set only = config.get('aggregations') -%}
    {{ drop_relation_if_exists(existing) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set parts = [] -%}
    {%- for meta in indicator_metas() if not only or meta.aggregation in only -%}
        {%- for breakdown in ['total'] + meta.get('breakdowns', []) -%}
            {%- do parts.append((meta.indicator_id, breakdown)) -%}
        {%- endfor -%}
    {%- endfor -%}
    {#- Without any part the table is there all the same, empty. -#}
    {%- for indicator_id, breakdown in parts or [('', 'total')] -%}
        {%- set category = "'total'" if breakdown == 'total' else 'contribution.' ~ breakdown -%}
        {%- set part = compiled_code
            | replace('__indicator_id__', indicator_id)
            | replace('__breakdown__', breakdown)
            | replace('__category__', category) -%}
        {%- if loop.first -%}
            {%- call statement('main') -%}
                create table {{ target }} as ({{ part }})
            {%- endcall -%}
        {%- else -%}
            {%- call statement('part') -%}
                insert into {{ target }} by name ({{ part }})
            {%- endcall -%}
        {%- endif -%}
    {%- endfor -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target, model) %}
    {{ adapter.commit() }}
    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# What `by_indicator` replaces by the indicator. A unit test, which runs the SQL once, overrides it. #}
{% macro indicator_of_this_part() -%}
    '__indicator_id__'
{%- endmacro %}

{# What it replaces by the breakdown: a column of `contribution`, or total. #}
{% macro breakdown_of_this_part() -%}
    '__breakdown__'
{%- endmacro %}

{# What it replaces by the expression of the category. #}
{% macro category_of_this_part() -%}
    __category__
{%- endmacro %}
