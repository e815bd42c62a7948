-- Grain: one row per variant and end of aftercare, except by death and emigration.
-- A service that began in the last 90 days counts as arranged for the end, as one that begins soon after it does.
{% set longest_wait = 30 %}
{% set earliest_start = 90 %}
with
ended as (
    select * from {{ ref('int_aftercare_end') }}
    where coalesce(end_reason, '') not in ('KUOLEMA', 'MAASTAMUUTTO')
),

-- The last closing assessment made during the aftercare that ended.
assessment as (
    select client_id, end_date_exclusive, continuing_need
    from (
        select
            ended.client_id,
            ended.end_date_exclusive,
            coalesce(plan.continuing_need, 'unknown') as continuing_need,
            row_number() over (
                partition by ended.client_id, ended.end_date_exclusive
                order by plan.valid_from desc, plan.organisation, plan.plan_key
            ) as newest_rank
        from ended
        inner join {{ ref('int_client') }} as client on ended.client_id = client.client_id
        inner join {{ ref('stg_hva__plan') }} as plan
            on client.client_key = plan.client_key
            and plan.valid_from >= ended.start_date
            and plan.valid_from < ended.end_date_exclusive
        where plan.plan_type = 'PAATTAMINEN'
    ) as ranked
    where newest_rank = 1
),

served as (
    select distinct ended.client_id, ended.end_date_exclusive
    from ended
    inner join {{ ref('int_client') }} as client on ended.client_id = client.client_id
    inner join {{ ref('stg_hva__referral') }} as referral
        on client.client_key = referral.client_key
        and referral.service_start_date >= {{ add_days('ended.end_date_exclusive', -earliest_start) }}
        and referral.service_start_date < {{ add_days('ended.end_date_exclusive', longest_wait) }}
),

judged as (
    select
        ended.*,
        case
            when assessment.continuing_need = 'no' then 1
            when assessment.continuing_need is not null and served.client_id is not null then 1
            else 0
        end as is_arranged,
        case when assessment.continuing_need = 'unknown' and served.client_id is null then 1 else 0 end as is_unknown
    from ended
    left join assessment
        on ended.client_id = assessment.client_id and ended.end_date_exclusive = assessment.end_date_exclusive
    left join served
        on ended.client_id = served.client_id and ended.end_date_exclusive = served.end_date_exclusive
)

{% for variant, where in [('main', none), ('age_limit', "end_reason = 'IKARAJA'")] %}
{{ contribution(
    'SAA-04', 'judged', 'is_arranged', '1', variant=variant, unit_type='aftercare_end',
    unit_key="client_id || ':' || end_date_exclusive", client_id='client_id', unknown_part='is_unknown',
    part_base='1', where=where
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
