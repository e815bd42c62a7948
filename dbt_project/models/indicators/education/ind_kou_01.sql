-- Grain: one row per client aged 16-22 at risk on the last day of a quarter.
with
in_or_through as (
    select distinct open_client.client_id, open_client.quarter
    from {{ ref('int_open_client_quarter') }} as open_client
    inner join {{ ref('int_study_right') }} as study
        on open_client.client_id = study.client_id
        and study.start_date < open_client.quarter_end_exclusive
        and (
            study.end_date_exclusive >= open_client.quarter_end_exclusive
            or (study.is_upper_secondary and study.ended_as = 'VALMISTUNUT')
        )
),

client_quarter as (
    select
        open_client.*,
        case when in_or_through.client_id is null then 0 else 1 end as is_in_or_through
    from {{ ref('int_open_client_quarter') }} as open_client
    left join in_or_through
        on open_client.client_id = in_or_through.client_id and open_client.quarter = in_or_through.quarter
    where open_client.age between 16 and 22
)

{{ contribution('KOU-01', 'client_quarter', 'is_in_or_through', '1') }}
