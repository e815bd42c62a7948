-- Grain: one row per wellbeing area that has delivered aftercare periods.
-- Nothing after the last day that a supplier's deliveries cover is counted, so every spell of
-- the supplier is cut at data_until_exclusive.
select
    organisation,
    wellbeing_area_code,
    max(period_end_exclusive) as data_until_exclusive,
    max(key_domain) as key_domain
from {{ ref('stg_lake__delivery') }}
where
    table_name = 'aftercare_period'
    and is_counting
group by organisation, wellbeing_area_code
