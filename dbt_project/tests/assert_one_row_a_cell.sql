-- The release candidate has one row per indicator, variant, area level, area, period type and period.
select indicator_id, variant, area_level, area_code, period_type, period
from {{ ref('indicator_value') }}
group by indicator_id, variant, area_level, area_code, period_type, period
having count(*) > 1
