-- Grain: one row per dwelling key.
-- The number keeps the key's order, because ties go to the larger key (definition 9). Number 0 is
-- no dwelling: all homeless spells count as one dwelling of their own.
select
    dwelling_key,
    cast(row_number() over (order by dwelling_key) as integer) as dwelling_id
from (
    select distinct dwelling_key
    from {{ ref('stg_hva__housing_spell') }}
    where dwelling_key is not null
) as dwelling
