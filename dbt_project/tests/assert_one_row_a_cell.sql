-- The release candidate has one row per indicator, variant, area level, area, period type, period,
-- breakdown and category.
select indicator_id, variant, area_level, area_code, period_type, period, breakdown, category
from {{ ref('indicator_value') }}
group by indicator_id, variant, area_level, area_code, period_type, period, breakdown, category
having count(*) > 1
