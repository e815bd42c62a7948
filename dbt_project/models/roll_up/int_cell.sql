-- Grain: one row per indicator, variant, area level, area, period type, period, breakdown and category
-- with contributions. Only sums of what the senders summed: no unit is looked at any more.
with
placed as (
    {{ at_every_place(ref('contribution_sum'), 'contribution_sum', [
        'wellbeing_area_code', 'numerator_sum', 'denominator_sum'
    ] + unit_sum_columns() + ['unknown_part', 'recorded_part', 'doubtful_part', 'part_base']) | indent(4) }}
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
