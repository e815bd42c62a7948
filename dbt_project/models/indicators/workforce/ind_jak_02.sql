-- Grain: one row per team, role and quarter.
{{ contribution(
    'JAK-02', ref('int_team_quarter'), "n_over_limit",
    "n_workers", period='quarter',
    unit_type='team', unit_key='team_role', municipality_code="'unknown'", persons='n_workers',
    where="role = 'VASTUU'"
) }}
