-- Grain: one row per client at risk on the last day of a quarter, for 30 days in a row.
{% set longest_since_review = 365 %}
{% set shortest_open = 30 %}
with
-- A plan that has not been reviewed yet counts from its making.
current_plan as (
    select
        open_client.client_id,
        open_client.quarter,
        max(case
            when plan.review_date < open_client.quarter_end_exclusive
                then greatest(plan.valid_from, plan.review_date)
            else plan.valid_from
        end) as last_review
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join {{ ref('int_client') }} as client on open_client.client_id = client.client_id
    inner join {{ ref('stg_hva__plan') }} as plan
        on client.client_key = plan.client_key
        and plan.valid_from < open_client.quarter_end_exclusive
        and (plan.valid_to_exclusive is null or plan.valid_to_exclusive >= open_client.quarter_end_exclusive)
    group by open_client.client_id, open_client.quarter
),

client_quarter as (
    select
        open_client.*,
        case
            when current_plan.last_review >= {{ add_days('open_client.quarter_end_exclusive', -longest_since_review - 1) }}
                then 1
            else 0
        end as has_reviewed_plan
    from {{ ref('int_open_client_quarter') }} as open_client
    left join current_plan
        on open_client.client_id = current_plan.client_id and open_client.quarter = current_plan.quarter
)

{{ contribution('SUU-01', 'client_quarter', 'has_reviewed_plan', '1', where='open_days_in_a_row >= ' ~ shortest_open) }}
