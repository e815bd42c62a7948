-- Grain: one row per variant, team and quarter; the responsible social workers' rows.
{% for variant, clients in [
    ('main', 'clients_u18 + clients_18p'), ('under_18', 'clients_u18'), ('adult', 'clients_18p')
] %}
{{ contribution(
    'JAK-01', ref('int_team_quarter'), clients, 'fte', variant=variant, period='quarter', unit_type='team',
    unit_key='team_role', municipality_code="'unknown'", persons='n_workers', where="role = 'VASTUU'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
