{{ config(
    materialized='table' if contributions_are_received() else 'by_indicator',
    cell_classes=['cost']
) }}
-- Grain: one row per indicator, variant, sender, place, period, breakdown, category and rank (1, 2).
{% if contributions_are_received() -%}
-- National deployment: every area has ranked its own amounts and sent no row of them.
select * from {{ source('received', 'contribution_largest') }}
{%- else -%}
-- The two largest amounts of a sum, whatever their sign: whose cost a figure gives away, the sum alone does not say.
with
contributed as (
    {{ contributions_of_this_part() | indent(4) }}
),

placed as (
    {{ places_of_a_sender('contributed') | indent(4) }}
),

amount as (
    select
        {{ cell_key() }},
        wellbeing_area_code,
        unit_key,
        abs(sum(numerator)) as amount
    from placed
    where unit_type = 'euro'
    group by {{ cell_key() }}, wellbeing_area_code, unit_key
)

select
    {{ cell_key() }},
    wellbeing_area_code,
    amount_rank,
    amount
from (
    select
        *,
        row_number() over (
            partition by {{ cell_key() }}, wellbeing_area_code order by amount desc, unit_key
        ) as amount_rank
    from amount
) as ranked
where amount_rank <= 2
{%- endif %}
