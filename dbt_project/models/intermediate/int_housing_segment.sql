-- Grain: one row per client and stretch of at-risk days with one housing spell (or none) and one place.
-- Definition 9: of the open spells that are not temporary the one that began last (tie: the larger
-- key); a temporary spell only where there is no other. None: housing_class unknown. Two areas may
-- report the same spell, without a key or with an equal one: then the larger area code, so that the
-- same deliveries always give the same figures.
with
at_risk as (
    select * from {{ ref('int_at_risk_segment') }}
),

spell_of_client as (
    select * from {{ ref('int_housing_spell') }}
),

winner as (
    {{ day_winner(
        'at_risk',
        'spell_of_client',
        ['wellbeing_area_code', 'municipality_code'],
        ['dwelling_id', 'housing_type', 'housing_class', 'suitability', 'move_reason', 'is_planned', 'organisation'],
        'spell.is_temporary, spell.began_on desc, spell.tie_breaker desc, spell.organisation desc',
    ) | indent(4) }}
)

select
    client_id,
    wellbeing_area_code,
    municipality_code,
    start_date,
    end_date_exclusive,
    dwelling_id,
    coalesce(housing_type, 'TUNTEMATON') as housing_type,
    coalesce(housing_class, 'unknown') as housing_class,
    coalesce(suitability, 'TUNTEMATON') as suitability,
    move_reason,
    is_planned,
    organisation
from winner
