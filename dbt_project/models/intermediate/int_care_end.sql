-- Grain: one row per client and end of substitute care at 16 or older, in the area that had placed the client.
-- Placements that touch or overlap are one; one of aftercare itself (JALKI) is none.
with
placement as (
    select
        client.client_id,
        delivered.placement_key,
        delivered.wellbeing_area_code,
        delivered.start_date,
        delivered.end_date_exclusive,
        max(coalesce(delivered.end_date_exclusive, cast('9999-12-31' as date))) over (
            partition by client.client_id order by delivered.start_date, delivered.placement_key
            rows between unbounded preceding and 1 preceding
        ) as seen_until
    from {{ ref('stg_hva__placement') }} as delivered
    inner join {{ ref('int_client') }} as client on delivered.client_key = client.client_key
    where delivered.legal_basis <> 'JALKI'
),

numbered as (
    select
        *,
        sum(case when seen_until >= start_date then 0 else 1 end) over (
            partition by client_id order by start_date, placement_key
            rows between unbounded preceding and current row
        ) as stretch_no
    from placement
),

-- The placement that ended last is the one that the client left from.
last_placement as (
    select *
    from (
        select
            *,
            row_number() over (
                partition by client_id, stretch_no
                order by coalesce(end_date_exclusive, cast('9999-12-31' as date)) desc, start_date desc, placement_key
            ) as last_rank
        from numbered
    ) as ranked
    where last_rank = 1 and end_date_exclusive is not null
),

care_end as (
    select
        last_placement.client_id,
        last_placement.wellbeing_area_code,
        last_placement.end_date_exclusive,
        period.period as quarter
    from last_placement
    inner join {{ ref('int_supplier') }} as supplier
        on last_placement.wellbeing_area_code = supplier.wellbeing_area_code
        and last_placement.end_date_exclusive <= supplier.data_until_exclusive
    inner join {{ ref('int_period') }} as period
        on last_placement.end_date_exclusive > period.period_start
        and last_placement.end_date_exclusive <= period.period_end_exclusive
    inner join {{ ref('int_client_attribute') }} as attribute
        on last_placement.client_id = attribute.client_id
        and period.period = attribute.quarter
    where period.period_type = 'quarter' and attribute.age >= 16
),

residence as (
    select client_id, end_date_exclusive, municipality_code
    from (
        select
            care_end.client_id,
            care_end.end_date_exclusive,
            coalesce(municipality.municipality_code, 'unknown') as municipality_code,
            row_number() over (
                partition by care_end.client_id, care_end.end_date_exclusive
                order by spell.start_date desc, coalesce(municipality.municipality_code, 'unknown')
            ) as newest_rank
        from care_end
        inner join {{ ref('int_client') }} as client on care_end.client_id = client.client_id
        inner join {{ ref('stg_hva__residence_spell') }} as spell
            on client.client_key = spell.client_key
            and spell.start_date < care_end.end_date_exclusive
            and (spell.end_date_exclusive is null or spell.end_date_exclusive >= care_end.end_date_exclusive)
        left join {{ ref('int_municipality') }} as municipality on spell.municipality = municipality.delivered_code
    ) as ranked
    where newest_rank = 1
)

select
    care_end.client_id,
    care_end.wellbeing_area_code,
    coalesce(residence.municipality_code, 'unknown') as municipality_code,
    care_end.quarter,
    care_end.end_date_exclusive
from care_end
left join residence
    on care_end.client_id = residence.client_id
    and care_end.end_date_exclusive = residence.end_date_exclusive
