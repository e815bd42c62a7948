-- Grain: one row per variant and referral to a municipal service, made in aftercare, whose time has run out.
with
referral as (
    select
        delivered.organisation || ':' || delivered.referral_key as referral_key,
        delivered.target_service,
        client.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code as home_municipality_code,
        coalesce(giving.municipality_code, 'unknown') as giving_municipality_code,
        period.period as quarter,
        -- Of NUORI_PERUI the outcome is known: the young person withdrew before the service began.
        case
            when delivered.service_start_date
                <= {{ add_days('delivered.referral_date', 'service.time_limit_days') }} then 1
            else 0
        end as is_in_time,
        case when delivered.status = 'AVOIN' and delivered.service_start_date is null then 1 else 0 end as is_unknown
    from {{ ref('stg_hva__referral') }} as delivered
    inner join {{ ref('stg_lake__target_service') }} as service
        on delivered.target_service = service.target_service
        and service.referral_class = 'municipal'
    inner join {{ ref('int_supplier') }} as supplier on delivered.organisation = supplier.organisation
    inner join {{ ref('int_client') }} as client on delivered.client_key = client.client_key
    {{ join_place_and_quarter('delivered.referral_date') }}
    left join {{ ref('int_municipality') }} as giving on delivered.target_municipality = giving.delivered_code
    where
        -- Whose time is not over by the end of the data may still begin in time.
        {{ add_days('delivered.referral_date', 'service.time_limit_days') }} < supplier.data_until_exclusive
)

{{ contribution(
    'KUN-01', 'referral', 'is_in_time', '1', variant='by_home_municipality', unit_type='referral',
    unit_key='referral_key', client_id='client_id', municipality_code='home_municipality_code',
    unknown_part='is_unknown', part_base='1'
) }}
{% for variant, where in [
    ('main', 'true'),
    ('rental_home', "target_service = 'ASUNTO'"),
    ('school', "target_service = 'OPPILAITOS'"),
    ('student_welfare', "target_service = 'OPISKELUHUOLTO'"),
    ('ohjaamo', "target_service = 'OHJAAMO'"),
    ('employment', "target_service = 'TYOLLISYYS'"),
    ('workshop', "target_service = 'TYOPAJA'"),
    ('outreach', "target_service = 'ETSIVA'"),
    ('youth_work', "target_service = 'NUORISOTYO'"),
    ('sport_culture', "target_service = 'LIIKUNTA_KULTTUURI'"),
    ('debt_counselling', "target_service = 'VELKANEUVONTA'"),
] %}
union all
{{ contribution(
    'KUN-01', 'referral', 'is_in_time', '1', variant=variant, unit_type='referral', unit_key='referral_key',
    client_id='client_id', municipality_code='giving_municipality_code', unknown_part='is_unknown', part_base='1',
    where=where
) }}
{% endfor %}
