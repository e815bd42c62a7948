-- Grain: one row per supplier and dwelling: first day and the day after the last.
select
    housing.organisation,
    dwelling.dwelling_id,
    min(housing.start_date) as first_day,
    max(coalesce(housing.end_date_exclusive, cast('9999-12-31' as date))) as end_day
from {{ ref('stg_hva__housing_spell') }} as housing
inner join {{ ref('int_dwelling') }} as dwelling on housing.dwelling_key = dwelling.dwelling_key
group by housing.organisation, dwelling.dwelling_id
