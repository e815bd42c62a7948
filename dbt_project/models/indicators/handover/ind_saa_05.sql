-- Grain: one row per variant, client, place and quarter with a worker change but by death.
{% for variant, role, changes in [
    ('main', 'VASTUU', 'overlapping_1_60_changes'),
    ('over_60_days', 'VASTUU', 'overlapping_over_60_changes'),
    ('counsellor', 'OHJAAJA', 'overlapping_1_60_changes'),
    ('either', 'EITHER', 'overlapping_1_60_changes'),
] %}
{{ contribution(
    'SAA-05', ref('int_client_worker_quarter'), changes, 'changes_without_death', variant=variant,
    doubtful_part='doubtful_days', part_base='at_risk_days',
    where="role = '" ~ role ~ "' and changes_without_death > 0"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
