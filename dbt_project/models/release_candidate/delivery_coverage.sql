-- Grain: one row per organisation, table and period that was, or should have been, delivered.
with
accepted as (
    -- A withdrawn delivery is as if it had never come; of what is past its retention nothing is left.
    select
        *,
        row_number() over (
            partition by organisation, table_name, period order by acceptance_no desc
        ) as version_rank,
        -- A correction is no late delivery: what counts is whether any version came in time.
        min(case when is_late then 1 else 0 end) over (
            partition by organisation, table_name, period
        ) = 1 as is_every_version_late
    from {{ ref('stg_lake__delivery') }}
    where not is_withdrawn and not is_expired
),

newest as (
    select * from accepted where version_rank = 1
)

select
    due.organisation,
    due.table_name,
    due.period,
    due.period_type,
    due.due_date,
    newest.delivery_id is not null as delivered,
    coalesce(newest.has_nothing_to_report, false) as nothing_to_report,
    cast(newest.version as integer) as version,
    newest.row_count as rows,
    newest.row_count_quarantined as quarantined,
    coalesce(newest.is_every_version_late, false) as is_late
from {{ ref('stg_lake__delivery_due') }} as due
left join newest
    on due.organisation = newest.organisation
    and due.table_name = newest.table_name
    and due.period = newest.period
