-- Grain: one row per young person of 16 or over and end of substitute care that entitles to aftercare.
-- Placements at most one day apart, or of which the former ended in a transfer, are one. It entitles with a taking into
-- care, or with half a year of open care in which the child was placed alone. Aftercare's own placements (JALKI) are none.
with
placement as (
    select
        placement.client_key,
        placement.placement_key,
        placement.wellbeing_area_code,
        placement.legal_basis,
        placement.child_alone,
        placement.end_reason,
        placement.start_date,
        {{ end_within_data('placement.end_date_exclusive') }} as end_date_exclusive,
        coalesce(placement.end_date_exclusive <= supplier.data_until_exclusive, false) as has_ended,
        supplier.data_until_exclusive
    from {{ ref('stg_hva__placement') }} as placement
    inner join {{ ref('int_supplier') }} as supplier on placement.organisation = supplier.organisation
    where placement.legal_basis <> 'JALKI' and placement.start_date < supplier.data_until_exclusive
),

numbered as (
    select *, sum(is_new) over (
        partition by client_key order by start_date, end_date_exclusive, placement_key
        rows between unbounded preceding and current row
    ) as care_no
    from (
        select
            *,
            case
                when
                    start_date <= max(end_date_exclusive) over (
                        partition by client_key order by start_date, end_date_exclusive, placement_key
                        rows between unbounded preceding and 1 preceding
                    )
                    or lag(end_reason) over (
                        partition by client_key order by start_date, end_date_exclusive, placement_key
                    ) = 'SIIRTO'
                    then 0
                else 1
            end as is_new
        from placement
    ) as marked
),

care as (
    select
        client_key,
        care_no,
        max(end_date_exclusive) as end_date_exclusive,
        max(case when is_last = 1 then placement_key end) as placement_key,
        max(case when is_last = 1 then wellbeing_area_code end) as wellbeing_area_code,
        max(case when is_last = 1 then data_until_exclusive end) as data_until_exclusive
    from (
        select *, row_number() over (
            partition by client_key, care_no order by end_date_exclusive desc, start_date desc, placement_key desc
        ) as is_last
        from numbered
    ) as ranked
    group by client_key, care_no
    having
        min(case when has_ended then 1 else 0 end) = 1
        and max(case when is_last = 1 and end_reason = 'SIIRTO' then 1 else 0 end) = 0
        and (
            max(case when legal_basis in ('HUOSTA', 'HUOSTA_TV') then 1 else 0 end) = 1
            or sum(case
                when legal_basis = 'AVO' and child_alone then {{ days_between('start_date', 'end_date_exclusive') }}
                else 0
            end) >= {{ var('entitling_open_care_days') }}
        )
),

-- Those who never came into aftercare have no number of their own: here they get one below zero.
person as (
    select
        placed.client_key,
        coalesce(client.client_id, -cast(row_number() over (order by placed.client_key) as integer)) as person_id,
        client.client_id
    from (select distinct client_key from care) as placed
    left join {{ ref('int_client') }} as client on placed.client_key = client.client_key
),

born as (
    select client_key, birth_year
    from (
        select client_key, birth_year, row_number() over (
            partition by client_key order by period desc, organisation
        ) as newest
        from {{ ref('stg_hva__client') }}
    ) as told
    where newest = 1
),

home as (
    select client_key, care_no, municipality_code
    from (
        select
            care.client_key,
            care.care_no,
            coalesce(municipality.municipality_code, 'unknown') as municipality_code,
            row_number() over (
                partition by care.client_key, care.care_no
                order by spell.start_date desc, coalesce(municipality.municipality_code, 'unknown')
            ) as newest
        from care
        inner join {{ ref('stg_hva__residence_spell') }} as spell
            on care.client_key = spell.client_key
            and spell.start_date < care.end_date_exclusive
            and (spell.end_date_exclusive is null or spell.end_date_exclusive >= care.end_date_exclusive)
        left join {{ ref('int_municipality') }} as municipality on spell.municipality = municipality.delivered_code
    ) as ranked
    where newest = 1
),

aftercare as (
    select care.client_key, care.care_no, min(greatest(segment.start_date, care.end_date_exclusive)) as aftercare_day
    from care
    inner join person on care.client_key = person.client_key
    inner join {{ ref('int_at_risk_segment') }} as segment
        on person.client_id = segment.client_id
        and segment.end_date_exclusive > care.end_date_exclusive
    group by care.client_key, care.care_no
)

select
    care.placement_key,
    care.client_key,
    person.person_id,
    person.client_id,
    care.wellbeing_area_code,
    coalesce(home.municipality_code, 'unknown') as municipality_code,
    quarter.period as quarter,
    {{ add_days('care.end_date_exclusive', -1) }} as last_day,
    aftercare.aftercare_day,
    {{ days_between('care.end_date_exclusive', 'care.data_until_exclusive') }} as days_seen
from care
inner join person on care.client_key = person.client_key
inner join born on care.client_key = born.client_key
inner join {{ ref('int_period') }} as quarter
    on care.end_date_exclusive > quarter.period_start
    and care.end_date_exclusive <= quarter.period_end_exclusive
    and quarter.period_type = 'quarter'
left join home on care.client_key = home.client_key and care.care_no = home.care_no
left join aftercare on care.client_key = aftercare.client_key and care.care_no = aftercare.care_no
where cast(substr(quarter.period, 1, 4) as integer) - born.birth_year >= 16
