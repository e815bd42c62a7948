{#
    A table built one part after another, a part being an indicator and one of its breakdowns: the
    memory that it takes is that of its largest part, however many there are. The model's SQL names
    the part by `indicator_of_this_part()`, `breakdown_of_this_part()` and `category_of_this_part()`.
    Config `aggregations` and `cell_classes` leave out indicators of other kinds. Only for a new warehouse file: what
    stands under the name before is dropped.
#}
{% materialization by_indicator, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set only = config.get('aggregations') -%}
    {%- set only_classes = config.get('cell_classes') -%}
    {{ drop_relation_if_exists(existing) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- set parts = [] -%}
    {%- for model in indicator_models() -%}
        {%- set meta = indicator_meta_of(model) -%}
        {%- if (not only or meta.aggregation in only) and (not only_classes or meta.cell_class in only_classes) -%}
            {%- for breakdown in ['total'] + meta.get('breakdowns', []) -%}
                {%- do parts.append((model, meta.indicator_id, breakdown)) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {#- Without any part the table is there all the same, empty. -#}
    {%- for model, indicator_id, breakdown in parts or [(none, '', 'total')] -%}
        {%- set category = "'total'" if breakdown == 'total' else 'contribution.' ~ breakdown -%}
        {%- set part = compiled_code
            | replace(relation_of('contribution'), contributions_of(model, breakdown) if model else relation_of('contribution'))
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

{# What one indicator contributes, as a subquery. Planned for all indicators at once, as the view
   `contribution` is, a part would cost the more the more indicators there are. #}
{% macro contributions_of(model, breakdown) -%}
    {%- if breakdown == 'total' -%}
    (select * from {{ relation_of(model) }})
    {%- else -%}
    ({{ contributions_with_categories(
        [relation_of(model)], relation_of('int_period'), relation_of('seed_quarter', 'seed'),
        relation_of('int_client_attribute')
    ) }})
    {%- endif -%}
{%- endmacro %}

{# The relation of a model or seed that a materialization knows by name; `ref` wants to see it in the model. #}
{% macro relation_of(name, kind='model') -%}
    {{ return(graph.nodes[kind ~ '.aftercare.' ~ name].relation_name) }}
{%- endmacro %}

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
