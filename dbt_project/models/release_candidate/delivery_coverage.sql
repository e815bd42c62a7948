-- Grain: one row per organisation, table and period that was, or should have been, delivered.
with
expected as (
    select
        supplier.organisation,
        supplier.table_name,
        period.period
    from (
        select distinct organisation, table_name from {{ ref('stg_lake__delivery') }}
    ) as supplier
    cross join {{ ref('int_period') }} as period
    where period.period_type = 'quarter'
),

newest as (
    select * from (
        select
            *,
            row_number() over (
                partition by organisation, table_name, period order by acceptance_no desc
            ) as version_rank
        from {{ ref('stg_lake__delivery') }}
    ) as ranked
    where version_rank = 1
)

select
    expected.organisation,
    expected.table_name,
    expected.period,
    newest.delivery_id is not null as delivered,
    cast(newest.version as integer) as version,
    newest.row_count as rows,
    newest.row_count_quarantined as quarantined,
    coalesce(newest.is_late, false) as is_late
from expected
left join newest
    on expected.organisation = newest.organisation
    and expected.table_name = newest.table_name
    and expected.period = newest.period
