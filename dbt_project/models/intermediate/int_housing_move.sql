-- Grain: one row per counted move.
-- Definition 9: a known dwelling that differs from the last known one; temporary and unknown days are
-- skipped, the first known dwelling is no move, and a move that a new client system made is none.
with
known as (
    select
        *,
        lag(dwelling_id) over (partition by client_id order by start_date) as from_dwelling_id
    from {{ ref('int_housing_segment') }}
    where
        housing_class in ('stable', 'unstable', 'homeless')
        and dwelling_id is not null
),

move as (
    select * from known
    where from_dwelling_id <> dwelling_id
),

broken_key as (
    select distinct move.client_id, move.start_date
    from move
    inner join {{ ref('int_dwelling_key_life') }} as from_life
        on move.from_dwelling_id = from_life.dwelling_id and move.organisation = from_life.organisation
    inner join {{ ref('int_dwelling_key_life') }} as to_life
        on move.dwelling_id = to_life.dwelling_id and move.organisation = to_life.organisation
    inner join {{ ref('int_key_break') }} as key_break
        on
            key_break.key_kind = 'dwelling'
            and key_break.organisation = move.organisation
            and from_life.end_day between key_break.break_date
            and {{ add_days('key_break.break_date', var('key_break_days') - 1) }}
            and to_life.first_day between key_break.break_date
            and {{ add_days('key_break.break_date', var('key_break_days') - 1) }}
)

select
    move.client_id,
    move.start_date as move_date,
    move.wellbeing_area_code,
    move.municipality_code,
    move.from_dwelling_id,
    move.dwelling_id as to_dwelling_id,
    coalesce(move.move_reason, 'TUNTEMATON') as move_reason,
    coalesce(move.move_reason, 'TUNTEMATON') = 'ITSENAISTYMINEN' as is_first_home,
    move.is_planned
from move
left join broken_key
    on move.client_id = broken_key.client_id and move.start_date = broken_key.start_date
where broken_key.client_id is null
