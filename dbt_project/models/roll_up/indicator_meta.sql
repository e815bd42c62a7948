{{ config(materialized="view") }}
-- Grain: one row per indicator: what the generic part needs to know of it.
{%- for name in indicator_models() %}
-- depends_on: {{ ref(name) }}
{%- endfor %}
{% set metas = indicator_metas() %}
{%- for meta in metas %}
select
    {{ literal(meta.indicator_id) }} as indicator_id,
    {{ literal(meta.aggregation) }} as aggregation,
    cast({{ meta.scale }} as double) as scale,
    {{ literal(meta.interval_method) }} as interval_method,
    {{ literal(meta.time_basis) }} as time_basis,
    {{ literal(meta.base_period) }} as base_period,
    {{ literal(meta.cell_class) }} as cell_class,
    -- Variants of a count that are a rate of the persons counted by the residents of the place.
    {{ literal(',' ~ meta.variants | selectattr('per_population', 'defined') | map(attribute='variant') | join(',') ~ ',') }}
        as population_variants,
    cast({{ (meta.variants | selectattr('per_population', 'defined') | map(attribute='scale') | list + [1]) | first }} as double)
        as population_scale,
    -- Variants of an incidence that tell of those to whom it has not happened.
    {{ literal(',' ~ meta.variants | selectattr('complement', 'defined') | map(attribute='variant') | join(',') ~ ',') }}
        as complement_variants,
    -- Variants of an indicator of time that are shares of those who have a value.
    {{ literal(',' ~ meta.variants | selectattr('aggregation', 'defined') | selectattr('aggregation', 'equalto', 'ratio')
        | map(attribute='variant') | join(',') ~ ',') }} as share_variants,
    {{ meta.worker_action | lower }} as is_worker_action,
    {{ meta.counts_persons | lower }} as counts_persons,
    {{ literal(meta.key_break) }} as key_break,
    cast({{ meta.minimum_record_share if meta.minimum_record_share is not none else 'null' }} as double)
        as minimum_record_share,
    {{ literal(',' ~ meta.period_types | join(',') ~ ',') }} as period_types,
    -- The collaborative area stands between the two wherever both are published.
    {%- set between = ['collaborative_area'] if 'country' in meta.levels and 'wellbeing_area' in meta.levels else [] %}
    {{ literal(',' ~ (meta.levels + between) | unique | join(',') ~ ',') }} as levels,
    {{ literal(',' ~ (['total'] + meta.get('breakdowns', [])) | join(',') ~ ',') }} as breakdowns,
    {{ literal(',' ~ meta.get('event_codes', []) | join(',') ~ ',') }} as event_codes,
    {{ meta.get('fixed_age_band', false) | lower }} as has_fixed_age_band,
    {{ literal(',' ~ meta.source_tables | join(',') ~ ',') }} as source_tables,
    -- Tables of areas and of the whole country; those of municipalities cover a municipality each.
    {%- set municipal = municipal_sources(meta.source_tables) %}
    {{ (meta.source_tables | length) - (municipal | length) }} as source_table_count,
    {{ municipal | length }} as municipal_table_count,
    {{ meta.get('look_back_quarters', 0) }} as look_back_quarters,
    {{ meta.get('look_back_years', 0) }} as look_back_years
{{ 'union all' if not loop.last }}
{%- else %}
select
    cast(null as varchar) as indicator_id, cast(null as varchar) as aggregation, cast(1 as double) as scale,
    cast(null as varchar) as interval_method, cast(null as varchar) as time_basis,
    cast(null as varchar) as base_period, cast(null as varchar) as cell_class, false as is_worker_action,
    cast(null as varchar) as population_variants, cast(1 as double) as population_scale,
    cast(null as varchar) as complement_variants, cast(null as varchar) as share_variants,
    false as counts_persons, cast(null as varchar) as key_break, cast(null as double) as minimum_record_share,
    cast(null as varchar) as period_types, cast(null as varchar) as levels,
    cast(null as varchar) as breakdowns, cast(null as varchar) as event_codes, false as has_fixed_age_band,
    cast(null as varchar) as source_tables, 0 as source_table_count, 0 as municipal_table_count,
    0 as look_back_quarters, 0 as look_back_years
where false
{%- endfor %}
