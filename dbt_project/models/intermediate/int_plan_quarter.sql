-- Grain: one row per plan and quarter in which it was made or reviewed while the young person was in aftercare.
with
act as (
    select organisation, plan_key, client_key, client_present, client_view_recorded, valid_from as act_date
    from {{ ref('stg_hva__plan') }}
    union
    select organisation, plan_key, client_key, client_present, client_view_recorded, review_date
    from {{ ref('stg_hva__plan') }}
    where review_date is not null
),

party as (
    select
        organisation,
        plan_key,
        max(case when sector = 'NUORI' then 1 else 0 end) = 1 as has_client,
        sum(case when sector <> 'NUORI' then 1 else 0 end) as other_parties
    from {{ ref('stg_hva__plan_party') }}
    group by organisation, plan_key
),

placed as (
    select
        act.*,
        client.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
        row_number() over (
            partition by act.organisation, act.plan_key, period.period
            order by act.act_date desc
        ) as newest_rank
    from act
    inner join {{ ref('int_client') }} as client on act.client_key = client.client_key
    {{ join_place_and_quarter('act.act_date') }}
)

select
    placed.organisation,
    placed.plan_key,
    placed.client_id,
    placed.wellbeing_area_code,
    placed.municipality_code,
    placed.quarter,
    placed.client_present as is_client_present,
    placed.client_view_recorded as is_client_view_recorded,
    coalesce(party.has_client, false) as is_client_party,
    coalesce(party.other_parties, 0) as other_parties,
    party.plan_key is not null as has_parties
from placed
left join party
    on placed.organisation = party.organisation and placed.plan_key = party.plan_key
where placed.newest_rank = 1
