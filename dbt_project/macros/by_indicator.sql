{#
    A table built one indicator after another: the memory that it takes is that of its largest
    indicator, however many there are. The model's SQL names the indicator `indicator_of_this_part()`.
    Only for a new warehouse file: what stands under the name before is dropped.
#}
{% materialization by_indicator, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ drop_relation_if_exists(existing) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- for meta in indicator_metas() -%}
        {%- set part = compiled_code | replace('__indicator_id__', meta.indicator_id) -%}
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
