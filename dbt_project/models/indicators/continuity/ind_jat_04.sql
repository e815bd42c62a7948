-- Grain: one row per variant, client, place and quarter with an at-risk day.
{% for variant, role in [('main', 'VASTUU'), ('counsellor', 'OHJAAJA'), ('either', 'EITHER')] %}
{{ contribution(
    'JAT-04', ref('int_client_worker_quarter'), 'gap_days', 'at_risk_days', variant=variant,
    doubtful_part='doubtful_days', part_base='at_risk_days', where="role = '" ~ role ~ "'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
