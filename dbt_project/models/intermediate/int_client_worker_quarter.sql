-- Grain: one row per role, client, place and quarter with at least one at-risk day.
-- Days and changes of the responsible social worker (VASTUU), the counsellor (OHJAAJA), and either of the
-- two (EITHER, definition 7). They belong to the place of that day, so quarters, places and clients add up.
{% set place = ['client_id', 'wellbeing_area_code', 'municipality_code'] %}
with
worker_days as (
    select
        role,
        {{ place | join(', ') }},
        quarter,
        sum(days) as at_risk_days,
        sum(case when worker_id is null then days else 0 end) as gap_days
    from {{ ref('int_worker_quarter') }}
    group by role, {{ place | join(', ') }}, quarter
),

either_days as (
    select
        segment.client_id,
        segment.wellbeing_area_code,
        segment.municipality_code,
        period.period as quarter,
        sum({{ shared_days(
            'segment.start_date', 'segment.end_date_exclusive', 'period.period_start', 'period.period_end_exclusive'
        ) }}) as at_risk_days,
        sum(case
            when segment.responsible_worker_id is null and segment.counsellor_worker_id is null
                then {{ shared_days(
                    'segment.start_date', 'segment.end_date_exclusive', 'period.period_start',
                    'period.period_end_exclusive'
                ) }}
            else 0
        end) as gap_days
    from {{ ref('int_either_segment') }} as segment
    inner join {{ ref('int_period') }} as period
        on segment.start_date < period.period_end_exclusive
        and segment.end_date_exclusive > period.period_start
    where period.period_type = 'quarter'
    group by segment.client_id, segment.wellbeing_area_code, segment.municipality_code, period.period
),

days as (
    select * from worker_days
    union all
    select 'EITHER', {{ place | join(', ') }}, quarter, at_risk_days, gap_days from either_days
),

-- A day is doubtful for either when it is for one: what that one hides, the pair hides too. Days that are
-- doubtful for both count once (the last part, below zero).
doubtful_part as (
    select role, {{ place | join(', ') }}, start_date, end_date_exclusive, 1 as sign
    from {{ ref('int_doubtful_segment') }}

    union all

    select 'EITHER', {{ place | join(', ') }}, start_date, end_date_exclusive, 1
    from {{ ref('int_doubtful_segment') }}

    union all

    select
        'EITHER',
        responsible.client_id,
        responsible.wellbeing_area_code,
        responsible.municipality_code,
        greatest(responsible.start_date, counsellor.start_date),
        least(responsible.end_date_exclusive, counsellor.end_date_exclusive),
        -1
    from {{ ref('int_doubtful_segment') }} as responsible
    inner join {{ ref('int_doubtful_segment') }} as counsellor
        on responsible.client_id = counsellor.client_id
        and responsible.start_date < counsellor.end_date_exclusive
        and responsible.end_date_exclusive > counsellor.start_date
    where
        responsible.role = 'VASTUU'
        and counsellor.role = 'OHJAAJA'
),

doubtful as (
    select
        part.role,
        part.client_id,
        part.wellbeing_area_code,
        part.municipality_code,
        period.period as quarter,
        sum(part.sign * {{ shared_days(
            'part.start_date', 'part.end_date_exclusive', 'period.period_start', 'period.period_end_exclusive'
        ) }}) as doubtful_days
    from doubtful_part as part
    inner join {{ ref('int_period') }} as period
        on part.start_date < period.period_end_exclusive
        and part.end_date_exclusive > period.period_start
    where period.period_type = 'quarter'
    group by part.role, part.client_id, part.wellbeing_area_code, part.municipality_code, period.period
),

changes as (
    select
        change.role,
        change.client_id,
        change.wellbeing_area_code,
        change.municipality_code,
        period.period as quarter,
        count(*) as changes,
        sum(case when change.is_structural then 0 else 1 end) as changes_without_structural,
        sum(case when change.change_reason = 'NUOREN_PYYNTO' then 0 else 1 end) as changes_without_own_request,
        sum(case when change.change_reason = 'KUOLEMA' then 0 else 1 end) as changes_without_death,
        sum(case when change.change_reason <> 'KUOLEMA' and change.is_saattaen then 1 else 0 end)
            as saattaen_changes,
        {% for way in ['before', 'soon_after', 'late', 'remote', 'without_client'] -%}
        sum(case when change.change_reason <> 'KUOLEMA' and change.handover_way = '{{ way }}' then 1 else 0 end)
            as {{ way }}_changes,
        {% endfor -%}
        sum(case when change.change_reason <> 'KUOLEMA' and change.has_handover_record then 1 else 0 end)
            as recorded_changes,
        sum(case
            when change.change_reason in ('LAHTENYT', 'ORGANISAATIO', 'ASIAKASMAARA', 'TIIMISIIRTO') then 1 else 0
        end) as caused_changes,
        sum(case when change.change_reason = 'TUNTEMATON' then 1 else 0 end) as unknown_reason_changes,
        {% for kind, days, from_day, to_day in [
            ('broken', 'gap', 1, 7), ('broken', 'gap', 8, 30), ('broken', 'gap', 31, none),
            ('overlapping', 'overlap', 1, 60), ('overlapping', 'overlap', 61, none),
        ] -%}
        sum(case
            when
                change.change_reason <> 'KUOLEMA' and change.change_kind = '{{ kind }}'
                and change.{{ days }}_days >= {{ from_day }}
                {{ 'and change.' ~ days ~ '_days <= ' ~ to_day if to_day }}
                then 1
            else 0
        end) as {{ kind }}_{{ from_day ~ '_' ~ to_day if to_day else 'over_' ~ (from_day - 1) }}_changes{{ "," if not loop.last }}
        {% endfor %}
    from {{ ref('int_worker_change') }} as change
    inner join {{ ref('int_period') }} as period
        on change.change_date >= period.period_start
        and change.change_date < period.period_end_exclusive
    where period.period_type = 'quarter'
    group by
        change.role, change.client_id, change.wellbeing_area_code, change.municipality_code, period.period
)

select
    days.role,
    days.client_id,
    days.wellbeing_area_code,
    days.municipality_code,
    days.quarter,
    days.at_risk_days,
    days.gap_days,
    coalesce(doubtful.doubtful_days, 0) as doubtful_days,
    {% set counts = [
        'changes', 'changes_without_structural', 'changes_without_own_request', 'changes_without_death',
        'saattaen_changes', 'before_changes', 'soon_after_changes', 'late_changes', 'remote_changes',
        'without_client_changes', 'recorded_changes', 'caused_changes', 'unknown_reason_changes',
        'broken_1_7_changes', 'broken_8_30_changes', 'broken_over_30_changes', 'overlapping_1_60_changes',
        'overlapping_over_60_changes',
    ] -%}
    {% for column in counts -%}
    coalesce(changes.{{ column }}, 0) as {{ column }}{{ "," if not loop.last }}
    {% endfor %}
from days
left join doubtful
    on days.role = doubtful.role
    and days.client_id = doubtful.client_id
    and days.wellbeing_area_code = doubtful.wellbeing_area_code
    and days.municipality_code = doubtful.municipality_code
    and days.quarter = doubtful.quarter
left join changes
    on days.role = changes.role
    and days.client_id = changes.client_id
    and days.wellbeing_area_code = changes.wellbeing_area_code
    and days.municipality_code = changes.municipality_code
    and days.quarter = changes.quarter
