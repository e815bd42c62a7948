-- Grain: one row per variant, client, place and quarter with a worker change but by death.
{% for variant, role, changes in [
    ('main', 'VASTUU', 'broken_1_7_changes + broken_8_30_changes + broken_over_30_changes'),
    ('gap_over_7', 'VASTUU', 'broken_8_30_changes + broken_over_30_changes'),
    ('gap_1_7', 'VASTUU', 'broken_1_7_changes'),
    ('gap_8_30', 'VASTUU', 'broken_8_30_changes'),
    ('gap_over_30', 'VASTUU', 'broken_over_30_changes'),
    ('counsellor', 'OHJAAJA', 'broken_1_7_changes + broken_8_30_changes + broken_over_30_changes'),
    ('either', 'EITHER', 'broken_1_7_changes + broken_8_30_changes + broken_over_30_changes'),
] %}
{{ contribution(
    'JAT-06', ref('int_client_worker_quarter'), changes, 'changes_without_death', variant=variant,
    doubtful_part='doubtful_days', part_base='at_risk_days',
    where="role = '" ~ role ~ "' and changes_without_death > 0"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
