-- Grain: one row per variant and client with a responsible worker on the last day of a quarter.
{% for variant, role in [('main', 'VASTUU'), ('counsellor', 'OHJAAJA'), ('either', 'EITHER')] %}
{{ contribution(
    'JAT-03', ref('int_last_day_worker'), '1', '1', variant=variant, duration_days='relationship_days',
    doubtful_part='is_doubtful', part_base='1', where="role = '" ~ role ~ "'"
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
