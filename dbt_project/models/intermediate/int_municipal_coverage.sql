-- Grain: one row per municipality in force, table that municipalities deliver, period type and period: did its
-- deliveries cover it? A municipality that has merged since had to deliver up to its last day, under its own code.
with
supplier as (
    select
        'kunta-' || code.delivered_code as organisation,
        code.municipality_code,
        municipality.valid_to
    from {{ ref('int_municipality') }} as code
    inner join {{ ref('seed_municipality') }} as municipality
        on code.delivered_code = municipality.municipality_code
    where code.municipality_code <> 'unknown'
),

table_mode as (
    select distinct table_name, mode, has_client_keys from {{ ref('stg_lake__delivery') }}
    -- A withdrawn delivery is as if it had never come.
    where organisation like 'kunta-%' and not is_withdrawn
),

counting as (
    select * from {{ ref('stg_lake__delivery') }}
    where organisation like 'kunta-%' and is_counting
),

wanted as (
    select
        supplier.organisation,
        supplier.municipality_code,
        period.period_type,
        period.period,
        period.window_start,
        case
            when supplier.valid_to < period.period_end_exclusive then {{ add_days('supplier.valid_to', 1) }}
            else period.period_end_exclusive
        end as end_exclusive
    from supplier
    cross join {{ ref('int_period') }} as period
    where supplier.valid_to is null or supplier.valid_to >= period.window_start
),

by_supplier as (
    select
        wanted.organisation,
        wanted.municipality_code,
        table_mode.table_name,
        table_mode.has_client_keys,
        wanted.period_type,
        wanted.period,
        min(counting.key_domain) as first_key_domain,
        max(counting.key_domain) as last_key_domain,
        {{ deliveries_cover('table_mode.mode', 'wanted.window_start', 'wanted.end_exclusive') | indent(8) }} as is_covered
    from wanted
    cross join table_mode
    left join counting
        on wanted.organisation = counting.organisation
        and table_mode.table_name = counting.table_name
    group by
        wanted.organisation, wanted.municipality_code, table_mode.table_name, table_mode.mode,
        table_mode.has_client_keys, wanted.period_type, wanted.period, wanted.window_start, wanted.end_exclusive
)

select
    municipality_code,
    table_name,
    period_type,
    period,
    min(case when is_covered then 1 else 0 end) = 1 as is_covered,
    has_client_keys,
    -- Keys of several domains are the keys of none.
    case when min(first_key_domain) = max(last_key_domain) then min(first_key_domain) end as key_domain
from by_supplier
group by municipality_code, table_name, has_client_keys, period_type, period
