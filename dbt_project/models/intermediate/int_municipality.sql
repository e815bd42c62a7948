-- Grain: one row per municipality code that a supplier may write, past or present.
-- Maps a merged municipality to the code in force now; Åland has a law of its own and counts as
-- an unknown place on the mainland.
select
    municipality.municipality_code as delivered_code,
    case
        when current_municipality.wellbeing_area_code = '91' then 'unknown'
        else current_municipality.municipality_code
    end as municipality_code
from {{ ref('seed_municipality') }} as municipality
inner join {{ ref('seed_municipality') }} as current_municipality
    on coalesce(municipality.merged_into, municipality.municipality_code) = current_municipality.municipality_code
