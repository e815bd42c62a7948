-- Grain: one row per variant, client, place and quarter with an at-risk day.
{% for variant, role, changes in [
    ('main', 'VASTUU', 'changes'),
    ('without_structural', 'VASTUU', 'changes_without_structural'),
    ('without_own_request', 'VASTUU', 'changes_without_own_request'),
    ('counsellor', 'OHJAAJA', 'changes'),
    ('either', 'EITHER', 'changes'),
] %}
{{ contribution(
    'JAT-01', ref('int_client_worker_quarter'), changes, 'at_risk_days', variant=variant,
    doubtful_part='doubtful_days', part_base='at_risk_days', where="role = '" ~ role ~ "'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
