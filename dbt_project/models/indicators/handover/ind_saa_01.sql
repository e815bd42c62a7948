-- Grain: one row per client, place and quarter with a worker change.
{{ contribution(
    'SAA-01', ref('int_client_quarter'), 'saattaen_changes', 'changes_without_death',
    recorded_part='recorded_changes', part_base='changes_without_death', where='changes_without_death > 0'
) }}
