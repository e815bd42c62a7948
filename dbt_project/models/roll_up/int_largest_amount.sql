-- Grain: one row per indicator, variant, area level, area, period type, period, breakdown and category with amounts:
-- the two largest of all that the senders have there.
with
larger_place as (
    {{ larger_place_of_area() | indent(4) }}
),

placed as (
    select contribution_largest.* from {{ ref('contribution_largest') }} as contribution_largest

    union all

    select
        {{ columns_in_larger_place('contribution_largest', 'larger_place', [
            'wellbeing_area_code', 'amount_rank', 'amount'
        ]) }}
    from {{ ref('contribution_largest') }} as contribution_largest
    inner join larger_place on contribution_largest.wellbeing_area_code = larger_place.wellbeing_area_code
    where contribution_largest.area_level = 'wellbeing_area'
),

ranked as (
    select
        {{ cell_key() }},
        amount,
        row_number() over (
            partition by {{ cell_key() }} order by amount desc, wellbeing_area_code, amount_rank
        ) as rank_of_all
    from placed
)

select
    {{ cell_key() }},
    max(case when rank_of_all = 1 then amount end) as largest_amount,
    coalesce(max(case when rank_of_all = 2 then amount end), 0) as second_amount
from ranked
where rank_of_all <= 2
group by {{ cell_key() }}
