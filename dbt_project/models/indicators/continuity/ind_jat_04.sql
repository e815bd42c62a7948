-- Grain: one row per client, place and quarter with an at-risk day.
{{ contribution('JAT-04', ref('int_client_quarter'), 'gap_days', 'at_risk_days',
    doubtful_part='doubtful_days', part_base='at_risk_days'
) }}
