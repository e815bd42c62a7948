-- Grain: one row per team, role and twelve months.
{{ contribution(
    'JAK-03', ref('int_team_quarter'), "case when leavers_fte_12_months is not null then leavers_fte_12_months else 0 end",
    "case when leavers_fte_12_months is not null then fte else 0 end", period='quarter', period_type='rolling_12_months',
    unit_type='team', unit_key='team_role', municipality_code="'unknown'", persons='n_workers',
    unknown_part="case when leavers_fte_12_months is not null then 0 else n_workers end", part_base='n_workers'
) }}
