{{ config(materialized='table' if contributions_are_received() else 'by_indicator') }}
-- Grain: one row per indicator, variant, sender, place, period, breakdown and category.
{% if contributions_are_received() -%}
-- National deployment: every area has summed its own contributions and sent no client row.
select * from {{ source('received', 'contribution_sum') }}
{%- else -%}
-- Ratios of sums over clients (definition 8); the sums of squares carry the clustering of days and
-- events in clients. Areas whose sources are not all delivered are left out, above and below the line.
with
contributed as (
    {{ contributions_of_this_part() | indent(4) }}
),

-- A unit's sums within one sender and place.
unit_of_place as (
    select
        {{ unit_key() }}, wellbeing_area_code, municipality_code, period_type, period, breakdown, category,
        {{ sums_of_parts() | indent(8) }}
    from contributed
    group by {{ unit_key() }}, wellbeing_area_code, municipality_code, period_type, period, breakdown, category
),

-- The same of an area, and of a group of municipalities; below that a place of the unit is a cell.
unit_of_area as (
    select
        {{ unit_key() }}, wellbeing_area_code, period_type, period, breakdown, category,
        {{ sums_of_parts() | indent(8) }}
    from unit_of_place
    group by {{ unit_key() }}, wellbeing_area_code, period_type, period, breakdown, category
),

unit_of_municipality as (
    select * from unit_of_place
    where period_type in {{ period_types_below_areas() }}
),

unit_of_group as (
    select
        {{ qualified(unit_key(), 'unit_of_municipality') }},
        municipality_group.group_code,
        unit_of_municipality.wellbeing_area_code,
        unit_of_municipality.period_type,
        unit_of_municipality.period,
        unit_of_municipality.breakdown,
        unit_of_municipality.category,
        {{ sums_of_parts() | indent(8) }}
    from unit_of_municipality
    inner join {{ ref('seed_municipality_group') }} as municipality_group
        on unit_of_municipality.municipality_code = municipality_group.municipality_code
    group by
        {{ qualified(unit_key(), 'unit_of_municipality') }},
        municipality_group.group_code, unit_of_municipality.wellbeing_area_code, unit_of_municipality.period_type,
        unit_of_municipality.period, unit_of_municipality.breakdown, unit_of_municipality.category
),

own as (
    {% for area_level, area_code, relation in [
        ('wellbeing_area', 'wellbeing_area_code', 'unit_of_area'),
        ('municipality', 'municipality_code', 'unit_of_municipality'),
        ('municipality_group', 'group_code', 'unit_of_group'),
    ] -%}
    select
        indicator_id,
        variant,
        '{{ area_level }}' as area_level,
        {{ area_code }} as area_code,
        period_type,
        period,
        breakdown,
        category,
        wellbeing_area_code,
        sum(numerator) as numerator_sum,
        sum(denominator) as denominator_sum,
        {{ unit_sums() | indent(8) }},
        sum(unknown_part) as unknown_part,
        sum(recorded_part) as recorded_part,
        sum(doubtful_part) as doubtful_part,
        sum(part_base) as part_base
    from {{ relation }}
    group by
        indicator_id, variant, {{ area_code }}, period_type, period, breakdown, category
        {{- '' if area_code == 'wellbeing_area_code' else ', wellbeing_area_code' }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Whom more than one sender knows is one person in a larger place. What this takes off the senders'
-- sums stands in rows of the sender `several`; where nobody can link the senders' keys there are none,
-- and movers count twice (definition 17).
known_to_several as (
    select indicator_id, variant, coalesce(cast(client_id as varchar), unit_key) as person_key
    from unit_of_place
    group by indicator_id, variant, coalesce(cast(client_id as varchar), unit_key)
    having min(wellbeing_area_code) <> max(wellbeing_area_code)
),

unit_of_mover as (
    select unit_of_place.*
    from unit_of_place
    inner join known_to_several
        on unit_of_place.indicator_id = known_to_several.indicator_id
        and unit_of_place.variant = known_to_several.variant
        and coalesce(cast(unit_of_place.client_id as varchar), unit_of_place.unit_key) = known_to_several.person_key
),

placed_mover as (
    {{ places_of_a_sender('unit_of_mover') | indent(4) }}
),

mover as (
    select
        {{ cell_key() }}, wellbeing_area_code, unit_type, unit_key, client_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        max(persons) as persons
    from placed_mover
    group by {{ cell_key() }}, wellbeing_area_code, unit_type, unit_key, client_id
),

larger_place as (
    {{ larger_place_of_area() | indent(4) }}
),

mover_in_larger_place as (
    select
        {{ cell_key() }}, wellbeing_area_code, unit_type, unit_key, client_id, numerator, denominator,
        persons
    from mover
    where area_level <> 'wellbeing_area'

    union all

    select
        {{ columns_in_larger_place('mover', 'larger_place', [
            'wellbeing_area_code', 'unit_type', 'unit_key', 'client_id', 'numerator', 'denominator',
            'persons'
        ]) }}
    from mover
    inner join larger_place on mover.wellbeing_area_code = larger_place.wellbeing_area_code
    where mover.area_level = 'wellbeing_area'
),

joined_unit as (
    select
        {{ cell_key() }}, unit_type, unit_key, client_id,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        max(persons) as persons
    from mover_in_larger_place
    group by {{ cell_key() }}, unit_type, unit_key, client_id
),

joined as (
    select
        {{ cell_key() }},
        {{ unit_sums() | indent(8) }}
    from joined_unit
    group by {{ cell_key() }}
),

apart as (
    select
        {{ cell_key() }},
        {% for column in unit_sum_columns() -%}
        sum({{ column }}) as {{ column }}{{ "," if not loop.last }}
        {% endfor %}
    from (
        select
            {{ cell_key() }}, wellbeing_area_code,
            {{ unit_sums() | indent(12) }}
        from mover_in_larger_place
        group by {{ cell_key() }}, wellbeing_area_code
    ) as by_sender
    group by {{ cell_key() }}
),

several as (
    select
        {% for column in cell_key().split(', ') -%}
        joined.{{ column }},
        {% endfor -%}
        'several' as wellbeing_area_code,
        0.0 as numerator_sum,
        0.0 as denominator_sum,
        {% for column in unit_sum_columns() -%}
        joined.{{ column }} - apart.{{ column }} as {{ column }},
        {% endfor -%}
        cast(null as double) as unknown_part,
        cast(null as double) as recorded_part,
        cast(null as double) as doubtful_part,
        cast(null as double) as part_base
    from joined
    inner join apart on {{ same_cell('joined', 'apart') | indent(8) }}
)

select * from own
union all
select * from several
where
    -- The order of additions alone may leave a trace, which says nothing.
    {%- for column in unit_sum_columns() %}
    {{ 'or ' if not loop.first }}abs({{ column }}) > 1e-6
    {%- endfor %}
{%- endif %}
