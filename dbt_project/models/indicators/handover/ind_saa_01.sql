-- Grain: one row per variant, client, place and quarter with a worker change.
-- The headline is the sum of `before` and `soon_after`; the other ways stand beside it.
{% for variant, role, changes in [
    ('main', 'VASTUU', 'saattaen_changes'),
    ('before', 'VASTUU', 'before_changes'),
    ('soon_after', 'VASTUU', 'soon_after_changes'),
    ('late', 'VASTUU', 'late_changes'),
    ('remote', 'VASTUU', 'remote_changes'),
    ('without_client', 'VASTUU', 'without_client_changes'),
    ('counsellor', 'OHJAAJA', 'saattaen_changes'),
    ('either', 'EITHER', 'saattaen_changes'),
] %}
{{ contribution(
    'SAA-01', ref('int_client_worker_quarter'), changes, 'changes_without_death', variant=variant,
    recorded_part='recorded_changes', part_base='changes_without_death',
    where="role = '" ~ role ~ "' and changes_without_death > 0"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
