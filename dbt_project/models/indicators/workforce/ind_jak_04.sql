-- Grain: one row per team, role and quarter.
{{ contribution(
    'JAK-04', ref('int_team_quarter'), "case when sick_days is not null and working_days is not null then sick_days else 0 end",
    "case when sick_days is not null and working_days is not null then working_days else 0 end", period='quarter',
    unit_type='team', unit_key='team_role', municipality_code="'unknown'", persons='n_workers',
    unknown_part="case when sick_days is not null and working_days is not null then 0 else n_workers end", part_base='n_workers'
) }}
