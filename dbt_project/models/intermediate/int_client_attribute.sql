-- Grain: one row per client and quarter: the categories that figures are broken down by.
-- Of the snapshots the newest up to the quarter counts, before the first one the first. Nothing is
-- guessed: what no delivery says is `unknown`.
with
snapshot as (
    select client_id, period, birth_year, gender, language_group
    from (
        select
            client.client_id,
            delivered.period,
            delivered.birth_year,
            delivered.gender,
            delivered.language_group,
            -- Two areas may know the client; the smaller one's word counts.
            row_number() over (
                partition by client.client_id, delivered.period
                order by delivered.organisation, delivered.source_row
            ) as supplier_rank
        from {{ ref('stg_hva__client') }} as delivered
        inner join {{ ref('int_client') }} as client on delivered.client_key = client.client_key
    ) as ranked
    where supplier_rank = 1
),

snapshot_span as (
    select
        *,
        lag(period) over (partition by client_id order by period) as previous_period,
        lead(period) over (partition by client_id order by period) as next_period
    from snapshot
),

client_quarter as (
    select
        client.client_id,
        period.period as quarter,
        period.period_end_exclusive,
        cast(substr(period.period, 1, 4) as integer) as year
    from {{ ref('int_client') }} as client
    cross join {{ ref('int_period') }} as period
    where period.period_type = 'quarter'
),

-- Substitute care; a placement of aftercare itself (JALKI) is none.
care as (
    select
        client.client_id,
        placement.placement_type,
        placement.placement_key,
        placement.start_date,
        coalesce(placement.end_date_exclusive, cast('9999-12-31' as date)) as end_date_exclusive
    from {{ ref('stg_hva__placement') }} as placement
    inner join {{ ref('int_client') }} as client on placement.client_key = client.client_key
    where placement.legal_basis <> 'JALKI'
),

care_so_far as (
    select client_id, quarter, period_end_exclusive, placement_type, left_care_on
    from (
        select
            client_quarter.client_id,
            client_quarter.quarter,
            client_quarter.period_end_exclusive,
            care.placement_type,
            max(care.end_date_exclusive) over (
                partition by client_quarter.client_id, client_quarter.quarter
            ) as left_care_on,
            row_number() over (
                partition by client_quarter.client_id, client_quarter.quarter
                order by care.start_date desc, care.end_date_exclusive desc, care.placement_key
            ) as newest_rank
        from client_quarter
        inner join care
            on client_quarter.client_id = care.client_id
            and care.start_date < client_quarter.period_end_exclusive
    ) as ranked
    where newest_rank = 1
)

select
    client_quarter.client_id,
    client_quarter.quarter,
    -- Definition 15: calendar year minus birth year.
    client_quarter.year - snapshot.birth_year as age,
    case
        when snapshot.birth_year is null then 'unknown'
        when client_quarter.year - snapshot.birth_year between 16 and 17 then '16_17'
        when client_quarter.year - snapshot.birth_year between 18 and 20 then '18_20'
        when client_quarter.year - snapshot.birth_year between 21 and 22 then '21_22'
        when client_quarter.year - snapshot.birth_year between 23 and 24 then '23_24'
        else 'other'
    end as age_group,
    case snapshot.gender when '1' then 'male' when '2' then 'female' else 'unknown' end as sex,
    coalesce(snapshot.language_group, 'unknown') as language_group,
    case
        when care_so_far.left_care_on is null then 'unknown'
        when care_so_far.left_care_on >= client_quarter.period_end_exclusive then 'in_care'
        when {{ days_between('care_so_far.left_care_on', 'client_quarter.period_end_exclusive') }} <= 365
            then 'first_year'
        when {{ days_between('care_so_far.left_care_on', 'client_quarter.period_end_exclusive') }} <= 1095
            then 'years_2_3'
        else 'later'
    end as time_since_care,
    coalesce(care_so_far.placement_type, 'unknown') as placement_type
from client_quarter
left join snapshot_span as snapshot
    on client_quarter.client_id = snapshot.client_id
    and (client_quarter.quarter >= snapshot.period or snapshot.previous_period is null)
    and (client_quarter.quarter < snapshot.next_period or snapshot.next_period is null)
left join care_so_far
    on client_quarter.client_id = care_so_far.client_id
    and client_quarter.quarter = care_so_far.quarter
