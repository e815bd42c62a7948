-- Grain: one row per team, role and quarter.
{{ contribution(
    'JAK-05', ref('int_team_quarter'), "case when vacancies_fte is not null then vacancies_fte else 0 end",
    "case when vacancies_fte is not null then fte + vacancies_fte else 0 end", period='quarter',
    unit_type='team', unit_key='team_role', municipality_code="'unknown'", persons='n_workers',
    unknown_part="case when vacancies_fte is not null then 0 else n_workers end", part_base='n_workers'
) }}
