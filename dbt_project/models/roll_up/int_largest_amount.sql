-- Grain: one row per indicator, variant, area level, area, period type, period, breakdown and category with amounts:
-- the two largest of all that the senders have there.
with
placed as (
    {{ at_every_place(ref('contribution_largest'), 'contribution_largest', [
        'wellbeing_area_code', 'amount_rank', 'amount'
    ]) | indent(4) }}
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
