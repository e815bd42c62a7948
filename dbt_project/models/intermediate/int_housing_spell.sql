-- Grain: one row per housing spell of a client, or part of one: a stale spell is cut in two.
-- Definition 16: an open spell that has not been confirmed for 180 days (confirmed_on, a newer row
-- or a two-way contact) counts as unknown from then on. It still wins its days, as unknown.
with
spell as (
    select
        client.client_id,
        dwelling.dwelling_id,
        housing.housing_type,
        housing_type.housing_class,
        coalesce(housing.suitability, housing_type.default_suitability) as suitability,
        housing.move_reason,
        housing.planned as is_planned,
        housing.organisation,
        housing.period,
        housing.source_row,
        housing.confirmed_on,
        housing.end_date_exclusive is null as is_open,
        housing.start_date,
        supplier.data_until_exclusive,
        {{ end_within_data('housing.end_date_exclusive') }} as end_date_exclusive
    from {{ ref('stg_hva__housing_spell') }} as housing
    inner join {{ ref('int_supplier') }} as supplier on housing.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on housing.client_key = client.client_key
    inner join {{ ref('stg_lake__housing_type') }} as housing_type on housing.housing_type = housing_type.housing_type
    left join {{ ref('int_dwelling') }} as dwelling on housing.dwelling_key = dwelling.dwelling_key
    where
        housing.start_date < {{ end_within_data('housing.end_date_exclusive') }}
),

newest_row as (
    select client_id, max(start_date) as newest_start_date
    from spell
    group by client_id
),

confirmed as (
    select
        spell.*,
        {{ known_until('spell', 'start_date', 'newest_row.newest_start_date') }} as known_until_exclusive
    from spell
    inner join newest_row on spell.client_id = newest_row.client_id
    left join {{ ref('int_last_contact') }} as last_contact on spell.client_id = last_contact.client_id
),

final as (
    select
        client_id,
        case when housing_class = 'homeless' then 0 else dwelling_id end as dwelling_id,
        housing_type,
        housing_class,
        suitability,
        move_reason,
        is_planned,
        organisation,
        period,
        source_row,
        housing_class = 'temporary' as is_temporary,
        start_date as began_on,
        coalesce(dwelling_id, 0) as tie_breaker,
        start_date,
        least(end_date_exclusive, known_until_exclusive) as end_date_exclusive
    from confirmed

    union all

    select
        client_id,
        null,
        'TUNTEMATON',
        'unknown',
        'TUNTEMATON',
        move_reason,
        is_planned,
        organisation,
        period,
        source_row,
        housing_class = 'temporary',
        start_date,
        coalesce(dwelling_id, 0),
        known_until_exclusive,
        end_date_exclusive
    from confirmed
    where known_until_exclusive < end_date_exclusive
)

select * from final
