{#
    The indicators are found, not listed: every `ind_….sql` below models/indicators is one.
    dbt cannot look into folders while it parses, so the build names what it found in
    AFTERCARE_INDICATORS (comma separated); a new indicator needs its two files and nothing else.
#}
{% macro indicator_models() %}
    {%- set found = env_var('AFTERCARE_INDICATORS', '') -%}
    {%- if not found -%}
        {{ exceptions.raise_compiler_error(
            "AFTERCARE_INDICATORS is empty. Build with `aftercare build`, or set it to the model names below "
            ~ "models/indicators, separated by commas."
        ) }}
    {%- endif -%}
    {{ return(found.split(',')) }}
{% endmacro %}

{# The `meta` of every indicator; empty while dbt parses. #}
{% macro indicator_metas() %}
    {%- set metas = [] -%}
    {%- if execute -%}
        {%- for name in indicator_models() -%}
            {%- do metas.append(indicator_meta_of(name)) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(metas) }}
{% endmacro %}

{# The `meta` of one indicator model. #}
{% macro indicator_meta_of(name) %}
    {%- set node = graph.nodes['model.aftercare.' ~ name] -%}
    {{ return(node.config.meta if node.config.meta.indicator_id else node.meta) }}
{% endmacro %}

{# A text of the meta as an SQL literal. #}
{% macro literal(text) -%}
    {%- if text is none -%}cast(null as varchar){%- else -%}'{{ text | string | replace("'", "''") }}'{%- endif -%}
{%- endmacro %}
