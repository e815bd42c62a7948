{# Whether the areas send sums and no client rows (a national deployment): from the environment. #}
{% macro contributions_are_received() -%}
    {{ return(env_var('AFTERCARE_CONTRIBUTIONS', 'units') == 'received') }}
{%- endmacro %}

{# What tells one cell from another. #}
{% macro cell_key() -%}
    indicator_id, variant, area_level, area_code, period_type, period, breakdown, category
{%- endmacro %}

{# Equality of two relations' cells. #}
{% macro same_cell(left, right) -%}
    {{ left }}.indicator_id = {{ right }}.indicator_id
    and {{ left }}.variant = {{ right }}.variant
    and {{ left }}.area_level = {{ right }}.area_level
    and {{ left }}.area_code = {{ right }}.area_code
    and {{ left }}.period_type = {{ right }}.period_type
    and {{ left }}.period = {{ right }}.period
    and {{ left }}.breakdown = {{ right }}.breakdown
    and {{ left }}.category = {{ right }}.category
{%- endmacro %}

{#
    The contributions of one part (see `by_indicator`) with every period that they count in, of areas
    (and home municipalities) for which every source was delivered: a flow sums its base periods, a stock takes the last one of a year.
#}
{% macro contributions_of_this_part() -%}
    select
        contribution.indicator_id,
        contribution.variant,
        contribution.unit_type,
        contribution.unit_key,
        contribution.client_id,
        contribution.wellbeing_area_code,
        contribution.municipality_code,
        part.period_type,
        part.period,
        {{ breakdown_of_this_part() }} as breakdown,
        {{ category_of_this_part() }} as category,
        contribution.numerator,
        contribution.denominator,
        contribution.duration_days,
        contribution.event_code,
        contribution.unknown_part,
        contribution.recorded_part,
        contribution.doubtful_part,
        contribution.part_base,
        contribution.persons
    from {{ ref('contribution') }} as contribution
    inner join {{ ref('indicator_meta') }} as meta
        on contribution.indicator_id = meta.indicator_id
    inner join {{ ref('int_period_part') }} as part
        on contribution.period_type = part.base_period_type
        and contribution.period = part.base_period
        and meta.period_types like '%,' || part.period_type || ',%'
        and (
            meta.time_basis = 'flow'
            or part.period_type = part.base_period_type
            or part.is_year_end
        )
    inner join {{ ref('int_indicator_coverage') }} as coverage
        on contribution.indicator_id = coverage.indicator_id
        and contribution.wellbeing_area_code = coverage.wellbeing_area_code
        and (coverage.municipality_code is null or contribution.municipality_code = coverage.municipality_code)
        and part.period_type = coverage.period_type
        and part.period = coverage.period
        and coverage.is_covered
    where contribution.indicator_id = {{ indicator_of_this_part() }}
{%- endmacro %}

{#
    Rows of `relation` at every place that a sender's contributions count in by themselves. Municipal
    figures: whole years and blocks only, or quarters could be told from their differences.
#}
{% macro places_of_a_sender(relation) -%}
    select 'wellbeing_area' as area_level, wellbeing_area_code as area_code, {{ relation }}.* from {{ relation }}
    union all
    select 'municipality', municipality_code, {{ relation }}.*
    from {{ relation }}
    where period_type in {{ period_types_below_areas() }}
    union all
    select 'municipality_group', municipality_group.group_code, {{ relation }}.*
    from {{ relation }}
    inner join {{ ref('seed_municipality_group') }} as municipality_group
        on {{ relation }}.municipality_code = municipality_group.municipality_code
    where {{ relation }}.period_type in {{ period_types_below_areas() }}
{%- endmacro %}

{# Periods of municipalities and their groups. #}
{% macro period_types_below_areas() -%}
    ('year', 'pooled_3_years')
{%- endmacro %}

{# What tells one unit of a variant from another; client_id is the person behind it. #}
{% macro unit_key() -%}
    indicator_id, variant, unit_type, unit_key, client_id
{%- endmacro %}

{# Sums of everything that a contribution adds to a ratio. #}
{% macro sums_of_parts() -%}
    {% for part in ['numerator', 'denominator', 'unknown_part', 'recorded_part', 'doubtful_part', 'part_base'] -%}
    sum({{ part }}) as {{ part }},
    {% endfor -%}
    -- The same people in each of the base periods.
    max(persons) as persons
{%- endmacro %}

{# Grain: one row per wellbeing area and larger place that it is a part of. #}
{% macro larger_place_of_area() -%}
    select wellbeing_area_code, 'country' as area_level, 'FI' as area_code
    from {{ ref('seed_wellbeing_area') }}
    where wellbeing_area_code <> '91'
    union all
    select wellbeing_area_code, 'collaborative_area', 'YTA-' || collaborative_area_code
    from {{ ref('seed_wellbeing_area') }}
    where wellbeing_area_code <> '91'
{%- endmacro %}

{#
    count(distinct expression) of the rows that fulfil a condition, where mostly none do: `distinct`
    would look at every row once more.
#}
{% macro count_distinct_of_few(expression, condition) -%}
    {{ return(adapter.dispatch('count_distinct_of_few', 'aftercare')(expression, condition)) }}
{%- endmacro %}

{% macro default__count_distinct_of_few(expression, condition) -%}
    count(distinct case when {{ condition }} then {{ expression }} end)
{%- endmacro %}

{% macro duckdb__count_distinct_of_few(expression, condition) -%}
    coalesce(len(list_distinct(list({{ expression }}) filter (where {{ condition }}))), 0)
{%- endmacro %}

{# Units, persons, and the squares that variances over clients rest on: the sums that need single units. #}
{% macro unit_sums() -%}
    sum(case when numerator > 0 then 1 else 0 end) as numerator_units,
    {%- for part in ['numerator', 'denominator'] %}
    -- A client or respondent is a unit of her own, a delivered sum says of how many it is; behind other
    -- units a client is counted once.
    sum(case
        when {{ part }} <= 0 then 0
        when unit_type in ('client', 'respondent') then 1
        else coalesce(persons, 0)
    end)
    + {{ count_distinct_of_few('client_id', "unit_type <> 'client' and " ~ part ~ ' > 0') }} as {{ part }}_clients,
    {%- endfor %}
    sum(numerator * numerator) as numerator_squares,
    sum(numerator * denominator) as cross_products,
    sum(denominator * denominator) as denominator_squares,
    sum(case when denominator > 0 then numerator * numerator / denominator else 0 end) as square_rates
{%- endmacro %}

{# Names of the sums that need single units. #}
{% macro unit_sum_columns() -%}
    {{ return([
        'numerator_units', 'numerator_clients', 'denominator_clients', 'numerator_squares', 'cross_products',
        'denominator_squares', 'square_rates',
    ]) }}
{%- endmacro %}

{# Those of them that need not be whole numbers. #}
{% macro fractional_sum_columns() -%}
    {{ return(['numerator_squares', 'cross_products', 'denominator_squares', 'square_rates']) }}
{%- endmacro %}

{# The columns of a cell of an area and `more` of them, moved to a larger place. #}
{% macro columns_in_larger_place(relation, larger_place, more) -%}
    {%- for column in cell_key().split(', ') + more -%}
        {{ larger_place if column in ('area_level', 'area_code') else relation }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{# What the senders summed (a relation with `wellbeing_area_code`), at its places and at every larger one. #}
{% macro at_every_place(relation, name, more) -%}
    select {{ name }}.* from {{ relation }} as {{ name }}

    union all

    select
        {{ columns_in_larger_place(name, 'larger_place', more) }}
    from {{ relation }} as {{ name }}
    inner join ({{ larger_place_of_area() }}) as larger_place
        on {{ name }}.wellbeing_area_code = larger_place.wellbeing_area_code
    where {{ name }}.area_level = 'wellbeing_area'
{%- endmacro %}

{# A list of columns, each with its relation. #}
{% macro qualified(columns, relation) -%}
    {{ relation }}.{{ columns.split(', ') | join(', ' ~ relation ~ '.') }}
{%- endmacro %}

{# Whether a wait of `placed` ended with what the indicator asks about. #}
{% macro is_event() -%}
    meta.event_codes like '%,' || placed.event_code || ',%'
{%- endmacro %}

{# Aggregations whose figure is read off a curve. #}
{% macro time_aggregations() -%}
    'median', 'kaplan_meier', 'cumulative_incidence'
{%- endmacro %}
