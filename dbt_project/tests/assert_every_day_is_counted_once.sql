-- Days at risk, days by worker (of each role and of either) and days by housing are the same days: no
-- timeline loses or doubles one.
with
at_risk as (
    select client_id, sum({{ days_between('start_date', 'end_date_exclusive') }}) as days
    from {{ ref('int_at_risk_segment') }}
    group by client_id
),

by_worker as (
    select client_id, role, sum({{ days_between('start_date', 'end_date_exclusive') }}) as days
    from {{ ref('int_incumbent_segment') }}
    group by client_id, role

    union all

    select client_id, 'EITHER', sum({{ days_between('start_date', 'end_date_exclusive') }})
    from {{ ref('int_either_segment') }}
    group by client_id
),

by_housing as (
    select client_id, sum({{ days_between('start_date', 'end_date_exclusive') }}) as days
    from {{ ref('int_housing_segment') }}
    group by client_id
)

select at_risk.client_id
from at_risk
cross join (values ('VASTUU'), ('OHJAAJA'), ('EITHER')) as listed (role)
left join by_worker on at_risk.client_id = by_worker.client_id and listed.role = by_worker.role
left join by_housing on at_risk.client_id = by_housing.client_id
where
    coalesce(by_worker.days, 0) <> at_risk.days
    or coalesce(by_housing.days, 0) <> at_risk.days
