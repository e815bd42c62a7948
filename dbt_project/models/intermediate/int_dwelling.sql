-- Grain: one row per dwelling key.
-- Ties go to the larger key as delivered (definition 9), so the number keeps that order; between two
-- suppliers, whose keys have no order between them, that of the suppliers. Number 0 is no dwelling:
-- all homeless spells count as one dwelling of their own.
select
    dwelling_key,
    cast(row_number() over (order by organisation, dwelling_key_order, dwelling_key) as integer) as dwelling_id
from (
    select
        dwelling_key,
        min(organisation) as organisation,
        min(dwelling_key_order) as dwelling_key_order
    from {{ ref('stg_hva__housing_spell') }}
    where dwelling_key is not null
    group by dwelling_key
) as dwelling
