-- Grain: one row per indicator, variant, area level, area, period type, period, breakdown and category
-- with contributions. Only sums of what the senders summed: no unit is looked at any more.
with
larger_place as (
    {{ larger_place_of_area() | indent(4) }}
),

placed as (
    select contribution_sum.* from {{ ref('contribution_sum') }} as contribution_sum

    union all

    select
        {{ columns_in_larger_place('contribution_sum', 'larger_place', [
            'wellbeing_area_code', 'numerator_sum', 'denominator_sum'
        ] + unit_sum_columns() + ['unknown_part', 'recorded_part', 'doubtful_part', 'part_base']) }}
    from {{ ref('contribution_sum') }} as contribution_sum
    inner join larger_place on contribution_sum.wellbeing_area_code = larger_place.wellbeing_area_code
    where contribution_sum.area_level = 'wellbeing_area'
)

select
    {{ cell_key() }},
    -- Fractions (of full-time posts, of days) add up to a last digit that depends on their order: the same
    -- deliveries must give the same figures.
    round(sum(numerator_sum), 9) as numerator_sum,
    round(sum(denominator_sum), 9) as denominator_sum,
    {% for column in unit_sum_columns() -%}
    {% if column in fractional_sum_columns() -%}
    round(sum({{ column }}), 9) as {{ column }},
    {% else -%}
    sum({{ column }}) as {{ column }},
    {% endif -%}
    {% endfor -%}
    sum(unknown_part) / nullif(sum(part_base), 0) as unknown_share,
    sum(recorded_part) / nullif(sum(part_base), 0) as record_share,
    sum(doubtful_part) / nullif(sum(part_base), 0) as doubtful_share
from placed
group by {{ cell_key() }}
