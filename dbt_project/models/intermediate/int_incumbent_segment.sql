-- Grain: one row per role, client and stretch of at-risk days with one incumbent (or none) and one place.
-- Definition 4: of the workers with an open assignment of the role, the one whose present run began
-- first (tie: the smaller key). worker_id is null on gap days. Definition 7: for the responsible social
-- worker (VASTUU) and, apart, for the counsellor (OHJAAJA).
{% set roles = ['VASTUU', 'OHJAAJA'] %}
with
at_risk as (
    select * from {{ ref('int_at_risk_segment') }}
),

{% for role in roles %}
{{ role | lower }}_run as (
    select
        client_id,
        worker_id,
        organisation,
        change_reason,
        start_date,
        end_date_exclusive,
        start_date as run_start,
        end_date_exclusive as run_end_exclusive
    from {{ ref('int_worker_run') }}
    where role = '{{ role }}'
),

{{ role | lower }}_day as (
    {{ day_winner(
        'at_risk',
        role | lower ~ '_run',
        ['wellbeing_area_code', 'municipality_code', 'chain_no', 'is_place_change'],
        ['worker_id', 'organisation', 'change_reason', 'run_start', 'run_end_exclusive'],
        'spell.start_date, spell.worker_id',
    ) | indent(4) }}
),

{% endfor %}
final as (
    {% for role in roles %}
    select '{{ role }}' as role, {{ role | lower }}_day.* from {{ role | lower }}_day
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    final.*,
    -- Only the first day of a stretch can be the day on which the place changed.
    coalesce(at_risk.is_place_change, false) as begins_with_place_change
from final
left join at_risk
    on final.client_id = at_risk.client_id
    and final.start_date = at_risk.start_date
