-- Grain: one row per respondent, item and half-year: the answer, and whether its instrument is the one that counts.
-- Answers to another version of the instrument are not compared: of each item and half-year the newest version counts.
select
    wellbeing_area_code,
    period as half_year,
    respondent_key,
    item_code,
    case when value >= 4 then 1 else 0 end as agrees,
    case when instrument = max(instrument) over (partition by period, item_code) then 1 else 0 end as is_newest_instrument
from {{ ref('stg_hva__survey_response') }}
