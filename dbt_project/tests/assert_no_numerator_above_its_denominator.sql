-- In a share the counted are some of those who could be counted, in every cell.
select cell.indicator_id, cell.variant, cell.area_level, cell.area_code, cell.period_type, cell.period, cell.breakdown, cell.category
from {{ ref('int_cell') }} as cell
inner join {{ ref('indicator_meta') }} as meta on cell.indicator_id = meta.indicator_id
where
    meta.interval_method in ('wilson', 'wilson_clustered')
    and cell.numerator_sum > cell.denominator_sum
