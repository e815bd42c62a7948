-- Grain: one row per wellbeing area, table, period type and period: did the deliveries cover the area's clients?
-- An area delivers for its own clients. A supplier of the whole country (kela.…) delivers for every area's,
-- where its rows are about clients only for those whose keys are of its key domain.
with
area as (
    select wellbeing_area_code from {{ ref('seed_wellbeing_area') }}
    where wellbeing_area_code <> '91'
),

delivery as (
    select
        delivery.*,
        {{ source_name('delivery') }} as source_table
    from {{ ref('stg_lake__delivery') }} as delivery
    where delivery.organisation not like 'kunta-%'
),

table_mode as (
    select distinct source_table, mode from delivery
    -- A withdrawn delivery is as if it had never come.
    where not is_withdrawn
),

key_of_area as (
    select wellbeing_area_code, max(key_domain) as key_domain
    from delivery
    where is_counting and table_name = 'aftercare_period' and wellbeing_area_code is not null
    group by wellbeing_area_code
),

counting as (
    select wellbeing_area_code, source_table, period, period_start, period_end_exclusive, data_from
    from delivery
    where is_counting and wellbeing_area_code is not null

    union all

    select
        key_of_area.wellbeing_area_code, delivery.source_table, delivery.period, delivery.period_start,
        delivery.period_end_exclusive, delivery.data_from
    from delivery
    inner join key_of_area
        on not delivery.has_client_keys
        or delivery.key_domain = key_of_area.key_domain
    where delivery.is_counting and delivery.wellbeing_area_code is null
),

final as (
    select
        area.wellbeing_area_code,
        table_mode.source_table as table_name,
        period.period_type,
        period.period,
        {{ deliveries_cover('table_mode.mode', 'period.window_start', 'period.period_end_exclusive') | indent(8) }}
            as is_covered
    from area
    cross join table_mode
    cross join {{ ref('int_period') }} as period
    left join counting
        on area.wellbeing_area_code = counting.wellbeing_area_code
        and table_mode.source_table = counting.source_table
    group by
        area.wellbeing_area_code, table_mode.source_table, table_mode.mode, period.period_type, period.period,
        period.period_end_exclusive, period.window_start
)

select * from final
