-- Grain: one row per variant, client, place and quarter with an at-risk day.
{% for variant, role, changes in [
    ('main', 'VASTUU', 'caused_changes'),
    ('unknown_reason', 'VASTUU', 'unknown_reason_changes'),
    ('counsellor', 'OHJAAJA', 'caused_changes'),
    ('either', 'EITHER', 'caused_changes'),
] %}
{{ contribution(
    'JAT-05', ref('int_client_worker_quarter'), changes, 'at_risk_days', variant=variant,
    doubtful_part='doubtful_days', part_base='at_risk_days', where="role = '" ~ role ~ "'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
