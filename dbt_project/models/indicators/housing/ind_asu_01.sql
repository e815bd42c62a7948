-- Grain: one row per variant, client, place and quarter with an at-risk day.
{% for variant, moves in [('main', 'moves'), ('unplanned', 'unplanned_moves')] %}
{{ contribution(
    'ASU-01', ref('int_client_quarter'), moves, 'at_risk_days', variant=variant,
    unknown_part='at_risk_days - stable_days - unstable_days - homeless_days', part_base='at_risk_days'
) }}
{{ 'union all' if not loop.last }}
{% endfor %}
