-- Grain: one row per client and stretch of at-risk days with one responsible area and one home municipality.
-- Definitions 1 and 11: an at-risk day is a day in aftercare; its home municipality is that of the
-- residence spell that began last, by the code in force now. No residence, 198, 199 and 200: unknown.
with
area_run as (
    select * from {{ ref('int_responsible_area_segment') }}
),

residence as (
    select
        client.client_id,
        coalesce(municipality.municipality_code, 'unknown') as municipality_code,
        spell.start_date,
        {{ end_within_data('spell.end_date_exclusive') }} as end_date_exclusive
    from {{ ref('stg_hva__residence_spell') }} as spell
    inner join {{ ref('int_supplier') }} as supplier on spell.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on spell.client_key = client.client_key
    left join {{ ref('int_municipality') }} as municipality on spell.municipality = municipality.delivered_code
    where
        spell.start_date < {{ end_within_data('spell.end_date_exclusive') }}
),

place_of_day as (
    {{ day_winner('area_run', 'residence', ['wellbeing_area_code'], ['municipality_code'],
        'spell.start_date desc, spell.municipality_code') | indent(4) }}
),

marked as (
    select
        client_id,
        wellbeing_area_code,
        coalesce(municipality_code, 'unknown') as municipality_code,
        start_date,
        end_date_exclusive,
        -- A new stretch begins where the place changes or days are missing between.
        case
            when
                lag(end_date_exclusive) over (partition by client_id order by start_date) = start_date
                and lag(wellbeing_area_code) over (partition by client_id order by start_date) = wellbeing_area_code
                and lag(coalesce(municipality_code, 'unknown')) over (partition by client_id order by start_date)
                = coalesce(municipality_code, 'unknown')
                then 0
            else 1
        end as is_new
    from place_of_day
),

numbered as (
    select
        *,
        sum(is_new) over (
            partition by client_id order by start_date rows between unbounded preceding and current row
        ) as stretch_no
    from marked
),

stretch as (
    select
        client_id,
        wellbeing_area_code,
        municipality_code,
        min(start_date) as start_date,
        max(end_date_exclusive) as end_date_exclusive
    from numbered
    group by client_id, wellbeing_area_code, municipality_code, stretch_no
),

with_previous as (
    select
        *,
        lag(end_date_exclusive) over (partition by client_id order by start_date) as previous_end_exclusive,
        lag(wellbeing_area_code) over (partition by client_id order by start_date) as previous_area_code,
        lag(municipality_code) over (partition by client_id order by start_date) as previous_municipality_code
    from stretch
),

final as (
    select
        client_id,
        wellbeing_area_code,
        municipality_code,
        start_date,
        end_date_exclusive,
        -- Definition 5: after more than 90 days out of aftercare the chain of workers starts afresh.
        cast(sum(
            case
                when
                    {{ days_between('previous_end_exclusive', 'start_date') }} <= {{ var('chain_break_days') }}
                    then 0
                else 1
            end
        ) over (
            partition by client_id order by start_date rows between unbounded preceding and current row
        ) as integer) as chain_no,
        -- Definition 6: a change on the day the place changes is structural. Unknown is no other place.
        previous_area_code is not null
        and (
            previous_area_code <> wellbeing_area_code
            or (
                previous_municipality_code <> municipality_code
                and previous_municipality_code <> 'unknown'
                and municipality_code <> 'unknown'
            )
        ) as is_place_change
    from with_previous
)

select * from final
